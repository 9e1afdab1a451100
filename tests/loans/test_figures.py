"""The figures that people read add up to the cent and mean one thing: on pages, in the API, in quote and simulation."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.loans import services
from backoffice.loans.facts import COMPONENTS, Facts, Receipt
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan
from backoffice.loans.owed import account_and_owed, status_of
from backoffice.loans.quotes import quote_of
from backoffice.loans.selectors import loan_snapshot
from backoffice.loans.simulation import Side
from backoffice.staff.roles import Role
from tests.factories.changes import a_charge, a_proposal
from tests.factories.loans import NOW, TODAY, a_fee, a_loan, a_product, a_repayment
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

_PRINCIPAL_FIRST = "principal,interest,fee,penalty,cost"
PRODUCTS: dict[str, dict[str, Any]] = {
    "equal periods": {},
    "30/360": {"day_count": "30/360", "method": "equal_principal"},
    "by days": {"day_count": "ACT/365"},
    "daily interest": {"day_count": "ACT/365", "daily_interest": True},
    "daily, equal principal": {"day_count": "ACT/360", "daily_interest": True, "method": "equal_principal"},
    "to the end of the period": {"early_repayment": "to_period_end"},
    "interest only": {"method": "interest_only"},
    "credit": {"surplus": "credit"},
    "last ones first": {"surplus": "last"},
    "principal first": {"order_past_due": _PRINCIPAL_FIRST, "filling": "component"},
}


def a_loan_of(kind: str, **facts: Any) -> Loan:
    product = a_product(**PRODUCTS.get(kind, {"method": kind}))
    a_fee(product, value=Decimal("0.0005"))
    return a_loan(product=product, **facts)


def paid_now(facts: Facts, amount: Decimal) -> Facts:
    return replace(facts, receipts=(*facts.receipts, Receipt(10**9, TODAY, amount, (10**9,))))


@pytest.mark.parametrize("kind", [*PRODUCTS, "bullet"])
@pytest.mark.parametrize("paid", [("1500.00",), ("1000.00", "9000.00"), ("100.00", "11900.00")])
def test_what_settles_the_loan_is_what_the_quote_says(kind: str, paid: tuple[str, ...]) -> None:
    loan = a_loan_of(kind)
    for place, amount in enumerate(paid):
        a_repayment(loan, amount, on=date(2026, 4, 3) + timedelta(days=60 * place))
    ledger = ledger_of(Loan.objects.select_related("product").get(pk=loan.pk))
    for ahead in (0, 8, 20):
        on = TODAY + timedelta(days=ahead)
        owed = account_and_owed(ledger.loan, ledger.facts(), on=on)[1]
        quote = quote_of(ledger, on=on)
        assert owed.settles == quote.total > 0
        assert owed.credit == quote.credit
        parts = (owed.principal, owed.interest + owed.accrued, owed.fee, owed.penalty, owed.cost)
        assert parts == tuple(quote.parts[name] for name in COMPONENTS)
        assert owed.total == sum(parts)


@pytest.mark.parametrize("kind", PRODUCTS)
def test_what_clears_the_arrears_clears_them_to_the_cent(kind: str) -> None:
    loan = a_loan_of(kind)
    a_repayment(loan, "100.00", on=date(2026, 4, 20))
    a_charge(loan, "50.00", on=TODAY)
    ledger = ledger_of(Loan.objects.select_related("product").get(pk=loan.pk))
    facts = ledger.facts()
    account, owed = account_and_owed(ledger.loan, facts, on=TODAY)
    rows = [status_of(row, on=TODAY) for row in account.rows]
    assert owed.overdue == sum(row.open for row in rows if row.state == "overdue")
    assert owed.cost == Decimal("50.00")
    assert (owed.penalty > 0) == (kind != "interest only"), "where principal is overdue"
    cleared, left = account_and_owed(ledger.loan, paid_now(facts, owed.overdue), on=TODAY)
    assert left.overdue == 0
    assert not any(row.contract_open for row in cleared.rows if row.due_on < TODAY)
    short = account_and_owed(ledger.loan, paid_now(facts, owed.overdue - Decimal("0.01")), on=TODAY)[1]
    assert short.overdue == Decimal("0.01")


def test_an_instalment_adds_up_with_its_default_interest_and_costs() -> None:
    loan = a_loan()
    a_repayment(loan, "500.00", on=date(2026, 4, 20))
    a_charge(loan, "50.00", on=TODAY)
    snapshot = loan_snapshot(loan.pk, on=TODAY)
    first = snapshot.instalments[0]
    assert first.penalty_paid > 0
    assert (first.paid, first.cost_due) == (Decimal("500.00"), Decimal("50.00"))
    for one in snapshot.instalments:
        dues = (one.principal_due, one.interest_due, one.fee_due, one.penalty_due, one.cost_due)
        assert one.open == sum(dues) - one.paid
    simulated = Side(snapshot.account, snapshot.days_past_due, "normal").as_data()["rows"]
    assert [(row["paid"], row["open"]) for row in simulated] == [
        (str(one.paid), str(one.open)) for one in snapshot.instalments
    ]


def test_costs_of_a_loan_that_is_not_overdue_are_due_all_the_same() -> None:
    loan = a_loan(disbursed_on=date(2026, 11, 10))
    a_charge(loan, "50.00", on=TODAY)
    snapshot = loan_snapshot(loan.pk, on=TODAY)
    assert (snapshot.outstanding.overdue, snapshot.days_past_due) == (Decimal("50.00"), 0)


def test_what_was_put_off_is_no_arrears_but_settles() -> None:
    loan = a_loan()
    before = loan_snapshot(loan.pk, on=TODAY).outstanding
    with entering(EntryPoint.ADMIN):
        services.apply_change(change=a_proposal(loan), by=person(Role.LOAN_OFFICER), at=NOW, reason="同意")
    ledger = ledger_of(Loan.objects.select_related("product").get(pk=loan.pk))
    after = account_and_owed(ledger.loan, ledger.facts(), on=TODAY)[1]
    assert after.penalty == before.penalty > 0
    assert after.overdue == 0
    assert after.settles == quote_of(ledger, on=TODAY).total == before.settles


def test_nothing_is_owed_on_what_was_paid_ahead() -> None:
    loan = a_loan(disbursed_on=date(2026, 11, 1))
    every = sum(one.principal_due + one.interest_due + one.fee_due for one in loan.instalments.all())
    a_repayment(loan, every, on=TODAY)
    owed = loan_snapshot(loan.pk, on=TODAY).outstanding
    assert (owed.total, owed.settles, owed.overdue) == (0, 0, 0)
