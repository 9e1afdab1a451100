"""What privacy tells the desks above it. Receivers run in the sender's transaction."""

from django.dispatch import Signal

#: After personal fields of a row were corrected and saved. ``row``, ``fields`` (names); ``by`` and ``at`` are those
#: of the service. A receiver may refuse with ``InputRefused``: nothing is kept then.
personal_corrected = Signal()
