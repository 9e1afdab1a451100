"""What the collections desk does when something happens below it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.dispatch import receiver

from backoffice.desk.choices import IncidentKind
from backoffice.desk.models import Incident
from backoffice.desk.signals import incident_persons_added
from backoffice.loans.models import Borrower, Loan
from backoffice.loans.signals import loans_restated
from backoffice.staff.models import User
from backoffice.staff.services import system_user
from debt_collections.choices import CaseState, CuredBy, HoldReason, HoldScope
from debt_collections.models import Case, Hold
from debt_collections.services import close_cured_cases, place_hold

#: Nobody's paperwork lets collection begin again with somebody who spoke of taking their life: a person decides.
LIFTS_WITH = "by_hand"
#: What a loan was restated for → by what its case ends. The rest are money and costs that are taken back.
CURED_BY = {
    "repayment": CuredBy.PAYMENT,
    "credit": CuredBy.PAYMENT,
    "change": CuredBy.CHANGE,
    "pause": CuredBy.CHANGE,
}


@receiver(incident_persons_added, dispatch_uid="collections.stop_for_danger")
def stop_collection(
    *, incident: Incident, subject_ids: tuple[int, ...], by: User, at: datetime, **kwargs: Any
) -> None:
    """A threat of self-harm stops all collection from the borrowers concerned, once per incident."""
    if incident.kind != IncidentKind.SELF_HARM:
        return
    held = Hold.objects.filter(source=incident.dossier_id, lifted_at__isnull=True).values("borrower")
    for borrower in Borrower.objects.filter(subject__in=subject_ids).exclude(pk__in=held).order_by("pk"):
        place_hold(
            borrower=borrower,
            source=incident.dossier,
            scope=HoldScope.ALL,
            reason=HoldReason.DANGER,
            lifts_with=LIFTS_WITH,
            by=by,
            at=at,
        )


@receiver(loans_restated, dispatch_uid="collections.close_cured_cases")
def end_cured(*, loans: Sequence[Loan], cause: str, at: datetime, **kwargs: Any) -> None:
    """Whoever owes nothing overdue any more is left in peace at once. Whoever posts money need not have a say in it."""
    borrowers = {loan.borrower_id for loan in loans if loan.oldest_unpaid_due_on is None}
    if borrowers and Case.objects.filter(borrower__pk__one_of=borrowers, state=CaseState.OPEN).exists():
        cured_by = CURED_BY.get(cause, CuredBy.CORRECTION)
        close_cured_cases(borrower_ids=borrowers, cured_by=cured_by, by=system_user("cases"), at=at)
