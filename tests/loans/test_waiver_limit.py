"""Above the limit a waiver or a lower rate is applied by a loan supervisor, however many small ones it is made of."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import NotPermitted, TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.loans import services, workflow
from backoffice.loans.changes import RateCut, Reschedule, Terms, WaiverOf
from backoffice.loans.models import Loan, ScheduleChange, Waiver
from backoffice.loans.policy import WAIVER_LIMIT
from backoffice.loans.simulation import interest_left_out
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal
from tests.factories.loans import NOW, TODAY, a_loan, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


@pytest.fixture
def supervisor() -> User:
    return person(Role.LOAN_SUPERVISOR)


@pytest.fixture
def loan() -> Loan:
    """100,000 yuan at 14.6 %, nothing ever paid."""
    return a_loan(principal=Decimal(100_000), disbursed_on=date(2026, 3, 1))


def waiver(loan: Loan, yuan: str, component: str = "interest") -> ScheduleChange:
    return a_proposal(loan, WaiverOf(((component, Decimal(yuan)),)))


def apply(change: ScheduleChange, by: User) -> None:
    with entering(EntryPoint.ADMIN):
        services.apply_change(change=change, by=by, at=NOW, reason="同意减免")


def test_a_supervisor_decides_and_proposes_nothing(loan: Loan, supervisor: User) -> None:
    with pytest.raises(NotPermitted):
        a_proposal(loan, by=supervisor)
    apply(waiver(loan, "1000.01"), supervisor)
    assert Waiver.objects.get().amount == Decimal("1000.01")


def test_an_officer_applies_up_to_the_limit_and_no_more(loan: Loan, officer: User) -> None:
    change = waiver(loan, "1000.01")
    with pytest.raises(TransitionRefused, match=r"1,000\.01"):
        apply(change, officer)
    assert not Waiver.objects.exists()
    with entering(EntryPoint.ADMIN):
        services.refuse_change(change=change, by=officer, at=NOW, reason="超限")
    apply(waiver(loan, "1000.00"), officer)


def test_two_small_ones_are_a_large_one(loan: Loan, officer: User, supervisor: User) -> None:
    apply(waiver(loan, "600.00"), officer)
    second = waiver(loan, "400.01", "penalty")
    with pytest.raises(TransitionRefused, match=r"1,000\.01"):
        apply(second, officer)
    apply(second, supervisor)
    apply(waiver(a_loan(principal=Decimal(100_000)), "600.00"), officer)


@pytest.mark.parametrize(
    "terms", [RateCut(Decimal("0.02")), Reschedule(24, date(2026, 12, 15), Decimal("0.02"))]
)
def test_a_lower_rate_counts_as_the_interest_that_it_leaves_out(
    officer: User, supervisor: User, terms: Terms
) -> None:
    loan = a_loan(principal=Decimal(100_000), disbursed_on=date(2026, 10, 1))
    change = a_proposal(loan, terms)
    with pytest.raises(TransitionRefused, match=r"1,000\.00"):
        apply(change, officer)
    apply(change, supervisor)


def test_what_is_waived_after_a_large_cut_comes_on_top(officer: User, supervisor: User) -> None:
    loan = a_loan(principal=Decimal(100_000), disbursed_on=date(2026, 10, 1))
    apply(a_proposal(loan, RateCut(Decimal("0.02"))), supervisor)
    change = waiver(Loan.objects.get(pk=loan.pk), "1.00", "penalty")
    with pytest.raises(TransitionRefused):
        apply(change, officer)
    apply(change, supervisor)


def test_a_small_cut_is_an_officers_until_it_comes_to_the_limit(loan: Loan, officer: User) -> None:
    apply(a_proposal(loan, RateCut(Decimal("0.145"))), officer)
    left_out = interest_left_out(ScheduleChange.objects.get().simulation)
    assert Decimal(0) < left_out < Decimal(100)
    rest = Decimal(1000) - left_out
    loan = Loan.objects.get(pk=loan.pk)
    above = waiver(loan, str(rest + Decimal("0.01")))
    with pytest.raises(TransitionRefused, match=r"1,000\.01"):
        apply(above, officer)
    with entering(EntryPoint.ADMIN):
        services.refuse_change(change=above, by=officer, at=NOW, reason="超限")
    apply(waiver(loan, str(rest)), officer)


def test_the_interest_left_out_is_of_what_is_to_come() -> None:
    """1,000 yuan for 73 days from 18 November on at 4 % less: 8.00; what was due by then, or is paid, has no part."""
    rows = [
        {"due_on": "2026-11-18", "principal": "500.00", "open": "500.00"},
        {"due_on": "2027-01-30", "principal": "1000.00", "open": "1008.00"},
        {"due_on": "2027-01-30", "principal": "700.00", "open": "0.00"},
    ]
    shown = {
        "on": "2026-11-18",
        "before": {"annual_rate": "0.10"},
        "after": {"annual_rate": "0.06", "rows": rows},
    }
    assert interest_left_out(shown) == Decimal("8.00")
    shown["after"], shown["before"] = {"annual_rate": "0.10", "rows": rows}, {"annual_rate": "0.06"}
    assert interest_left_out(shown) == 0


def test_the_limit_is_that_of_the_day_and_other_changes_have_none(loan: Loan, officer: User) -> None:
    with entering(EntryPoint.COMMAND, actor=job()):
        PolicyValue.objects.create(
            code=WAIVER_LIMIT,
            value=50,
            unit="yuan",
            effective_from=TODAY + timedelta(days=1),
            title="x",
            source="x",
        )
    change = waiver(loan, "60.00")
    assert workflow.change.check("apply", change, by=officer, at=NOW)
    with pytest.raises(TransitionRefused):
        workflow.change.check("apply", change, by=officer, at=NOW + timedelta(days=1))
    apply(change, officer)
    apply(a_proposal(Loan.objects.get(pk=loan.pk)), officer)
