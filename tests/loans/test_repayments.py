"""Repayments: allocated to the cent, once, or refused as a whole."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.money import to_cents
from backoffice.loans.choices import LoanState
from backoffice.loans.models import (
    Instalment,
    Loan,
    LoanEvent,
    Repayment,
    RepaymentAllocation,
)
from backoffice.loans.posting import STANDING_COLUMNS
from backoffice.loans.selectors import LoanSnapshot, loan_snapshot
from backoffice.loans.services import reverse_repayment
from backoffice.loans.services.accounts import POSTED_COLUMNS
from backoffice.loans.services.repayments import ExternalIdReused, LoanNotOpen, NotReversible
from backoffice.loans.signals import repayment_posted
from backoffice.staff.roles import Role
from tests.factories.loans import (
    NOW,
    TODAY,
    a_loan,
    a_repayment,
    job,
)
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def test_a_repayment_is_allocated_told_and_the_loan_stands_anew() -> None:
    loan = a_loan()
    heard: list[Repayment] = []

    def hear(repayment: Repayment, loan: Loan, **facts: Any) -> None:
        assert loan.oldest_unpaid_due_on == date(2026, 6, 1), "told after the loan was brought up to date"
        heard.append(repayment)

    first, second = loan.instalments.order_by("sequence")[:2]
    # Paid on 20 May: the instalment of 1 April is 49 days late, that of 1 May 19; 21.9 % a year on 365 days.
    late = (
        to_cents(first.principal_due * Decimal("0.219") * 49 / 365),
        to_cents(second.principal_due * Decimal("0.219") * 19 / 365),
    )
    amount = (
        first.principal_due + first.interest_due + second.principal_due + second.interest_due + 1 + sum(late)
    )
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
        (1, "penalty", late[0]),
        (1, "interest", first.interest_due),
        (1, "principal", first.principal_due),
        (2, "penalty", late[1]),
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


def owed_today(loan: Loan) -> Decimal:
    """All of the schedule, with the default interest up to today."""
    return sum((row.open for row in snapshot(loan).instalments), Decimal(0))


def snapshot(loan: Loan, on: date = TODAY) -> LoanSnapshot:
    return loan_snapshot(loan.pk, on=on)


def test_the_last_cent_settles_and_a_settled_loan_takes_nothing() -> None:
    loan = a_loan()
    a_repayment(loan, owed_today(loan) - Decimal("0.01"), on=TODAY)
    loan.refresh_from_db()
    assert loan.state == LoanState.ACTIVE
    a_repayment(loan, "0.01", on=TODAY)
    loan.refresh_from_db()
    assert (loan.state, loan.oldest_unpaid_due_on, loan.next_event_on) == (LoanState.SETTLED, None, None)
    assert loan.settled_on == TODAY
    assert LoanEvent.objects.filter(kind="loan_settled", loan=loan).count() == 1
    with pytest.raises(LoanNotOpen):
        a_repayment(loan, "1.00", on=TODAY)


def test_what_nothing_was_owed_for_is_kept_and_said() -> None:
    loan = a_loan(principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 11, 1))
    owed = owed_today(loan)
    repayment = a_repayment(loan, owed + 5, on=TODAY)
    loan.refresh_from_db()
    assert loan.credit == 5
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


# --- late and taken back -----------------------------------------------------------------------------------


def reverse(repayment: Repayment, **facts: Any) -> Repayment:
    with entering(EntryPoint.COMMAND):
        return reverse_repayment(
            **{
                "repayment": repayment,
                "external_id": f"{repayment.external_id}-R",
                "by": job(),
                "at": NOW,
                "reason": "扣款被退回",
                **facts,
            }
        )


def present(loan: Loan) -> list[tuple[Any, ...]]:
    """The allocation as it stands: what each repayment pays, after all that was taken back."""
    found: dict[tuple[Any, ...], Decimal] = {}
    rows = RepaymentAllocation.objects.filter(repayment__loan=loan).values_list(
        "repayment__external_id", "instalment__sequence", "component", "amount"
    )
    for *key, amount in rows:
        found[tuple(key)] = found.get(tuple(key), Decimal(0)) + amount
    return sorted((*key, amount) for key, amount in found.items() if amount)


def posted(loan: Loan) -> list[tuple[Any, ...]]:
    return list(loan.instalments.order_by("sequence").values_list(*POSTED_COLUMNS))


def test_nobody_without_the_right_takes_money_back() -> None:
    repayment = a_repayment(a_loan(), "100.00", on=TODAY)
    for role in (Role.HANDLER, Role.COLLECTOR, Role.AUDITOR, Role.COMPLIANCE):
        with pytest.raises(NotPermitted):
            reverse(repayment, by=person(role))
    assert not Repayment.objects.exclude(reverses=None).exists()
    reverse(repayment, by=person(Role.LOAN_OFFICER))


def test_a_late_payment_is_put_where_it_belongs_and_what_came_after_is_derived_anew() -> None:
    loan, punctual = a_loan(), a_loan()
    for which, order in ((punctual, (0, 1, 2)), (loan, (2, 0, 1))):
        payments = [
            (date(2026, 4, 1), "1070.00"),
            (date(2026, 5, 11), "1000.00"),
            (date(2026, 6, 30), "900.00"),
        ]
        for position in order:
            on, amount = payments[position]
            a_repayment(which, amount, on=on, external_id=f"{which.pk}-{position}")
    assert posted(loan) == posted(punctual)
    shares = [(row[0].split("-")[1], *row[1:]) for row in present(loan)]
    assert shares == [(row[0].split("-")[1], *row[1:]) for row in present(punctual)]
    loan.refresh_from_db()
    punctual.refresh_from_db()
    assert [getattr(loan, name) for name in STANDING_COLUMNS] == [
        getattr(punctual, name) for name in STANDING_COLUMNS
    ]
    runs = loan.posting_runs.order_by("pk")
    assert [run.cause for run in runs] == ["repayment"] * 3
    assert runs[1].allocations.filter(amount__lt=0).exists(), "what the later payment had paid was taken back"


def test_a_reversal_leaves_the_loan_as_if_the_money_had_never_come() -> None:
    loan, other = a_loan(), a_loan()
    bounced = a_repayment(loan, "1500.00", on=date(2026, 4, 1))
    for which in (loan, other):
        a_repayment(which, "1070.00", on=date(2026, 5, 2), external_id=f"kept-{which.pk}")
    reversal = reverse(bounced)
    assert reversal.reverses == bounced
    assert posted(loan) == posted(other)
    assert [row[1:] for row in present(loan)] == [row[1:] for row in present(other)]
    assert snapshot(loan, date(2026, 4, 20)).days_past_due == 19, "on any past day too"
    event = LoanEvent.objects.get(kind="repayment_reversed")
    assert event.data == {"repayment": bounced.pk, "reversal": reversal.pk, "amount": "1500.00"}
    assert reverse(bounced) == reversal, "asked again it answers the same"
    with pytest.raises(NotReversible):
        reverse(bounced, external_id="another")
    with pytest.raises(NotReversible):
        reverse(reversal, external_id="back")


def test_a_settled_loan_owes_again_when_the_last_payment_bounces() -> None:
    loan = a_loan()
    last = a_repayment(loan, owed_today(loan), on=TODAY)
    loan.refresh_from_db()
    assert loan.state == LoanState.SETTLED
    reverse(last)
    loan.refresh_from_db()
    assert (loan.state, loan.settled_on, loan.oldest_unpaid_due_on) == (
        LoanState.ACTIVE,
        None,
        date(2026, 4, 1),
    )
    kinds = LoanEvent.objects.filter(loan=loan).order_by("pk").values_list("kind", flat=True)
    assert list(kinds)[-2:] == ["loan_reopened", "repayment_reversed"]


def test_money_cannot_come_before_the_loan_was_paid_out() -> None:
    loan = a_loan(disbursed_on=date(2026, 3, 1))
    with pytest.raises(InputRefused) as refused:
        a_repayment(loan, "10.00", on=date(2026, 2, 28))
    assert (refused.value.field, refused.value.code) == ("received_at", "before-disbursement")


def test_default_interest_runs_by_the_day_without_a_row_a_day() -> None:
    loan = a_loan()
    before = Instalment.history.count()
    owed = [
        snapshot(loan, date(2026, 4, 1) + timedelta(days=days)).outstanding.penalty for days in (0, 1, 10)
    ]
    principal = loan.instalments.get(sequence=1).principal_due
    assert owed == [to_cents(principal * Decimal("0.219") * days / 365) for days in (0, 1, 10)]
    assert Instalment.history.count() == before


payments = st.lists(st.tuples(st.integers(0, 260), st.integers(1, 400_000)), min_size=2, max_size=5)


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(payments=payments, dice=st.randoms(use_true_random=False), undone=st.integers(0, 4))
def test_any_order_of_posting_and_reversing_leaves_the_same_book(
    payments: list[tuple[int, int]], dice: Any, undone: int
) -> None:
    """The same dated facts, entered in two orders, one payment entered and taken back in one of them."""
    first, second = a_loan(), a_loan()
    taken_back = undone % len(payments)
    kept = [one for position, one in enumerate(payments) if position != taken_back]
    for loan, entries in ((first, payments), (second, dice.sample(kept, len(kept)))):
        for days, cents in entries:
            on = min(date(2026, 3, 1) + timedelta(days=days), TODAY)
            try:
                repayment = a_repayment(
                    loan, Decimal(cents) / 100, on=on, external_id=f"{loan.pk}/{days}/{cents}"
                )
            except LoanNotOpen:
                return
            if loan == first and (days, cents) == payments[taken_back] and not hasattr(repayment, "reversal"):
                undo = repayment
    if kept.count(payments[taken_back]):
        return
    reverse(undo)
    assert posted(first) == posted(second)
    assert [row[1:] for row in present(first)] == [row[1:] for row in present(second)]
