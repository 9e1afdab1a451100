"""Interest over any stretch of days, period by period of the contract. Pure: no tables, no settings, no clock.

A changed schedule has stretches that are no period of the contract: from the day of the change to the next due date,
or over several periods when that date was put off. They bear what the periods they touch bear: whole periods their
share of the year, a part of a period its part by actual days (``schedule.interest_between``). Amounts are yuan, rates
per year.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO, to_cents
from backoffice.loans.facts import Facts, Version
from backoffice.loans.schedule import ROUNDINGS, PeriodUnit, interest_between, step

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Periods:
    """The due dates of a contract, without a first or last one. ``anchor`` is one of them, or the day of payment."""

    anchor: date
    unit: PeriodUnit
    every: int
    month_end: bool

    def due(self, count: int) -> date:
        """The due date ``count`` periods after the anchor."""
        if count == 0:
            # Paid out in the middle of a month, the first period lasts to the end of the next one.
            return self.anchor
        return step(self.anchor, count, period_unit=self.unit, every=self.every, month_end=self.month_end)

    def before(self, day: date) -> int:
        """Which due date is the last one that is not after ``day``."""
        days = self.every * {"month": 30, "week": 7, "day": 1}[self.unit]
        count = (day - self.anchor).days // days
        while self.due(count) > day:
            count -= 1
        while self.due(count + 1) <= day:
            count += 1
        return count

    def later(self, day: date, count: int) -> date:
        """A day put off by ``count`` periods: a due date becomes a due date, every other day is counted from itself."""
        place = self.before(day)
        if self.due(place) == day:
            return self.due(place + count)
        return step(day, count, period_unit=self.unit, every=self.every)


def periods_of(facts: Facts) -> Periods:
    """The periods of the contract as it was made: counted from an agreed first due date, or from the day of payment."""
    anchor = facts.first_due_on or facts.disbursed_on
    return Periods(anchor, facts.period_unit, facts.every, facts.month_end)


def interest_over(facts: Facts, *, balance: Decimal, annual_rate: Decimal, start: date, end: date) -> Decimal:
    """The interest in yuan, not rounded, of ``balance`` from ``start`` until ``end`` by the contract's day count."""
    periods, total = periods_of(facts), Decimal(0)
    place = periods.before(start)
    while start < end:
        period = (periods.due(place), periods.due(place + 1))
        if facts.day_count == "30/360":
            # Months of thirty days know how many the odd days are; equal periods take their part of a whole one.
            period = (max(period[0], facts.disbursed_on), period[1])
        until = min(end, period[1])
        to_end, to_start = (
            interest_between(
                balance=balance,
                annual_rate=annual_rate,
                period=period,
                until=day,
                day_count=facts.day_count,
                period_unit=facts.period_unit,
                every=facts.every,
            )
            for day in (until, start)
        )
        total += to_end - to_start
        start, place = until, place + 1
    return total


def bears_since(facts: Facts, version: Version) -> date:
    """The day from which the rows of a version bear interest of their own: after odd days of which each has a share."""
    if version.number == 1 and facts.first_due_on and any(row.carried for row in version.rows):
        return periods_of(facts).due(-1)
    return version.effective_on


def odd_interest(facts: Facts, version: Version, *, on: date) -> Decimal:
    """Of the interest of odd days that is spread over the rows, what has run up by ``on``, one of them (yuan)."""
    whole = sum((row.carried for row in version.rows), ZERO)
    start, end = facts.disbursed_on, bears_since(facts, version)
    return to_cents(whole * (on - start).days / (end - start).days, rounding=ROUNDINGS[facts.rounding])
