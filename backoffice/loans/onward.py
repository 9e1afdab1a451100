"""Money that comes after everything else: put on the amounts as they stand, without telling the whole story again.

For plain loans only (see ``may_go_on``); what comes of it is what ``account.derive`` says, which a property test holds.
Pure: no tables, no clock. Amounts are yuan, days are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from functools import cached_property

from backoffice.core.money import ZERO, to_cents
from backoffice.loans.allocation import AllocationRule, OpenInstalment, Share, allocate
from backoffice.loans.default_interest import accrued
from backoffice.loans.facts import COMPONENTS

_DAY = timedelta(days=1)
_ALL = frozenset(COMPONENTS)


@dataclass(slots=True)
class Line:
    """An instalment with something open, named as the table names it. ``paid_in_time``: the principal was, so far."""

    pk: int
    sequence: int
    due_on: date
    principal_due: Decimal
    interest_due: Decimal
    fee_due: Decimal
    penalty_due: Decimal
    principal_paid: Decimal
    interest_paid: Decimal
    fee_paid: Decimal
    penalty_paid: Decimal
    parts: list[tuple[date, Decimal]] = field(default_factory=list)

    @property
    def contract_open(self) -> bool:
        """Whether principal, interest or fee is unpaid: what the days past due are counted by."""
        return (
            self.principal_paid < self.principal_due
            or self.interest_paid < self.interest_due
            or self.fee_paid < self.fee_due
        )

    @property
    def settled(self) -> bool:
        """Whether nothing is open of it at all; default interest is posted once its principal is paid."""
        return not self.contract_open and self.penalty_paid >= self.penalty_due


@dataclass(frozen=True)
class Terms:
    """What a contract says about money that comes. ``default_rate`` is per year, divided by ``basis`` days."""

    rule: AllocationRule
    default_rate: Decimal
    basis: int
    rounding: str

    @cached_property
    def in_order_of_dues(self) -> bool:
        """Whether every instalment is paid whole before the next one, so that only the first ones matter."""
        rule = self.rule
        return (
            rule.surplus == "next"
            and rule.filling == "instalment"
            and all(set(order) >= _ALL for order in (rule.past_due, rule.due, rule.in_advance))
        )


@dataclass(slots=True)
class Position:
    """A loan where its last fact (on ``last_on``) left it; ``lines`` are those with something open, oldest first.

    ``spells`` and ``oldest_unpaid`` are what the loan stores, whenever that was.
    """

    terms: Terms
    lines: list[Line]
    last_on: date
    spells: int
    oldest_unpaid: date | None
    #: Whether no later instalment was left out.
    whole: bool = True
    #: The day of payments under way, and whether the loan was overdue before it.
    day: date = date.min
    overdue: bool = False
    touched: dict[int, Line] = field(default_factory=dict)

    @property
    def settled(self) -> bool:
        """Nothing is owed any more."""
        return self.whole and all(line.settled for line in self.lines)

    def unpaid(self) -> list[date]:
        """The due dates of what is unpaid by the contract."""
        return [line.due_on for line in self.lines if line.contract_open]


def may_go_on(position: Position, *, first_on: date, on: date) -> bool:
    """Whether payments from ``first_on`` on, told up to the end of ``on``, need no more than what is posted.

    They come after every fact, and of no overdue instalment has a part of the principal been paid at a time that
    is not known here.
    """
    if first_on <= position.last_on:
        return False
    if position.oldest_unpaid not in (None, min(position.unpaid(), default=None)):
        return False
    return not any(
        line.due_on < on
        and position.last_on > line.due_on
        and ZERO < line.principal_paid < line.principal_due
        for line in position.lines
    )


def set_out(position: Position, *, first_on: date) -> None:
    """Bring the count of spells to the end of the day before the first payment."""
    day = first_on - _DAY
    overdue = _overdue(position, day)
    if overdue and position.oldest_unpaid is None:
        position.spells += 1
    elif not overdue and position.oldest_unpaid is not None:
        # It was stored on a later day, on which this payment was not known yet.
        position.spells -= 1
    position.overdue, position.day = overdue, first_on


def put(position: Position, *, amount: Decimal, on: date) -> tuple[Share, ...] | None:
    """Spread a payment of ``on`` over what is open; the shares name instalments by their ids.

    None, and nothing done, when something would be left over: that is a matter for the whole account.
    """
    if on > position.day:
        _end_of(position, position.day)
        _end_of(position, on - _DAY)
        position.day = on
    lines = position.lines
    rows: list[OpenInstalment] = []
    enough = ZERO
    dues: dict[int, Decimal] = {}
    ordered = position.terms.in_order_of_dues
    for line in lines:
        penalty = default_interest(line, position.terms, on=on)
        dues[line.pk] = penalty
        parts = {
            "principal": line.principal_due - line.principal_paid,
            "interest": line.interest_due - line.interest_paid,
            "fee": line.fee_due - line.fee_paid,
            "penalty": max(penalty - line.penalty_paid, ZERO),
        }
        rows.append(OpenInstalment(line.pk, line.due_on, parts))
        enough += sum(parts.values(), ZERO)
        if ordered and enough >= amount:
            break
    if enough < amount:
        return None
    result = allocate(amount=amount, on=on, instalments=rows, rule=position.terms.rule)
    if result.surplus:
        return None
    by_key = {line.pk: line for line in lines}
    for share in result.shares:
        line = by_key[share.key]
        name = f"{share.component}_paid"
        setattr(line, name, getattr(line, name) + share.amount)
        if share.component == "principal":
            line.parts.append((on, share.amount))
        position.touched[share.key] = line
    for key in {share.key for share in result.shares}:
        line = by_key[key]
        # While principal is unpaid, posted is what was paid; with its last yuan the whole is known.
        whole = line.principal_paid >= line.principal_due
        line.penalty_due = max(dues[key], line.penalty_paid) if whole else line.penalty_paid
    return result.shares


def finish(position: Position, *, on: date) -> None:
    """Bring the count of spells to the end of ``on``."""
    _end_of(position, position.day)
    _end_of(position, on)


def default_interest(line: Line, terms: Terms, *, on: date) -> Decimal:
    """The default interest of an instalment as of ``on``, by formula while its principal is unpaid."""
    if line.principal_paid >= line.principal_due:
        return line.penalty_due
    if on <= line.due_on:
        return ZERO
    known = sum((amount for _day, amount in line.parts), ZERO)
    before = [(line.due_on, line.principal_paid - known)] if line.principal_paid > known else []
    amount = accrued(
        principal=line.principal_due,
        paid=[*before, *line.parts],
        since=line.due_on,
        on=on,
        rates=[(line.due_on, terms.default_rate)],
        basis=terms.basis,
    )
    return to_cents(amount, rounding=terms.rounding)


def _end_of(position: Position, day: date) -> None:
    """Count a spell that has begun by the end of ``day``; between two payments there is one at most."""
    overdue = _overdue(position, day)
    if overdue and not position.overdue:
        position.spells += 1
    position.overdue = overdue


def _overdue(position: Position, day: date) -> bool:
    return any(line.due_on < day and line.contract_open for line in position.lines)


def lines_of(rows: Iterable[Sequence[object]]) -> list[Line]:
    """Lines from rows of the table, in the order of their due dates."""
    return sorted((Line(*row) for row in rows), key=lambda line: (line.due_on, line.sequence))  # type: ignore[arg-type]
