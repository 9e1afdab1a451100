"""Repayment schedules with equal periods of one month. Pure: no tables, no settings, no clock.

Amounts are yuan with two places, rates are per year as fractions (0.146). A period's rate is the yearly rate
divided by twelve, whatever the length of the month. Every row is rounded by itself; the last row takes what
rounding left over, so that the principal parts add up to the loan to the cent.
"""

from __future__ import annotations

import calendar
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Literal

from backoffice.core.money import CENT, ZERO, to_cents

Method = Literal["equal_instalment", "equal_principal", "interest_only", "bullet"]
Rounding = Literal["half_up", "half_even"]

#: How the names stored on products and loans are understood by ``decimal``.
ROUNDINGS: dict[str, str] = {"half_up": ROUND_HALF_UP, "half_even": ROUND_HALF_EVEN}
_TWELVE = Decimal(12)


@dataclass(frozen=True, slots=True)
class Row:
    """One due date: what falls due, and the principal that is left when it has been paid (yuan)."""

    sequence: int
    due_on: date
    principal: Decimal
    interest: Decimal
    balance_after: Decimal

    @property
    def amount(self) -> Decimal:
        """Principal and interest together."""
        return self.principal + self.interest


def add_months(day: date, months: int) -> date:
    """The same day number ``months`` later; the last day of the month where that month is too short."""
    years, month = divmod(day.month - 1 + months, 12)
    year, month = day.year + years, month + 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def build_schedule(
    *,
    principal: Decimal,
    annual_rate: Decimal,
    periods: int,
    method: Method,
    disbursed_on: date,
    rounding: Rounding = "half_up",
    instalment_unit: Decimal = CENT,
) -> list[Row]:
    """The rows of a loan of ``principal`` yuan paid out on ``disbursed_on`` and repaid over ``periods`` months.

    Due dates are counted from the day of payment, never from the last due date: a loan of 31 January is due on
    28 February and then on 31 March. ``instalment_unit`` is the multiple to which an equal instalment is
    rounded (the cent unless a product says whole yuan). ``bullet`` gives one row after ``periods`` months with
    simple interest. Raises ``ValueError`` for an amount, rate or number of periods that makes no schedule.
    """
    if principal <= 0 or principal != to_cents(principal):
        raise ValueError("The principal is a positive amount in whole cents.")
    if annual_rate < 0 or periods < 1:
        raise ValueError("The rate may not be negative, and there is at least one period.")
    mode = ROUNDINGS[rounding]
    with localcontext() as context:
        context.prec = 34
        rate = annual_rate / _TWELVE
        if method == "bullet":
            interest = to_cents(principal * rate * periods, rounding=mode)
            return [Row(1, add_months(disbursed_on, periods), principal, interest, ZERO)]
        parts: _Parts
        if method == "equal_instalment":
            instalment = _equal_instalment(principal, rate, periods, unit=instalment_unit, mode=mode)
            parts = _Parts(instalment=instalment)
        elif method == "equal_principal":
            parts = _Parts(principal=to_cents(principal / periods, rounding=mode))
        else:
            parts = _Parts(principal=ZERO)
        return _rows(principal, rate, periods, disbursed_on, parts=parts, mode=mode)


@dataclass(frozen=True, slots=True)
class _Parts:
    """What stays the same from row to row: the instalment, or the principal in it."""

    instalment: Decimal | None = None
    principal: Decimal = ZERO


def _equal_instalment(
    principal: Decimal, rate: Decimal, periods: int, *, unit: Decimal, mode: str
) -> Decimal:
    exact = principal / periods if rate == 0 else principal * rate / (1 - (1 + rate) ** -periods)
    return ((exact / unit).quantize(Decimal(1), rounding=mode) * unit).quantize(CENT)


def _rows(
    principal: Decimal, rate: Decimal, periods: int, disbursed_on: date, *, parts: _Parts, mode: str
) -> list[Row]:
    rows: list[Row] = []
    balance = principal
    for sequence in range(1, periods + 1):
        interest = to_cents(balance * rate, rounding=mode)
        wanted = parts.principal if parts.instalment is None else parts.instalment - interest
        # Rounding up can pay a very small loan off early; what is left is never less than nothing.
        part = balance if sequence == periods else min(max(wanted, ZERO), balance)
        balance -= part
        rows.append(Row(sequence, add_months(disbursed_on, sequence), part, interest, balance))
    return rows


def total_interest(rows: Sequence[Row]) -> Decimal:
    """The interest of the whole schedule in yuan."""
    return sum((row.interest for row in rows), ZERO)
