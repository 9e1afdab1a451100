"""Interest to the end of the running period: on a due date that period has just ended, and it is never a saving."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backoffice.loans.account import Facts, payoff
from backoffice.loans.changes import EarlySettlement, ExtraInstalments, Terms, plan
from backoffice.loans.ledger import ledger_of
from backoffice.loans.schedule import step
from tests.factories.loans import a_loan
from tests.loans.test_account import START, facts_of, loans
from tests.loans.test_account import plan as first_plan
from tests.loans.test_changes import days, kinds, paid, planned_or_none
from tests.loans.test_odd_first_period import TERMS
from tests.loans.test_odd_first_period import facts_of as facts_with_odd_days


def asked(facts: Facts, on: date) -> tuple[Decimal, Decimal]:
    """The interest that settles the loan: to the day, and to the end of the period."""
    to_day, to_end = (payoff(facts, on=on, to_period_end=whole)["interest"] for whole in (False, True))
    return to_day, to_end


@pytest.mark.django_db
def test_on_a_due_date_no_interest_of_the_next_period_is_asked() -> None:
    loan = a_loan(disbursed_on=date(2026, 3, 1))
    first = loan.instalments.get(sequence=1)
    facts = ledger_of(loan).facts()
    assert payoff(facts, on=first.due_on, to_period_end=True)["interest"] == first.interest_due
    within = payoff(facts, on=date(2026, 3, 15), to_period_end=True)["interest"]
    assert within == first.interest_due, "within a period its whole interest, and no more"


def test_odd_interest_is_asked_once_where_the_first_instalment_bears_none() -> None:
    terms: dict[str, Any] = {
        "principal": Decimal(12_000),
        "annual_rate": Decimal("0.18"),
        "periods": 6,
        "method": "equal_instalment",
        "day_count": "equal",
        "period_unit": "month",
        "every": 1,
        "month_end": False,
        "odd_days": "spread",
        "disbursed_on": date(2026, 1, 15),
        "first_due_on": date(2026, 3, 1),
        "grace_interest": 1,
    }
    facts = facts_with_odd_days(terms)
    assert facts.versions[0].rows[0].interest == 0
    for on in (date(2026, 2, 20), date(2026, 2, 28), date(2026, 3, 1)):
        assert asked(facts, on)[1] == Decimal("278.70"), on


def three_paid_ahead() -> Facts:
    rows = first_plan(
        principal=Decimal(47_999),
        annual_rate=Decimal("0.24"),
        periods=6,
        method="equal_instalment",
        day_count="act/360",
        disbursed_on=START,
    )
    ahead = sum((row.principal + row.interest for row in rows[:3]), Decimal(0))
    return facts_of(rows, rate="0.24", day_count="act/360", receipts=paid((date(2024, 1, 10), str(ahead))))


def test_interest_paid_in_advance_is_taken_off_once() -> None:
    facts = three_paid_ahead()
    changed = plan(facts, ExtraInstalments(2), on=date(2024, 1, 20)).on_top_of(facts)
    # On 1 May nothing of the first instalment's interest is left to pay, and 158.57 of later ones' is paid already.
    for on in (date(2024, 4, 2), date(2024, 4, 22), date(2024, 4, 30), date(2024, 5, 1)):
        assert asked(changed, on)[1] == Decimal("-158.57"), on
    assert asked(changed, date(2024, 5, 1))[0] == Decimal("-158.57")


@st.composite
def with_odd_days(draw: st.DrawFn) -> Facts:
    """A loan with an agreed first due date, with graces, without payments."""
    terms = {**draw(TERMS), "disbursed_on": START}
    latest = step(START, 2, period_unit=terms["period_unit"], every=terms["every"])
    terms["first_due_on"] = min(START + timedelta(days=draw(st.integers(1, 120))), latest)
    for grace in ("grace_interest", "grace_principal"):
        terms[grace] = draw(st.integers(0, terms["periods"] - 1))
    return facts_with_odd_days(terms)


changes = st.lists(st.tuples(days, kinds), max_size=2)
money = st.lists(st.tuples(st.integers(0, 120), st.integers(1, 3_000_000)), max_size=2)


@settings(max_examples=1000, deadline=None)
@example(three_paid_ahead(), [], [(date(2024, 1, 20), ExtraInstalments(2))], 93)
@given(st.one_of(loans(), with_odd_days()), money, changes, st.integers(0, 420))
def test_the_quote_to_the_end_of_the_period_is_never_below_the_one_to_the_day(
    facts: Facts, money: list[tuple[int, int]], changes: list[tuple[date, Terms]], more: int
) -> None:
    came = [(START + timedelta(days=offset), str(Decimal(cents) / 100)) for offset, cents in money]
    # With daily interest no contract asks for more than the days (``conventions``).
    facts = replace(facts, daily_interest=False, receipts=paid(*came) or facts.receipts)
    on = START
    for on, terms in sorted(changes, key=lambda one: one[0]):
        planned = None if isinstance(terms, EarlySettlement) else planned_or_none(facts, terms, on)
        facts = facts if planned is None else planned.on_top_of(facts)
    to_day, to_end = asked(facts, on + timedelta(days=more))
    assert to_day <= to_end
