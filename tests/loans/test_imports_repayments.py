"""Imported repayments: what single postings would have made of them, whichever way they go."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import NotPermitted
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.importing import Imported, RepaymentRow
from backoffice.loans.models import Instalment, Loan, LoanEvent, Repayment, RepaymentAllocation
from backoffice.loans.posting import STANDING_COLUMNS
from backoffice.loans.services import posting_many, postings
from backoffice.loans.services.accounts import POSTED_COLUMNS
from backoffice.loans.services.repayments import ExternalIdReused, LoanNotOpen
from backoffice.loans.signals import loans_restated, repayment_posted
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_loan, a_product, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def take(*rows: RepaymentRow, at: datetime = NOW, by: Any = None) -> Imported[Repayment]:
    with entering(EntryPoint.COMMAND):
        return services.import_repayments(rows, by=by or job(), at=at)


def paid(loan: Loan, external_id: str, amount: str | Decimal, on: date) -> RepaymentRow:
    return RepaymentRow(
        loan.number, external_id, start_of_day(on) + timedelta(hours=8), Decimal(amount), "debit"
    )


def book(loan: Loan) -> dict[str, Any]:
    """Everything posting writes about a loan, without ids."""
    loan.refresh_from_db()
    shares = RepaymentAllocation.objects.filter(repayment__loan=loan)
    totals: dict[tuple[Any, ...], Decimal] = {}
    for share in shares.select_related("repayment", "instalment"):
        key = (
            share.repayment.received_at,
            share.repayment.amount,
            share.instalment.sequence,
            share.component,
        )
        totals[key] = totals.get(key, Decimal(0)) + share.amount
    return {
        "loan": [getattr(loan, name) for name in ("state", "credit", "settled_on", *STANDING_COLUMNS)],
        "instalments": list(loan.instalments.order_by("sequence").values_list("sequence", *POSTED_COLUMNS)),
        "shares": {key: amount for key, amount in totals.items() if amount},
    }


def no_derivation(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise AssertionError("derived from all facts")

    monkeypatch.setattr(posting_many, "derive", fail)


def test_needs_the_right() -> None:
    loan = a_loan()
    with pytest.raises(NotPermitted):
        take(paid(loan, "A", "1.00", TODAY), by=person(Role.AUDITOR))
    assert not Repayment.objects.exists()
    assert take(paid(loan, "A", "1.00", TODAY), by=person(Role.LOAN_OFFICER)).created


def test_an_overdue_instalment_is_paid_with_its_default_interest_from_the_posted_amounts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    loan, single = a_loan(), a_loan()
    a_repayment(single, "1200.00", on=date(2026, 5, 20))
    a_repayment(single, "900.00", on=date(2026, 6, 20))
    no_derivation(monkeypatch)
    result = take(paid(loan, "B", "900.00", date(2026, 6, 20)), paid(loan, "A", "1200.00", date(2026, 5, 20)))
    assert book(loan) == book(single)
    assert loan.instalments.filter(penalty_paid__gt=0).count() >= 1
    assert result.money.loans == {loan.pk}
    assert result.money.derived_anew == set()
    assert sum(result.money.allocated.values()) == 2100
    assert loan.posting_runs.get().cause == "import"
    assert [
        event.data["surplus"] for event in LoanEvent.objects.filter(loan=loan, kind="repayment_posted")
    ] == [
        "0.00",
        "0.00",
    ]


@pytest.mark.parametrize("way", ["in one file", "in two files", "by hand"])
def test_money_that_came_before_a_loan_was_settled_is_taken_whenever_it_is_known(way: str) -> None:
    """All is paid on 20 November; a payment of the 5th is told with it, after it, or by hand."""
    loan, punctual = a_loan(), a_loan()
    early, late = date(2026, 11, 5), date(2026, 11, 20)
    a_repayment(punctual, "10.00", on=early)
    a_repayment(punctual, "20000.00", on=late)
    settling, before = paid(loan, "B", "20000.00", late), paid(loan, "A", "10.00", early)
    if way == "in one file":
        assert take(settling, before).refused == []
    elif way == "in two files":
        assert take(settling).refused == []
        assert take(before).refused == []
    else:
        take(settling)
        officer = person(Role.LOAN_OFFICER)
        loan.refresh_from_db()
        with entering(EntryPoint.ADMIN):
            postings.enter_repayment(
                loan=loan,
                amount=before.amount,
                received_at=before.received_at,
                channel="debit",
                external_id="A",
                by=officer,
                at=NOW,
            )
    assert book(loan) == book(punctual)
    assert (loan.state, loan.settled_on) == ("settled", late)
    assert loan.credit > 0


def test_a_payment_known_late_may_have_settled_the_loan_sooner() -> None:
    loan = a_loan()
    take(paid(loan, "B", "20000.00", date(2026, 11, 20)))
    take(paid(loan, "A", "20000.00", date(2026, 11, 5)))
    loan.refresh_from_db()
    assert (loan.state, loan.settled_on) == ("settled", date(2026, 11, 5))
    assert loan.credit > 20_000


def test_credit_of_before_is_taken_late_as_it_is_in_time() -> None:
    """Where money ahead stays credit it may pay nothing in the end, but it came while something was owed."""
    product = a_product(surplus="credit")
    loan, punctual = (
        a_loan(product=product, principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 10, 1))
        for _number in range(2)
    )
    first, last = date(2026, 10, 27), date(2026, 11, 1)
    a_repayment(punctual, "10.00", on=first)
    a_repayment(punctual, "101.22", on=last)
    take(paid(loan, "B", "101.22", last))
    assert take(paid(loan, "A", "10.00", first)).refused == []
    assert book(loan) == book(punctual)
    assert (loan.state, loan.credit > 0) == ("settled", True)


def test_money_that_came_when_nothing_was_owed_is_refused_by_hand_too() -> None:
    loan, officer = a_loan(), person(Role.LOAN_OFFICER)
    take(paid(loan, "B", "20000.00", date(2026, 11, 20)))
    loan.refresh_from_db()
    for amount in ("1.00", "9000.00"):
        with entering(EntryPoint.ADMIN), pytest.raises(LoanNotOpen):
            postings.enter_repayment(
                loan=loan,
                amount=Decimal(amount),
                received_at=start_of_day(date(2026, 11, 21)),
                channel="debit",
                by=officer,
                at=NOW,
            )
    assert loan.repayments.count() == 1


def test_a_reference_of_a_reversed_repayment_is_not_entered_again() -> None:
    loan, officer = a_loan(), person(Role.LOAN_OFFICER)
    a_repayment(loan, "10.00", on=TODAY, external_id="A")
    given: dict[str, Any] = {
        "loan": loan,
        "amount": Decimal("10.00"),
        "received_at": Repayment.objects.get().received_at,
        "channel": "debit",
        "external_id": "A",
        "by": officer,
        "at": NOW,
    }
    with entering(EntryPoint.ADMIN):
        assert postings.enter_repayment(**given) == Repayment.objects.get()
        postings.enter_reversal(repayment=Repayment.objects.get(), by=officer, at=NOW, reason="退票")
        with pytest.raises(ExternalIdReused):
            postings.enter_repayment(**given)
    assert loan.repayments.count() == 2


def test_history_is_written_where_something_changed_and_nowhere_else() -> None:
    loan, untouched = a_loan(), a_loan()
    take(paid(loan, "A", "1200.00", date(2026, 5, 20)))
    changed = Instalment.history.filter(loan_id=loan.pk, history_type="~")
    assert sorted(changed.values_list("sequence", flat=True)) == [1, 2]
    assert {row.history_change_reason for row in changed} == {"repayment.imported"}
    assert loan.history.filter(history_type="~").count() == 1
    assert not Instalment.history.filter(loan_id=untouched.pk, history_type="~").exists()


@pytest.mark.parametrize("later", ["900.00", "3400.00"])
def test_a_late_one_is_put_where_it_belongs_and_what_came_after_is_derived_anew(later: str) -> None:
    loan, punctual = a_loan(), a_loan()
    for day, amount in (
        (date(2026, 4, 1), "1070.00"),
        (date(2026, 5, 11), "1000.00"),
        (date(2026, 6, 30), later),
    ):
        a_repayment(punctual, amount, on=day)
    take(paid(loan, "C", later, date(2026, 6, 30)))
    result = take(paid(loan, "A", "1070.00", date(2026, 4, 1)), paid(loan, "B", "1000.00", date(2026, 5, 11)))
    assert book(loan) == book(punctual)
    assert result.money.derived_anew == {loan.pk}
    last = loan.posting_runs.order_by("pk").last()
    assert last.allocations.filter(amount__lt=0).exists(), "what the later payment had paid was taken back"
    assert loan.posting_runs.count() == 2, "one run per loan and import"


def test_what_nothing_was_owed_for_stays_the_borrowers_credit_and_is_named() -> None:
    loan = a_loan(principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 11, 1))
    owed = sum(row.principal_due + row.interest_due for row in loan.instalments.all())
    result = take(paid(loan, "A", owed + 5, TODAY))
    loan.refresh_from_db()
    assert (loan.state, loan.credit, loan.settled_on) == ("settled", Decimal("5.00"), TODAY)
    assert result.money.surplus == {0: Decimal("5.00")}
    assert result.money.settled == {loan.pk}
    assert LoanEvent.objects.get(kind="repayment_posted").data["surplus"] == "5.00"


def test_credit_of_before_is_used_when_something_falls_due() -> None:
    """A loan with credit does not go on from its posted amounts: they say nothing of when the credit came."""
    product = a_product(surplus="credit")
    loan, single = a_loan(product=product), a_loan(product=product)
    a_repayment(single, "1500.00", on=date(2026, 4, 1))
    a_repayment(single, "700.00", on=date(2026, 5, 1))
    take(paid(loan, "A", "1500.00", date(2026, 4, 1)))
    take(paid(loan, "B", "700.00", date(2026, 5, 1)))
    assert book(loan) == book(single)


def test_a_loan_paid_off_early_in_one_import() -> None:
    loan, single = a_loan(periods=12), a_loan(periods=12)
    owed = sum(row.principal_due + row.interest_due for row in loan.instalments.all())
    for one, way in ((loan, "import"), (single, "single")):
        if way == "import":
            take(paid(one, "A", owed, date(2026, 3, 20)))
        else:
            a_repayment(one, owed, on=date(2026, 3, 20))
    assert book(loan) == book(single)
    assert loan.state == "settled"


payments = st.lists(st.tuples(st.integers(0, 260), st.integers(1, 400_000)), min_size=2, max_size=6)


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.generate],
)
@given(entries=payments, split=st.integers(0, 6), close=st.integers(0, 120))
def test_files_of_any_split_leave_the_book_that_single_postings_leave(
    entries: list[tuple[int, int]], split: int, close: int
) -> None:
    """In order of receipt, entered on some day: two imports, and one posting after the other."""
    loan, single = a_loan(), a_loan()
    dated = [
        (position, min(date(2026, 3, 1) + timedelta(days=days), TODAY), Decimal(cents) / 100)
        for position, (days, cents) in enumerate(sorted(entries))
    ]
    try:
        for position, on, amount in dated:
            a_repayment(single, amount, on=on, external_id=f"{single.pk}/{position}")
    except LoanNotOpen:
        return
    first, second = dated[:split], dated[split:]
    if first:
        # Standings are told on the day of entry, before or after the second file's payments were received.
        at = min(start_of_day(first[-1][1] + timedelta(days=close)) + timedelta(hours=10), NOW)
        take(*(paid(loan, f"{loan.pk}/{n}", amount, on) for n, on, amount in first), at=at)
    if second:
        take(*(paid(loan, f"{loan.pk}/{n}", amount, on) for n, on, amount in second))
    if second:
        # The close of the days between finds the loan: what it would tell next is not the import's.
        ours, theirs = book(loan), book(single)
        ours["loan"].pop()
        theirs["loan"].pop()
        assert ours == theirs


def test_many_are_told_one_by_one_and_cost_no_statement_each() -> None:
    loans = [a_loan() for _ in range(12)]
    heard: list[str] = []

    def hear(repayment: Repayment, loan: Loan, **facts: Any) -> None:
        heard.append(repayment.external_id)

    def anew(loans: list[Loan], **facts: Any) -> None:
        heard.extend(loan.number for loan in loans)

    repayment_posted.connect(hear)
    loans_restated.connect(anew)
    try:
        costs = []
        for some in (loans[:3], loans[3:]):
            rows = [paid(loan, f"R{loan.number}", "1000.00", date(2026, 5, 2)) for loan in some]
            with CaptureQueriesContext(connection) as queries:
                take(*rows)
            costs.append(len(queries))
    finally:
        repayment_posted.disconnect(hear)
        loans_restated.disconnect(anew)
    assert costs[0] == costs[1]
    assert len(heard) == 24
