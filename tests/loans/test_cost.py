"""The all-in yearly cost: published examples to their last place, and what must always hold."""

import json
from datetime import date, timedelta
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.core.money import to_cents
from backoffice.loans.cost import NotALoan, Payment, yearly_cost
from backoffice.loans.schedule import add_months, build_schedule

FOLDER = Path(__file__).parents[1] / "vectors"
VECTORS = json.loads((FOLDER / "costs.json").read_text(encoding="utf-8"))
LOANS = json.loads((FOLDER / "loans.json").read_text(encoding="utf-8"))["cases"]
CENTS = st.integers(min_value=1_000, max_value=20_000_000).map(lambda cents: Decimal(cents) / 100)


@pytest.mark.parametrize("case", VECTORS["cases"], ids=lambda case: case["id"])
def test_published_examples(case: dict[str, Any]) -> None:
    start = date.fromisoformat(case["paid_out"])
    cost = yearly_cost(
        principal=Decimal(case["principal"]),
        disbursed_on=start,
        repaid=[],
        items={
            "payments": [(date.fromisoformat(day), Decimal(yuan)) for day, yuan in case["payments"]],
            "taken": [(start, Decimal(case.get("taken", 0)))],
        },
        period_unit=case.get("unit", "month"),
        every=case.get("every", 1),
    )
    assert cost.convention == case["convention"]
    for name in ("nominal", "effective"):
        if name in case:
            wanted = Decimal(case[name])
            assert getattr(cost, name).quantize(wanted) == wanted


def test_a_loan_without_fees_costs_its_contract_rate() -> None:
    start = date(2026, 3, 31)
    rows = build_schedule(
        principal=Decimal(12_000),
        annual_rate=Decimal("0.24"),
        periods=12,
        method="equal_instalment",
        disbursed_on=start,
    )
    cost = yearly_cost(
        principal=Decimal(12_000),
        disbursed_on=start,
        repaid=[(row.due_on, row.principal) for row in rows],
        items={"interest": [(row.due_on, row.interest) for row in rows]},
    )
    # 2 % a month; cents move the sixth place.
    assert cost.nominal.quantize(Decimal("0.00001")) == Decimal("0.24000")
    assert cost.effective.quantize(Decimal("0.0001")) == Decimal("0.2682")


def test_interest_on_the_first_principal_is_a_charge_for_each_period_and_costs_what_it_costs() -> None:
    """V25, flat: 10 % a year of 12,000 to the end, 100 a month. Asked for as it is, a charge beside equal principal."""
    [flat] = [case["expected"]["flat_case"] for case in LOANS if case["id"] == "V25"]
    start = date(2024, 10, 1)
    principal, charge = Decimal(flat["principal"]), Decimal(flat["rows"][0][2])
    rows = build_schedule(
        principal=principal,
        annual_rate=Decimal(0),
        periods=flat["n"],
        method="equal_principal",
        disbursed_on=start,
        fee=charge,
    )
    assert [
        (row.due_on.isoformat(), row.principal, row.fee, row.principal + row.interest + row.fee)
        for row in rows
    ] == [(due_on, *map(Decimal, amounts)) for due_on, *amounts in flat["rows"]]
    assert charge == to_cents(principal * Decimal(flat["annual_flat_pct"]) / 1200)
    cost = yearly_cost(
        principal=principal,
        disbursed_on=start,
        repaid=[(row.due_on, row.principal) for row in rows],
        items={"fee": [(row.due_on, row.fee) for row in rows]},
    )
    assert cost.nominal.quantize(Decimal("0.0001")) == Decimal("0.1590")


@pytest.mark.parametrize("start", [date(2026, 1, 15), date(2026, 2, 1), date(2027, 12, 31)])
@pytest.mark.parametrize("periods", [1, 2, 12])
def test_a_contract_that_counts_days_costs_its_rate_whatever_the_months(start: date, periods: int) -> None:
    def cost_of(day_count: Any) -> Decimal:
        rows = build_schedule(
            principal=Decimal(200_000),
            annual_rate=Decimal("0.24"),
            periods=periods,
            method="equal_instalment",
            disbursed_on=start,
            day_count=day_count,
        )
        return yearly_cost(
            principal=Decimal(200_000),
            disbursed_on=start,
            repaid=[(row.due_on, row.principal) for row in rows],
            items={"interest": [(row.due_on, row.interest) for row in rows]},
            by_days=True,
        ).nominal.quantize(Decimal("0.0001"))

    assert cost_of("act/365") == Decimal("0.2400")
    assert cost_of("act/360") == Decimal("0.2433")


def test_a_bullet_loan_costs_its_simple_rate() -> None:
    """One payment after two years: 20 % for the term is 10 % a year, and compounds to less."""
    start = date(2026, 1, 15)
    cost = yearly_cost(
        principal=Decimal(1000),
        disbursed_on=start,
        repaid=[(add_months(start, 24), Decimal(1000))],
        items={"interest": [(add_months(start, 24), Decimal(200))]},
    )
    assert (cost.nominal, cost.effective) == (Decimal("0.100000"), Decimal("0.095445"))


@pytest.mark.parametrize(
    ("taken", "paid"),
    [("1000", "1000"), ("0", "999.99"), ("0", "0"), ("-1", "1000")],
    ids=["nothing in use", "less comes back", "nothing comes back", "negative"],
)
def test_what_is_no_loan_has_no_cost(taken: str, paid: str) -> None:
    start = date(2026, 1, 1)
    with pytest.raises(NotALoan):
        yearly_cost(
            principal=Decimal(1000),
            disbursed_on=start,
            repaid=[(date(2026, 2, 1), Decimal(paid))],
            items={"fee": [(start, Decimal(taken))]},
        )


def test_a_payment_before_the_money_is_refused() -> None:
    with pytest.raises(NotALoan):
        yearly_cost(
            principal=Decimal(10),
            disbursed_on=date(2026, 1, 2),
            repaid=[(date(2026, 1, 1), Decimal(10))],
            items={},
        )


def test_a_rate_beyond_telling_is_cut() -> None:
    start = date(2026, 1, 1)
    tomorrow = start + timedelta(days=1)
    cost = yearly_cost(
        principal=Decimal(10),
        disbursed_on=start,
        repaid=[(tomorrow, Decimal(10))],
        items={"fee": [(tomorrow, Decimal(10))]},
        period_unit="day",
    )
    assert (cost.nominal, cost.effective) == (Decimal(365), Decimal(999_999))


@st.composite
def a_loan(draw: st.DrawFn) -> tuple[Decimal, date, list[Payment], dict[str, list[Payment]], str, int]:
    """A loan of any method and period with fees at payment, with the rows and with the first one."""
    principal = draw(CENTS)
    unit = draw(st.sampled_from(["month", "week", "day"]))
    every = draw(st.integers(1, 3)) if unit != "day" else draw(st.integers(7, 40))
    start = draw(st.dates(date(2024, 1, 1), date(2027, 12, 31)))
    odd = draw(st.integers(0, 20))
    periods = draw(st.integers(1, 12))
    first = None
    if odd:
        first = add_months(start, every) if unit == "month" else start + timedelta(days=every * 7)
        first += timedelta(days=odd)
    rows = build_schedule(
        principal=principal,
        annual_rate=Decimal(draw(st.integers(0, 3600))) / 10_000,
        periods=periods,
        method=draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"])),
        disbursed_on=start,
        period_unit=unit,
        every=every,
        first_due_on=first,
    )
    share = st.integers(0, 500).map(lambda part: (principal * part / 10_000).quantize(Decimal("0.01")))
    upfront, once, each = draw(share), draw(share), draw(share)
    items = {
        "interest": [(row.due_on, row.interest) for row in rows],
        "upfront": [(start, upfront)],
        "once": [(rows[0].due_on, once)],
        "each": [(row.due_on, each) for row in rows],
    }
    return principal, start, [(row.due_on, row.principal) for row in rows], items, unit, every


@given(loan=a_loan())
@settings(max_examples=1000, deadline=None)
def test_at_the_found_rate_the_payments_are_worth_what_was_received(loan: Any) -> None:
    principal, start, repaid, items, unit, every = loan
    cost = yearly_cost(
        principal=principal, disbursed_on=start, repaid=repaid, items=items, period_unit=unit, every=every
    )
    assert sum(cost.parts.values()) == cost.nominal
    assert min(cost.parts.values()) >= 0
    costs_something = any(yuan for payments in items.values() for _day, yuan in payments)
    assert (cost.nominal > 0) == costs_something or cost.nominal < Decimal("0.000001")
    # Compounding never makes a rate within a year smaller, and never a longer one greater.
    last = max(day for day, _yuan in repaid)
    # Counted in days a year has 365, so that twelve months over a 29 February are longer than one.
    in_a_year = (last - start).days <= 365 if cost.convention == "days" else last <= add_months(start, 12)
    if cost.effective < 999_999 and in_a_year:
        assert cost.effective >= cost.nominal - Decimal("0.000002")
    # By the definition in days, which the other convention equals but for the lengths of months and weeks.
    if cost.convention == "days" and cost.effective < 10:
        with localcontext() as context:
            context.prec = 34
            worth = slope = Decimal(0)
            for day, yuan in [*repaid, *(one for payments in items.values() for one in payments)]:
                years = Decimal((day - start).days) / 365
                part = yuan / (1 + cost.effective) ** years
                worth += part
                slope += years * part / (1 + cost.effective)
            # Half a place of the rate is as much as rounding may have moved.
            assert abs(worth - principal) <= slope * Decimal("0.0000005") + Decimal("1e-9")


@given(loan=a_loan(), more=st.integers(1, 10_000))
@settings(max_examples=1000, deadline=None)
def test_a_further_fee_never_makes_a_loan_cheaper(loan: Any, more: int) -> None:
    principal, start, repaid, items, unit, every = loan
    terms = {
        "principal": principal,
        "disbursed_on": start,
        "repaid": repaid,
        "period_unit": unit,
        "every": every,
    }
    before = yearly_cost(items=items, **terms)
    after = yearly_cost(items={**items, "more": [(repaid[-1][0], Decimal(more) / 100)]}, **terms)
    if before.convention == after.convention:
        assert after.nominal >= before.nominal
        assert after.effective >= before.effective
