"""Cases that open because loans fell overdue, and close because nothing is overdue any more: many at once.

A case is right or wrong by what was known when it was opened. A payment that turns out later to have been in time
does not undo it: it ends the case as cured, and the record says that the debt was not overdue.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from backoffice.audit.services import act, event_columns
from backoffice.core.bulk import insert_values
from backoffice.core.choices import DossierKind
from backoffice.core.history import bulk_create_with_history, bulk_update_with_history
from backoffice.core.services import next_number, open_dossiers
from backoffice.core.time import business_day
from backoffice.loans.models import Borrower, Loan
from backoffice.loans.overdue import overdue_at_end_of
from backoffice.staff.models import User
from debt_collections.choices import CaseState, CloseReason
from debt_collections.models import Case, CaseLoan, CollectionEvent, Placement
from debt_collections.services.agencies import demand
from debt_collections.services.cases import PREFIX

_DAY = timedelta(days=1)
_EVENT = ("kind", "dossier_id", "borrower_id", "case_id", "data")


class Overdue(Protocol):
    """A loan that fell overdue."""

    pk: int
    borrower_id: int


def collect_overdue(*, loans: Sequence[Overdue], on: date, by: User, at: datetime) -> int:
    """Put loans that the close of ``on`` found overdue under collection; answers how many cases were opened.

    A borrower with an open case gets the loan added to it, everybody else a new case. A loan on which nothing is
    overdue any more (the close was late, the money came meanwhile) is left alone. The caller holds the borrowers'
    locks. Raises ``NotPermitted``.
    """
    demand(by, "collections.open_case")
    ids = [loan.pk for loan in loans]
    still = set(
        Loan.objects.filter(pk__in=ids, oldest_unpaid_due_on__isnull=False).values_list("pk", flat=True)
    )
    by_borrower: dict[int, list[int]] = {}
    for loan in loans:
        if loan.pk in still:
            by_borrower.setdefault(loan.borrower_id, []).append(loan.pk)
    if not by_borrower:
        return 0
    data = {"day": on.isoformat()}
    with act(by=by, at=at, code="case.opened"):
        standing = {
            case.borrower_id: case
            for case in Case.objects.filter(borrower__in=list(by_borrower), state=CaseState.OPEN)
        }
        fresh = _open([pk for pk in by_borrower if pk not in standing], at=at)
        _record(fresh, "case_opened", {case.pk: data for case in fresh}, at=at)
        _add_loans({case: by_borrower[case.borrower_id] for case in fresh}, at=at)
    with act(by=by, at=at, code="case.loan_added"):
        _add_to_standing(standing, by_borrower, data, at=at)
    return len(fresh)


def _open(borrower_ids: Sequence[int], *, at: datetime) -> list[Case]:
    if not borrower_ids:
        return []
    numbers = next_number(prefix=PREFIX, at=at, count=len(borrower_ids))
    dossiers = open_dossiers(kind=DossierKind.CASE, numbers=numbers, ats=[at] * len(numbers))
    return bulk_create_with_history(
        Case,
        [
            Case(dossier=dossier, number=dossier.number, borrower_id=pk, opened_on=business_day(at))
            for pk, dossier in zip(borrower_ids, dossiers, strict=True)
        ],
    )


def _add_to_standing(
    standing: Mapping[int, Case],
    by_borrower: Mapping[int, Sequence[int]],
    data: Mapping[str, Any],
    *,
    at: datetime,
) -> None:
    there = set(CaseLoan.objects.filter(case__in=list(standing.values())).values_list("case", "loan"))
    missing = {
        case: [pk for pk in by_borrower[case.borrower_id] if (case.pk, pk) not in there]
        for case in standing.values()
    }
    missing = {case: loans for case, loans in missing.items() if loans}
    numbers = dict(
        Loan.objects.filter(pk__in=[pk for loans in missing.values() for pk in loans]).values_list(
            "pk", "number"
        )
    )
    _add_loans(missing, at=at)
    told = {
        case.pk: {**data, "loan": ", ".join(numbers[pk] for pk in loans)} for case, loans in missing.items()
    }
    _record(list(missing), "loan_added", told, at=at)


def _add_loans(loans: Mapping[Case, Sequence[int]], *, at: datetime) -> None:
    today = business_day(at)
    bulk_create_with_history(
        CaseLoan,
        [CaseLoan(case=case, loan_id=pk, added_on=today) for case, pks in loans.items() for pk in pks],
    )


def close_cured_cases(*, borrower_ids: Collection[int], by: User, at: datetime) -> int:
    """Close the open cases of these borrowers in which no loan is overdue any more; answers how many.

    The event says so where, by what is known now, none of the loans was overdue when the case was opened. Raises
    ``NotPermitted``.
    """
    demand(by, "collections.close_case")
    overdue = CaseLoan.objects.filter(loan__oldest_unpaid_due_on__isnull=False)
    open_cases = Case.objects.filter(borrower__in=borrower_ids, state=CaseState.OPEN)
    found = open_cases.exclude(pk__in=overdue.values("case")).order_by("borrower_id")
    if not found:
        return 0
    with act(by=by, at=at, code="case.closed"):
        borrowers = Borrower.objects.filter(pk__in=[case.borrower_id for case in found])
        list(borrowers.order_by("pk").select_for_update().values_list("pk", flat=True))
        cases = list(found.all())
        for case in cases:
            case.state = CaseState.CLOSED
            case.closed_on = business_day(at)
            case.close_reason = CloseReason.CURED
        bulk_update_with_history(Case, cases, ("state", "closed_on", "close_reason"))
        placements = list(Placement.objects.filter(case__in=cases, until__isnull=True))
        for placement in placements:
            placement.until = business_day(at)
        bulk_update_with_history(Placement, placements, ("until",))
        unfounded = _unfounded(cases)
        told = {
            case.pk: {
                "because": CloseReason.CURED.value,
                **({"was_not_overdue": True} if case.pk in unfounded else {}),
            }
            for case in cases
        }
        _record(cases, "case_closed", told, at=at)
    return len(cases)


def _unfounded(cases: Sequence[Case]) -> set[int]:
    """Cases of which no loan was overdue at the end of the day before they were opened, by what is known now."""
    loans: dict[int, list[int]] = {}
    for case_id, loan_id in CaseLoan.objects.filter(case__in=cases).values_list("case", "loan"):
        loans.setdefault(case_id, []).append(loan_id)
    by_day: dict[date, list[Case]] = {}
    for case in cases:
        by_day.setdefault(case.opened_on - _DAY, []).append(case)
    found = set()
    for day, opened in by_day.items():
        overdue = overdue_at_end_of(day, loan_ids=[pk for case in opened for pk in loans.get(case.pk, ())])
        found |= {case.pk for case in opened if overdue.isdisjoint(loans.get(case.pk, ()))}
    return found


def _record(cases: Sequence[Case], kind: str, data: Mapping[int, Mapping[str, Any]], *, at: datetime) -> None:
    columns = event_columns(at=at)
    columns["actor_id"] = columns.pop("actor").pk
    insert_values(
        CollectionEvent,
        (*_EVENT, *columns),
        [
            (kind, case.dossier_id, case.borrower_id, case.pk, data[case.pk], *columns.values())
            for case in cases
        ],
    )
