"""What was changed, charged or asked for on a loan, as its page shows it. Reads only."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import Exists, OuterRef

from backoffice.loans.models import Charge, Loan, PaymentPause, ScheduleChange, WriteOff


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
