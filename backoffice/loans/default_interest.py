"""Default interest (罚息): what overdue principal costs by the day. Pure.

It runs on the unpaid principal of an instalment from the day after its due date, by actual days: paid one day late,
it is one day. The yearly rate is divided by 360 for contracts on 360 days (30/360, ACT/360) and by 365 for all others.
There is none on interest, fees or earlier default interest (no compounding), and none on days that are free of it.
Sources: 银发〔2003〕251号 (rate), Civil Code art. 676; the rate itself is capped when the loan is made.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, timedelta
from decimal import Decimal
from itertools import pairwise

from backoffice.core.money import ZERO
from backoffice.loans.schedule import DayCount

_DAY = timedelta(days=1)
Stretch = tuple[date, date | None]


def day_basis(day_count: DayCount) -> int:
    """By how many days a yearly rate of default interest is divided."""
    return 360 if day_count in {"30/360", "act/360"} else 365


def charged_days(start: date, end: date, *, free: Sequence[Stretch]) -> int:
    """The days after ``start`` up to and including ``end`` that are not free. ``free``: (first, last day or open)."""
    days = (end - start).days
    if days <= 0:
        return 0
    taken_until = start
    for first, last in sorted(free, key=lambda one: one[0]):
        low = max(first, taken_until + _DAY)
        high = min(last or end, end)
        if low <= high:
            days -= (high - low).days + 1
            taken_until = high
    return days


def accrued(
    *,
    principal: Decimal,
    paid: Iterable[tuple[date, Decimal]],
    since: date,
    on: date,
    rates: Sequence[tuple[date, Decimal]],
    basis: int,
    free: Sequence[Stretch] = (),
) -> Decimal:
    """The default interest in yuan, not rounded, that ``principal`` ran up from the end of ``since`` to that of ``on``.

    ``paid`` are payments of this principal by day; a payment on a day stops the interest from the next day on.
    ``rates`` (per year) hold from the end of their day on; the first one from the beginning.
    """
    if on <= since:
        return ZERO
    payments = sorted(paid)
    cuts = sorted(
        {since, on}
        | {day for day, _amount in payments if since < day < on}
        | {day for day, _rate in rates if since < day < on}
    )
    total = ZERO
    for start, end in pairwise(cuts):
        owed = principal - sum((amount for day, amount in payments if day <= start), ZERO)
        if owed <= 0:
            break
        known = [rate for day, rate in rates if day <= start]
        rate = known[-1] if known else rates[0][1]
        total += owed * rate * charged_days(start, end, free=free) / basis
    return total
