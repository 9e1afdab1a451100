"""What the complaints desk tells those above it. Sent inside the transaction, with ``complaint``, ``by`` and ``at``."""

from django.dispatch import Signal

#: A complaint was accepted and is being investigated.
complaint_accepted = Signal()
#: The decision reached the complainant, with proof; ``decision`` comes along.
decision_delivered = Signal()
#: Nothing more is owed: closed, withdrawn, merged or not admitted; ``because`` is the state it ended in.
complaint_ended = Signal()
