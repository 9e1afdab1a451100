"""Schedules: exact to the cent against worked examples, and sound for every input."""

import json
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.core.money import ZERO
from backoffice.loans import choices
from backoffice.loans.schedule import (
    DayCount,
    Method,
    OddDays,
    PeriodUnit,
    Rounding,
    add_months,
    build_schedule,
    days_30e_360,
    total_interest,
    year_fraction,
)

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "loans.json").read_text(encoding="utf-8"))
CASES = {case["id"]: case for case in VECTORS["cases"]}

#: The conventions of each worked example, said in our words.
GOLDEN = {
    "V02": {"method": "equal_instalment", "instalment_unit": Decimal(1)},
    # Days over 365 in a leap year too. The source sizes the instalment with months of thirty days, we with the
    # days there are; both come to 305 yuan.
    "V03": {"method": "equal_instalment", "instalment_unit": Decimal(1), "day_count": "act/365"},
    "V04": {"method": "equal_principal"},
    "V07": {"method": "equal_instalment", "instalment_unit": Decimal(1)},
    "V08a": {"method": "equal_instalment", "day_count": "30/360"},
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


def test_calendar_days_of_each_period_are_told() -> None:
    given_, expected = CASES["V03"]["input"], CASES["V03"]["expected"]["rows"]
    rows = build_schedule(
        principal=Decimal(given_["principal"]),
        annual_rate=Decimal("0.12"),
        periods=given_["n"],
        method="equal_instalment",
        disbursed_on=date.fromisoformat(given_["disbursed"]),
        fee=Decimal("2.50"),
    )
    assert [row.days for row in rows] == [row["days"] for row in expected]
    assert {row.fee for row in rows} == {Decimal("2.50")}
    assert rows[0].amount == rows[0].principal + rows[0].interest + Decimal("2.50")


@pytest.mark.parametrize(
    ("odd_days", "interest"),
    [
        ("first", ["1271.23"]),
        ("spread", ["1198.40", "1141.93"]),
    ],
)
def test_odd_days_before_the_first_period(odd_days: OddDays, interest: list[str]) -> None:
    # V25: paid out on 3 November, regularly due on the 3rd, moved to the 5th: two odd days.
    facts: dict[str, Any] = {"principal": Decimal(100_000), "annual_rate": Decimal("0.145")}
    rows = build_schedule(
        periods=12,
        method="equal_instalment",
        disbursed_on=date(2023, 11, 3),
        first_due_on=date(2023, 12, 5),
        day_count="act/365",
        odd_days=odd_days,
        instalment_unit=Decimal(1),
        **facts,
    )
    assert [str(row.interest) for row in rows[: len(interest)]] == interest
    assert rows[-1].due_on == date(2024, 11, 5)
    told = Decimal(CASES["V25"]["expected"]["broken_period_interest"])
    share = rows[0].odd
    assert share == (ZERO if odd_days == "first" else Decimal("6.62"))  # 79.45 over twelve
    assert abs(sum(row.odd for row in rows) - (ZERO if odd_days == "first" else told)) <= Decimal("0.06")


@pytest.mark.parametrize(
    ("first_due_on", "interest"),
    [
        (date(2026, 3, 5), "181.94"),  # sixteen of the 31 days before 5 February, and a month
        (date(2026, 2, 20), "120.00"),  # no odd day
        (date(2026, 2, 5), "61.94"),  # sixteen of 31 days, no whole month
    ],
)
def test_equal_periods_give_each_odd_day_its_part_of_a_month(first_due_on: date, interest: str) -> None:
    facts: dict[str, Any] = {"principal": Decimal(12_000), "annual_rate": Decimal("0.12"), "periods": 3}
    facts |= {"disbursed_on": date(2026, 1, 20), "first_due_on": first_due_on}
    rows = build_schedule(method="interest_only", **facts)
    assert [str(row.interest) for row in rows] == [interest, "120.00", "120.00"]
    [row] = build_schedule(method="bullet", **facts)
    assert (row.interest, row.due_on) == (Decimal(interest) + 240, rows[-1].due_on)
    spread = build_schedule(method="interest_only", odd_days="spread", **facts)
    assert abs(total_interest(spread) - total_interest(rows)) <= Decimal("0.02")


def test_equal_parts_of_principal_are_rounded_to_the_multiple() -> None:
    rows = build_schedule(
        principal=Decimal(1000),
        annual_rate=Decimal("0.12"),
        periods=3,
        method="equal_principal",
        disbursed_on=date(2026, 1, 1),
        instalment_unit=Decimal(100),
    )
    assert [str(row.principal) for row in rows] == ["300.00", "300.00", "400.00"]
    assert [str(row.interest) for row in rows] == ["10.00", "7.00", "4.00"]


def test_weeks_days_and_month_ends() -> None:
    facts: dict[str, Any] = {
        "principal": Decimal("1040.00"),
        "annual_rate": Decimal("0.10"),
        "method": "interest_only",
    }
    weekly = build_schedule(periods=2, period_unit="week", every=2, disbursed_on=date(2026, 1, 1), **facts)
    assert [(row.due_on, row.interest) for row in weekly] == [
        (date(2026, 1, 15), Decimal("4.00")),  # two fifty-seconds of a year
        (date(2026, 1, 29), Decimal("4.00")),
    ]
    ten_days = build_schedule(
        periods=1, period_unit="day", every=10, day_count="act/360", disbursed_on=date(2026, 1, 1), **facts
    )
    assert (ten_days[0].due_on, ten_days[0].interest) == (date(2026, 1, 11), Decimal("2.89"))
    ends = build_schedule(periods=3, month_end=True, disbursed_on=date(2027, 11, 30), **facts)
    assert [row.due_on for row in ends] == [date(2027, 12, 31), date(2028, 1, 31), date(2028, 2, 29)]
    leap = build_schedule(periods=1, every=12, disbursed_on=date(2028, 2, 29), **facts)
    assert leap[0].due_on == date(2029, 2, 28)


def test_a_grace_puts_off_and_forgives_nothing() -> None:
    facts: dict[str, Any] = {
        "principal": Decimal("1200.00"),
        "annual_rate": Decimal("0.12"),
        "periods": 4,
        "method": "equal_principal",
        "disbursed_on": date(2026, 1, 1),
    }
    rows = build_schedule(grace_principal=1, **facts)
    assert [row.principal for row in rows] == [ZERO, *[Decimal("400.00")] * 3]
    assert [row.interest for row in rows] == [Decimal(text) for text in ("12.00", "12.00", "8.00", "4.00")]
    later = build_schedule(grace_principal=1, grace_interest=2, **facts)
    assert [row.interest for row in later] == [Decimal(text) for text in ("0.00", "0.00", "32.00", "4.00")]
    assert total_interest(later) == total_interest(rows)


@pytest.mark.parametrize(
    ("start", "end", "days"),
    [
        (date(2026, 1, 31), date(2026, 2, 28), 28),
        (date(2026, 1, 30), date(2026, 3, 31), 60),
        (date(2026, 2, 28), date(2026, 3, 31), 32),
        (date(2026, 1, 1), date(2027, 1, 1), 360),
    ],
)
def test_months_of_thirty_days(start: date, end: date, days: int) -> None:
    assert days_30e_360(start, end) == days
    assert year_fraction(start, end, day_count="30/360") == Decimal(days) / 360


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
        {"first_due_on": date(2026, 1, 1)},
        {"grace_principal": 3},
        {"grace_interest": -1},
        {"fee": Decimal(-1)},
        {"instalment_unit": Decimal(0)},
    ],
)
def test_what_makes_no_schedule_is_refused(wrong: dict[str, object]) -> None:
    facts = {"principal": Decimal(100), "annual_rate": Decimal("0.1"), "periods": 3, "method": "bullet"}
    with pytest.raises(ValueError, match=r"principal|rate|due date|grace|fee"):
        build_schedule(disbursed_on=date(2026, 1, 1), **{**facts, **wrong})


def test_names_are_those_stored_on_loans() -> None:
    assert set(get_args(Method)) == set(choices.Method.values)
    assert set(get_args(Rounding)) == set(choices.Rounding.values)


TERMS = st.fixed_dictionaries(
    {
        "principal": st.decimals(min_value=10, max_value=200_000, places=2),
        "annual_rate": st.decimals(min_value=0, max_value="0.36", places=6),
        "periods": st.integers(1, 60),
        "method": st.sampled_from(get_args(Method)),
        "rounding": st.sampled_from(get_args(Rounding)),
        "day_count": st.sampled_from(get_args(DayCount)),
        "period_unit": st.sampled_from(get_args(PeriodUnit)),
        "every": st.integers(1, 3),
        "month_end": st.booleans(),
        "odd_days": st.sampled_from(get_args(OddDays)),
        "instalment_unit": st.sampled_from([Decimal("0.01"), Decimal(1), Decimal(10)]),
        "disbursed_on": st.dates(date(2020, 1, 1), date(2030, 12, 31)),
    }
)


@settings(max_examples=1000)
@given(terms=TERMS, delay=st.integers(0, 45), grace=st.tuples(st.integers(0, 59), st.integers(0, 59)))
def test_every_schedule_adds_up(terms: dict[str, Any], delay: int, grace: tuple[int, int]) -> None:
    periods, principal = terms["periods"], terms["principal"]
    if delay:
        terms["first_due_on"] = terms["disbursed_on"] + timedelta(days=delay)
    rows = build_schedule(**terms, grace_principal=grace[0] % periods, grace_interest=grace[1] % periods)
    assert sum(row.principal for row in rows) == principal
    assert all(row.principal >= 0 and row.interest >= 0 for row in rows)
    assert all(row.principal.as_tuple().exponent == -2 for row in rows)
    balances = [principal, *(row.balance_after for row in rows)]
    assert all(later <= earlier for earlier, later in pairwise(balances))
    assert balances[-1] == 0
    days = [terms["disbursed_on"], *(row.due_on for row in rows)]
    assert all(later > earlier for earlier, later in pairwise(days))
    assert sum(row.days for row in rows) == (days[-1] - days[0]).days
    # Never more than simple interest on the whole loan for the whole time, and a cent per row for rounding.
    longest = max(Decimal((days[-1] - days[0]).days + 33) / 360, Decimal(periods * terms["every"]) / 12)
    assert total_interest(rows) <= principal * terms["annual_rate"] * longest + Decimal("0.01") * periods


@settings(max_examples=1000)
@given(terms=TERMS)
def test_equal_instalments_are_equal_but_for_the_last(terms: dict[str, Any]) -> None:
    rows = build_schedule(**{**terms, "method": "equal_instalment", "odd_days": "first"})
    # An instalment rounded up to tens of yuan may pay a small loan off early; what comes after is nothing.
    paying = [row for row in rows[:-1] if row.balance_after > 0 and row.principal > 0]
    assert len({row.amount for row in paying}) <= 1
