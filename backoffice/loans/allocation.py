"""Which part of a payment pays which part of the debt. Pure: amounts in yuan, no tables, no clock.

The default order is the one of Civil Code art. 561: the cost of enforcing, then interest (with the default
interest and fees that hang on it), then principal. Instalments are filled one after the other, the oldest due
date first (art. 560: what is due first), each in the order of the components.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO

#: Civil Code art. 561 (regulation.md row D8).
STATUTORY_ORDER: tuple[str, ...] = ("cost", "penalty", "fee", "interest", "principal")


@dataclass(frozen=True, slots=True)
class OpenInstalment:
    """What is still owed on one instalment, by component. ``key`` is the caller's name for it."""

    key: int
    due_on: date
    open: Mapping[str, Decimal]


@dataclass(frozen=True, slots=True)
class Share:
    """One part of the payment: so many yuan of this component of that instalment."""

    key: int
    component: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Allocation:
    """The shares of one payment in the order in which they were given, and what nothing was owed for."""

    shares: tuple[Share, ...]
    surplus: Decimal


def allocate(
    *, amount: Decimal, instalments: Iterable[OpenInstalment], order: Sequence[str] = STATUTORY_ORDER
) -> Allocation:
    """Split ``amount`` yuan over what is open.

    A part that is open but missing in ``order`` is never paid, so the caller passes an order that names every
    component. Raises ``ValueError`` for an amount that is not positive or a part that is less than nothing.
    """
    if amount <= 0:
        raise ValueError("A payment is more than nothing.")
    left = amount
    shares: list[Share] = []
    for instalment in sorted(instalments, key=lambda one: (one.due_on, one.key)):
        for component in order:
            owed = instalment.open.get(component, ZERO)
            if owed < 0:
                raise ValueError("Nothing can be owed less than nothing.")
            part = min(owed, left)
            if part > 0:
                shares.append(Share(instalment.key, component, part))
                left -= part
        if left == 0:
            break
    return Allocation(tuple(shares), left)
