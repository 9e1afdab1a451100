"""Payments go where the Civil Code says, and not a cent is lost or invented."""

import json
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.allocation import (
    STATUTORY_ORDER,
    Allocation,
    AllocationRule,
    OpenInstalment,
    Share,
    Surplus,
    allocate,
)
from backoffice.loans.choices import Component

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "loans.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case["expected"] for case in VECTORS["cases"]}

ON = date(2026, 10, 15)
OCTOBER = OpenInstalment(1, date(2026, 10, 1), {"interest": Decimal(10), "principal": Decimal(90)})
NOVEMBER = OpenInstalment(2, date(2026, 11, 1), {"interest": Decimal(9), "principal": Decimal(91)})


def test_interest_before_principal_and_old_before_new() -> None:
    assert allocate(amount=Decimal("104.00"), instalments=[NOVEMBER, OCTOBER], on=ON) == Allocation(
        (
            Share(1, "interest", Decimal(10)),
            Share(1, "principal", Decimal(90)),
            Share(2, "interest", Decimal("4.00")),
        ),
        Decimal(0),
    )


def test_cost_penalty_and_fee_come_first() -> None:
    everything = OpenInstalment(1, date(2026, 10, 1), dict.fromkeys(Component.values, Decimal(1)))
    paid = allocate(amount=Decimal(5), instalments=[everything], on=ON)
    assert [share.component for share in paid.shares] == ["cost", "penalty", "fee", "interest", "principal"]


def test_the_order_names_every_component() -> None:
    assert set(STATUTORY_ORDER) == set(Component.values)


def test_what_nothing_was_owed_for_is_surplus() -> None:
    assert allocate(amount=Decimal("250.00"), instalments=[OCTOBER, NOVEMBER], on=ON).surplus == Decimal(50)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1)])
def test_no_payment_of_nothing(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="payment"):
        allocate(amount=amount, instalments=[OCTOBER], on=ON)


def test_nothing_is_owed_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="owed"):
        allocate(
            amount=Decimal(1), instalments=[OpenInstalment(1, date(2026, 1, 1), {"fee": Decimal(-1)})], on=ON
        )


@pytest.mark.parametrize("row", CASES["V14b"]["rows"])
def test_worked_example_of_an_order_in_advance(row: list[int]) -> None:
    principal, interest, fee, penalty, payment, *expected = map(Decimal, row)
    parts = {"principal": principal, "interest": interest, "fee": fee, "penalty": penalty}
    result = allocate(
        amount=payment,
        instalments=[OpenInstalment(1, date(2023, 7, 31), parts)],
        on=date(2023, 7, 11),
        rule=AllocationRule(in_advance=("principal", "penalty", "fee", "interest", "cost")),
    )
    paid = {share.component: share.amount for share in result.shares}
    assert [paid.get(name, Decimal(0)) for name in ("principal", "interest", "fee", "penalty")] == expected


SURPLUS_NAMES: dict[str, Surplus] = {
    "NEXT_INSTALLMENT": "next",
    "LAST_INSTALLMENT": "last",
    "SPREAD_EVENLY (REAMORTIZATION)": "spread",
}


@pytest.mark.parametrize("case", CASES["V15"]["cases"], ids=lambda case: str(case["line"]))
def test_worked_examples_of_where_the_surplus_goes(case: dict[str, Any]) -> None:
    rows = {row["n"]: (date.fromisoformat(row["due_date"]), Decimal(100)) for row in case["rows"]}
    rows[1] = (rows[1][0], Decimal(0))  # the down payment was paid on the first day
    for payment in case["payments"]:
        amount, _on, day = payment.split()
        result = allocate(
            amount=Decimal(amount),
            instalments=[OpenInstalment(n, due, {"principal": owed}) for n, (due, owed) in rows.items()],
            on=date.fromisoformat(day),
            rule=AllocationRule(surplus=SURPLUS_NAMES[case["rule"]]),
        )
        for share in result.shares:
            rows[share.key] = (rows[share.key][0], rows[share.key][1] - share.amount)
    assert [owed for _due, owed in rows.values()] == [Decimal(row["outstanding"]) for row in case["rows"]]


def test_what_is_due_comes_before_the_future_and_credit_stays_the_borrowers() -> None:
    rule = AllocationRule(surplus="credit")
    assert allocate(
        amount=Decimal("120.00"), instalments=[OCTOBER, NOVEMBER], on=ON, rule=rule
    ) == Allocation((Share(1, "interest", Decimal(10)), Share(1, "principal", Decimal(90))), Decimal("20.00"))
    on_the_day = allocate(amount=Decimal(15), instalments=[OCTOBER, NOVEMBER], on=NOVEMBER.due_on, rule=rule)
    assert [(share.key, share.component) for share in on_the_day.shares] == [
        (1, "interest"),
        (1, "principal"),
    ]


def test_component_by_component_over_all_that_is_past_due() -> None:
    rule = AllocationRule(filling="component")
    result = allocate(amount=Decimal(20), instalments=[OCTOBER, NOVEMBER], on=date(2026, 12, 1), rule=rule)
    assert result.shares == (
        Share(1, "interest", Decimal(10)),
        Share(2, "interest", Decimal(9)),
        Share(1, "principal", Decimal(1)),
    )


amounts = st.decimals(min_value=0, max_value=5000, places=2)
instalments = st.lists(
    st.builds(
        lambda day, parts: (day, parts),
        st.dates(date(2025, 1, 1), date(2027, 1, 1)),
        st.dictionaries(st.sampled_from(STATUTORY_ORDER), amounts, max_size=5),
    ),
    max_size=12,
).map(lambda rows: [OpenInstalment(key, day, parts) for key, (day, parts) in enumerate(rows)])


@given(amount=st.decimals(min_value="0.01", max_value=50_000, places=2), rows=instalments)
def test_not_a_cent_is_lost(amount: Decimal, rows: list[OpenInstalment]) -> None:
    result = allocate(amount=amount, instalments=rows, on=ON)
    owed = {(row.key, part): open_ for row in rows for part, open_ in row.open.items()}
    paid = {(share.key, share.component): share.amount for share in result.shares}
    assert len(paid) == len(result.shares), "no part is paid twice"
    assert sum(paid.values()) + result.surplus == amount
    assert all(0 < part <= owed[name] for name, part in paid.items())
    if result.surplus:
        assert sum(paid.values()) == sum(owed.values()), "a surplus only when all is paid"
    # Whatever comes before a part that was paid was paid in full.
    order = [
        (row.key, part) for row in sorted(rows, key=lambda r: (r.due_on, r.key)) for part in STATUTORY_ORDER
    ]
    open_ones = [name for name in order if owed.get(name, 0) > paid.get(name, 0)]
    if open_ones:
        assert not [name for name in order[order.index(open_ones[0]) + 1 :] if name in paid]


@given(
    first=st.decimals(min_value="0.01", max_value=2000, places=2),
    second=st.decimals(min_value="0.01", max_value=2000, places=2),
    rows=instalments,
)
def test_two_payments_pay_what_one_would(first: Decimal, second: Decimal, rows: list[OpenInstalment]) -> None:
    together = allocate(amount=first + second, instalments=rows, on=ON)
    one = allocate(amount=first, instalments=rows, on=ON)
    paid: dict[tuple[int, str], Decimal] = {(s.key, s.component): s.amount for s in one.shares}
    rest = [
        OpenInstalment(r.key, r.due_on, {c: a - paid.get((r.key, c), Decimal(0)) for c, a in r.open.items()})
        for r in rows
    ]
    two = allocate(amount=second, instalments=rest, on=ON)
    for share in two.shares:
        paid[share.key, share.component] = paid.get((share.key, share.component), Decimal(0)) + share.amount
    assert paid == {(s.key, s.component): s.amount for s in together.shares}


RULES = st.builds(
    AllocationRule,
    past_due=st.permutations(STATUTORY_ORDER).map(tuple),
    due=st.permutations(STATUTORY_ORDER).map(tuple),
    in_advance=st.permutations(STATUTORY_ORDER).map(tuple),
    surplus=st.sampled_from(get_args(Surplus)),
    filling=st.sampled_from(["instalment", "component"]),
)


@settings(max_examples=1000)
@given(
    amount=st.decimals(min_value="0.01", max_value=50_000, places=2),
    rows=instalments,
    rule=RULES,
    on=st.dates(date(2025, 1, 1), date(2027, 1, 1)),
)
def test_whatever_the_rule_not_a_cent_is_lost(
    amount: Decimal, rows: list[OpenInstalment], rule: AllocationRule, on: date
) -> None:
    result = allocate(amount=amount, instalments=rows, on=on, rule=rule)
    owed = {(row.key, part): open_ for row in rows for part, open_ in row.open.items()}
    paid: dict[tuple[int, str], Decimal] = {}
    for share in result.shares:
        paid[share.key, share.component] = paid.get((share.key, share.component), Decimal(0)) + share.amount
    assert sum(paid.values()) + result.surplus == amount
    assert all(0 < part <= owed[name] for name, part in paid.items())
    due = {row.key: row.due_on for row in rows}
    in_advance = {name for name in paid if due[name[0]] > on}
    if in_advance:
        assert all(paid.get(name) == part for name, part in owed.items() if part and due[name[0]] <= on)
        assert rule.surplus != "credit"
    if rule.surplus == "spread":
        given = {key: sum((p for name, p in paid.items() if name[0] == key), Decimal(0)) for key in due}
        free = [given[row.key] for row in rows if row.due_on > on and given[row.key] < sum(row.open.values())]
        assert not free or max(free) - min(free) <= Decimal("0.01")
