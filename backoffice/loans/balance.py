"""How the principal went down, and how it was to go down. Pure: an account in, steps out; no tables, no clock."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.loans.account import Account


@dataclass(frozen=True, slots=True)
class Step:
    """From ``on`` on so much principal (yuan) is owed, until the next step."""

    on: date
    principal: Decimal


def owed_over_time(account: Account) -> tuple[Step, ...]:
    """The principal really owed up to the account's day: one step per day on which some of it was paid."""
    paid: dict[date, Decimal] = {}
    for row in account.rows:
        for part in row.parts:
            if part.component == "principal":
                paid[part.on] = paid.get(part.on, ZERO) + part.amount
    return _steps(account, paid)


def planned_over_time(account: Account) -> tuple[Step, ...]:
    """The same by the schedule in force, to its last due date."""
    due: dict[date, Decimal] = {}
    for row in account.version.rows:
        due[row.due_on] = due.get(row.due_on, ZERO) + row.principal
    return _steps(account, due)


def _steps(account: Account, less: dict[date, Decimal]) -> tuple[Step, ...]:
    left = account.facts.principal
    steps = [Step(account.facts.disbursed_on, left)]
    for day in sorted(less):
        left -= less[day]
        steps.append(Step(day, left))
    return tuple(steps)
