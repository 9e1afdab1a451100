"""The steps of a task and of an incident (product.md §2: ``open → contained → reported → closed``)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from backoffice.desk.choices import IncidentKind
from backoffice.desk.choices import IncidentState as S
from backoffice.desk.models import Incident, IncidentDuty, Task
from backoffice.desk.reach import is_confined
from backoffice.staff.models import User

OPEN = Task.State.OPEN


def keeps_to_own_tasks(user: Any) -> bool:
    """Whether the tasks of others, and those of nobody in particular, may be about borrowers out of reach."""
    return is_confined(user) and not user.has_perm("desk.assign_task")


def is_mine(task: Task, by: User, at: datetime) -> Any | None:
    """Mine, or nobody's in my team; whoever may assign tasks may also step in for others.

    A task of no team at all is anybody's who may know of every borrower.
    """
    if task.assigned_to_id == by.pk or by.has_perm("desk.assign_task"):
        return None
    if task.assigned_to_id is None:
        free = not keeps_to_own_tasks(by) if task.team_id is None else task.team_id == by.team_id
        if free:
            return None
    return _("This task belongs to somebody else.")


task = Workflow(
    "desk.Task",
    initial=OPEN,
    transitions=(
        transition(
            "complete", _("Mark as done"), [OPEN], Task.State.DONE, "desk.work_task", is_mine, style="primary"
        ),
        transition("reassign", _("Reassign"), [OPEN], None, "desk.assign_task"),
        transition(
            "cancel", _("Cancel task"), [OPEN], Task.State.CANCELLED, "desk.assign_task", style="danger"
        ),
    ),
)

HANDLE = "desk.handle_incident"
#: While there is still something to find out and to tell.
UNFINISHED = (S.OPEN, S.CONTAINED, S.REPORTED)


def right_for(kind: str) -> str:
    """The right that makes somebody responsible for incidents of ``kind``."""
    return "desk.handle_leak" if kind == IncidentKind.LEAK else "desk.handle_crisis"


def is_responsible(incident: Incident, by: User, at: datetime) -> Any | None:
    """Leaks are the privacy officer's and compliance's, everything else the supervisors' and compliance's."""
    if by.has_perm(right_for(incident.kind)):
        return None
    return _("Somebody else is responsible for incidents of this kind.")


def running_duties(incident: Incident) -> list[IncidentDuty]:
    """Duties neither met nor waived, soonest first. Asked once per object: a page asks for every button."""
    known: list[IncidentDuty] | None = getattr(incident, "_running_duties", None)
    if known is None:
        rows = incident.duties.filter(met_at__isnull=True, waived_at__isnull=True)
        known = list(rows.order_by("due_at", "pk"))
        incident._running_duties = known  # type: ignore[attr-defined]
    return known


def untold(incident: Incident) -> int:
    """Persons concerned who were neither told nor left out for a reason. Asked once per object."""
    known: int | None = getattr(incident, "_untold", None)
    if known is None:
        known = incident.subjects.filter(told_at__isnull=True, not_told_because="").count()
        incident._untold = known  # type: ignore[attr-defined]
    return known


def first_reports_made(incident: Incident, by: User, at: datetime) -> Any | None:
    """Every duty whose clock started when the incident was noticed; reports after the handling may follow."""
    missing = [duty for duty in running_duties(incident) if duty.started_at == incident.discovered_at]
    return _("Reports still missing: %(count)s.") % {"count": len(missing)} if missing else None


def nothing_owed(incident: Incident, by: User, at: datetime) -> Any | None:
    """All duties met or waived."""
    missing = len(running_duties(incident))
    return _("Report duties neither met nor waived: %(count)s.") % {"count": missing} if missing else None


def everybody_told(incident: Incident, by: User, at: datetime) -> Any | None:
    """For a leak: each person was told, or it is said why not."""
    if incident.kind != IncidentKind.LEAK or incident.harm_avoided:
        return None
    missing = untold(incident)
    return (
        _("Persons neither told nor left out for a reason: %(count)s.") % {"count": missing}
        if missing
        else None
    )


def has_untold(incident: Incident, by: User, at: datetime) -> Any | None:
    return None if untold(incident) else _("Nobody is left to be told.")


def has_running_duty(incident: Incident, by: User, at: datetime) -> Any | None:
    return None if running_duties(incident) else _("No report duty is open.")


def not_yet_mine(incident: Incident, by: User, at: datetime) -> Any | None:
    return _("It is in your hands already.") if incident.owner_id == by.pk else None


incident = Workflow(
    "desk.Incident",
    initial=S.OPEN,
    transitions=(
        transition("take", _("Take over"), UNFINISHED, None, HANDLE, is_responsible, not_yet_mine),
        transition("notify", _("Log a notification"), UNFINISHED, None, HANDLE, is_responsible),
        transition(
            "contain",
            _("Mark as contained"),
            [S.OPEN],
            S.CONTAINED,
            HANDLE,
            is_responsible,
            effect=_("The clocks of reports that follow the handling start now."),
            style="primary",
        ),
        transition(
            "mark_reported",
            _("Mark as reported"),
            [S.CONTAINED],
            S.REPORTED,
            HANDLE,
            is_responsible,
            first_reports_made,
            style="primary",
        ),
        transition(
            "close",
            _("Close incident"),
            [S.REPORTED],
            S.CLOSED,
            HANDLE,
            is_responsible,
            nothing_owed,
            everybody_told,
            style="primary",
        ),
        transition(
            "assess",
            _("Assess"),
            UNFINISHED,
            None,
            HANDLE,
            is_responsible,
            effect=_("Report duties are worked out anew from the facts."),
        ),
        transition("add_persons", _("Add persons"), UNFINISHED, None, HANDLE, is_responsible),
        transition("add_seen", _("Add everybody somebody saw"), UNFINISHED, None, HANDLE, is_responsible),
        transition(
            "tell_persons", _("Log persons told"), UNFINISHED, None, HANDLE, is_responsible, has_untold
        ),
        transition(
            "leave_out", _("Leave persons untold"), UNFINISHED, None, HANDLE, is_responsible, has_untold
        ),
        transition("attach", _("Add a file"), UNFINISHED, None, HANDLE, is_responsible),
        transition(
            "waive",
            _("Waive a report duty"),
            UNFINISHED,
            None,
            HANDLE,
            is_responsible,
            has_running_duty,
            style="danger",
        ),
        transition(
            "reopen", _("Reopen for new facts"), [S.CLOSED], S.OPEN, HANDLE, is_responsible, style="danger"
        ),
    ),
)
