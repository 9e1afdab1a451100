"""Schedules: exact to the cent against worked examples, and sound for every input."""

import json
from datetime import date
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.money import ZERO
from backoffice.loans import choices
from backoffice.loans.schedule import Method, Rounding, add_months, build_schedule, total_interest

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "loans_basic.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in VECTORS["cases"]}

#: The conventions of each worked example, said in our words.
GOLDEN = {
    "V02": {"method": "equal_instalment", "instalment_unit": Decimal(1)},
    "V04": {"method": "equal_principal"},
    "V07": {"method": "equal_instalment", "instalment_unit": Decimal(1)},
    "V08a": {"method": "equal_instalment"},
}


@pytest.mark.parametrize("name", GOLDEN)
def test_worked_examples_to_the_cent(name: str) -> None:
    given_, expected = CASES[name]["input"], CASES[name]["expected"]["rows"]
    rows = build_schedule(
        principal=Decimal(given_["principal"]),
        annual_rate=Decimal(given_["annual_rate_pct"]) / 100,
        periods=given_["n"],
        disbursed_on=date.fromisoformat(given_["disbursed"]),
        rounding="half_even",
        **GOLDEN[name],
    )
    assert [
        (row.sequence, row.due_on.isoformat(), str(row.principal), str(row.interest), str(row.balance_after))
        for row in rows
    ] == [
        (row["n"], row["due_date"], row["principal"], row["interest"], row["balance_after"])
        for row in expected
    ]


def test_interest_only_and_bullet() -> None:
    facts = {
        "principal": Decimal("1000.00"),
        "annual_rate": Decimal("0.12"),
        "disbursed_on": date(2026, 1, 31),
    }
    rows = build_schedule(method="interest_only", periods=3, **facts)
    assert [(row.due_on, row.principal, row.interest) for row in rows] == [
        (date(2026, 2, 28), ZERO, Decimal("10.00")),
        (date(2026, 3, 31), ZERO, Decimal("10.00")),
        (date(2026, 4, 30), Decimal("1000.00"), Decimal("10.00")),
    ]
    [row] = build_schedule(method="bullet", periods=3, **facts)
    assert (row.due_on, row.principal, row.interest) == (
        date(2026, 4, 30),
        Decimal("1000.00"),
        Decimal("30.00"),
    )


def test_half_up_and_half_even_differ_where_they_should() -> None:
    facts = {"principal": Decimal("100.50"), "annual_rate": Decimal("0.12"), "disbursed_on": date(2026, 1, 1)}
    up = build_schedule(method="interest_only", periods=1, rounding="half_up", **facts)
    even = build_schedule(method="interest_only", periods=1, rounding="half_even", **facts)
    assert (up[0].interest, even[0].interest) == (Decimal("1.01"), Decimal("1.00"))


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        (date(2026, 1, 31), 1, date(2026, 2, 28)),
        (date(2024, 1, 31), 1, date(2024, 2, 29)),
        (date(2026, 1, 31), 2, date(2026, 3, 31)),
        (date(2026, 11, 30), 3, date(2027, 2, 28)),
        (date(2026, 12, 1), 12, date(2027, 12, 1)),
    ],
)
def test_due_days_are_counted_from_the_start(day: date, months: int, expected: date) -> None:
    assert add_months(day, months) == expected


@pytest.mark.parametrize(
    "wrong",
    [
        {"principal": Decimal(0)},
        {"principal": Decimal("10.001")},
        {"annual_rate": Decimal(-1)},
        {"periods": 0},
    ],
)
def test_what_makes_no_schedule_is_refused(wrong: dict[str, object]) -> None:
    facts = {"principal": Decimal(100), "annual_rate": Decimal("0.1"), "periods": 3, "method": "bullet"}
    with pytest.raises(ValueError, match=r"principal|rate"):
        build_schedule(disbursed_on=date(2026, 1, 1), **{**facts, **wrong})


def test_names_are_those_stored_on_loans() -> None:
    assert set(get_args(Method)) == set(choices.Method.values)
    assert set(get_args(Rounding)) == set(choices.Rounding.values)


@given(
    principal=st.decimals(min_value=10, max_value=200_000, places=2),
    rate=st.decimals(min_value=0, max_value="0.36", places=6),
    periods=st.integers(1, 60),
    method=st.sampled_from(get_args(Method)),
    rounding=st.sampled_from(get_args(Rounding)),
    disbursed_on=st.dates(date(2020, 1, 1), date(2030, 12, 31)),
)
def test_every_schedule_adds_up(
    principal: Decimal, rate: Decimal, periods: int, method: Method, rounding: Rounding, disbursed_on: date
) -> None:
    rows = build_schedule(
        principal=principal,
        annual_rate=rate,
        periods=periods,
        method=method,
        disbursed_on=disbursed_on,
        rounding=rounding,
    )
    assert sum(row.principal for row in rows) == principal
    assert all(row.principal >= 0 and row.interest >= 0 for row in rows)
    assert all(row.principal.as_tuple().exponent == -2 for row in rows)
    balances = [principal, *(row.balance_after for row in rows)]
    assert all(later <= earlier for earlier, later in pairwise(balances))
    assert balances[-1] == 0
    days = [disbursed_on, *(row.due_on for row in rows)]
    assert all(later > earlier for earlier, later in pairwise(days))
    if method == "equal_instalment" and periods > 1:
        # The last one takes the remainders: less than half a cent of instalment and half of interest per row.
        assert len({row.amount for row in rows[:-1] if row.balance_after > 0}) <= 1
    assert total_interest(rows) <= principal * rate * periods / 12 + Decimal("0.01") * periods
