"""What the loan book tells the desks above it. Receivers run in the sender's transaction."""

from django.dispatch import Signal

#: After a repayment was allocated. ``loan`` and ``repayment`` are saved; ``by`` and ``at`` are those of the service.
repayment_posted = Signal()

#: After a repayment was taken back. ``reversal`` is the row that says so.
repayment_reversed = Signal()

#: After accounts were derived anew and written: a repayment, reversal, waiver, pause, charge or new schedule, or
#: credit that the close of a day used. ``loans`` are saved; ``by`` and ``at`` are those of the service; ``cause`` is
#: what brought it about: ``repayment``, ``reversal``, ``change``, ``pause``, ``charge``, ``write_off`` or ``credit``.
loans_restated = Signal()
