"""What the loan book tells the desks above it. Receivers run in the sender's transaction."""

from django.dispatch import Signal

#: After a repayment was allocated. ``loan`` and ``repayment`` are saved; ``by`` and ``at`` are those of the service.
repayment_posted = Signal()

#: After a repayment was taken back. ``reversal`` is the row that says so.
repayment_reversed = Signal()

#: After the close of a day found loans newly overdue: ``ids`` (loan ids, one range), ``on`` (the day closed).
loans_fell_overdue = Signal()

#: After a loan's account was derived anew and written: a repayment, reversal, waiver, pause, charge or new schedule.
#: ``loan`` is saved; ``by`` and ``at`` are those of the service.
loan_restated = Signal()
