"""What a loan stores about its age, set on the instance: the callers hold the lock and write. No queries, no clock."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from operator import attrgetter

from backoffice.core.money import ZERO
from backoffice.loans import ageing
from backoffice.loans.ageing import Pause
from backoffice.loans.classification import Watch
from backoffice.loans.closing import reported
from backoffice.loans.models import Instalment, Loan
from backoffice.loans.policy import LoanPolicy

STANDING_COLUMNS = (
    "oldest_unpaid_due_on",
    "delinquent_since",
    "overdue_spells",
    "overdue_kind",
    "risk_class",
    "stood_on",
    "next_event_on",
)
_standing_of = attrgetter(*STANDING_COLUMNS)


def due(instalment: Instalment) -> Decimal:
    """What falls due with the instalment by the contract (principal, interest, fee), in yuan."""
    return instalment.principal_due + instalment.interest_due + instalment.fee_due


def open_amount(instalment: Instalment) -> Decimal:
    """What is still owed of that, in yuan: the days past due are counted by it."""
    return due(instalment) - instalment.principal_paid - instalment.interest_paid - instalment.fee_paid


def take_standing(
    loan: Loan,
    instalments: Sequence[Instalment],
    *,
    on: date,
    policy: LoanPolicy,
    spells: int,
    pauses: Sequence[Pause] = (),
    closing: bool = False,
) -> bool:
    """Set what ``loan`` stores about its age as of the end of ``on``; ``spells``: how often it fell overdue so far.

    ``closing`` is for the close of ``on`` itself. Any other caller leaves the loan to the next close where that has
    something to report, and leaves a next event of an earlier day: the close of that day has not run yet and must
    still find the loan. Answers whether anything changed. The caller saves.
    """
    before = _standing_of(loan)
    standing = ageing.standing(
        on=on,
        unpaid_due_days=[one.due_on for one in instalments if open_amount(one) > ZERO],
        spells=spells,
        policy=policy.ageing,
        pauses=pauses,
        watch=Watch(loan.watched_until, loan.restructurings_in_watch),
    )
    loan.overdue_spells = standing.overdue_spells
    loan.oldest_unpaid_due_on = standing.oldest_unpaid_due_on
    loan.delinquent_since = standing.delinquent_since
    loan.overdue_kind = standing.overdue_kind
    loan.risk_class = standing.risk_class
    loan.stood_on = on
    if closing or loan.next_event_on is None or loan.next_event_on >= on:
        loan.next_event_on = standing.next_event_on if closing or reported(loan, standing) else on
    return bool(before != _standing_of(loan))
