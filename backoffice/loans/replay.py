"""A loan told fact by fact: the engine of ``account.derive``. Pure: no tables, no settings, no clock."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal
from typing import Any

from backoffice.core.money import ZERO, to_cents
from backoffice.loans.accrual import bears_since, interest_over, odd_interest, periods_of
from backoffice.loans.allocation import allocate, as_owed
from backoffice.loans.default_interest import accrued, day_basis
from backoffice.loans.facts import (
    COMPONENTS,
    Account,
    AccountRow,
    AccountShare,
    Cost,
    Facts,
    PaidPart,
    PlanRow,
    Receipt,
    Relief,
    Version,
)
from backoffice.loans.rest import RestRow, rest_rows
from backoffice.loans.schedule import ROUNDINGS

#: What comes first on a day: what was agreed, then what it cost, what was let go, what was paid, and last what lay
#: there as credit when something fell due or cost something.
VERSION, _COST, _RELIEF, _RECEIPT, _CREDIT = range(5)
_Fact = Version | Cost | Relief | Receipt | None


def in_order(facts: Facts, *, on: date) -> list[tuple[date, int, tuple[Any, ...], _Fact]]:
    """Everything that happened by the end of ``on``: day, rank on that day, order among its like, fact."""
    found: list[tuple[date, int, tuple[Any, ...], _Fact]] = []
    found += [(one.effective_on, VERSION, (one.number,), one) for one in facts.versions[1:]]
    found += [(one.on, _COST, (one.key,), one) for one in facts.costs]
    found += [(one.on, _RELIEF, (one.key,), one) for one in facts.reliefs]
    found += [(one.on, _RECEIPT, (*one.order, one.key), one) for one in facts.receipts]
    days = {row.due_on for version in facts.versions for row in version.rows}
    days |= {one.on for one in facts.costs}
    found += [(day, _CREDIT, (), None) for day in days]
    return sorted(
        (one for one in found if facts.disbursed_on <= one[0] <= on), key=lambda one: (one[0], one[1], one[2])
    )


class _Line:
    """One instalment under way."""

    __slots__ = ("cost", "paid", "parts", "plan", "relief", "taken_over")

    def __init__(self, plan: PlanRow, *, taken_over: bool = False) -> None:
        self.plan = plan
        self.taken_over = taken_over
        self.paid = dict.fromkeys(COMPONENTS, ZERO)
        self.relief = dict.fromkeys(COMPONENTS, ZERO)
        self.cost = ZERO
        self.parts: list[PaidPart] = []

    def pay(self, part: PaidPart) -> None:
        self.paid[part.component] += part.amount
        self.parts.append(part)

    def open(self, due: dict[str, Decimal]) -> dict[str, Decimal]:
        return {name: max(due[name] - self.paid[name], ZERO) for name in COMPONENTS}

    def principal_paid(self) -> list[tuple[date, Decimal]]:
        return [(part.on, part.amount) for part in self.parts if part.component == "principal"]


class Replay:
    """The loan while its facts are told one after the other."""

    def __init__(self, facts: Facts) -> None:
        self.facts = facts
        self.version = facts.versions[0]
        #: Of the versions so far: what comes later is not known yet.
        self.rates = [(self.version.effective_on, self.version.annual_rate)]
        self.lines = [_Line(row) for row in self.version.rows]
        self.parts: list[PaidPart] = []
        self.shares: list[AccountShare] = []
        self.credit: dict[int, Decimal] = {}
        self.basis = day_basis(facts.day_count)

    def take(self, fact: _Fact, day: date) -> None:
        """Let one more thing happen on ``day``."""
        if isinstance(fact, Version):
            self._change(fact, day)
        elif isinstance(fact, Cost):
            self._oldest_open(day).cost += fact.amount
        elif isinstance(fact, Relief):
            self._let_go(fact, day)
        elif isinstance(fact, Receipt):
            self._put(fact.key, fact.amount, day)
        else:
            self._use_credit(day)

    def account(self, on: date) -> Account:
        """The account as of the end of ``on``, from what was taken so far."""
        rows = tuple(
            AccountRow(
                one.plan.sequence, one.plan.due_on, due, dict(one.paid), list(one.parts), dict(one.relief)
            )
            for one, due in zip(self.lines, self._dues(on), strict=True)
        )
        surplus = {key: amount for key, amount in self.credit.items() if amount}
        return Account(on, self.facts, self.version, rows, tuple(self.shares), surplus)

    def settling_interest(self, on: date, *, to_period_end: bool) -> Decimal:
        """The interest that is asked for beside what has fallen due if the loan is settled on ``on``: to the day, or to
        the end of the running period (on a due date it has just ended). Less than nothing where interest of the time
        after it was paid already."""
        ahead = self._ahead(on)
        end = self._period_ends(on) if to_period_end and ahead and self._paid_off_on() is None else on
        following = self._next(ahead)
        if following and end > on and following.plan.interest and end >= following.plan.due_on:
            whole = self._with_running(ahead, following.plan.interest)
        else:
            # After a deferral, or where interest is graced, the next instalment's is not that of the running period.
            whole = self._gross(ahead, end)
        parts = (
            amount - min(line.relief["interest"], max(amount, ZERO)) - line.paid["interest"]
            for line, amount in zip(ahead, whole, strict=True)
        )
        # What was waived ahead is no money that could be given back.
        received = sum((line.paid["interest"] for line in self.lines), ZERO)
        return max(sum(parts, ZERO), -received)

    def _period_ends(self, on: date) -> date:
        """The last day of the period that runs on ``on``; ``on`` itself where it is a due date."""
        if any(line.plan.due_on == on for line in self.lines):
            return on
        periods = periods_of(self.facts)
        return max(periods.due(periods.before(on) + 1), self.facts.first_due_on or on)

    def run_up(self, on: date) -> Decimal:
        """The interest run up by ``on`` that falls due later, less all that was paid or waived of such."""
        ahead = self._ahead(on)
        gone = (line.paid["interest"] + line.relief["interest"] for line in ahead)
        return sum(self._gross(ahead, on), ZERO) - sum(gone, ZERO)

    def _ahead(self, on: date) -> list[_Line]:
        return [line for line in self.lines if line.plan.due_on > on]

    def _gross(self, ahead: list[_Line], on: date) -> list[Decimal]:
        """What has run up by ``on`` with each instalment to come: in the running period, and carried over."""
        following = self._next(ahead)
        if following is None:
            return self._with_running(ahead, ZERO)
        if self.facts.daily_interest:
            return self._with_running(ahead, self._rest(on)[self.lines.index(following)].accrued)
        if on < bears_since(self.facts, self.version):
            odd = odd_interest(self.facts, self.version, on=on)
            return [odd if line is following else ZERO for line in ahead]
        return self._with_running(ahead, self._accrued(on, following))

    @staticmethod
    def _next(ahead: list[_Line]) -> _Line | None:
        """The instalment that bears the interest of the running period."""
        return next((line for line in ahead if not line.taken_over), None)

    def _with_running(self, ahead: list[_Line], running: Decimal) -> list[Decimal]:
        """The interest of each instalment to come that is owed by now, ``running`` that of the running period.

        That of what was taken over is owed whole: the change reckoned with it (``PlanRow.carried``).
        """
        following = self._next(ahead)
        return [
            running if line is following else line.plan.interest if line.taken_over else line.plan.carried
            for line in ahead
        ]

    def _accrued(self, on: date, following: _Line) -> Decimal:
        """The planned interest of the running period up to ``on``, with that of rows before it which was put off.

        ``following`` is the next instalment: what later ones carry stands with themselves (``_with_running``).
        """
        total, before, balance = Decimal(0), bears_since(self.facts, self.version), self.facts.principal
        rate = self.version.annual_rate
        for place, row in enumerate(self.version.rows):
            if place < self.version.taken_over or row.due_on <= self.version.effective_on:
                balance -= row.principal
                continue
            ended = row.due_on <= on
            if ended and row.interest:
                total = Decimal(0)
            else:
                until = min(row.due_on, on)
                total += interest_over(self.facts, balance=balance, annual_rate=rate, start=before, end=until)
                if row.sequence <= following.plan.sequence:
                    total += row.carried
            if not ended:
                break
            before, balance = row.due_on, balance - row.principal
        return to_cents(total, rounding=ROUNDINGS[self.facts.rounding])

    def _rest(self, on: date) -> list[RestRow]:
        facts = self.facts
        return rest_rows(
            self.version.rows,
            principal=facts.principal,
            since=self.version.effective_on,
            taken_over=self.version.taken_over,
            rates=self.rates,
            paid=[(part.on, part.amount) for part in self.parts if part.component == "principal"],
            floor=[line.paid["principal"] for line in self.lines],
            equal_instalment=facts.method == "equal_instalment",
            day_count=facts.day_count,
            rounding=facts.rounding,
            on=on,
        )

    def _dues(self, on: date, *, accrued_only: bool = False) -> list[dict[str, Decimal]]:
        """What is due of each line as of the end of ``on``; ``accrued_only``: of interest ahead, that of past days."""
        rest = self._rest(on) if self.facts.daily_interest else None
        paid_off_on = self._paid_off_on() if rest is not None else None
        dues = []
        for position, line in enumerate(self.lines):
            plan = line.plan
            principal, interest, fee = plan.principal, plan.interest, plan.fee
            if rest is not None:
                principal, interest = rest[position].principal, rest[position].interest
                ahead = accrued_only and plan.due_on > on
                if ahead:
                    interest = rest[position].accrued
                # Repaying early saves the fees of the time after it.
                if ahead or (paid_off_on is not None and paid_off_on < plan.due_on):
                    fee = line.paid["fee"]
            due = {
                "principal": principal,
                "interest": interest,
                "fee": fee,
                "penalty": plan.penalty + self._default_interest(line, principal, on),
                "cost": line.cost,
            }
            for name, amount in line.relief.items():
                if amount:
                    due[name] = max(due[name] - amount, line.paid[name])
            dues.append(due)
        return dues

    def _paid_off_on(self) -> date | None:
        """The day on which the last of the principal was paid."""
        left = self.facts.principal
        for part in self.parts:
            left -= part.amount if part.component == "principal" else ZERO
            if left == 0:
                return part.on
        return None

    def _default_interest(self, line: _Line, principal: Decimal, on: date) -> Decimal:
        since = max(line.plan.due_on, self.version.effective_on)
        if on <= since or principal == 0:
            return ZERO
        paid = line.principal_paid()
        if line.paid["principal"] >= principal and all(day <= since for day, _amount in paid):
            return ZERO
        rates = [(since, self.version.default_rate)]
        if self.facts.daily_interest:
            # What is unpaid bears the contract rate already, as long as there are instalments to bear it.
            matures_on = self.version.rows[-1].due_on
            rates = [(since, max(self.version.default_rate - self.version.annual_rate, ZERO))]
            rates.append((max(matures_on, since), self.version.default_rate))
        amount = accrued(
            principal=principal,
            paid=paid,
            since=since,
            on=on,
            rates=rates,
            basis=self.basis,
            free=self.facts.free,
        )
        return to_cents(amount, rounding=ROUNDINGS[self.facts.rounding])

    def _put(self, key: int, amount: Decimal, day: date) -> None:
        """Spread money over what is open on ``day``; what is left is credit."""
        dues = self._dues(day, accrued_only=True)
        by_sequence = {line.plan.sequence: line for line in self.lines}
        result = allocate(
            amount=amount,
            on=day,
            rule=self.facts.rule,
            instalments=[
                part
                for line, due in zip(self.lines, dues, strict=True)
                for part in as_owed(line.plan.sequence, line.plan.due_on, line.open(due), on=day)
            ],
        )
        for share in result.shares:
            part = PaidPart(key, day, share.component, share.amount)
            by_sequence[share.key].pay(part)
            self.parts.append(part)
            self.shares.append(
                AccountShare(key, self.version.number, share.key, share.component, share.amount)
            )
        self.credit[key] = result.surplus

    def _use_credit(self, day: date) -> None:
        charged = any(cost.on == day for cost in self.facts.costs)
        if charged or any(line.plan.due_on == day for line in self.lines):
            for key, amount in list(self.credit.items()):
                if amount:
                    self._put(key, amount, day)

    def _let_go(self, relief: Relief, day: date) -> None:
        """A waiver takes from what is open and due, the oldest first; what is open no more needs none."""
        left = relief.amount
        # A schedule that begins with the waiver has the oldest debt in it, due later.
        anywhere = relief.component in {"penalty", "cost"} or self.version.effective_on == day
        for line, due in self._oldest_first(day):
            if not anywhere and line.plan.due_on > day:
                continue
            part = min(left, due[relief.component] - line.paid[relief.component])
            if part > 0:
                line.relief[relief.component] += part
                left -= part

    def _oldest_open(self, day: date) -> _Line:
        for line, due in self._oldest_first(day):
            if any(due[name] > line.paid[name] for name in ("principal", "interest", "fee")):
                return line
        return self.lines[-1]

    def _oldest_first(self, day: date) -> list[tuple[_Line, dict[str, Decimal]]]:
        # What was taken over comes first in a schedule, whenever it falls due.
        return sorted(
            zip(self.lines, self._dues(day), strict=True),
            key=lambda one: (one[0].plan.due_on, one[0].plan.sequence),
        )

    def _change(self, version: Version, day: date) -> None:
        """Take over what was paid into the rows of a new schedule, by component, the oldest row first."""
        owed = sum((line.cost - line.relief["cost"] for line in self.lines), ZERO)
        self.version = version
        self.rates.append((version.effective_on, version.annual_rate))
        self.lines = [
            _Line(row, taken_over=place < version.taken_over) for place, row in enumerate(version.rows)
        ]
        # What enforcing cost stands apart from every schedule.
        self.lines[0].cost = owed
        room = [
            {
                "principal": line.plan.principal,
                "interest": self._interest_at_change(line, day),
                "fee": line.plan.fee,
                "penalty": line.plan.penalty,
                "cost": line.cost,
            }
            for line in self.lines
        ]
        before, self.parts = self.parts, []
        over: dict[int, Decimal] = {}
        for part in before:
            left = part.amount
            for line, space in zip(self.lines, room, strict=True):
                taken = min(left, space[part.component])
                if taken > 0:
                    moved = replace(part, amount=taken)
                    line.pay(moved)
                    self.parts.append(moved)
                    space[part.component] -= taken
                    left -= taken
                if left == 0:
                    break
            if left:
                over[part.receipt] = over.get(part.receipt, ZERO) + left
                self._take_back(part, left)
        for key, amount in over.items():
            self._put(key, amount + self.credit.pop(key, ZERO), day)

    def _interest_at_change(self, line: _Line, day: date) -> Decimal:
        """How much interest earlier money may have paid in a row of the new schedule.

        Of a period to come only what was carried over, where interest runs by the day: its own has not run up yet, and
        what the same money pays of the principal makes less of it.
        """
        if self.facts.daily_interest and not line.taken_over and line.plan.due_on > day:
            return min(line.plan.carried, line.plan.interest)
        return line.plan.interest

    def _take_back(self, part: PaidPart, amount: Decimal) -> None:
        """So much of a part has no place in the new schedule and pays something else: its last share shrinks."""
        for position in reversed(range(len(self.shares))):
            share = self.shares[position]
            if amount and (share.receipt, share.component) == (part.receipt, part.component):
                gone = min(share.amount, amount)
                self.shares[position] = replace(share, amount=share.amount - gone)
                amount -= gone
        self.shares = [share for share in self.shares if share.amount]
