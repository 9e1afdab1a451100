"""Which of several debts a payment pays when the payer names none (Civil Code art. 560). Pure; amounts in yuan.

Of debts to one creditor: what is due before what is not; of what is due, the debt with the least security; of equal
security, the one that weighs most on the debtor; of equal weight, the one that fell due first; of one day, each in
proportion. A debtor who names a debt when paying decides, and none of this is asked.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_DOWN, Decimal
from itertools import groupby

from backoffice.core.explain import N_, Line, Phrase
from backoffice.core.money import CENT, ZERO


@dataclass(frozen=True, slots=True)
class Debt:
    """A loan as the rule sees it: ``due`` is what has fallen due and is unpaid, ``due_since`` from when (None: nothing
    is due). ``secured``: somebody else answers for it. ``rate``: what an unpaid yuan costs the debtor a year."""

    key: str
    due: Decimal
    due_since: date | None
    secured: bool
    rate: Decimal


@dataclass(frozen=True, slots=True)
class Portion:
    """So much of the payment for one debt, and why it has this place."""

    key: str
    amount: Decimal
    reason: Line


@dataclass(frozen=True, slots=True)
class Proposal:
    """The portions in their order; ``rest`` is more than is due on all of them."""

    portions: tuple[Portion, ...]
    rest: Decimal


def distribute(amount: Decimal, debts: Sequence[Debt]) -> Proposal:
    """Split ``amount`` yuan over ``debts`` to one creditor. Debts of which nothing is due get nothing.

    What does not divide to the cent among debts of one day goes to the first of them by name. Raises ``ValueError``
    for an amount that is not positive.
    """
    if amount <= 0:
        raise ValueError("A payment is more than nothing.")
    due = sorted((one for one in debts if one.due > 0 and one.due_since is not None), key=_rank)
    left, portions = amount, []
    for _rank_of, tied in groupby(due, key=_place):
        group = list(tied)
        for one, part in zip(group, _shares(left, group), strict=True):
            left -= part
            if part:
                portions.append(Portion(one.key, part, _reason(one, due, tied=len(group) > 1)))
    return Proposal(tuple(portions), left)


def _place(one: Debt) -> tuple[bool, Decimal, date]:
    return one.secured, -one.rate, one.due_since or date.max


def _rank(one: Debt) -> tuple[bool, Decimal, date, str]:
    return (*_place(one), one.key)


def _shares(amount: Decimal, group: Sequence[Debt]) -> list[Decimal]:
    """``amount`` in proportion to what is due, never more than that."""
    owed = sum((one.due for one in group), ZERO)
    if amount >= owed:
        return [one.due for one in group]
    shares = [(amount * one.due / owed).quantize(CENT, rounding=ROUND_DOWN) for one in group]
    left = amount - sum(shares, ZERO)
    for position, one in enumerate(group):
        more = min(left, one.due - shares[position])
        shares[position] += more
        left -= more
    return shares


def _reason(one: Debt, due: Sequence[Debt], *, tied: bool) -> Line:
    """The step of the rule that gave the debt its place among those that are due."""
    others = [other for other in due if other.key != one.key]
    if not others:
        text = N_("It alone is due.")
    elif tied:
        text = N_("Due on the same day as others that weigh as much: in proportion.")
    elif all(other.secured != one.secured for other in others):
        text = (
            N_("Nobody else answers for it.") if not one.secured else N_("Somebody else answers for it too.")
        )
    elif any(other.secured == one.secured and other.rate != one.rate for other in others):
        text = N_("Of equal security; unpaid it costs %(rate)s a year.")
    else:
        text = N_("Of equal security and weight; due since %(since)s.")
    return Line("art-560", text, {"rate": Phrase(f"{one.rate * 100:.2f} %"), "since": one.due_since})
