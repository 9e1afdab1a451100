"""What a change makes of a loan, before it is made: both schedules and the difference between them. Pure.

The difference is kept with the proposal as plain data (``as_data``), as the one who proposed it saw it. It is asked of
the same day again when the change is applied: if it has become another one, nothing is applied.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from backoffice.core.money import ZERO, to_cents
from backoffice.loans import ageing
from backoffice.loans.account import Account, derive
from backoffice.loans.ageing import AgeingPolicy
from backoffice.loans.changes import Planned
from backoffice.loans.classification import classify, watch_after
from backoffice.loans.facts import COMPONENTS, Facts

#: What a loan costs beside its principal.
_CHARGES = ("interest", "fee", "penalty", "cost")


@dataclass(frozen=True, slots=True)
class Side:
    """The loan before or after the change, as of the end of a day: the account, and what follows from it.

    ``open`` is all that is still to be paid by component (yuan), what falls due later included, if it is paid as due.
    """

    account: Account
    days_past_due: int
    risk_class: str

    @property
    def open(self) -> dict[str, Decimal]:
        return {name: self.account.owed(name) for name in COMPONENTS}

    @property
    def total(self) -> Decimal:
        return sum(self.open.values(), ZERO)

    @property
    def last_due_on(self) -> date:
        """The day on which everything is paid, if it is paid as due."""
        return max(
            (row.due_on for row in self.account.rows if row.contract_open),
            default=self.account.rows[-1].due_on,
        )

    def as_data(self) -> dict[str, Any]:
        return {
            "rows": [
                {
                    "sequence": row.sequence,
                    "due_on": row.due_on.isoformat(),
                    **{name: str(row.due[name]) for name in COMPONENTS},
                    "paid": str(sum(row.paid.values(), ZERO)),
                    "open": str(sum((row.open(name) for name in COMPONENTS), ZERO)),
                }
                for row in self.account.rows
            ],
            "open": {name: str(amount) for name, amount in self.open.items()},
            "total": str(self.total),
            "last_due_on": self.last_due_on.isoformat(),
            "days_past_due": self.days_past_due,
            "risk_class": self.risk_class,
            "annual_rate": str(self.account.version.annual_rate),
            "default_rate": str(self.account.version.default_rate),
        }


@dataclass(frozen=True, slots=True)
class Difference:
    """A change as of the end of ``on``: the loan without it and with it."""

    on: date
    before: Side
    after: Side

    @property
    def charges(self) -> Decimal:
        """By how much interest, fees, default interest and costs still to be paid grow (yuan; less: they fall)."""
        return sum((self.after.open[name] - self.before.open[name] for name in _CHARGES), ZERO)

    def as_data(self) -> dict[str, Any]:
        """As plain data that JSON holds; amounts as text. Equal differences give equal data."""
        return {
            "on": self.on.isoformat(),
            "before": self.before.as_data(),
            "after": self.after.as_data(),
            "charges": str(self.charges),
        }


def simulate(
    facts: Facts,
    planned: Planned,
    *,
    on: date,
    policy: AgeingPolicy,
    restructured_on: Sequence[date] = (),
    restructuring: bool = False,
) -> Difference:
    """What ``planned`` makes of the loan as of the end of ``on``; ``restructured_on``: the restructurings so far."""
    after = planned.on_top_of(facts)
    return Difference(
        on,
        _side(facts, on=on, policy=policy, restructured_on=restructured_on),
        _side(
            after,
            on=on,
            policy=policy,
            restructured_on=[*restructured_on, *([on] if restructuring else [])],
        ),
    )


def _side(facts: Facts, *, on: date, policy: AgeingPolicy, restructured_on: Sequence[date]) -> Side:
    account = derive(facts, on=on)
    dues, paid = account.dues_and_payments()
    days = ageing.days_past_due(on=on, schedule=dues, payments=paid).days
    watch = watch_after(restructured_on, months=policy.watch_months)
    return Side(account, days, classify(on=on, days=days, policy=policy.classes, watch=watch).value)


def interest_left_out(shown: Mapping[str, Any]) -> Decimal:
    """How many yuan of interest to come a lower rate leaves out, by a difference as it was kept.

    To compare with a limit, so one measure for every schedule: the principal open of each instalment to come times its
    days from the day of the change on, times the difference of the rates, ACT/365. A rate that does not fall leaves
    out nothing.
    """
    before, after = (Decimal(shown[side]["annual_rate"]) for side in ("before", "after"))
    on = date.fromisoformat(shown["on"])
    yuan_days = sum(
        min(Decimal(row["principal"]), Decimal(row["open"]))
        * max((date.fromisoformat(row["due_on"]) - on).days, 0)
        for row in shown["after"]["rows"]
    )
    return max(to_cents(yuan_days * (before - after) / 365), ZERO)
