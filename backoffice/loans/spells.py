"""How often a loan fell overdue. Pure: facts in, a number out.

A change of the schedule or a waiver makes nothing undone: up to the day before it the loan is judged by what was
agreed then. So a new schedule hides no overdue that there was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from backoffice.core.money import ZERO
from backoffice.loans.account import Account, derive
from backoffice.loans.ageing import Due, Paid

_DAY = timedelta(days=1)
_Stretch = tuple[date, date]


def spells_of(account: Account) -> int:
    """How many separate times, up to the end of ``account.on``, the loan went from nothing overdue to overdue.

    Each change that took effect costs one more derivation.
    """
    facts = account.facts
    turns = {one.effective_on for one in facts.versions[1:]} | {one.on for one in facts.reliefs}
    stretches: list[_Stretch] = []
    first = facts.disbursed_on
    for turn in sorted(day for day in turns if first < day <= account.on):
        then = derive(facts, on=turn - _DAY)
        stretches += _clipped(then, first=first)
        first = turn
    stretches += _clipped(account, first=first)
    return _separate(stretches)


def overdue_spells(*, on: date, schedule: Sequence[Due], payments: Sequence[Paid]) -> int:
    """The same of one schedule that never changed."""
    return _separate(list(_stretches(on=on, schedule=schedule, payments=payments)))


def _clipped(account: Account, *, first: date) -> Iterator[_Stretch]:
    """The overdue days of an account from ``first`` to its day."""
    dues, paid = account.dues_and_payments()
    for start, end in _stretches(on=account.on, schedule=dues, payments=paid):
        if end >= first:
            yield max(start, first), end


def _stretches(*, on: date, schedule: Sequence[Due], payments: Sequence[Paid]) -> Iterator[_Stretch]:
    """The overdue days of each instalment, first and last day included."""
    for due in schedule:
        last = _last_unpaid_day(due, payments, on=on)
        if last is not None and last > due.due_on:
            yield due.due_on + _DAY, last


def _last_unpaid_day(due: Due, payments: Sequence[Paid], *, on: date) -> date | None:
    """The last day up to ``on`` at whose end the instalment was not paid in full; None if there was none."""
    if due.amount <= 0:
        return None
    paid = ZERO
    last = on
    for part in sorted((p for p in payments if p.sequence == due.sequence), key=lambda one: one.received_on):
        if part.received_on > on:
            break
        before = paid
        paid += part.amount
        if before < due.amount <= paid:
            last = part.received_on - _DAY
        elif paid < due.amount:
            last = on
    return last


def _separate(stretches: Sequence[_Stretch]) -> int:
    """How many there are once those that touch are one."""
    count, until = 0, date.min
    for start, end in sorted(stretches):
        if count == 0 or start > until + _DAY:
            count += 1
        until = max(until, end)
    return count
