"""From receipt to investigation: registering, accepting, not admitting, and who does it."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.staff.models import Team, User
from complaints import signals
from complaints.choices import ComplaintState, NotAdmittedReason, VerifiedHow
from complaints.models import Complaint
from complaints.services import deadlines
from complaints.services.changes import Change, changing
from complaints.services.effects import ask_the_desks, lift_all_holds, settle_holds


def register_complaint(*, complaint: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """Enter a received complaint in the register."""
    with changing(complaint, by=by, at=at, code="complaint.registered", reason=reason) as change:
        _walk(change, "register", "registered")
    return change.complaint


def accept_complaint(*, complaint: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """Register, accept and begin to investigate in one go, each step on record; holds fall, desks get tasks.

    Whoever accepts becomes the handler of a complaint that has none. Raises ``NotPermitted``,
    ``TransitionRefused``.
    """
    with changing(complaint, by=by, at=at, code="complaint.accepted", reason=reason) as change:
        # What the button promised is checked before the first of the three steps is taken.
        change.check("accept")
        if change.complaint.handler is None:
            change.complaint.handler = by
            change.complaint.team = change.complaint.team or by.team
        if change.complaint.state == ComplaintState.RECEIVED:
            _walk(change, "register", "registered")
        _walk(change, "accept", "accepted")
        _walk(change, "investigate", "investigation_begun")
        settle_holds(change)
        ask_the_desks(change)
        signals.complaint_accepted.send(sender=Complaint, complaint=change.complaint, by=by, at=at)
    return change.complaint


def start_investigation(*, complaint: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """Begin to investigate what was accepted elsewhere (an imported complaint)."""
    with changing(complaint, by=by, at=at, code="complaint.investigation_begun", reason=reason) as change:
        _walk(change, "investigate", "investigation_begun")
        settle_holds(change)
        ask_the_desks(change)
    return change.complaint


def not_admit(*, complaint: Complaint, reason_code: str, reason: str, by: User, at: datetime) -> Complaint:
    """This is no complaint for us (``NotAdmittedReason``); ``reason`` is what the complainant is told."""
    if reason_code not in NotAdmittedReason.values:
        raise InputRefused(field="reason_code")
    with changing(complaint, by=by, at=at, code="complaint.not_admitted", reason=reason) as change:
        change.complaint.not_admitted_reason = reason_code
        change.step("not_admit")
        change.save()
        deadlines.cancel(change.complaint, at=at)
        lift_all_holds(change, because="complaint.not_admitted")
        change.record("not_admitted", data={"reason_code": reason_code})
        signals.complaint_ended.send(
            sender=Complaint, complaint=change.complaint, because=change.complaint.state, by=by, at=at
        )
    return change.complaint


def await_complainant(*, complaint: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """Wait for something from the complainant. The deadline does not stop."""
    with changing(complaint, by=by, at=at, code="complaint.awaiting", reason=reason) as change:
        _walk(change, "await_complainant", "awaiting_complainant")
    return change.complaint


def resume_investigation(*, complaint: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """What was waited for has come, or is waited for no longer."""
    with changing(complaint, by=by, at=at, code="complaint.resumed", reason=reason) as change:
        _walk(change, "resume", "resumed")
    return change.complaint


def assign(
    *,
    complaint: Complaint,
    handler: User | None,
    team: Team | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Complaint:
    """Give the complaint to ``handler`` (or, with None, back to ``team``'s queue). Raises ``InputRefused``."""
    with changing(complaint, by=by, at=at, code="complaint.assigned", reason=reason) as change:
        change.step("assign")
        if handler is not None:
            if not handler.is_active or not handler.has_perm("complaints.handle_complaint"):
                raise InputRefused(_("This person cannot handle complaints."), field="handler")
            if handler.pk in change.standing.complained_of:
                raise InputRefused(_("This person is complained of here."), field="handler")
        change.complaint.handler = handler
        change.complaint.team = team or (handler.team if handler is not None else change.complaint.team)
        change.save()
        change.record("assigned", data={"handler_id": handler.pk if handler is not None else None})
    return change.complaint


def verify_identity(*, complaint: Complaint, how: str, by: User, at: datetime, reason: str = "") -> Complaint:
    """Put on record how we know whom we talk to; no loan fact is told before."""
    if how not in VerifiedHow.values:
        raise InputRefused(field="how")
    with changing(complaint, by=by, at=at, code="complaint.identity_verified", reason=reason) as change:
        change.step("verify_identity")
        change.complaint.identity_verified_at = at
        change.complaint.identity_verified_how = how
        change.save()
        change.record("identity_verified", data={"how": how})
    return change.complaint


def _walk(change: Change, step: str, event: str) -> None:
    change.step(step)
    change.save()
    change.record(event)
