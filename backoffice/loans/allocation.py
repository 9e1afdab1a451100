"""Which part of a payment pays which part of the debt. Pure: amounts in yuan, no tables, no clock.

The default order is the one of Civil Code art. 561: the cost of enforcing, then interest (with the default
interest and fees that hang on it), then principal. Instalments are filled one after the other, the oldest due
date first (art. 560: what is due first), each in the order of the components. A product may say otherwise: an
order for what is past due, for what is due that day and for what is paid in advance, and where money in advance
goes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, NamedTuple

from backoffice.core.money import CENT, ZERO

Timing = Literal["past_due", "due", "in_advance"]
Surplus = Literal["next", "last", "spread", "credit"]
Filling = Literal["instalment", "component"]

#: Civil Code art. 561 (regulation.md row D8).
STATUTORY_ORDER: tuple[str, ...] = ("cost", "penalty", "fee", "interest", "principal")


@dataclass(frozen=True, slots=True)
class AllocationRule:
    """A product's order. What is past due always comes before what is due, and that before the future.

    ``surplus`` says where money in advance goes: onto the ``next`` instalments, the ``last`` ones, ``spread`` in
    equal parts over all to come, or nowhere (``credit``: it stays the borrower's). ``filling`` says whether an
    instalment is paid whole before the next one, or a component of all of them before the next component.
    """

    past_due: tuple[str, ...] = STATUTORY_ORDER
    due: tuple[str, ...] = STATUTORY_ORDER
    in_advance: tuple[str, ...] = STATUTORY_ORDER
    surplus: Surplus = "next"
    filling: Filling = "instalment"


STATUTORY = AllocationRule()


class OpenInstalment(NamedTuple):
    """What is still owed on one instalment, by component. ``key`` is the caller's name for it."""

    key: int
    due_on: date
    open: Mapping[str, Decimal]


class Share(NamedTuple):
    """One part of the payment: so many yuan of this component of that instalment."""

    key: int
    component: str
    amount: Decimal


class Allocation(NamedTuple):
    """The shares of one payment in the order in which they were given, and what nothing was owed for."""

    shares: tuple[Share, ...]
    surplus: Decimal


def as_owed(key: int, due_on: date, open_: Mapping[str, Decimal], *, on: date) -> list[OpenInstalment]:
    """An instalment as money received on ``on`` finds it: what enforcing cost is owed from its day on, whatever
    instalment it hangs on, and so never paid in advance."""
    if due_on <= on or not open_.get("cost"):
        return [OpenInstalment(key, due_on, open_)]
    rest = {name: amount for name, amount in open_.items() if name != "cost"}
    return [OpenInstalment(key, on, {"cost": open_["cost"]}), OpenInstalment(key, due_on, rest)]


def allocate(
    *,
    amount: Decimal,
    instalments: Iterable[OpenInstalment],
    on: date,
    rule: AllocationRule = STATUTORY,
) -> Allocation:
    """Split ``amount`` yuan, received on ``on`` (Shanghai), over what is open.

    A part that is open but missing in the order is never paid, so the rule names every component. Raises
    ``ValueError`` for an amount that is not positive or a part that is less than nothing.
    """
    if amount <= 0:
        raise ValueError("A payment is more than nothing.")
    rows = sorted(instalments, key=lambda one: (one.due_on, one.key))
    if any(part < 0 for row in rows for part in row.open.values()):
        raise ValueError("Nothing can be owed less than nothing.")
    purse = _Purse(amount)
    purse.fill(_parts([row for row in rows if row.due_on < on], rule.past_due, rule.filling))
    purse.fill(_parts([row for row in rows if row.due_on == on], rule.due, rule.filling))
    future = [row for row in rows if row.due_on > on]
    if rule.surplus == "spread":
        for row, limit in _spread(purse.left, future):
            purse.fill(_parts([row], rule.in_advance, "instalment"), limit=limit)
    elif rule.surplus != "credit":
        ordered = future[::-1] if rule.surplus == "last" else future
        purse.fill(_parts(ordered, rule.in_advance, rule.filling))
    return Allocation(tuple(purse.shares), purse.left)


class _Purse:
    """What is left of the payment, and what was paid with the rest."""

    def __init__(self, amount: Decimal) -> None:
        self.left = amount
        self.shares: list[Share] = []

    def fill(self, parts: Iterable[tuple[int, str, Decimal]], *, limit: Decimal | None = None) -> None:
        """Pay the parts in their order, with no more than ``limit`` yuan of what is left."""
        free = self.left if limit is None else min(limit, self.left)
        for key, component, owed in parts:
            if free == 0:
                return
            if owed:
                paid = min(owed, free)
                self.shares.append(Share(key, component, paid))
                free -= paid
                self.left -= paid


def _parts(
    rows: Sequence[OpenInstalment], order: Sequence[str], filling: Filling
) -> Iterator[tuple[int, str, Decimal]]:
    if filling == "instalment":
        for row in rows:
            for component in order:
                yield row.key, component, row.open.get(component, ZERO)
    else:
        for component in order:
            for row in rows:
                yield row.key, component, row.open.get(component, ZERO)


def _spread(amount: Decimal, rows: Sequence[OpenInstalment]) -> Iterator[tuple[OpenInstalment, Decimal]]:
    """Equal parts of ``amount`` for each row; what a nearly paid row cannot take goes to the others, and the
    cents that do not divide to the earliest."""
    room = {row.key: sum(row.open.values(), ZERO) for row in rows}
    given = dict.fromkeys(room, ZERO)
    left = min(amount, sum(room.values(), ZERO))
    while left > 0:
        takers = [key for key in room if given[key] < room[key]]
        share = max((left / len(takers)).quantize(CENT, rounding="ROUND_DOWN"), CENT)
        for key in takers:
            part = min(share, room[key] - given[key], left)
            given[key] += part
            left -= part
    for row in rows:
        yield row, given[row.key]
