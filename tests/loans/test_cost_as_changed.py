"""What a loan costs a year by a schedule that was changed, beside what was agreed at first."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.account import payoff
from backoffice.loans.changes import Deferral, RateCut, Terms
from backoffice.loans.cost import quoted
from backoffice.loans.cost_tables import cost_as_changed, cost_table
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal
from tests.factories.loans import a_fee, a_loan, a_product, a_repayment
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

ON = date(2026, 5, 1)


def morning(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=10)


def a_loan_of_one_per_cent(**facts: Any) -> Loan:
    """12,000 yuan at 12 % in twelve equal parts of principal from 1 March 2026; two paid."""
    product = a_product(annual_rate=Decimal("0.12"), method="equal_principal")
    for fee in facts.pop("fees", ()):
        a_fee(product, **fee)
    loan = a_loan(product=product, at=morning(date(2026, 3, 1)), **facts)
    for one in loan.instalments.order_by("sequence")[:2]:
        whole = one.principal_due + one.interest_due + one.fee_due
        a_repayment(loan, whole, on=one.due_on, at=morning(one.due_on))
    return Loan.objects.select_related("product").get(pk=loan.pk)


def changed(loan: Loan, terms: Terms, *, on: date = ON) -> Loan:
    change = a_proposal(loan, terms, at=morning(on))
    with entering(EntryPoint.ADMIN):
        services.apply_change(change=change, by=person(Role.LOAN_OFFICER), at=morning(on), reason="同意")
    return Loan.objects.select_related("product").get(pk=loan.pk)


def monthly(received: int, payments: list[Decimal]) -> float:
    """The rate a month at which the payments are worth what was received, by halving."""
    low, high = 0.0, 1.0
    for _step in range(60):
        rate = (low + high) / 2
        worth = sum(float(yuan) / (1 + rate) ** month for month, yuan in enumerate(payments, start=1))
        low, high = (rate, high) if worth > received else (low, rate)
    return low


def test_a_lower_rate_makes_the_whole_loan_cheaper() -> None:
    """One per cent a month for two months, half of it on the 10,000 that are left."""
    loan = changed(a_loan_of_one_per_cent(), RateCut(Decimal("0.06")))
    found = cost_as_changed(loan)
    assert found is not None
    rest = [Decimal(1000) + Decimal("0.005") * (10_000 - 1000 * n) for n in range(10)]
    expected = monthly(12_000, [Decimal(1120), Decimal(1110), *rest]) * 12
    assert (found.on, found.cost.convention) == (ON, "periods")
    assert float(found.cost.nominal) == pytest.approx(expected, abs=1e-6)
    assert str(quoted(found.cost.nominal)) == "0.0781"
    assert cost_table(loan).nominal == Decimal("0.1200"), "the table is that of the contract as made"


def test_what_is_taken_at_payment_counts_in_both() -> None:
    upfront = {"basis": "amount", "timing": "upfront", "value": Decimal(120)}
    found = [
        cost_as_changed(changed(a_loan_of_one_per_cent(fees=fees), RateCut(Decimal("0.06"))))
        for fees in ((), (upfront,), ({},))
    ]
    without, taken, by_month = (one.cost.nominal for one in found if one is not None)
    assert without < taken < by_month


def test_put_off_it_costs_interest_for_longer_and_not_dearer() -> None:
    found = cost_as_changed(changed(a_loan_of_one_per_cent(), Deferral(2)))
    assert found is not None
    assert Decimal("0.118") < found.cost.nominal <= Decimal("0.12")


def test_nothing_is_told_where_nothing_was_changed() -> None:
    loan = a_loan_of_one_per_cent()
    assert cost_as_changed(loan) is None
    a_proposal(loan, Deferral(2), at=morning(ON))
    assert cost_as_changed(loan) is None, "a proposal changes nothing"
    settled = a_loan_of_one_per_cent()
    a_repayment(settled, sum(payoff(ledger_of(settled).facts(), on=ON).values()), on=ON, at=morning(ON))
    with entering(EntryPoint.ADMIN):
        services.settle_early(loan=settled, on=ON, by=person(Role.LOAN_OFFICER), at=morning(ON))
    assert cost_as_changed(Loan.objects.get(pk=settled.pk)) is None


def test_the_page_shows_both(client: Client) -> None:
    loan = changed(a_loan_of_one_per_cent(), RateCut(Decimal("0.06")))
    client.force_login(person(Role.LOAN_OFFICER), backend="django.contrib.auth.backends.ModelBackend")
    for name in ("admin:loans_loan_change", "admin:loans_loan_cost"):
        text = client.get(reverse(name, args=(loan.pk,))).content.decode()
        assert "12.00%" in text
        assert "7.81%" in text
        assert ON.isoformat() in text
