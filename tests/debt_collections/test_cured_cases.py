"""By what a case ended, and whether anything had been overdue when it was opened."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services as loans
from backoffice.loans.changes import Deferral
from backoffice.loans.importing import RepaymentRow
from backoffice.loans.models import Loan, ScheduleChange
from backoffice.loans.services.closing import close_day
from backoffice.staff.roles import Role
from debt_collections.admin.timeline import event_items
from debt_collections.choices import CaseState, CuredBy
from debt_collections.models import Case
from debt_collections.services import CaseRow, import_cases_bulk, open_case
from tests.factories.changes import a_charge, a_proposal
from tests.factories.loans import a_loan, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = date(2026, 3, 1)
DUE = date(2026, 4, 1)
PAID = {"because": "cured", "cured_by": "payment"}
UNFOUNDED = {**PAID, "was_not_overdue": True}


def noon(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=12)


def a_new_loan() -> Loan:
    return a_loan(at=noon(START), disbursed_on=START)


def pay(loan: Loan, *, on: date, at: datetime, **facts: Any) -> None:
    a_repayment(loan, "1100.00", on=on, at=at, **facts)


def close(day: date, *, late: timedelta = timedelta()) -> None:
    with entering(EntryPoint.COMMAND):
        close_day(day=day, by=job(), at=start_of_day(day + DAY) + timedelta(minutes=30) + late)


def by_hand(loan: Loan, at: datetime) -> None:
    with entering(EntryPoint.COMMAND):
        open_case(borrower=loan.borrower, loans=[loan], by=job(), at=at)


def imported(*taken: Loan, opened_on: date, at: datetime) -> None:
    rows = [CaseRow(loan.borrower_id, (loan.pk,), opened_on) for loan in taken]
    with entering(EntryPoint.COMMAND):
        import_cases_bulk(rows, by=job(), at=at)


def proposed(loan: Loan, *, at: datetime) -> ScheduleChange:
    return a_proposal(loan, Deferral(1), at=at)


def applied(change: ScheduleChange, *, at: datetime) -> None:
    with entering(EntryPoint.ADMIN):
        loans.apply_change(change=change, by=person(Role.LOAN_OFFICER), at=at, reason="同意")


def ended(loan: Loan) -> dict[str, Any]:
    """What the record says of the end of the only case."""
    case = Case.objects.get(case_loans__loan=loan)
    assert case.state == CaseState.CLOSED
    data: dict[str, Any] = case.events.get(kind="case_closed").data
    return data


# --- imported: known is the day only ---


def test_imported_on_the_first_day_past_due_and_deferred_it_had_its_ground_and_nothing_was_paid() -> None:
    loan = a_new_loan()
    imported(loan, opened_on=DUE + DAY, at=noon(DUE + 5 * DAY))
    applied(proposed(loan, at=noon(DUE + 6 * DAY)), at=noon(DUE + 6 * DAY))
    assert ended(loan) == {"because": "cured", "cured_by": "change"}


@pytest.mark.parametrize(("received", "said"), [(DUE, UNFOUNDED), (DUE + DAY, PAID)])
def test_imported_it_is_judged_by_the_morning_of_its_day(received: date, said: dict[str, Any]) -> None:
    loan = a_new_loan()
    imported(loan, opened_on=DUE + DAY, at=noon(DUE + 5 * DAY))
    pay(loan, on=received, at=noon(DUE + 6 * DAY))
    assert ended(loan) == said


# --- by hand: known is the moment ---


def test_opened_by_hand_on_the_first_day_past_due_it_had_its_ground() -> None:
    loan = a_new_loan()
    by_hand(loan, noon(DUE + DAY))
    pay(loan, on=DUE + 2 * DAY, at=noon(DUE + 2 * DAY))
    assert ended(loan) == PAID


def test_opened_by_hand_on_the_due_day_it_had_none() -> None:
    loan = a_new_loan()
    by_hand(loan, noon(DUE))
    close(DUE + DAY)
    pay(loan, on=DUE + 3 * DAY, at=noon(DUE + 3 * DAY))
    assert ended(loan) == UNFOUNDED


@pytest.mark.parametrize(("hour", "said"), [(11, UNFOUNDED), (13, PAID)])
def test_opened_by_hand_it_is_judged_by_the_money_that_was_there_at_that_moment(
    hour: int, said: dict[str, Any]
) -> None:
    loan = a_new_loan()
    day = DUE + 4 * DAY
    by_hand(loan, noon(day))
    pay(loan, on=day, at=noon(day + DAY), received_at=start_of_day(day) + timedelta(hours=hour))
    assert ended(loan) == said


# --- by the close of a day: known is which ---


@pytest.mark.parametrize(
    ("received", "said"), [(DUE, UNFOUNDED), (DUE + DAY, UNFOUNDED), (DUE + 2 * DAY, PAID)]
)
@pytest.mark.parametrize("late", [0, 5])
def test_opened_by_a_close_it_is_judged_by_the_end_of_the_day_closed(
    late: int, received: date, said: dict[str, Any]
) -> None:
    loan = a_new_loan()
    close(DUE + DAY, late=late * DAY)
    pay(loan, on=received, at=noon(DUE + 9 * DAY))
    assert ended(loan) == said


def test_a_change_agreed_afterwards_takes_no_ground_away_whenever_it_takes_effect() -> None:
    """Effective is the day of the proposal, but until it was agreed the debt was overdue."""
    loan = a_new_loan()
    change = proposed(loan, at=noon(DUE + DAY))
    close(DUE + DAY)
    applied(change, at=noon(DUE + 3 * DAY))
    assert ended(loan) == {"because": "cured", "cured_by": "change"}


def test_a_cost_that_is_taken_back_ends_it_as_a_correction() -> None:
    """Costs are paid first: without it the money would have paid the instalment."""
    loan = a_new_loan()
    charge = a_charge(loan, on=START + 5 * DAY, at=noon(START + 5 * DAY))
    pay(loan, on=DUE, at=noon(DUE))
    close(DUE + DAY)
    with entering(EntryPoint.ADMIN):
        loans.reverse_charge(
            charge=charge, by=person(Role.LOAN_OFFICER), at=noon(DUE + 3 * DAY), reason="误记"
        )
    assert ended(loan) == {"because": "cured", "cured_by": "correction", "was_not_overdue": True}


def test_the_timeline_says_what_ended_it() -> None:
    loan = a_new_loan()
    close(DUE + DAY)
    applied(proposed(loan, at=noon(DUE + 3 * DAY)), at=noon(DUE + 3 * DAY))
    supervisor = person(Role.LOAN_SUPERVISOR)
    items = event_items(
        kinds={"case_closed": ("", "neutral")},
        source="case",
        borrower_id=loan.borrower_id,
        viewer=supervisor,
        before=None,
        limit=5,
    )
    assert [one.detail for one in items] == [CuredBy.CHANGE.label]


def test_many_cases_of_many_moments_cost_no_more_statements_than_few() -> None:
    costs = []
    for many in (2, 12):
        taken = [a_new_loan() for _ in range(many)]
        for number, loan in enumerate(taken):
            by_hand(loan, noon(DUE + DAY) + number * timedelta(minutes=1))
        money = [
            RepaymentRow(loan.number, loan.number, noon(DUE + 2 * DAY), Decimal(1100), "debit")
            for loan in taken
        ]
        with CaptureQueriesContext(connection) as queries, entering(EntryPoint.COMMAND):
            loans.import_repayments(money, by=job(), at=noon(DUE + 3 * DAY))
        assert [ended(loan) for loan in taken] == [PAID] * many
        costs.append(len(queries))
    assert costs[1] <= costs[0]
