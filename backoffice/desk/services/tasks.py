"""Tasks: one mechanism for every desk."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.models import Dossier
from backoffice.desk import workflow
from backoffice.desk.models import Task
from backoffice.privacy.services import set_text
from backoffice.staff.models import Team, User


def open_task(
    *,
    dossier: Dossier,
    kind: str,
    due_at: datetime,
    by: User,
    at: datetime,
    team: Team | None = None,
    assigned_to: User | None = None,
    detail: str = "",
) -> Task:
    """A new task of ``kind`` (a code of ``registries.task_kinds``) in a dossier, due at an aware moment.

    Called by the services of the desks within their own act; asks no permission of its own.
    """
    with act(by=by, at=at, code="task.opened"):
        task = Task(
            dossier=dossier, kind=kind, due_at=due_at, opened_at=at, team=team, assigned_to=assigned_to
        )
        set_text(task, "detail_cipher", detail, dossier_id=dossier.pk)
        task.save()
    return task


def complete_task(*, task: Task, by: User, at: datetime, reason: str = "") -> Task:
    """The task is done. Raises ``NotPermitted`` or ``TransitionRefused``."""
    return _end(task, "complete", code="task.done", by=by, at=at, reason=reason)


def cancel_task(*, task: Task, by: User, at: datetime, reason: str) -> Task:
    """The task need not be done any more; the reason is kept. Raises ``NotPermitted`` or ``TransitionRefused``."""
    return _end(task, "cancel", code="task.cancelled", by=by, at=at, reason=reason)


def _end(task: Task, step: str, *, code: str, by: User, at: datetime, reason: str) -> Task:
    with act(by=by, at=at, code=code, reason=reason, dossier=task.dossier):
        task = lock(Task, task.pk)
        workflow.task.step(step, task, by=by, at=at)
        task.done_at = at
        task.save()
    return task


def reassign_task(
    *,
    task: Task,
    by: User,
    at: datetime,
    assigned_to: User | None = None,
    team: Team | None = None,
    reason: str = "",
) -> Task:
    """Give the task to a person, or to a team's queue. Raises ``InputRefused`` when neither, or nobody who works."""
    with act(by=by, at=at, code="task.reassigned", reason=reason, dossier=task.dossier):
        task = lock(Task, task.pk)
        workflow.task.step("reassign", task, by=by, at=at)
        if assigned_to is None and team is None:
            raise InputRefused(_("Name a person or a team."), field="assigned_to")
        if assigned_to is not None and not (assigned_to.is_active and assigned_to.kind == User.Kind.PERSON):
            raise InputRefused(_("This person does not work here any more."), field="assigned_to")
        task.assigned_to = assigned_to
        task.team = team or (assigned_to.team if assigned_to is not None else None)
        task.save()
    return task


def withdraw_tasks(*, dossier: Dossier, kind: str, by: User, at: datetime, keep: Task | None = None) -> int:
    """End the open tasks of ``kind`` in a dossier because what they asked for is being done or needs no doing.

    Called by the services of the desks within their own act; asks no permission of its own. ``keep`` stays open.
    Answers how many ended.
    """
    with act(by=by, at=at, code="task.withdrawn"):
        found = Task.objects.select_for_update(of=("self",)).filter(
            dossier=dossier, kind=kind, state=Task.State.OPEN
        )
        ended = [task for task in found if keep is None or task.pk != keep.pk]
        for task in ended:
            task.state = Task.State.CANCELLED
            task.done_at = at
            task.save()
    return len(ended)
