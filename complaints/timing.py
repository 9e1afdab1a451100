"""A complaint's time limits as ``core.deadlines`` reckons them: rows in, views out. Reads, never writes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from backoffice.core import deadlines
from backoffice.core.choices import DeadlineActKind
from backoffice.core.selectors import business_calendar
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from complaints.models import Complaint, ComplaintDeadline, ComplaintDeadlineAct

#: The time limit for deciding **and telling** (regulation.md K8–K10).
DECISION = "decision"

#: Policy codes: days to decide, after a first and after a far extension; look-back for repeated complaints …
DECISION_DAYS = "complaint.decision_days"
EXTENDED_DAYS = "complaint.extended_days"
FAR_EXTENDED_DAYS = "complaint.extended_far_days"
REPEAT_DAYS = "complaint.repeat_days"
CONDUCT_TASK_DAYS = "complaint.conduct_task_days"
LOANS_TASK_DAYS = "complaint.loans_task_days"
REMEDY_DAYS = "complaint.remedy_days"
REPRESENTATIVES_MAX = "complaint.representatives_max"


def policy_days(code: str, *, at: datetime) -> int:
    """A number of days from policy, in force on the business day of ``at``. Raises ``PolicyMissing``."""
    return int(policy_value(code, on=business_day(at)))


def terms_of(deadline: ComplaintDeadline) -> deadlines.DeadlineTerms:
    """The terms under which a stored time limit began."""
    return deadlines.DeadlineTerms(
        length=deadline.days,
        unit=deadlines.Unit.WORKING_DAYS if deadline.working_days else deadlines.Unit.CALENDAR_DAYS,
        start=deadline.started_at,
        most=policy_days(FAR_EXTENDED_DAYS, at=deadline.started_at),
    )


def act_of(row: ComplaintDeadlineAct) -> deadlines.Act:
    """A stored act in the words of ``core.deadlines``; the reason code names the ground of a pause."""
    match row.kind:
        case DeadlineActKind.EXTENSION:
            approver = row.approved_by.display_name if row.approved_by is not None else ""
            return deadlines.Extension(
                at=row.at, reason=row.reason_code, total=row.total_days, approver=approver
            )
        case DeadlineActKind.PAUSE:
            return deadlines.Pause(at=row.at, reason=row.reason_code, ground=row.reason_code)
        case DeadlineActKind.RESUMPTION:
            return deadlines.Resumption(at=row.at, reason=row.reason_code, ground=row.reason_code)
    return deadlines.Restart(at=row.at, reason=row.reason_code)


def acts_of(deadline: ComplaintDeadline) -> list[deadlines.Act]:
    """The whole record of what moved this time limit, in one query."""
    return [act_of(row) for row in deadline.acts.select_related("approved_by").order_by("at", "id")]


def view_of(
    deadline: ComplaintDeadline, *, at: datetime, acts: Sequence[deadlines.Act] | None = None
) -> deadlines.DeadlineView:
    """The time limit as it stands at ``at``, with its explanation line by line."""
    known = acts_of(deadline) if acts is None else acts
    return deadlines.compute(terms_of(deadline), known, at, business_calendar())


def decision_deadline(complaint: Complaint) -> ComplaintDeadline | None:
    """The present time limit for the decision: the one that was not cancelled and began last."""
    return (
        complaint.deadlines.filter(kind=DECISION, cancelled_at__isnull=True)
        .order_by("-started_at", "-id")
        .first()
    )
