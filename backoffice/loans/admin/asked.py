"""What somebody who decides has to know: who asked for it and why, and how the loan stands today."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backoffice.loans.admin.ageing import today
from backoffice.loans.choices import RiskClass
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan, PostingRequest, ScheduleChange, WriteOff
from backoffice.loans.policy import loan_policy
from backoffice.loans.selectors import snapshot_of
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import reason_for

Asked = PostingRequest | ScheduleChange | WriteOff


@dataclass(frozen=True, slots=True)
class Words:
    """A reason in words; ``erased``: there was one."""

    text: str
    erased: bool = False


def words_of(obj: Asked, viewer: Any) -> dict[str, Words]:
    """Why it was ``asked`` for and, once that was done, ``decided`` so, from its record. One query."""
    lines = list(
        type(obj)
        .history.filter(id=obj.pk)
        .order_by("history_id")
        .values_list("state", "history_reason_cipher")
    )
    waiting = lines[0][0]
    found = {"asked": _words(viewer, lines[0][1])}
    decided = next((cipher for state, cipher in lines if state != waiting), None)
    return found if decided is None else {**found, "decided": _words(viewer, decided)}


def _words(viewer: Any, cipher: bytes | None) -> Words:
    try:
        return Words(reason_for(viewer, bytes(cipher or b"")))
    except Erased:
        return Words("", erased=True)


def standing_of(loan: Loan) -> dict[str, Any]:
    """What the loan owes today, how late it is, and what settles it. The product joined."""
    on, ledger = today(), ledger_of(loan)
    snapshot = snapshot_of(ledger, on=on, policy=loan_policy(on=on))
    return {
        "owed": snapshot.outstanding,
        "days_past_due": snapshot.days_past_due,
        "risk_class": RiskClass(snapshot.classification.value).label,
    }
