"""What a loan owes on a day, derived from its facts. Pure: no tables, no settings, no clock.

``derive`` replays everything that happened by the end of a day, in the order of its dates: schedules as agreed,
repayments, waivers, charges. The same dated facts give the same account in whatever order they were entered,
so that a late back-dated payment re-derives all that came after it. Amounts are yuan, rates are per year.

* A payment counts from the day on which it was received (Shanghai); several of one day in the order of their
  moments, then of their external ids. A reversed payment is no fact any more.
* Default interest (罚息) runs on the unpaid principal of an instalment from the day after its due date, by the day,
  never on interest; it is rounded once per instalment and day asked about, so it does not drift with every posting.
* Loans with daily interest bear interest on what is really unpaid (``rest``); the others on the plan.
* A new schedule version takes over what was paid, component by component, the oldest instalment first.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO
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
from backoffice.loans.replay import VERSION, Replay, in_order

__all__ = [
    "COMPONENTS",
    "Account",
    "AccountRow",
    "AccountShare",
    "Beginning",
    "Cost",
    "Facts",
    "PaidPart",
    "PlanRow",
    "Receipt",
    "Relief",
    "Version",
    "anything_owed",
    "as_agreed_at_first",
    "at_change",
    "derive",
    "holding",
    "payoff",
    "shortfalls",
    "with_payoff",
]


def derive(facts: Facts, *, on: date) -> Account:
    """The account at the end of ``on``, from all facts dated up to then.

    Raises ``ValueError`` for a day before the loan was paid out.
    """
    if on < facts.disbursed_on:
        raise ValueError("The loan was not paid out yet.")
    facts = holding(facts)
    replay = Replay(facts)
    for day, _rank, _order, fact in in_order(facts, on=on):
        replay.take(fact, day)
    return replay.account(on)


def anything_owed(facts: Facts, receipt: Receipt) -> bool:
    """Whether something was owed when this money came, whatever came after it. It need not be among the facts."""
    before = tuple(one for one in facts.receipts if (one.on, one.order) < (receipt.on, receipt.order))
    return not derive(replace(facts, receipts=before), on=receipt.on).settled


def holding(facts: Facts) -> Facts:
    """The same facts without the early settlements that the money does not pay (any more): they never held."""
    short = shortfalls(facts)
    kept = tuple(one for one in facts.versions if one.number not in short)
    return replace(facts, versions=kept) if short else facts


def shortfalls(facts: Facts) -> dict[int, Decimal]:
    """The early settlements that do not hold, by the numbers of their versions, with the yuan that they lack."""
    kept: tuple[Version, ...] = ()
    short: dict[int, Decimal] = {}
    for version in facts.versions:
        if version.if_paid:
            tried = replace(facts, versions=(*kept, replace(version, if_paid=False)))
            account = derive(tried, on=version.effective_on)
            if not account.settled:
                short[version.number] = sum((account.owed(name) for name in COMPONENTS), ZERO)
                continue
        kept = (*kept, version)
    return short


@dataclass(frozen=True, slots=True)
class Beginning:
    """What a new schedule begins with (yuan). ``run_up``: interest of the days so far that falls due later, less than
    nothing where it was paid in advance; ``settling``, ``settling_to_end``: what an early settlement asks for of it,
    with interest to the day or to the end of the period."""

    account: Account
    run_up: Decimal
    settling: Decimal
    settling_to_end: Decimal


def at_change(facts: Facts, *, on: date) -> Beginning:
    """The loan as a new schedule finds it on ``on``: before the receipts, waivers and costs of that day.

    Interest and default interest run to the end of the day, for the new schedule begins with the day after.
    """
    facts = holding(facts)
    replay = Replay(facts)
    for day, rank, _order, fact in in_order(facts, on=on):
        if day < on or rank == VERSION:
            replay.take(fact, day)
    return Beginning(
        replay.account(on),
        replay.run_up(on),
        replay.settling_interest(on, to_period_end=False),
        replay.settling_interest(on, to_period_end=True),
    )


def as_agreed_at_first(facts: Facts) -> Facts:
    """The same facts without what was changed later: the original contract, for its days past due."""
    return replace(facts, versions=facts.versions[:1], reliefs=())


def payoff(facts: Facts, *, on: date, to_period_end: bool = False) -> dict[str, Decimal]:
    """What settles the loan if it is paid on ``on``, by component (yuan), see ``with_payoff``."""
    return with_payoff(facts, on=on, to_period_end=to_period_end)[1]


def with_payoff(facts: Facts, *, on: date, to_period_end: bool = False) -> tuple[Account, dict[str, Decimal]]:
    """The account at the end of ``on``, and what settles the loan on that day, by component (yuan).

    Interest runs to the day (Civil Code art. 677; ``to_period_end``: to the end of the running period, where the
    contract says so); nothing is asked for the time after that, and what was paid for it already is taken off: the
    interest may be less than nothing. Includes default interest to ``on``.
    """
    facts = holding(facts)
    replay = Replay(facts)
    for day, _rank, _order, fact in in_order(facts, on=on):
        replay.take(fact, day)
    account = replay.account(on)
    owed = {name: account.owed(name, due_by=None if name == "principal" else on) for name in COMPONENTS}
    owed["interest"] += replay.settling_interest(on, to_period_end=to_period_end)
    owed["cost"] = account.owed("cost")
    owed["penalty"] = account.owed("penalty")
    return account, owed
