"""Repayment schedules. Pure: no tables, no settings, no clock.

Amounts are yuan with two places, rates are per year as fractions (0.146). The conventions a product chooses:

* ``day_count`` — ``equal``: every period bears the same share of the yearly rate, whatever its length (a month a
  twelfth, a week a fifty-second, n days n/365); ``30/360`` (30E/360, ISDA 2006 §4.16(g)); ``act/360``;
  ``act/365`` (always 365, leap year or not).
* A day's interest belongs to the day on which it begins: the day of payment counts, the due date does not.
* Every row is rounded by itself; the last row takes what rounding left over, so that the principal parts add up
  to the loan to the cent.
* Due dates are counted from the first one, never from the last: a loan of 31 January is due on 28 February and
  then on 31 March.
* An agreed first due date makes the first period an odd one. It bears what its days bear: one that is longer than a
  regular period the interest of the odd days before that period as well, one that is shorter so much less. Equal
  periods give each day of a regular period an equal part of it.

Worked examples: ``docs/loan-conventions.md`` and ``tests/vectors/loans.json``.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

from backoffice.core.money import CENT, ZERO, to_cents

Method = Literal["equal_instalment", "equal_principal", "interest_only", "bullet"]
Rounding = Literal["half_up", "half_even"]
DayCount = Literal["equal", "30/360", "act/360", "act/365"]
PeriodUnit = Literal["month", "week", "day"]
OddDays = Literal["first", "spread"]

#: How the names stored on products and loans are understood by ``decimal``.
ROUNDINGS: dict[str, str] = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
_ONE = Decimal(1)
#: Equal periods: how many of a unit make a year.
PER_YEAR: dict[str, Decimal] = {"month": Decimal(12), "week": Decimal(52), "day": Decimal(365)}
_BASIS: dict[str, Decimal] = {"30/360": Decimal(360), "act/360": Decimal(360), "act/365": Decimal(365)}
#: More instalments than these (fifty years of months) are no consumer loan, and take long to reckon.
MOST_INSTALMENTS = 600


@dataclass(frozen=True, slots=True)
class Row:
    """One due date: what falls due, and the principal that is left when it has been paid (yuan).

    ``days`` are the calendar days from the due date before (or from the day of payment) to this one; ``odd`` is the
    part of the interest that is the row's share of the odd days', where that is spread.
    """

    sequence: int
    due_on: date
    principal: Decimal
    interest: Decimal
    balance_after: Decimal
    days: int = 0
    fee: Decimal = ZERO
    odd: Decimal = ZERO

    @property
    def amount(self) -> Decimal:
        """Principal, interest and fee together."""
        return self.principal + self.interest + self.fee


@dataclass(frozen=True, slots=True)
class Terms:
    """What the rows are made from; see ``build_schedule`` for the meaning of each."""

    principal: Decimal
    annual_rate: Decimal
    periods: int
    method: Method
    disbursed_on: date
    rounding: Rounding = "half_up"
    instalment_unit: Decimal = CENT
    day_count: DayCount = "equal"
    period_unit: PeriodUnit = "month"
    every: int = 1
    first_due_on: date | None = None
    month_end: bool = False
    odd_days: OddDays = "first"
    grace_principal: int = 0
    grace_interest: int = 0
    fee: Decimal = ZERO


def add_months(day: date, months: int) -> date:
    """The same day number ``months`` later; the last day of the month where that month is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def days_30e_360(start: date, end: date) -> int:
    """Days between two dates when every month has thirty (30E/360: the 31st counts as the 30th)."""
    return (
        (end.year - start.year) * 360
        + (end.month - start.month) * 30
        + (min(end.day, 30) - min(start.day, 30))
    )


def year_fraction(start: date, end: date, *, day_count: DayCount) -> Decimal:
    """The share of a year between two dates. Raises ``ValueError`` for ``equal``, which knows no single days."""
    if day_count == "equal":
        raise ValueError("Equal periods have no length in days.")
    days = days_30e_360(start, end) if day_count == "30/360" else (end - start).days
    return Decimal(days) / _BASIS[day_count]


def interest_between(
    *,
    balance: Decimal,
    annual_rate: Decimal,
    period: tuple[date, date],
    until: date,
    day_count: DayCount,
    period_unit: PeriodUnit = "month",
    every: int = 1,
) -> Decimal:
    """The interest in yuan, not rounded, of ``balance`` from the beginning of a period until ``until`` within it.

    Day counts of days count the days; the others give each actual day of the period an equal part of it.
    """
    start, end = period
    if day_count in {"act/360", "act/365"}:
        return balance * annual_rate * (until - start).days / _BASIS[day_count]
    if day_count == "30/360":
        whole = Decimal(days_30e_360(start, end)) / _BASIS[day_count]
    else:
        whole = every / PER_YEAR[period_unit]
    return balance * annual_rate * whole * (until - start).days / (end - start).days


def build_schedule(
    *,
    principal: Decimal,
    annual_rate: Decimal,
    periods: int,
    method: Method,
    disbursed_on: date,
    rounding: Rounding = "half_up",
    instalment_unit: Decimal = CENT,
    day_count: DayCount = "equal",
    period_unit: PeriodUnit = "month",
    every: int = 1,
    first_due_on: date | None = None,
    month_end: bool = False,
    odd_days: OddDays = "first",
    grace_principal: int = 0,
    grace_interest: int = 0,
    fee: Decimal = ZERO,
) -> list[Row]:
    """The rows of a loan of ``principal`` yuan paid out on ``disbursed_on`` and repaid in ``periods`` periods.

    A period is ``every`` months, weeks or days. ``first_due_on`` moves the first due date and all after it; the
    interest of the odd days before a regular first period is put into the first row (``odd_days="first"``) or
    spread evenly over all rows (``spread``). It is never taken at payment, for that money was not lent (Civil Code
    art. 670). ``month_end`` puts every due date on the last day of its month.
    ``instalment_unit`` is the multiple to which an equal instalment, or an equal part of the principal, is rounded
    (the cent unless a product says whole yuan). During the first ``grace_principal`` rows no principal falls due;
    the interest of the first ``grace_interest`` rows is put off to the row after them, not forgiven. ``fee`` falls
    due with every row.
    ``bullet`` gives one row after all periods with simple interest. Raises ``ValueError`` for terms that make no
    schedule.
    """
    terms = Terms(
        principal=principal,
        annual_rate=annual_rate,
        periods=periods,
        method=method,
        disbursed_on=disbursed_on,
        rounding=rounding,
        instalment_unit=instalment_unit,
        day_count=day_count,
        period_unit=period_unit,
        every=every,
        first_due_on=first_due_on,
        month_end=month_end,
        odd_days=odd_days,
        grace_principal=grace_principal,
        grace_interest=grace_interest,
        fee=fee,
    )
    _check(terms)
    with localcontext() as context:
        context.prec = 34
        if method == "bullet":
            return _bullet(terms)
        dues = _due_dates(terms)
        return _rows(terms, dues, _rates(terms, dues), _surcharge(terms))


def rows_on(
    *,
    principal: Decimal,
    dues: Sequence[date],
    rates: Sequence[Decimal],
    method: Method,
    since: date,
    rounding: Rounding = "half_up",
    instalment_unit: Decimal = CENT,
) -> list[Row]:
    """The rows that repay ``principal`` yuan on these due dates, the interest of each period at its own rate.

    For what is planned anew from ``since`` on, in periods of any length; ``rates`` are those of the periods, not of a
    year. ``bullet`` gives one row on the last date with the interest of all periods. Raises ``ValueError`` as
    ``build_schedule``.
    """
    if method == "bullet":
        method, dues, rates = "interest_only", dues[-1:], [sum(rates, Decimal(0))]
    terms = Terms(principal, Decimal(0), len(dues), method, since, rounding, instalment_unit)
    _check(terms)
    with localcontext() as context:
        context.prec = 34
        return _rows(terms, dues, rates, Decimal(0))


def total_interest(rows: Sequence[Row]) -> Decimal:
    """The interest of the whole schedule in yuan."""
    return sum((row.interest for row in rows), ZERO)


def _check(terms: Terms) -> None:
    if terms.principal <= 0 or terms.principal != to_cents(terms.principal):
        raise ValueError("The principal is a positive amount in whole cents.")
    if terms.annual_rate < 0 or terms.periods < 1 or terms.every < 1:
        raise ValueError("The rate may not be negative, and there is at least one period.")
    if terms.first_due_on is not None and terms.first_due_on <= terms.disbursed_on:
        raise ValueError("The first due date lies after the day of payment.")
    if not 0 <= terms.grace_principal < terms.periods or not 0 <= terms.grace_interest < terms.periods:
        raise ValueError("A grace ends before the last row.")
    if terms.fee < 0 or terms.instalment_unit <= 0:
        raise ValueError("A fee is not negative, and an instalment is rounded to a positive multiple.")


def step(day: date, count: int, *, period_unit: PeriodUnit, every: int, month_end: bool = False) -> date:
    """The due date ``count`` periods of ``every`` units after ``day`` (before it, if less than nothing)."""
    if period_unit == "month":
        moved = add_months(day, every * count)
        if not month_end:
            return moved
        return moved.replace(day=calendar.monthrange(moved.year, moved.month)[1])
    length = every * (7 if period_unit == "week" else 1)
    return day + timedelta(days=length * count)


def _step(day: date, terms: Terms, count: int) -> date:
    return step(day, count, period_unit=terms.period_unit, every=terms.every, month_end=terms.month_end)


def _due_dates(terms: Terms) -> list[date]:
    if terms.first_due_on is None:
        return [_step(terms.disbursed_on, terms, count) for count in range(1, terms.periods + 1)]
    return [_step(terms.first_due_on, terms, count) for count in range(terms.periods)]


def _rates(terms: Terms, dues: Sequence[date]) -> list[Decimal]:
    """The rate of each period, that of odd days in the first one unless every row bears its share of it."""
    if terms.first_due_on is None:
        start, odd = terms.disbursed_on, Decimal(0)
    else:
        start, odd = _regular_start(terms, terms.first_due_on), _odd_share(terms, terms.first_due_on)
    if terms.day_count == "equal":
        shares = [terms.every / PER_YEAR[terms.period_unit]] * len(dues)
    else:
        starts = [start, *dues[:-1]]
        shares = [
            year_fraction(one, other, day_count=terms.day_count)
            for one, other in zip(starts, dues, strict=True)
        ]
    if terms.odd_days == "first" or odd < 0:
        shares[0] += odd
    return [terms.annual_rate * share for share in shares]


def _surcharge(terms: Terms) -> Decimal:
    """The share of the odd days' interest that every row bears (not rounded)."""
    if terms.odd_days == "first" or terms.first_due_on is None:
        return Decimal(0)
    share = max(_odd_share(terms, terms.first_due_on), Decimal(0))
    return terms.principal * terms.annual_rate * share / terms.periods


def _regular_start(terms: Terms, first_due_on: date) -> date:
    """The day on which the loan would have been paid out for a regular first period."""
    return _step(first_due_on, terms, -1)


def _odd_share(terms: Terms, first_due_on: date) -> Decimal:
    """The share of a year of the odd days before a regular first period; less than nothing where it is shorter."""
    start, regular = terms.disbursed_on, _regular_start(terms, first_due_on)
    if terms.day_count != "equal":
        return year_fraction(start, regular, day_count=terms.day_count)
    whole = terms.every / PER_YEAR[terms.period_unit]
    if regular <= start:
        return -whole * (start - regular).days / (first_due_on - regular).days
    share, count = Decimal(0), -1
    while regular > start:
        count -= 1
        before = _step(first_due_on, terms, count)
        share += whole * (regular - max(before, start)).days / (regular - before).days
        regular = before
    return share


def _bullet(terms: Terms) -> list[Row]:
    end = _due_dates(terms)[-1]
    if terms.day_count == "equal":
        odd = Decimal(0) if terms.first_due_on is None else _odd_share(terms, terms.first_due_on)
        share = terms.every * terms.periods / PER_YEAR[terms.period_unit] + odd
    else:
        share = year_fraction(terms.disbursed_on, end, day_count=terms.day_count)
    interest = to_cents(terms.principal * terms.annual_rate * share, rounding=ROUNDINGS[terms.rounding])
    days = (end - terms.disbursed_on).days
    return [Row(1, end, terms.principal, interest, ZERO, days, terms.fee)]


def _to_multiple(terms: Terms, exact: Decimal) -> Decimal:
    """The amount rounded to the multiple that the terms name."""
    count = (exact / terms.instalment_unit).quantize(_ONE, rounding=ROUNDINGS[terms.rounding])
    return (count * terms.instalment_unit).quantize(CENT)


def _equal_instalment(terms: Terms, rates: Sequence[Decimal]) -> Decimal:
    """The instalment that pays the loan off with these very rates: the loan over the sum of discount factors."""
    factor, total = _ONE, Decimal(0)
    for rate in rates:
        factor /= 1 + rate
        total += factor
    return _to_multiple(terms, terms.principal / total)


def _rows(terms: Terms, dues: Sequence[date], rates: Sequence[Decimal], surcharge: Decimal) -> list[Row]:
    mode = ROUNDINGS[terms.rounding]
    paying = terms.periods - terms.grace_principal
    instalment = (
        _equal_instalment(terms, rates[terms.grace_principal :])
        if terms.method == "equal_instalment"
        else None
    )
    share = _to_multiple(terms, terms.principal / paying) if terms.method == "equal_principal" else ZERO
    rows: list[Row] = []
    balance, put_off, before = terms.principal, ZERO, terms.disbursed_on
    for sequence, (due_on, rate) in enumerate(zip(dues, rates, strict=True), start=1):
        own = balance * rate
        interest, regular = (to_cents(one, rounding=mode) for one in (own + surcharge, own))
        if sequence <= terms.grace_principal:
            part = ZERO
        elif sequence == terms.periods:
            part = balance
        else:
            wanted = share if instalment is None else instalment - regular
            # Rounding up can pay a very small loan off early; what is left is never less than nothing.
            part = min(max(wanted, ZERO), balance)
        balance -= part
        if sequence <= terms.grace_interest:
            put_off += interest
            due = ZERO
        else:
            due, put_off = interest + put_off, ZERO
        odd = interest - regular
        rows.append(Row(sequence, due_on, part, due, balance, (due_on - before).days, terms.fee, odd))
        before = due_on
    return rows
