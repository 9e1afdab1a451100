"""The all-in yearly cost of a loan (综合融资成本). Pure: no tables, no settings, no clock.

Everything that the borrower pays to anybody for having the money, against the principal really in use (PBOC
announcement 2021 No 3; Civil Code art. 670: what is taken at payment was never lent). Amounts are yuan, rates are
per year as fractions (0.146), rounded half up to six places.

Two ways of counting the time (``Convention``), stored with every result:

* ``periods`` — every payment falls on the day of payment or a whole number of periods after it. The unit is the
  longest stretch of periods that all payments are multiples of (a bullet loan: its whole term), ``r`` solves
  ``received = Σ paid(k) / (1+r)^k``, there are ``m`` units in a year: nominal = ``m·r`` (单利), effective =
  ``(1+r)^m − 1`` (IRR, 复利). A year has twelve months, 52 weeks or 365 days.
* ``days`` — contracts that count days, and payments off that grid: effective solves ``received =
  Σ paid(t) / (1+i)^(days/365)``; nominal is the simple rate by actual days over 365, compounded from payment to
  payment: a contract of ACT/365 without fees costs its very rate.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal, localcontext
from itertools import pairwise
from typing import Literal

import pyxirr

from backoffice.core.money import ZERO
from backoffice.loans.schedule import PER_YEAR, PeriodUnit, add_months

Convention = Literal["periods", "days"]
#: A payment: its day and yuan.
Payment = tuple[date, Decimal]

RATE = Decimal("0.000001")
#: A hundredth of a per cent: what is told to people and held against caps.
QUOTED = Decimal("0.0001")
#: Dearer than this is no more told apart (a fee as large as the loan, due tomorrow, has no yearly rate to speak of).
MOST = Decimal(999_999)
_ONE = Decimal(1)
_ENOUGH = Decimal("1e-15")


class NotALoan(ValueError):
    """No money in use, or less paid back than received: there is no yearly cost."""


@dataclass(frozen=True, slots=True)
class YearlyCost:
    """``effective`` compounds (IRR), ``nominal`` does not; ``parts`` are the items' shares of ``nominal``.

    The parts add up to ``nominal`` to the last place.
    """

    effective: Decimal
    nominal: Decimal
    convention: Convention
    parts: Mapping[str, Decimal]


def quoted(rate: Decimal) -> Decimal:
    """A yearly rate as it is told and held against a cap: to the hundredth of a per cent, half up."""
    return rate.quantize(QUOTED, rounding=ROUND_HALF_UP)


def yearly_cost(
    *,
    principal: Decimal,
    disbursed_on: date,
    repaid: Sequence[Payment],
    items: Mapping[str, Sequence[Payment]],
    period_unit: PeriodUnit = "month",
    every: int = 1,
    by_days: bool = False,
) -> YearlyCost:
    """What ``principal`` yuan paid out on ``disbursed_on`` cost a year when everything is paid on its day.

    ``repaid`` are the payments of principal, ``items`` those of each kind of cost by a name of the caller's; an
    item on the day of payment counts as taken from the money. A period is ``every`` months, weeks or days;
    ``by_days`` is for contracts whose interest counts days, so that a month of 31 costs no more a year than another.
    Raises ``NotALoan`` when nothing is left in use or less comes back than went out.
    """
    flows: dict[date, Decimal] = {}
    for day, amount in [*repaid, *(one for payments in items.values() for one in payments)]:
        if amount < 0 or day < disbursed_on:
            raise NotALoan("A borrower pays something, and not before the money is there.")
        flows[day] = flows.get(day, ZERO) + amount
    received = principal - flows.pop(disbursed_on, ZERO)
    paid = sorted((day, amount) for day, amount in flows.items() if amount)
    if received <= 0 or not paid or sum(amount for _day, amount in paid) < received:
        raise NotALoan("No money is in use, or less is paid back than was received.")
    with localcontext() as context:
        context.prec = 34
        days = [day for day, _yuan in paid]
        places = None if by_days else _places(days, start=disbursed_on, unit=period_unit, every=every)
        if places is not None:
            step = math.gcd(*places.values())
            units = PER_YEAR[period_unit] / every / step
            rate = _solve(received, [(places[day] // step, yuan) for day, yuan in paid], units=1)
            nominal, effective = rate * units, _compounded(rate, units)
            worth = {day: 1 / (1 + rate) ** (place // step) for day, place in places.items()}
        else:
            effective = _solve(received, [((day - disbursed_on).days, yuan) for day, yuan in paid], units=365)
            gaps = [Decimal((day - before).days) / 365 for before, day in pairwise([disbursed_on, *days])]
            nominal = _solve_simple(received, [yuan for _day, yuan in paid], gaps, guess=effective)
            worth = dict(zip(days, _simple_worth(nominal, gaps), strict=True))
        nominal = _rounded(nominal)
        return YearlyCost(
            effective=_rounded(effective),
            nominal=nominal,
            convention="days" if places is None else "periods",
            parts=_parts(items, nominal=nominal, worth={disbursed_on: _ONE, **worth}),
        )


def _rounded(rate: Decimal) -> Decimal:
    return min(rate, MOST).quantize(RATE, rounding=ROUND_HALF_UP)


def _compounded(rate: Decimal, times: Decimal) -> Decimal:
    # Beyond what can be told apart the power itself would not end in sensible time.
    if times * (1 + rate).ln() > MOST.ln():
        return MOST
    return (1 + rate) ** times - 1


def _places(days: Sequence[date], *, start: date, unit: PeriodUnit, every: int) -> dict[date, int] | None:
    """How many periods after ``start`` each day is; None when one lies between two periods."""
    places: dict[date, int] = {}
    count = 0
    for day in days:
        while _stepped(start, unit, every * count) < day:
            count += 1
        if _stepped(start, unit, every * count) != day:
            return None
        places[day] = count
    return places


def _stepped(start: date, unit: PeriodUnit, units: int) -> date:
    if unit == "month":
        return add_months(start, units)
    return start + timedelta(days=units * (7 if unit == "week" else 1))


def _solve(received: Decimal, paid: Sequence[tuple[int, Decimal]], *, units: int) -> Decimal:
    """The rate at which the payments (place, yuan) are worth what was received; ``units`` places are one time.

    pyxirr finds it in binary fractions; Newton's steps in decimal ones then make it exact. Starting from nothing the
    steps rise to the rate without ever passing it, because the worth falls ever more slowly; so they always end.
    """
    rate = _guess(received, paid, units=units)
    for _step in range(200):
        # One root and whole powers of it: a root for each payment takes thirty times as long.
        unit = (1 + rate) ** (Decimal(-1) / units)
        worth = slope = Decimal(0)
        for place, yuan in paid:
            part = yuan * unit**place
            worth += part
            slope += place * part
        change = (worth - received) * units * (1 + rate) / slope
        rate = max(rate + change, Decimal(0))
        if abs(change) <= _ENOUGH * (1 + rate):
            break
    return rate


def _simple_worth(rate: Decimal, gaps: Sequence[Decimal]) -> list[Decimal]:
    """What one yuan is worth today at the end of each gap (in years), simple interest within, compound between."""
    found, worth = [], _ONE
    for gap in gaps:
        worth /= 1 + rate * gap
        found.append(worth)
    return found


def _solve_simple(
    received: Decimal, paid: Sequence[Decimal], gaps: Sequence[Decimal], *, guess: Decimal
) -> Decimal:
    """The yearly rate at which the payments are worth what was received; Newton's steps as in ``_solve``."""
    # Never above the rate that is sought, so that no step can fall below nothing.
    rate = Decimal(0) if guess > 1 else guess / 2
    for _step in range(200):
        total = slope = moved = Decimal(0)
        for yuan, worth, gap in zip(paid, _simple_worth(rate, gaps), gaps, strict=True):
            moved += gap / (1 + rate * gap)
            total += yuan * worth
            slope += yuan * worth * moved
        change = (total - received) / slope
        rate = max(rate + change, Decimal(0))
        if abs(change) <= _ENOUGH * (1 + rate):
            break
    return rate


def _guess(received: Decimal, paid: Sequence[tuple[int, Decimal]], *, units: int) -> Decimal:
    if units == 1:
        amounts = [0.0] * (paid[-1][0] + 1)
        amounts[0] = -float(received)
        for place, yuan in paid:
            amounts[place] += float(yuan)
        found = pyxirr.irr(amounts)
    else:
        start = date(2000, 1, 1)
        days = [start, *(start + timedelta(days=place) for place, _yuan in paid)]
        found = pyxirr.xirr(days, [-float(received), *(float(yuan) for _place, yuan in paid)])
    if found is None or not math.isfinite(found) or found < 0:
        return Decimal(0)
    return Decimal(repr(found))


def _parts(
    items: Mapping[str, Sequence[Payment]], *, nominal: Decimal, worth: Mapping[date, Decimal]
) -> dict[str, Decimal]:
    """Each item's share of the yearly rate; ``worth``: what a yuan of each day is worth on the day of payment.

    The principal owed in each stretch, discounted, times rate and length is what all items together are worth today.
    So an item's part of the rate is its part of that worth; the greatest takes what rounding leaves.
    """
    today = {
        name: sum((yuan * worth[day] for day, yuan in payments if yuan), Decimal(0))
        for name, payments in items.items()
    }
    whole = sum(today.values(), Decimal(0))
    if whole == 0:
        return dict.fromkeys(items, Decimal(0).quantize(RATE))
    parts = {
        name: (nominal * one / whole).quantize(RATE, rounding=ROUND_HALF_UP) for name, one in today.items()
    }
    greatest = max(parts, key=lambda name: parts[name])
    parts[greatest] += nominal - sum(parts.values(), Decimal(0))
    return parts
