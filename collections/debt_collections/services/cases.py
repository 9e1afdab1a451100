"""Cases: opening, adding loans, placing, closing."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.services import next_number, open_dossier
from backoffice.core.time import business_day
from backoffice.loans.models import Borrower, Loan
from backoffice.staff.models import User
from debt_collections import workflow
from debt_collections.choices import CaseState, CloseReason, CollectorState
from debt_collections.models import Agency, Case, CaseLoan, CollectionEvent, Collector, Placement
from debt_collections.services.agencies import demand

PREFIX = "CS"


class CaseAlreadyOpen(InputRefused):
    """The borrower has an open case: every limit is per debtor, so there is one at most."""

    code = "case-already-open"
    default_message = _("This borrower has an open case already.")


def open_case(*, borrower: Borrower, loans: Sequence[Loan], by: User, at: datetime, reason: str = "") -> Case:
    """Open the case of a borrower over these loans of theirs. Raises ``CaseAlreadyOpen``, ``InputRefused``."""
    demand(by, "collections.open_case")
    if not loans:
        raise InputRefused(_("A case needs at least one loan."), field="loans")
    with act(by=by, at=at, code="case.opened") as opening:
        lock(Borrower, borrower.pk)
        if Case.objects.filter(borrower=borrower, state=CaseState.OPEN).exists():
            raise CaseAlreadyOpen()
        number = next_number(prefix=PREFIX, at=opening.at)[0]
        dossier = open_dossier(kind=DossierKind.CASE, number=number, at=at)
        with act(by=by, at=at, code="case.opened", reason=reason, dossier=dossier) as frame:
            case = Case.objects.create(
                dossier=dossier, number=number, borrower=borrower, opened_on=business_day(at)
            )
            for loan in loans:
                _add(case, loan, at)
            frame.record(CollectionEvent, "case_opened", dossier=dossier, borrower=borrower, case=case)
    return case


def add_loan_to_case(*, case: Case, loan: Loan, by: User, at: datetime, reason: str = "") -> CaseLoan:
    """Put one more loan of the borrower under collection. Raises ``InputRefused`` for one that is there."""
    with act(by=by, at=at, code="case.loan_added", reason=reason, dossier=case.dossier) as frame:
        case = lock(Case, case.pk)
        workflow.case.check("add_loan", case, by=by, at=at)
        if case.case_loans.filter(loan=loan).exists():
            raise InputRefused(_("This loan is in the case already."), field="loan")
        row = _add(case, loan, at)
        frame.record(
            CollectionEvent,
            "loan_added",
            dossier=case.dossier,
            borrower=case.borrower,
            case=case,
            data={"loan": loan.number},
        )
    return row


def _add(case: Case, loan: Loan, at: datetime) -> CaseLoan:
    if loan.borrower_id != case.borrower_id:
        raise InputRefused(_("This loan is owed by somebody else."), field="loans")
    return CaseLoan.objects.create(case=case, loan=loan, added_on=business_day(at))


def place_case(
    *,
    case: Case,
    agency: Agency,
    collector: Collector | None = None,
    borrower_told_at: datetime | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Placement:
    """Give the case to an agency, and there to a collector; the current placement ends on the same day.

    Before an outside agency may have it the borrower has been told: regulation.md R2. A change of collector
    within the same agency needs no second telling. Raises ``InputRefused``, ``TransitionRefused``.
    """
    with act(by=by, at=at, code="case.placed", reason=reason, dossier=case.dossier) as frame:
        case = lock(Case, case.pk)
        workflow.case.check("place", case, by=by, at=at)
        current = case.placements.filter(until__isnull=True).first()
        if borrower_told_at is None and current is not None and current.agency_id == agency.pk:
            borrower_told_at = current.borrower_told_at
        _check_taker(agency, collector, borrower_told_at, at)
        today = business_day(at)
        if current is not None:
            current.until = today
            current.save()
        placement = Placement.objects.create(
            case=case,
            agency=agency,
            collector=collector,
            placed_by=by,
            from_on=today,
            borrower_told_at=borrower_told_at,
        )
        frame.record(
            CollectionEvent,
            "case_placed",
            dossier=case.dossier,
            borrower=case.borrower,
            case=case,
            data={"agency": agency.code, "collector": collector.staff_number if collector else ""},
        )
    return placement


def _check_taker(
    agency: Agency, collector: Collector | None, borrower_told_at: datetime | None, at: datetime
) -> None:
    if not agency.active:
        raise InputRefused(_("This agency takes no cases any more."), field="agency")
    if not agency.in_house and (borrower_told_at is None or borrower_told_at > at):
        raise InputRefused(
            _("The borrower is told before an outside agency gets the case."), field="borrower_told_at"
        )
    if collector is None:
        return
    if collector.agency_id != agency.pk:
        raise InputRefused(_("This collector works for another agency."), field="collector")
    authorised = collector.authorisations.filter(starts_at__lte=at, ends_at__gt=at).exists()
    if collector.state != CollectorState.ACTIVE or not authorised:
        raise InputRefused(_("This collector is not authorised to work."), field="collector")


def close_case(*, case: Case, close_reason: str, by: User, at: datetime, reason: str = "") -> Case:
    """End the case and its current placement. Holds are the borrower's, not the case's: they stay."""
    if close_reason not in CloseReason.values:
        raise InputRefused(field="close_reason")
    with act(by=by, at=at, code="case.closed", reason=reason, dossier=case.dossier) as frame:
        case = lock(Case, case.pk)
        workflow.case.step("close", case, by=by, at=at)
        case.closed_on = business_day(at)
        case.close_reason = close_reason
        case.save()
        for placement in case.placements.filter(until__isnull=True):
            placement.until = case.closed_on
            placement.save()
        frame.record(
            CollectionEvent,
            "case_closed",
            dossier=case.dossier,
            borrower=case.borrower,
            case=case,
            data={"because": close_reason},
        )
    return case
