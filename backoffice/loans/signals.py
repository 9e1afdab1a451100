"""What the loan book tells the desks above it. Receivers run in the sender's transaction."""

from django.dispatch import Signal

#: After a repayment was allocated. ``loan`` and ``repayment`` are saved; ``by`` and ``at`` are those of the service.
repayment_posted = Signal()

#: After the close of a day found loans newly overdue: ``ids`` (loan ids, one range), ``on`` (the day closed).
loans_fell_overdue = Signal()
