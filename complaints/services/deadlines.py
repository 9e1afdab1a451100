"""The clock of a complaint: opened at receipt, moved by acts on record, met by delivery alone."""

from __future__ import annotations

from datetime import datetime

from backoffice.audit.services import lock
from backoffice.core import deadlines
from backoffice.core.choices import DeadlineActKind
from backoffice.core.deadlines import DeadlineView
from backoffice.core.selectors import business_calendar
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import NoteKind
from complaints.models import Complaint, ComplaintDeadline, ComplaintDeadlineAct
from complaints.services.changes import Change, changing, demand_text
from complaints.services.exchange import write_note


def open_decision_deadline(complaint: Complaint, *, start: datetime, at: datetime) -> ComplaintDeadline:
    """Start the time limit for deciding and telling, from ``start`` (receipt, or new facts). Days from policy."""
    deadline = ComplaintDeadline(
        owner=complaint,
        kind=timing.DECISION,
        basis=timing.DECISION_DAYS,
        started_at=start,
        days=timing.policy_days(timing.DECISION_DAYS, at=start),
    )
    show(deadline, timing.view_of(deadline, at=at, acts=()))
    deadline.save()
    return deadline


def show(deadline: ComplaintDeadline, view: DeadlineView) -> None:
    """Copy what queues sort by from the view; the caller saves."""
    deadline.due_on = view.due_on
    deadline.rolled_due_on = view.rolled_due_on
    deadline.provisional = view.provisional
    deadline.paused_since = view.paused_since


def meet(complaint: Complaint, *, met_at: datetime, by_what: str) -> None:
    """The running time limit is met at ``met_at``."""
    for deadline in complaint.deadlines.filter(met_at__isnull=True, cancelled_at__isnull=True):
        deadline.met_at, deadline.met_by = met_at, by_what
        deadline.save()


def cancel(complaint: Complaint, *, at: datetime) -> None:
    """No running time limit binds any more."""
    for deadline in complaint.deadlines.filter(met_at__isnull=True, cancelled_at__isnull=True):
        deadline.cancelled_at = at
        deadline.save()


def extend(*, complaint: Complaint, reason: str, told: str = "", by: User, at: datetime) -> Complaint:
    """Extend to the ordinary limit (30 days in all). ``told`` says how the complainant learnt of it.

    Raises ``NotPermitted``, ``TransitionRefused`` (also once the last day has ended), ``InputRefused``.
    """
    demand_text(reason, "reason")
    with changing(complaint, by=by, at=at, code="complaint.extended", reason=reason) as change:
        change.step("extend")
        _extend(change, timing.EXTENDED_DAYS, told=told, approved_by=None)
    return change.complaint


def extend_far(*, complaint: Complaint, reason: str, told: str, by: User, at: datetime) -> Complaint:
    """Extend to the longest limit (60 days in all); a second person's act, and the complainant must be told.

    Raises ``NotPermitted``, ``TransitionRefused`` (not extended before, same person, too late), ``InputRefused``.
    """
    demand_text(reason, "reason")
    demand_text(told, "told")
    with changing(complaint, by=by, at=at, code="complaint.extended_far", reason=reason) as change:
        change.step("extend_far")
        _extend(change, timing.FAR_EXTENDED_DAYS, told=told, approved_by=by)
    return change.complaint


def _extend(change: Change, code: str, *, told: str, approved_by: User | None) -> None:
    deadline = change.standing.deadline
    if deadline is None:
        raise ValueError("the workflow lets nobody extend what is not running")
    total = timing.policy_days(code, at=deadline.started_at)
    view = _record(
        change, deadline, DeadlineActKind.EXTENSION, code, total_days=total, approved_by=approved_by
    )
    if told:
        write_note(change, kind=NoteKind.EXTERNAL, text=told)
    change.record("deadline_extended", data={"total_days": total, "due_on": view.due_on.isoformat()})


def pause_decision_deadline(
    *, complaint: Complaint, ground: str, by: User, at: datetime
) -> ComplaintDeadline | None:
    """The clock stands from ``at`` on, on ``ground`` (mediation, appraisal); permitted with the act that causes it.

    Answers None, and does nothing, where there is nothing to pause: met, cancelled, over, or paused on this
    ground already.
    """
    with changing(complaint, by=by, at=at, code="complaint.deadline_paused") as change:
        return _move(
            change, deadlines.Pause(at=at, reason=ground, ground=ground), DeadlineActKind.PAUSE, ground
        )


def resume_decision_deadline(
    *, complaint: Complaint, ground: str, by: User, at: datetime
) -> ComplaintDeadline | None:
    """``ground`` has ended: the clock runs on unless another one is open. None where it was not paused on it."""
    with changing(complaint, by=by, at=at, code="complaint.deadline_resumed") as change:
        act = deadlines.Resumption(at=at, reason=ground, ground=ground)
        return _move(change, act, DeadlineActKind.RESUMPTION, ground)


def _move(change: Change, act: deadlines.Act, kind: DeadlineActKind, ground: str) -> ComplaintDeadline | None:
    deadline = change.standing.deadline
    if deadline is None or not deadline.is_open:
        return None
    deadline = lock(ComplaintDeadline, deadline.pk)
    try:
        deadlines.check_act(timing.terms_of(deadline), timing.acts_of(deadline), act, business_calendar())
    except (deadlines.PauseTooLate, deadlines.AlreadyPaused, deadlines.NotPaused):
        return None
    view = _record(change, deadline, kind, ground)
    name = "deadline_paused" if kind == DeadlineActKind.PAUSE else "deadline_resumed"
    change.record(name, data={"ground": ground, "due_on": view.due_on.isoformat()})
    return deadline


def _record(
    change: Change,
    deadline: ComplaintDeadline,
    kind: DeadlineActKind,
    reason_code: str,
    *,
    total_days: int | None = None,
    approved_by: User | None = None,
) -> DeadlineView:
    """Put the act on record and show what the whole record now gives."""
    ComplaintDeadlineAct.objects.create(
        deadline=deadline,
        kind=kind,
        at=change.frame.at,
        total_days=total_days,
        reason_code=reason_code,
        actor=change.frame.by,
        approved_by=approved_by,
    )
    view = timing.view_of(deadline, at=change.frame.at)
    show(deadline, view)
    deadline.save()
    return view
