"""Cases that open because loans fell overdue, and close because nothing is overdue any more: many at once.

A case is right or wrong by what was known when it was opened. A payment that turns out later to have been in time
does not undo it: it ends the case as cured, and the record says that the debt was not overdue. Nor does a change that
leaves nothing overdue: it ends the case, and the record says that it was no payment.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime, timedelta
from itertools import repeat
from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, event_columns
from backoffice.core.bulk import insert_values, new_keys
from backoffice.core.choices import DossierKind
from backoffice.core.history import bulk_update_with_history, copy_into_history
from backoffice.core.models import Dossier
from backoffice.core.services import next_number, open_dossiers
from backoffice.core.time import business_day, start_of_day
from backoffice.loans.models import Loan
from backoffice.loans.overdue import overdue_at, overdue_at_end_of
from backoffice.loans.services.chunks import chunks
from backoffice.loans.services.closing import Step
from backoffice.loans.services.closing_loans import WIDTH, Touched
from backoffice.staff.models import User
from debt_collections.choices import CaseState, CloseReason, CuredBy
from debt_collections.models import Case, CaseLoan, CollectionEvent, Placement
from debt_collections.services.agencies import demand
from debt_collections.services.cases import PREFIX

_DAY = timedelta(days=1)


def case_parts(*, day: date) -> list[int]:
    """The first ids of the parts of the loan book in which the close of ``day`` found loans newly overdue."""
    numbers = _fell_overdue(day).annotate(part=F("pk") / WIDTH).values_list("part", flat=True)
    return [number * WIDTH for number in numbers.order_by("part").distinct()]


def collect_overdue(*, first_id: int, day: date, by: User, at: datetime) -> Touched:
    """Put loans that the close of ``day`` found overdue under collection: those with ids of one part.

    A borrower with an open case gets the loan added to it, everybody else a new case. A loan on which nothing is
    overdue any more (the close was late, the money came meanwhile) is left alone. Raises ``NotPermitted``.
    """
    demand(by, "collections.open_case")
    by_borrower: dict[int, list[int]] = {}
    found = _fell_overdue(day).filter(pk__gte=first_id, pk__lt=first_id + WIDTH).order_by("pk")
    # A payment that comes now waits, and then finds the case that it ends.
    locked = found.select_for_update(no_key=True)
    for pk, borrower_id in locked.values_list("pk", "borrower_id"):
        by_borrower.setdefault(borrower_id, []).append(pk)
    data = {"day": day.isoformat()}
    with act(by=by, at=at, code="case.loan_added"):
        standing = _standing(list(by_borrower))
        added = _add_to_standing(standing, by_borrower, data, at=at)
    with act(by=by, at=at, code="case.opened"):
        fresh = {pk: loans for pk, loans in by_borrower.items() if pk not in standing}
        opened = _open(fresh, data, at=at)
    # A new case: its folder, itself, its history and event. A loan in it and its history; added later, an event too.
    return Touched(opened + added, 4 * len(fresh) + 2 * opened + 3 * added)


def _fell_overdue(day: date) -> QuerySet[Loan]:
    """Loans that the close of ``day`` found overdue, and those whose cure since then did not last until a close."""
    cured = CaseLoan.objects.filter(case__close_reason=CloseReason.CURED, case__closed_on__gte=day)
    in_collection = Case.objects.filter(state=CaseState.OPEN)
    relapsed = Q(pk__in=cured.values("loan")) & ~Q(borrower__in=in_collection.values("borrower"))
    return Loan.objects.filter(
        Q(fell_overdue_on=day) | relapsed,
        oldest_unpaid_due_on__isnull=False,
        fell_overdue_on__isnull=False,
    )


def _standing(borrower_ids: Sequence[int]) -> dict[int, Case]:
    """The open cases of these borrowers, by borrower, locked: nobody closes one while a loan comes into it."""
    found: dict[int, Case] = {}
    for part in chunks(borrower_ids):
        open_ones = Case.objects.filter(borrower__in=part, state=CaseState.OPEN).order_by("pk")
        for case in open_ones.select_for_update(no_key=True):
            found[case.borrower_id] = case
    return found


def _open(loans: Mapping[int, Sequence[int]], data: Mapping[str, Any], *, at: datetime) -> int:
    """Open a case for each of these borrowers over their loans; answers how many loans came into them."""
    if not loans:
        return 0
    today = business_day(at)
    dossiers, cases = new_keys(Dossier, len(loans)), new_keys(Case, len(loans))
    pairs = [(case, pk) for case, pks in zip(cases, loans.values(), strict=True) for pk in pks]
    _add_loans(pairs, today)
    _record("case_opened", list(zip(dossiers, loans, cases, repeat(data), strict=False)), at=at)
    # Whoever takes a number lets others wait for the next one until the commit: so the rest comes first.
    numbers = next_number(prefix=PREFIX, at=at, count=len(loans))
    open_dossiers(kind=DossierKind.CASE, numbers=numbers, ats=[at] * len(numbers), keys=dossiers)
    columns = ("id", "dossier_id", "number", "borrower_id", "opened_on")
    insert_values(Case, columns, list(zip(cases, dossiers, numbers, loans, repeat(today), strict=False)))
    copy_into_history(Case, cases, "+")
    return len(pairs)


def _add_loans(pairs: Sequence[tuple[int, int]], today: date) -> None:
    rows = insert_values(
        CaseLoan, ("case_id", "loan_id", "added_on"), [(*pair, today) for pair in pairs], keys=True
    )
    copy_into_history(CaseLoan, rows, "+")


def _add_to_standing(
    standing: Mapping[int, Case],
    by_borrower: Mapping[int, Sequence[int]],
    data: Mapping[str, Any],
    *,
    at: datetime,
) -> int:
    there: set[tuple[int, int]] = set()
    for part in chunks(list(standing.values())):
        there.update(CaseLoan.objects.filter(case__in=part).values_list("case", "loan"))
    pairs = [
        (case, pk)
        for borrower_id, case in standing.items()
        for pk in by_borrower[borrower_id]
        if (case.pk, pk) not in there
    ]
    numbers: dict[int, str] = {}
    for pks in chunks([pk for _case, pk in pairs]):
        numbers.update(Loan.objects.filter(pk__in=pks).values_list("pk", "number"))
    _add_loans([(case.pk, pk) for case, pk in pairs], business_day(at))
    _record(
        "loan_added",
        [(case.dossier_id, case.borrower_id, case.pk, {**data, "loan": numbers[pk]}) for case, pk in pairs],
        at=at,
    )
    return len(pairs)


def close_cured_cases(*, borrower_ids: Collection[int], cured_by: CuredBy, by: User, at: datetime) -> int:
    """Close the open cases of these borrowers in which no loan is overdue any more; answers how many.

    The event says by what, and where, by what is known now, none of the loans was overdue when the case was opened.
    Raises ``NotPermitted``.
    """
    demand(by, "collections.close_case")
    overdue = CaseLoan.objects.filter(loan__oldest_unpaid_due_on__isnull=False)
    open_cases = Case.objects.filter(borrower__in=borrower_ids, state=CaseState.OPEN)
    found = open_cases.exclude(pk__in=overdue.values("case")).order_by("pk")
    with act(by=by, at=at, code="case.closed"):
        pks = list(found.values_list("pk", flat=True))
        locked = Case.objects.filter(pk__in=pks).order_by("pk").select_for_update(no_key=True)
        list(locked.values_list("pk", flat=True))
        # Read again: whoever had a case may have closed it or brought a loan into it.
        cases = _without_pending(list(found.filter(pk__in=pks)), on=business_day(at))
        if not cases:
            return 0
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
        _record(
            "case_closed",
            [
                (
                    case.dossier_id,
                    case.borrower_id,
                    case.pk,
                    {
                        "because": CloseReason.CURED.value,
                        "cured_by": cured_by.value,
                        **({"was_not_overdue": True} if case.pk in unfounded else {}),
                    },
                )
                for case in cases
            ],
            at=at,
        )
    return len(cases)


def _without_pending(cases: Sequence[Case], *, on: date) -> list[Case]:
    """Those in which nothing is overdue on ``on`` either: what fell due since a loan last stood is not stored yet."""
    loans: dict[int, set[int]] = {}
    waiting = CaseLoan.objects.filter(case__in=cases, loan__next_event_on__lte=on)
    for case_id, loan_id in waiting.values_list("case", "loan"):
        loans.setdefault(case_id, set()).add(loan_id)
    overdue = overdue_at_end_of(on, loan_ids={pk for pks in loans.values() for pk in pks})
    return [case for case in cases if overdue.isdisjoint(loans.get(case.pk, ()))]


def _unfounded(cases: Sequence[Case]) -> set[int]:
    """Cases of which no loan was overdue when they were opened, by what is known now."""
    moments = _judged_at(cases)
    loans = dict(CaseLoan.objects.filter(case__in=cases).values_list("loan", "case"))
    overdue = overdue_at({pk: moments[case_id] for pk, case_id in loans.items()})
    founded = {loans[pk] for pk in overdue}
    return {case.pk for case in cases} - founded


def _judged_at(cases: Sequence[Case]) -> dict[int, datetime]:
    """The moment that decides whether each case had a ground.

    A case that the close of a day opened had what was overdue at the end of that day, however late the close was; any
    other one what was overdue when it was opened, which of an imported one is known as a day: its first moment.
    """
    opened = CollectionEvent.objects.filter(case__in=cases, kind="case_opened", data__has_key="day")
    days = {case_id: date.fromisoformat(day) for case_id, day in opened.values_list("case", "data__day")}
    others = Dossier.objects.filter(case__in=[case for case in cases if case.pk not in days])
    moments = dict(others.values_list("case", "opened_at"))
    # The last moment of the day: at the first one of the next a further instalment would be past due.
    moments |= {case_id: start_of_day(day + _DAY) - timedelta.resolution for case_id, day in days.items()}
    return moments


def _record(kind: str, events: Sequence[tuple[int, int, int, Mapping[str, Any]]], *, at: datetime) -> None:
    """One event each: folder, borrower, case, data."""
    columns = event_columns(at=at)
    columns["actor_id"] = columns.pop("actor").pk
    insert_values(
        CollectionEvent,
        ("kind", "dossier_id", "borrower_id", "case_id", "data", *columns),
        [(kind, *event, *columns.values()) for event in events],
    )


#: The collections desk's part of the close of day.
step = Step("cases", _("Cases"), WIDTH, case_parts, collect_overdue)
