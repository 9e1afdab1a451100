"""The bar chart of a schedule: one bar per instalment, its paid part filled. Numbers only; the template draws."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.money import ZERO
from backoffice.loans.selectors import DUE_TODAY, OVERDUE, PAID, PART_PAID, UPCOMING, InstalmentStatus

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
        state, tone = STATES[one.state]
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
