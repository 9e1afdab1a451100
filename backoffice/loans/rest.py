"""Interest by the day on what is really unpaid (daily rest). Pure: no tables, no settings, no clock.

For loans with daily interest the schedule is a plan: what a period really bears follows from the principal that was
unpaid on each of its days. Up to the day asked about that is a fact; after it we assume that what falls due is paid
(not more, not less). A late payment makes interest grow and, with equal instalments, the principal part of an
instalment shrink, so that the instalment stays as agreed and the last one absorbs the difference; paying early makes
interest fall and leaves the principal parts as planned. There is no interest on interest.

Worked example: vector V10 (``tests/vectors/loans.json``).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Protocol

from backoffice.core.money import ZERO, to_cents
from backoffice.loans.schedule import ROUNDINGS, DayCount, Rounding, interest_between


class Planned(Protocol):
    """One planned instalment in yuan; ``carried`` is interest from before the schedule took effect."""

    @property
    def due_on(self) -> date: ...
    @property
    def principal(self) -> Decimal: ...
    @property
    def interest(self) -> Decimal: ...
    @property
    def carried(self) -> Decimal: ...


@dataclass(frozen=True, slots=True)
class RestRow:
    """What the days made of a planned instalment (yuan). ``accrued`` is the interest of the days before ``on``."""

    principal: Decimal
    interest: Decimal
    accrued: Decimal


def rest_rows(
    plan: Sequence[Planned],
    *,
    principal: Decimal,
    since: date,
    rates: Sequence[tuple[date, Decimal]],
    paid: Sequence[tuple[date, Decimal]],
    floor: Sequence[Decimal],
    equal_instalment: bool,
    day_count: DayCount,
    rounding: Rounding,
    on: date,
    taken_over: int = 0,
) -> list[RestRow]:
    """The rows of ``plan`` as of the end of ``on``.

    ``since`` is the day from which the plan bears interest: rows due by then and the first ``taken_over`` ones stay as
    planned (an earlier schedule's), what earlier days bore is in ``carried``. ``rates`` (per year) hold from their day
    on; ``paid`` are payments of principal (yuan) by day; ``floor`` is the principal each row has been paid already,
    below which its part never falls, nor that of the rows after it. Raises ``ValueError`` for equal periods, which know
    no single days.
    """
    if day_count == "equal":
        raise ValueError("Daily interest needs a day count that knows days.")
    mode = ROUNDINGS[rounding]
    rows: list[RestRow] = []
    balance, before, last = principal, since, len(plan) - 1
    turns = {on, *(day for day, _amount in paid), *(day for day, _rate in rates)}
    with localcontext() as context:
        context.prec = 34
        for position, row in enumerate(plan):
            as_planned = position < taken_over or row.due_on <= since
            if as_planned:
                rows.append(RestRow(row.principal, row.interest, row.interest))
            else:
                total, gone = Decimal(0), Decimal(0)
                days = sorted({before, row.due_on, *(day for day in turns if before < day < row.due_on)})
                for start, end in pairwise(days):
                    unpaid = principal - sum((amount for day, amount in paid if day <= start), ZERO)
                    owed = unpaid if start < on else min(unpaid, balance)
                    rate = next(rate for first, rate in reversed(rates) if first <= start)
                    to_end, to_start = (
                        interest_between(
                            balance=owed,
                            annual_rate=rate,
                            period=(before, row.due_on),
                            until=until,
                            day_count=day_count,
                        )
                        for until in (end, start)
                    )
                    total += to_end - to_start
                    if end <= on:
                        gone += to_end - to_start
                interest = max(row.carried + to_cents(total, rounding=mode), ZERO)
                part = row.principal
                if equal_instalment:
                    part = min(part, max(row.principal + row.interest - interest, ZERO))
                later = sum(floor[position + 1 :], ZERO)
                part = balance if position == last else min(max(part, floor[position]), balance - later)
                so_far = max(row.carried + to_cents(gone, rounding=mode), ZERO)
                rows.append(RestRow(part, interest, min(so_far, interest)))
            balance -= rows[-1].principal
            before = before if as_planned else row.due_on
    return rows
