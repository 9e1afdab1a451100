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

from backoffice.loans.facts import Facts
from backoffice.loans.schedule import PeriodUnit, interest_between, step

_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Periods:
    """The due dates of a contract, without a first or last one: ``anchor`` is one of them."""

    anchor: date
    unit: PeriodUnit
    every: int
    month_end: bool

    def due(self, count: int) -> date:
        """The due date ``count`` periods after the anchor."""
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
    """The periods of the contract as it was made: counted from the day of payment, or from an agreed first due date."""
    first = facts.versions[0].rows[0].due_on
    periods = Periods(facts.disbursed_on, facts.period_unit, facts.every, facts.month_end)
    if periods.due(periods.before(first)) == first:
        return periods
    return Periods(first, facts.period_unit, facts.every, facts.month_end)


def interest_over(facts: Facts, *, balance: Decimal, annual_rate: Decimal, start: date, end: date) -> Decimal:
    """The interest in yuan, not rounded, of ``balance`` from ``start`` until ``end`` by the contract's day count."""
    periods, total = periods_of(facts), Decimal(0)
    place = periods.before(start)
    while start < end:
        period = (periods.due(place), periods.due(place + 1))
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
