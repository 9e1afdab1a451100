"""Interest of the instalments of a new schedule. Pure.

Amounts are yuan, rates per year as fractions, days are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from decimal import Decimal

from backoffice.core.money import CENT, ZERO, to_cents
from backoffice.loans.accrual import interest_over
from backoffice.loans.facts import Facts, PlanRow
from backoffice.loans.schedule import ROUNDINGS, interest_between


def bearing(
    facts: Facts, rows: Sequence[PlanRow], rate: Decimal, carried: list[Decimal], *, on: date
) -> list[PlanRow]:
    """The rows (each on a due day of its own) with the interest they bear from ``on`` on at ``rate``; ``carried``
    comes with the first one, and is taken off where it was paid in advance (less than nothing)."""
    balance, before = sum((row.principal for row in rows), ZERO), on
    interest = []
    for row in rows:
        raw = interest_of(facts, balance, rate, before, row.due_on)
        interest.append(to_cents(raw, rounding=ROUNDINGS[facts.rounding]))
        before, balance = row.due_on, balance - row.principal
    if carried[0] < 0:
        carried = taken_off(interest, carried[0])
    carried += [ZERO] * (len(rows) - len(carried))
    return [
        replace(row, interest=own + more, carried=more)
        for row, own, more in zip(rows, interest, carried, strict=True)
    ]


def interest_of(facts: Facts, balance: Decimal, rate: Decimal, start: date, end: date) -> Decimal:
    """Interest on ``balance`` from ``start`` to ``end``, not rounded, as the contract counts it."""
    if not facts.daily_interest:
        return interest_over(facts, balance=balance, annual_rate=rate, start=start, end=end)
    # As the days will count it (``rest``).
    return interest_between(
        balance=balance, annual_rate=rate, period=(start, end), until=end, day_count=facts.day_count
    )


def taken_off(interest: Sequence[Decimal], run_up: Decimal) -> list[Decimal]:
    """Interest that was paid in advance, taken off the first instalments."""
    left, parts = -run_up, []
    for amount in interest:
        part = min(amount, left)
        parts.append(-part)
        left -= part
    return parts


def spread(amount: Decimal, count: int) -> list[Decimal]:
    """Equal parts of an amount; the cents that do not divide go to the first ones."""
    share = (amount / count).quantize(CENT, rounding="ROUND_DOWN")
    more = int((amount - share * count) / CENT)
    return [share + CENT] * more + [share] * (count - more)
