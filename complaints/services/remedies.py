"""Remedies: proposed with the decision, granted by its approval, carried out once it is delivered."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import lock
from backoffice.core.errors import InputRefused
from backoffice.core.money import to_cents
from backoffice.loans.choices import Channel
from backoffice.privacy.services import set_text
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import RemedyKind, RemedyState
from complaints.models import Allegation, Complaint, Remedy
from complaints.services.changes import Change, changing
from complaints.services.effects import COLLECTOR_TASK, give_task, hold_channel

MONEY = (RemedyKind.WAIVER, RemedyKind.COMPENSATION)


def add_remedy(
    *,
    complaint: Complaint,
    kind: str,
    amount: Decimal | None = None,
    channel: str = "",
    text: str = "",
    allegation: Allegation | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Remedy:
    """Propose to put something right. Money in yuan for waiver and compensation; ``channel`` for no contact.

    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    if kind not in RemedyKind.values:
        raise InputRefused(field="kind")
    if kind in MONEY and (amount is None or amount <= 0):
        raise InputRefused(_("This remedy needs an amount above zero."), field="amount")
    if channel and channel not in Channel.values:
        raise InputRefused(field="channel")
    if allegation is not None and allegation.complaint_id != complaint.pk:
        raise InputRefused(field="allegation")
    with changing(complaint, by=by, at=at, code="complaint.remedy_added", reason=reason) as change:
        change.step("add_remedy")
        remedy = Remedy(
            complaint=change.complaint,
            allegation=allegation,
            kind=kind,
            amount=to_cents(amount) if kind in MONEY and amount is not None else None,
            channel=channel if kind == RemedyKind.NO_CONTACT else "",
        )
        set_text(remedy, "text_cipher", text.strip(), dossier_id=change.complaint.dossier_id)
        remedy.save()
        change.record("remedy_added", allegation=allegation, data={"kind": kind})
    return remedy


def remove_remedy(*, remedy: Remedy, by: User, at: datetime, reason: str = "") -> Remedy:
    """Take back a remedy that was only proposed; it stays on record as reversed."""
    with changing(remedy.complaint, by=by, at=at, code="complaint.remedy_removed", reason=reason) as change:
        change.step("remove_remedy")
        remedy = lock(Remedy, remedy.pk)
        if remedy.state != RemedyState.PROPOSED:
            raise InputRefused(_("This remedy is no longer a proposal."), field="remedy")
        remedy.state = RemedyState.REVERSED
        remedy.save()
        change.record("remedy_removed", data={"kind": remedy.kind})
    return remedy


def execute_remedy(*, remedy: Remedy, by: User, at: datetime, reason: str) -> Remedy:
    """Put on record that a granted remedy has been carried out (paid, corrected …); ``reason`` says how."""
    with changing(remedy.complaint, by=by, at=at, code="complaint.remedy_executed", reason=reason) as change:
        change.step("execute_remedy")
        remedy = lock(Remedy, remedy.pk)
        if remedy.state != RemedyState.GRANTED:
            raise InputRefused(_("This remedy is not waiting to be carried out."), field="remedy")
        _executed(change, remedy)
    return remedy


def carry_out(change: Change) -> None:
    """The decision was delivered: what this desk can do itself is done now, the rest stays granted."""
    for remedy in change.complaint.remedies.filter(state=RemedyState.GRANTED).order_by("id"):
        match remedy.kind:
            case RemedyKind.APOLOGY:
                # It stands in the letter that has just been delivered.
                _executed(change, remedy)
            case RemedyKind.NO_CONTACT:
                hold_channel(change.complaint, remedy.channel, by=change.frame.by, at=change.frame.at)
                _executed(change, remedy)
            case RemedyKind.CHANGE_OF_COLLECTOR:
                days = timing.policy_days(timing.CONDUCT_TASK_DAYS, at=change.frame.at)
                give_task(change, kind=COLLECTOR_TASK, days=days)


def _executed(change: Change, remedy: Remedy) -> None:
    remedy.state = RemedyState.EXECUTED
    remedy.executed_at = change.frame.at
    remedy.save()
    change.record("remedy_executed", data={"kind": remedy.kind})
