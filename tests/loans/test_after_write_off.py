"""What was written off stays what it was: nothing of the time before it is added, taken away or agreed any more."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.loans import services
from backoffice.loans.account import derive, payoff
from backoffice.loans.changes import Deferral, WaiverOf
from backoffice.loans.choices import LoanState
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Charge, Loan, ScheduleChange
from backoffice.loans.services.changes import AccountChanged
from backoffice.staff.roles import Role
from tests.factories.changes import a_charge, a_pause, a_proposal, a_write_off
from tests.factories.loans import NOW, TODAY, a_loan, a_repayment
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

DAY = timedelta(days=1)
AFTERNOON = NOW + timedelta(hours=5)


def call(service: Any, **given: Any) -> Any:
    with entering(EntryPoint.ADMIN):
        return service(**{"by": person(Role.LOAN_OFFICER), "at": NOW, "reason": "x", **given})


def written_off(loan: Loan) -> Loan:
    """Written off today, with 1,000 yuan that came in this morning; overdue since 1 April."""
    a_repayment(loan, "1000.00", on=TODAY)
    call(services.approve_write_off, write_off=a_write_off(loan))
    loan = Loan.objects.select_related("product").get(pk=loan.pk)
    assert loan.state == LoanState.WRITTEN_OFF
    return loan


def as_it_was(loan: Loan) -> bool:
    loan = Loan.objects.select_related("product").get(pk=loan.pk)
    return derive(ledger_of(loan).facts(), on=TODAY).owed("principal") == loan.written_off_principal


def charge(loan: Loan, days: int) -> Charge:
    return a_charge(loan, on=TODAY + days * DAY, at=max(NOW, NOW + days * DAY))


@pytest.mark.parametrize("days", [-30, -1, 0])
def test_no_cost_of_that_time(days: int) -> None:
    loan = written_off(a_loan())
    with pytest.raises(InputRefused) as refused:
        charge(loan, days)
    assert (refused.value.field, refused.value.code) == ("charged_on", "before-write-off")
    charge(loan, 1)
    assert as_it_was(loan)


def test_no_cost_of_that_time_is_taken_back() -> None:
    loan = a_loan()
    old = charge(loan, -30)
    loan = written_off(loan)
    with pytest.raises(InputRefused) as refused:
        call(services.reverse_charge, charge=old)
    assert (refused.value.field, refused.value.code) == ("charge", "before-write-off")
    later = charge(loan, 1)
    call(services.reverse_charge, charge=later, at=NOW + DAY)
    assert as_it_was(loan)


def test_no_default_interest_of_that_day_is_stopped() -> None:
    loan = written_off(a_loan())
    with pytest.raises(InputRefused) as refused:
        a_pause(loan, from_on=TODAY - DAY, at=AFTERNOON)
    assert (refused.value.field, refused.value.code) == ("from_on", "before-write-off")
    # The count of days is no money, and days to come are open.
    a_pause(loan, from_on=TODAY - 30 * DAY, stops_default_interest=False, at=AFTERNOON)
    a_pause(loan, from_on=TODAY, at=AFTERNOON)
    assert as_it_was(loan)


@pytest.mark.parametrize("terms", [Deferral(9), WaiverOf((("penalty", Decimal(10)),))])
@pytest.mark.parametrize("days", [-1, 0])
def test_no_change_that_takes_effect_by_then(terms: Any, days: int) -> None:
    """Neither one that was proposed before, nor one of the day itself."""
    loan = a_loan()
    change = a_proposal(loan, terms, at=NOW - DAY) if days else None
    loan = written_off(loan)
    if change is None:
        with pytest.raises(InputRefused) as refused:
            a_proposal(loan, terms, at=AFTERNOON)
        assert refused.value.code == "before-write-off"
    else:
        with pytest.raises(AccountChanged):
            call(services.apply_change, change=change, at=AFTERNOON)
        call(services.refuse_change, change=change, at=AFTERNOON)
    tomorrow = a_proposal(loan, terms, at=NOW + DAY)
    call(services.apply_change, change=tomorrow, at=NOW + DAY)
    assert as_it_was(loan)


@pytest.mark.parametrize("terms", [Deferral(9), WaiverOf((("penalty", Decimal(10)),))])
def test_a_proposal_of_the_day_is_void_once_it_is_written_off(terms: Any) -> None:
    loan = a_loan()
    a_repayment(loan, "1000.00", on=TODAY)
    change: ScheduleChange = a_proposal(loan, terms)
    call(services.approve_write_off, write_off=a_write_off(loan))
    with pytest.raises(AccountChanged):
        call(services.apply_change, change=change, at=AFTERNOON)
    assert as_it_was(loan)


def settle(loan: Loan, days: int) -> None:
    call(services.settle_early, loan=loan, on=TODAY + days * DAY, at=NOW + DAY)


@pytest.mark.parametrize(("days", "refused"), [(-1, True), (0, False)])
def test_settled_on_its_day_at_the_earliest(days: int, refused: bool) -> None:
    loan = written_off(a_loan())
    owed = sum(payoff(ledger_of(loan).facts(), on=TODAY).values())
    a_repayment(loan, owed, on=TODAY, at=AFTERNOON)
    if refused:
        with pytest.raises(InputRefused) as why:
            settle(loan, days)
        assert (why.value.field, why.value.code) == ("on", "before-write-off")
    else:
        settle(loan, days)
        assert Loan.objects.get(pk=loan.pk).state == LoanState.SETTLED
