"""Tasks and attachments: one mechanism each, for every desk."""

from __future__ import annotations

import hashlib
import uuid
from datetime import datetime
from pathlib import PurePath

from django.core.files.base import ContentFile
from django.utils.translation import gettext as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.models import Dossier
from backoffice.desk import filetypes, workflow
from backoffice.desk.models import Attachment, Task
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


def store_attachment(
    *, dossier: Dossier, kind: str, name: str, content: bytes, origin: str, by: User, at: datetime
) -> Attachment:
    """Keep a file in a dossier. Raises ``InputRefused`` (field ``file``) when it is empty, too large, of a kind we
    do not take, or not what its name says.

    The name is encrypted (people put names into them); on the disk the file has a random one. Should the
    caller's transaction fail later, an unreferenced file stays behind, never a row without its file.
    """
    if not content:
        raise InputRefused(_("The file is empty."), field="file")
    if len(content) > filetypes.MAX_BYTES:
        raise InputRefused(_("The file is larger than 20 MB."), field="file")
    found = filetypes.sniff(name, content)
    if found is None:
        taken = ", ".join(sorted(filetypes.TYPES))
        raise InputRefused(
            _("This file is not of a kind we take, or not what its name says. Taken: %(kinds)s.")
            % {"kinds": taken},
            field="file",
        )
    with act(by=by, at=at, code="attachment.stored"):
        attachment = Attachment(
            dossier=dossier,
            kind=kind,
            origin=origin,
            content_type=found.content_type,
            size=len(content),
            sha256=hashlib.sha256(content).hexdigest(),
            added_at=at,
            added_by=by,
        )
        # A name may come with a path from old browsers; only its last part is one.
        plain_name = PurePath(name.replace("\\", "/")).name[:200]
        set_text(attachment, "name_cipher", plain_name, dossier_id=dossier.pk)
        attachment.file.save(f"{uuid.uuid4().hex}.{found.extension}", ContentFile(content), save=False)
        try:
            attachment.save()
        except BaseException:
            attachment.file.delete(save=False)
            raise
    return attachment
