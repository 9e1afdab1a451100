"""What the close of day and payments do to cases."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import NotPermitted
from backoffice.core.time import start_of_day
from backoffice.loans import services as loans
from backoffice.loans.services.closing import close_day
from backoffice.staff.roles import Role
from debt_collections.choices import CaseState, CloseReason, CuredBy
from debt_collections.models import Case, CollectionEvent
from debt_collections.services import (
    close_cured_cases,
    collect_overdue,
    open_case,
    place_case,
    register_agency,
)
from tests.factories.loans import a_borrower, a_loan, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
START = date(2026, 3, 1)
FIRST_DUE = date(2026, 4, 1)


def noon(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=12)


def close(day: date) -> None:
    with entering(EntryPoint.COMMAND):
        close_day(day=day, by=job(), at=start_of_day(day + DAY) + timedelta(minutes=30))


def a_new_loan(**facts: Any) -> Any:
    return a_loan(at=noon(START), disbursed_on=START, **facts)


def told(case: Case) -> list[tuple[str, dict[str, Any]]]:
    return list(CollectionEvent.objects.filter(case=case).order_by("pk").values_list("kind", "data"))


def test_a_collector_may_do_neither() -> None:
    collector = person(Role.COLLECTOR)
    with pytest.raises(NotPermitted):
        collect_overdue(first_id=0, day=FIRST_DUE, by=collector, at=noon(FIRST_DUE))
    with pytest.raises(NotPermitted):
        close_cured_cases(borrower_ids=[], cured_by=CuredBy.PAYMENT, by=collector, at=noon(FIRST_DUE))


def test_a_loan_that_falls_overdue_opens_one_case_for_its_borrower() -> None:
    borrower = a_borrower()
    both = [a_new_loan(borrower=borrower) for _ in range(2)]
    close(FIRST_DUE)
    assert not Case.objects.exists()
    close(FIRST_DUE + DAY)
    case = Case.objects.get()
    assert (case.borrower, case.state, case.opened_on) == (borrower, CaseState.OPEN, FIRST_DUE + 2 * DAY)
    assert {one.loan_id for one in case.case_loans.all()} == {loan.pk for loan in both}
    assert told(case) == [("case_opened", {"day": "2026-04-02"})]
    assert case.history.get().history_change_reason == "case.opened"
    close(FIRST_DUE + 10 * DAY)
    assert Case.objects.count() == 1


def test_a_further_loan_comes_into_the_open_case() -> None:
    borrower = a_borrower()
    a_new_loan(borrower=borrower)
    close(FIRST_DUE + DAY)
    later = a_loan(borrower=borrower, disbursed_on=START + 10 * DAY, at=noon(START + 10 * DAY))
    close(FIRST_DUE + 12 * DAY)
    case = Case.objects.get()
    assert case.case_loans.count() == 2
    assert told(case)[-1] == ("loan_added", {"day": "2026-04-12", "loan": later.number})


def test_a_payment_that_clears_the_arrears_ends_the_case_at_once() -> None:
    borrower = a_borrower()
    first, second = [a_new_loan(borrower=borrower) for _ in range(2)]
    close(FIRST_DUE + DAY)
    paid_on = FIRST_DUE + 3 * DAY
    a_repayment(first, "1100.00", on=paid_on, at=noon(paid_on))
    case = Case.objects.get()
    assert case.state == CaseState.OPEN, "the other loan is overdue still"
    a_repayment(second, "1100.00", on=paid_on, at=noon(paid_on))
    case.refresh_from_db()
    assert (case.state, case.close_reason, case.closed_on) == (CaseState.CLOSED, CloseReason.CURED, paid_on)
    assert told(case)[-1] == ("case_closed", {"because": "cured", "cured_by": "payment"})


def test_a_payment_learnt_late_ends_the_case_as_one_that_had_no_ground() -> None:
    """Paid on the due date, entered three days later: the case stays on record, and says so."""
    loan = a_new_loan()
    close(FIRST_DUE + DAY)
    case = Case.objects.get()
    entered = FIRST_DUE + 3 * DAY
    a_repayment(loan, "1100.00", on=FIRST_DUE, at=noon(entered))
    case.refresh_from_db()
    assert (case.state, case.opened_on, case.closed_on) == (CaseState.CLOSED, FIRST_DUE + 2 * DAY, entered)
    because = {"because": "cured", "cured_by": "payment", "was_not_overdue": True}
    assert told(case)[-1] == ("case_closed", because)


def test_a_late_close_opens_no_case_for_a_debt_that_was_paid_meanwhile() -> None:
    loan = a_new_loan()
    close(FIRST_DUE)
    paid_on = FIRST_DUE + 3 * DAY
    a_repayment(loan, "1100.00", on=paid_on, at=noon(paid_on))
    close(paid_on)
    assert not Case.objects.exists()
    assert list(loan.events.filter(kind__startswith="loan_").values_list("kind", flat=True)) == [
        *("loan_created", "loan_fell_overdue", "loan_overdue_ended"),
    ]


def test_a_reversed_payment_brings_a_new_case_at_the_next_close() -> None:
    loan = a_new_loan()
    repayment = a_repayment(loan, "1100.00", on=FIRST_DUE, at=noon(FIRST_DUE))
    close(FIRST_DUE + DAY)
    assert not Case.objects.exists()
    bounced = FIRST_DUE + 4 * DAY
    with entering(EntryPoint.COMMAND):
        loans.reverse_repayment(
            repayment=repayment, external_id="BACK", by=job(), at=noon(bounced), reason="退票"
        )
    assert not Case.objects.exists()
    close(bounced)
    assert Case.objects.get().borrower_id == loan.borrower_id


def test_a_case_opened_by_hand_is_cured_too_and_its_placement_ends() -> None:
    loan = a_new_loan()
    close(FIRST_DUE)
    with entering(EntryPoint.COMMAND):
        case = open_case(borrower=loan.borrower, loans=[loan], by=job(), at=noon(FIRST_DUE + DAY))
        agency = register_agency(code="HOUSE", name="自营", in_house=True, by=job(), at=noon(START))
        placement = place_case(
            case=case, agency=agency, by=person(Role.LOAN_OFFICER), at=noon(FIRST_DUE + DAY)
        )
    close(FIRST_DUE + DAY)
    assert Case.objects.count() == 1
    paid_on = FIRST_DUE + 3 * DAY
    a_repayment(loan, "1100.00", on=paid_on, at=noon(paid_on))
    case.refresh_from_db()
    placement.refresh_from_db()
    assert (case.state, placement.until) == (CaseState.CLOSED, paid_on)


def test_a_payment_and_its_reversal_on_one_day_leave_no_overdue_loan_without_a_case() -> None:
    loan = a_new_loan()
    close(FIRST_DUE + DAY)
    on = FIRST_DUE + 3 * DAY
    repayment = a_repayment(loan, "1100.00", on=on, at=noon(on))
    assert Case.objects.get().state == CaseState.CLOSED
    with entering(EntryPoint.COMMAND):
        loans.reverse_repayment(
            repayment=repayment, external_id="BACK", by=job(), at=noon(on) + timedelta(hours=2), reason="退票"
        )
    close(on)
    assert Case.objects.filter(state=CaseState.OPEN).count() == 1
    close(on + 30 * DAY)
    assert Case.objects.count() == 2


def test_a_case_is_not_cured_while_something_fell_due_that_no_close_has_seen_yet() -> None:
    """Stored is how the loan stood on the due date; on the day after it is overdue, whatever is stored."""
    borrower = a_borrower()
    loan, other = [a_new_loan(borrower=borrower) for _ in range(2)]
    close(FIRST_DUE)
    day = FIRST_DUE + DAY
    with entering(EntryPoint.COMMAND):
        case = open_case(borrower=borrower, loans=[loan], by=job(), at=noon(day))
    a_repayment(other, "1100.00", on=day, at=noon(day))
    case.refresh_from_db()
    assert case.state == CaseState.OPEN


def test_many_cases_cost_no_more_statements_than_few() -> None:
    costs = []
    start = START
    close(START)
    for many in (2, 20):
        made = [a_loan(disbursed_on=start, at=noon(start), periods=1) for _ in range(many)]
        due = made[0].instalments.get().due_on
        close(due)
        with CaptureQueriesContext(connection) as queries:
            close(due + DAY)
        assert Case.objects.filter(opened_on=due + 2 * DAY).count() == many
        costs.append(len(queries))
        start = due + 20 * DAY
    assert costs[1] <= costs[0]
