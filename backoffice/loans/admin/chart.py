"""The charts of a loan's page. Numbers only; the templates draw.

One bar per instalment, its paid part filled; and the principal over time, as it went and as it was planned.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.money import ZERO
from backoffice.loans.account import Account
from backoffice.loans.balance import Step, owed_over_time, planned_over_time
from backoffice.loans.owed import DUE_TODAY, OVERDUE, PAID, PART_PAID, UPCOMING, InstalmentStatus

HEIGHT = 48
WIDTH = 18
GAP = 6

#: State → its words and the tone of its chip and bar.
STATES: dict[str, tuple[Any, str]] = {
    PAID: (_("Paid"), "good"),
    PART_PAID: (_("Part paid"), "info"),
    OVERDUE: (_("Overdue"), "bad"),
    DUE_TODAY: (_("Due today"), "warn"),
    UPCOMING: (_("Upcoming"), "neutral"),
}


def state_in_words(one: InstalmentStatus) -> tuple[Any, str]:
    """Words and tone of an instalment's state; paid by what the days go by, it may still owe what being late cost."""
    if one.state == PAID and one.open:
        return _("Default interest or costs open"), "warn"
    return STATES[one.state]


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar in the units of the chart, with the paid part at its foot."""

    x: int
    y: int
    height: int
    paid_y: int
    paid_height: int
    tone: str
    label: Any


@dataclass(frozen=True, slots=True)
class Chart:
    bars: tuple[Bar, ...]
    width: int
    height: int = HEIGHT
    bar_width: int = WIDTH


def chart_of(instalments: Sequence[InstalmentStatus]) -> Chart:
    """The chart of a schedule; heights are shares of the largest instalment."""
    most = max((one.amount for one in instalments), default=ZERO)
    bars = []
    for position, one in enumerate(instalments):
        height, paid = _height(one.amount, most), _height(one.paid, most)
        state, tone = state_in_words(one)
        label = _("Instalment %(sequence)s, due %(due_on)s: %(state)s") % {
            "sequence": one.sequence,
            "due_on": one.due_on,
            "state": state,
        }
        bars.append(Bar(position * (WIDTH + GAP), HEIGHT - height, height, HEIGHT - paid, paid, tone, label))
    return Chart(tuple(bars), max(len(bars) * (WIDTH + GAP) - GAP, WIDTH))


def _height(amount: Decimal, most: Decimal) -> int:
    if most == 0 or amount == 0:
        return 0
    return max(round(HEIGHT * amount / most), 2)


#: The balance's chart, in its own units; the page scales it.
BALANCE_WIDTH, BALANCE_HEIGHT = 640, 120


@dataclass(frozen=True, slots=True)
class BalanceChart:
    """The principal over time: the points of both lines, and where today is."""

    owed: str
    planned: str
    today_x: float
    first: date
    today: date
    last: date
    most: Decimal
    owed_now: Decimal
    width: int = BALANCE_WIDTH
    height: int = BALANCE_HEIGHT


def balance_chart_of(account: Account) -> BalanceChart:
    """The chart from the day of payment to the last due date, or to the account's day if that is later."""
    owed, planned = owed_over_time(account), planned_over_time(account)
    first, today = account.facts.disbursed_on, account.on
    last = max(planned[-1].on, today)
    most = account.facts.principal

    def x(day: date) -> float:
        return round(BALANCE_WIDTH * (day - first).days / max((last - first).days, 1), 1)

    def line(steps: Sequence[Step], until: date) -> str:
        points = []
        level = 0.0
        for position, step in enumerate(steps):
            if position:
                points.append(f"{x(step.on)},{level}")
            level = round(float(BALANCE_HEIGHT * (1 - step.principal / most)), 1)
            points.append(f"{x(step.on)},{level}")
        return " ".join([*points, f"{x(until)},{level}"])

    return BalanceChart(
        line(owed, today), line(planned, last), x(today), first, today, last, most, owed[-1].principal
    )
