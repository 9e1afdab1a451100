"""Repayments: allocated to the cent, once, or refused as a whole."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from backoffice.core.errors import InputRefused
from backoffice.loans.choices import LoanState
from backoffice.loans.models import (
    Instalment,
    Loan,
    LoanEvent,
    Repayment,
    RepaymentAllocation,
)
from backoffice.loans.services.repayments import ExternalIdReused, LoanNotOpen
from backoffice.loans.signals import repayment_posted
from tests.factories.loans import (
    NOW,
    TODAY,
    a_loan,
    a_repayment,
)

pytestmark = pytest.mark.django_db


def test_a_repayment_is_allocated_told_and_the_loan_stands_anew() -> None:
    loan = a_loan()
    heard: list[Repayment] = []

    def hear(repayment: Repayment, loan: Loan, **facts: Any) -> None:
        assert loan.oldest_unpaid_due_on == date(2026, 6, 1), "told after the loan was brought up to date"
        heard.append(repayment)

    first, second = loan.instalments.order_by("sequence")[:2]
    amount = first.principal_due + first.interest_due + second.principal_due + second.interest_due + 1
    repayment_posted.connect(hear)
    try:
        repayment = a_repayment(loan, amount, on=date(2026, 5, 20))
    finally:
        repayment_posted.disconnect(hear)
    assert heard == [repayment]
    loan.refresh_from_db()
    assert loan.oldest_unpaid_due_on == date(2026, 6, 1)
    rows = list(
        repayment.allocations.order_by("pk").values_list("instalment__sequence", "component", "amount")
    )
    assert rows == [
        (1, "interest", first.interest_due),
        (1, "principal", first.principal_due),
        (2, "interest", second.interest_due),
        (2, "principal", second.principal_due),
        (3, "interest", Decimal("1.00")),
    ]
    assert Instalment.history.filter(loan_id=loan.pk, history_type="~").count() == 3, "only what changed"
    event = LoanEvent.objects.get(kind="repayment_posted")
    assert event.data == {"repayment": repayment.pk, "amount": str(amount), "surplus": "0.00"}


def test_the_same_external_id_is_one_repayment() -> None:
    loan = a_loan()
    first = a_repayment(loan, "100.00", on=TODAY - timedelta(days=1), external_id="X1")
    again = a_repayment(loan, "100.00", on=TODAY - timedelta(days=1), external_id="X1")
    assert again.pk == first.pk
    assert RepaymentAllocation.objects.aggregate(sum=Sum("amount"))["sum"] == Decimal("100.00")
    with pytest.raises(ExternalIdReused):
        a_repayment(loan, "100.01", on=TODAY - timedelta(days=1), external_id="X1")
    with pytest.raises(ExternalIdReused):
        a_repayment(a_loan(), "100.00", on=TODAY - timedelta(days=1), external_id="X1")
    assert Repayment.objects.count() == 1


def test_the_last_cent_settles_and_a_settled_loan_takes_nothing() -> None:
    loan = a_loan()
    owed = sum(row.principal_due + row.interest_due for row in loan.instalments.all())
    a_repayment(loan, owed - Decimal("0.01"), on=TODAY)
    loan.refresh_from_db()
    assert loan.state == LoanState.ACTIVE
    a_repayment(loan, "0.01", on=TODAY)
    loan.refresh_from_db()
    assert (loan.state, loan.oldest_unpaid_due_on, loan.next_event_on) == (LoanState.SETTLED, None, None)
    assert LoanEvent.objects.filter(kind="loan_settled", loan=loan).count() == 1
    with pytest.raises(LoanNotOpen):
        a_repayment(loan, "1.00", on=TODAY)


def test_what_nothing_was_owed_for_is_kept_and_said() -> None:
    loan = a_loan(principal=Decimal("100.00"), periods=1)
    owed = sum(row.principal_due + row.interest_due for row in loan.instalments.all())
    repayment = a_repayment(loan, owed + 5, on=TODAY)
    assert LoanEvent.objects.get(kind="repayment_posted").data["surplus"] == "5.00"
    assert sum(row.amount for row in repayment.allocations.all()) == owed


@pytest.mark.parametrize(
    ("amount", "day", "field"),
    [("0.00", 0, "amount"), ("-1.00", 0, "amount"), ("1.001", 0, "amount"), ("1.00", 1, "received_at")],
)
def test_what_cannot_be_a_repayment_is_refused(amount: str, day: int, field: str) -> None:
    loan = a_loan()
    with pytest.raises(InputRefused) as refused:
        a_repayment(loan, amount, on=TODAY + timedelta(days=day), at=NOW + timedelta(hours=3))
    assert refused.value.field == field


def test_a_failed_receiver_undoes_the_whole_repayment() -> None:
    loan = a_loan()

    def fail(**facts: Any) -> None:
        raise RuntimeError("upper desk")

    repayment_posted.connect(fail)
    try:
        with pytest.raises(RuntimeError):
            a_repayment(loan, "100.00", on=TODAY)
    finally:
        repayment_posted.disconnect(fail)
    assert Repayment.objects.count() == 0
    assert loan.instalments.aggregate(sum=Sum("interest_paid"))["sum"] == 0
