"""The worked examples of docs/loan-conventions.md are what the code does."""

from __future__ import annotations

import re
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings

from backoffice.loans.allocation import AllocationRule, OpenInstalment, allocate
from backoffice.loans.schedule import build_schedule

TEXT = Path(settings.BASE_DIR, "docs/loan-conventions.md").read_text(encoding="utf-8")
FIRST = date(2024, 2, 1)
#: By the beginning of the line in the table.
TERMS: dict[str, dict[str, Any]] = {
    "equal instalments, equal periods": {},
    "equal principal": {"method": "equal_principal"},
    "interest only": {"method": "interest_only"},
    "bullet": {"method": "bullet"},
    "30/360": {"day_count": "30/360", "disbursed_on": date(2024, 1, 31)},
    "ACT/360": {"day_count": "act/360"},
    "ACT/365": {"day_count": "act/365"},
    "instalments in whole ten yuan": {"instalment_unit": Decimal(10)},
    "two periods of grace on principal": {"grace_principal": 2},
    "two of grace on interest": {"grace_interest": 2},
    "every week": {"period_unit": "week", "day_count": "act/365"},
    "every 10 days": {"period_unit": "day", "every": 10, "day_count": "act/365"},
    "half up": {"principal": Decimal("1020.50"), "method": "interest_only"},
    "half even": {"principal": Decimal("1020.50"), "method": "interest_only", "rounding": "half_even"},
}


def table() -> list[list[str]]:
    after = TEXT[TEXT.index("| Convention | first |") :].split("\n- ", 1)[0]
    return [
        [cell.strip() for cell in line.strip().strip("|").split("|")]
        for line in after.strip().splitlines()[2:]
    ]


@pytest.mark.parametrize("line", table(), ids=lambda line: line[0])
def test_a_schedule_of_the_table(line: list[str]) -> None:
    [terms] = [given for name, given in TERMS.items() if re.match(rf"{re.escape(name)}\b", line[0])]
    rows = build_schedule(
        **{
            "principal": Decimal(5000),
            "annual_rate": Decimal("0.12"),
            "periods": 6,
            "method": "equal_instalment",
            "disbursed_on": date(2023, 11, 1),
            **terms,
        }
    )
    told = [f"{row.principal:,.2f} + {row.interest:,.2f}" for row in rows]
    assert line[1:] == ([*told[:2], told[-1]] if len(told) > 1 else [told[0], "", ""])


def test_every_convention_has_its_line() -> None:
    assert len(table()) == len(TERMS)


def test_what_an_instalment_with_interest_put_off_asks_for() -> None:
    rows = build_schedule(
        principal=Decimal(5000),
        annual_rate=Decimal("0.12"),
        periods=6,
        method="equal_instalment",
        disbursed_on=date(2023, 11, 1),
        grace_interest=2,
    )
    assert rows[2].interest == Decimal("125.53")
    assert "125.53 fall due with the third" in TEXT


@pytest.mark.parametrize(
    ("surplus", "words"),
    [
        ("next", "| next | March: 9 of interest, 51 of principal |"),
        ("last", "| last | April: 8 of interest, 52 of principal |"),
        ("spread", "| spread | March: 9 + 21, April: 8 + 22 |"),
        ("credit", "| credit | nothing yet |"),
    ],
)
def test_money_in_advance(surplus: Any, words: str) -> None:
    open_ones = [
        OpenInstalment(
            number, date(2024, 1 + number, 1), {"interest": Decimal(due), "principal": Decimal(100)}
        )
        for number, due in ((1, 10), (2, 9), (3, 8))
    ]
    done = allocate(
        amount=Decimal(170), instalments=open_ones, on=FIRST, rule=AllocationRule(surplus=surplus)
    )
    ahead = [int(share.amount) for share in done.shares[2:]]
    assert words in TEXT
    assert ahead == [int(figure) for figure in re.findall(r"\d+", words)]


@pytest.mark.parametrize(
    ("filling", "paid"), [("instalment", [2, 10, 100, 1, 7]), ("component", [2, 1, 10, 9, 98])]
)
def test_instalment_by_instalment_or_component_by_component(filling: Any, paid: list[int]) -> None:
    overdue = [
        OpenInstalment(
            number,
            date(2024, 1 + number, 1),
            {"penalty": Decimal(late), "interest": Decimal(due), "principal": Decimal(100)},
        )
        for number, late, due in ((1, 2, 10), (2, 1, 9))
    ]
    done = allocate(
        amount=Decimal(120), instalments=overdue, on=date(2024, 3, 10), rule=AllocationRule(filling=filling)
    )
    assert [int(share.amount) for share in done.shares] == paid
    assert "pay by instalments 2 + 10 + 100, then 1 + 7; by components 2 + 1, then 10 + 9, then 98" in TEXT
