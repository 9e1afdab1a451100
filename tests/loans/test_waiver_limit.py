"""Above the limit a waiver is applied by a loan supervisor, however many small ones it is made of."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import NotPermitted, TransitionRefused
from backoffice.core.models import PolicyValue
from backoffice.loans import services, workflow
from backoffice.loans.changes import WaiverOf
from backoffice.loans.models import Loan, ScheduleChange, Waiver
from backoffice.loans.policy import WAIVER_LIMIT
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
