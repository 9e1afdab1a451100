"""The steps of a task."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from backoffice.desk.models import Task
from backoffice.staff.models import User

OPEN = Task.State.OPEN


def is_mine(task: Task, by: User, at: datetime) -> Any | None:
    """Mine, or nobody's in my team; whoever may assign tasks may also step in for others."""
    if task.assigned_to_id == by.pk or by.has_perm("desk.assign_task"):
        return None
    if task.assigned_to_id is None and (task.team_id is None or task.team_id == by.team_id):
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
