"""What the ground puts into the registries: its lines of the sidebar and its tile."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day, start_of_day
from backoffice.desk.admin.task import kind_label, mine
from backoffice.desk.models import Task
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.registry import HomeTile, SidebarItem, registries
from backoffice.staff.models import User

TILE_ROWS = 8


def _waiting(user: User) -> int:
    return bounded_count(mine(user), limit=COUNT_LIMIT)


def _overdue(user: User) -> int:
    midnight = start_of_day(business_day(timezone.now()))
    return bounded_count(mine(user).filter(due_at__lt=midnight), limit=COUNT_LIMIT)


def _my_tasks(request: HttpRequest) -> dict[str, Any] | None:
    tasks: list[Task] = list(
        mine(request.user)
        .select_related("dossier")
        .defer("detail_cipher")
        .order_by("due_at", "pk")[:TILE_ROWS]
    )
    if not tasks:
        return None
    rows = [
        (
            kind_label(task.kind),
            task,
            business_day(task.due_at),
            reverse("admin:desk_task_change", args=(task.pk,)),
        )
        for task in tasks
    ]
    return {"rows": rows, "all_url": reverse("admin:desk_task_changelist")}


registries.sidebar.register(
    "desk.tasks",
    SidebarItem(
        desk="mine",
        title=_("My tasks"),
        url=lambda: reverse("admin:desk_task_changelist"),
        icon="checklist",
        permission="desk.view_task",
        order=10,
        count=_waiting,
        urgent=_overdue,
    ),
)
for _order, (_name, _title, _icon, _permission, _desk) in enumerate(
    (
        ("audit_maintenance", _("Maintenance"), "build", "audit.view_maintenance", "record"),
        ("desk_attachment", _("Files"), "attach_file", "desk.view_attachment", "record"),
        ("core_policyvalue", _("Policy values"), "gavel", "core.view_policyvalue", "house"),
        ("core_calendarday", _("Calendar"), "calendar_month", "core.view_calendarday", "house"),
        ("core_importrun", _("Imports"), "upload_file", "core.view_importrun", "house"),
    )
):
    registries.sidebar.register(
        f"desk.{_name}",
        SidebarItem(
            desk=_desk,
            title=_title,
            url=lambda name=_name: reverse(f"admin:{name}_changelist"),  # type: ignore[misc]
            icon=_icon,
            permission=_permission,
            order=50 + _order,
        ),
    )

registries.home.register(
    "desk.tasks",
    HomeTile(
        title=_("My open tasks"),
        template="desk/tiles/tasks.html",
        context=_my_tasks,
        permission="desk.view_task",
        order=30,
        listed=lambda context: [task.dossier_id for _words, task, _due, _url in context["rows"]],
    ),
)
