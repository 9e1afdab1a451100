"""How a complaint ends — closed, withdrawn, merged — and how new facts open it again."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.staff.models import User
from complaints import signals
from complaints.choices import ComplaintState
from complaints.models import Complaint
from complaints.services import deadlines
from complaints.services.changes import Change, changing, demand_text
from complaints.services.effects import ask_the_desks, lift_all_holds, settle_holds


def close_complaint(*, complaint: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """Close the file of a delivered decision; the holds it caused lift."""
    with changing(complaint, by=by, at=at, code="complaint.closed", reason=reason) as change:
        change.step("close")
        _end(change, "closed")
    return change.complaint


def withdraw(*, complaint: Complaint, by: User, at: datetime, reason: str) -> Complaint:
    """The complainant withdraws: the procedure ends today (regulation.md K6). ``reason`` says how we know."""
    demand_text(reason, "reason")
    with changing(complaint, by=by, at=at, code="complaint.withdrawn", reason=reason) as change:
        change.step("withdraw")
        proposed = change.standing.proposed
        if proposed is not None:
            proposed.state = "sent_back"
            proposed.save()
        _end(change, "withdrawn")
    return change.complaint


def merge(*, complaint: Complaint, into: Complaint, by: User, at: datetime, reason: str = "") -> Complaint:
    """The same matter again: ``into`` goes on for both, and takes effect for both.

    Raises ``InputRefused`` unless ``into`` is another, still open complaint of the same borrower.
    """
    with changing(complaint, by=by, at=at, code="complaint.merged", reason=reason) as change:
        into = Complaint.objects.get(pk=into.pk)
        same = into.borrower_id is not None and into.borrower_id == change.complaint.borrower_id
        if into.pk == change.complaint.pk or not same:
            raise InputRefused(_("This is not another complaint of the same borrower."), field="into")
        if into.closed_at is not None or into.state == ComplaintState.NOT_ADMITTED:
            raise InputRefused(_("That complaint has ended."), field="into")
        change.complaint.merged_into = into
        change.step("merge")
        _end(change, "merged", data={"into": into.number})
    return change.complaint


def reopen(*, complaint: Complaint, reason: str, by: User, at: datetime) -> Complaint:
    """New facts: the investigation begins again, with a time limit of its own from the day they came in."""
    demand_text(reason, "reason")
    with changing(complaint, by=by, at=at, code="complaint.reopened", reason=reason) as change:
        change.step("reopen")
        change.complaint.closed_at = None
        change.save()
        deadlines.open_decision_deadline(change.complaint, start=at, at=at)
        settle_holds(change)
        ask_the_desks(change)
        change.record("reopened")
    return change.complaint


def _end(change: Change, event: str, *, data: dict[str, str] | None = None) -> None:
    complaint, by, at = change.complaint, change.frame.by, change.frame.at
    complaint.closed_at = at
    change.save()
    deadlines.cancel(complaint, at=at)
    lift_all_holds(change, because=f"complaint.{event}")
    change.record(event, data=data)
    signals.complaint_ended.send(sender=Complaint, complaint=complaint, because=complaint.state, by=by, at=at)
