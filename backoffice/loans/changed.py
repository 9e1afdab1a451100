"""What was changed, charged or asked for on a loan, as its page shows it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef, QuerySet

from backoffice.core.time import start_of_day
from backoffice.loans.choices import LoanState, PostingState
from backoffice.loans.models import (
    Charge,
    Loan,
    PaymentPause,
    PostingRequest,
    Repayment,
    ScheduleChange,
    WriteOff,
)


@dataclass(frozen=True, slots=True)
class Easing:
    """Changes and write-offs in every state, newest first; costs with the mark ``is_reversed``."""

    changes: list[ScheduleChange]
    charges: list[Charge]
    write_offs: list[WriteOff]
    paused: bool

    @property
    def any(self) -> bool:
        return bool(self.changes or self.charges or self.write_offs or self.paused)


def easing_of(loan: Loan) -> Easing:
    """Four queries."""
    reversal = Charge.objects.filter(reverses=OuterRef("pk"))
    charges = Charge.objects.filter(loan=loan, reverses=None).annotate(is_reversed=Exists(reversal))
    return Easing(
        changes=list(ScheduleChange.objects.filter(loan=loan).defer("simulation").order_by("-pk")),
        charges=list(charges.order_by("-pk")),
        write_offs=list(WriteOff.objects.filter(loan=loan).order_by("-pk")),
        paused=PaymentPause.objects.filter(loan=loan).exists(),
    )


def pending_postings(loan: Loan) -> QuerySet[PostingRequest]:
    """The postings and reversals on the loan that await a second person, those first that were asked for first."""
    waiting = PostingRequest.objects.filter(loan=loan, state=PostingState.REQUESTED)
    return waiting.select_related("requested_by", "repayment").order_by("pk")


def reversible_repayments(loan: Loan) -> QuerySet[Repayment]:
    """The repayments that stand, whose reversal nobody asked for yet and that no write-off was decided on.

    Newest first. Of the day of the write-off itself the service says which were there by then.
    """
    waiting = PostingRequest.objects.filter(repayment=OuterRef("pk"), state=PostingState.REQUESTED)
    found = Repayment.objects.filter(~Exists(waiting), loan=loan, reverses=None, reversal=None)
    if loan.written_off_on is not None:
        found = found.filter(received_at__gte=start_of_day(loan.written_off_on))
    return found.order_by("-received_at", "-pk")


def can_be_written_off(loan: Loan) -> bool:
    """Whether anything is overdue on it that is still on the balance sheet."""
    return loan.state == LoanState.ACTIVE and loan.oldest_unpaid_due_on is not None
