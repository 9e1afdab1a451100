"""Putting money onto the instalments of one loan, in memory: the callers hold the lock and write.

Works on model instances, touches no table and asks no clock.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.loans import ageing
from backoffice.loans.allocation import OpenInstalment, Share, allocate
from backoffice.loans.choices import Component
from backoffice.loans.models import Instalment, Loan
from backoffice.loans.policy import LoanPolicy

#: Component → the columns of an instalment that hold what is due and what is paid.
COLUMNS: dict[str, tuple[str, str]] = {
    Component.PRINCIPAL.value: ("principal_due", "principal_paid"),
    Component.INTEREST.value: ("interest_due", "interest_paid"),
    Component.FEE.value: ("fee_due", "fee_paid"),
    Component.PENALTY.value: ("penalty_due", "penalty_paid"),
    Component.COST.value: ("cost_due", "cost_paid"),
}
PAID_COLUMNS = tuple(paid for _due, paid in COLUMNS.values())
STANDING_COLUMNS = ("state", "oldest_unpaid_due_on", "delinquent_since", "next_event_on", "overdue_kind")


@dataclass(frozen=True, slots=True)
class Posting:
    """One payment put onto a loan: which instalments changed, by which shares, and what was left (yuan)."""

    changed: tuple[Instalment, ...]
    shares: tuple[Share, ...]
    surplus: Decimal


def due(instalment: Instalment) -> Decimal:
    """What falls due with the instalment by the contract (principal, interest, fee), in yuan."""
    return instalment.principal_due + instalment.interest_due + instalment.fee_due


def open_amount(instalment: Instalment) -> Decimal:
    """What is still owed of that, in yuan: the days past due are counted by it."""
    return due(instalment) - instalment.principal_paid - instalment.interest_paid - instalment.fee_paid


def post(*, instalments: Sequence[Instalment], amount: Decimal, on: date) -> Posting:
    """Put ``amount`` yuan, received on ``on``, onto ``instalments`` in the statutory order.

    The instances carry the new paid parts; the shares name them by their sequence.
    """
    by_sequence = {instalment.sequence: instalment for instalment in instalments}
    result = allocate(
        amount=amount,
        on=on,
        instalments=[
            OpenInstalment(
                instalment.sequence,
                instalment.due_on,
                {name: getattr(instalment, d) - getattr(instalment, p) for name, (d, p) in COLUMNS.items()},
            )
            for instalment in instalments
        ],
    )
    for share in result.shares:
        _due, paid = COLUMNS[share.component]
        instalment = by_sequence[share.key]
        setattr(instalment, paid, getattr(instalment, paid) + share.amount)
    touched = dict.fromkeys(share.key for share in result.shares)
    return Posting(tuple(by_sequence[key] for key in touched), result.shares, result.surplus)


def take_standing(loan: Loan, instalments: Sequence[Instalment], *, on: date, policy: LoanPolicy) -> bool:
    """Set what ``loan`` stores about its age as of the end of ``on``.

    Answers whether anything changed. The caller saves.
    """
    before = tuple(getattr(loan, name) for name in STANDING_COLUMNS)
    unpaid = [one.due_on for one in instalments if open_amount(one) > ZERO]
    standing = ageing.standing(
        on=on,
        unpaid_due_days=unpaid,
        grace_days=policy.grace_days,
        long_term_from_day=policy.overdue.long_term_from_day,
    )
    loan.oldest_unpaid_due_on = standing.oldest_unpaid_due_on
    loan.delinquent_since = standing.delinquent_since
    loan.next_event_on = standing.next_event_on
    days = (on - standing.oldest_unpaid_due_on).days if standing.oldest_unpaid_due_on else 0
    loan.overdue_kind = ageing.overdue_kind(days=days, spells=loan.overdue_spells, policy=policy.overdue)
    return before != tuple(getattr(loan, name) for name in STANDING_COLUMNS)
