"""Where the explorer of the record is found: its addresses, its lines in the sidebar, the words for its acts."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services.watching import count_unanswered
from backoffice.desk.explorer import event_pages, pages, reading
from backoffice.desk.registry import SidebarItem, registries
from backoffice.staff.models import User

PAGES: dict[str, Callable[[Any, HttpRequest], HttpResponseBase]] = {
    "changes": pages.changes_page,
    "events": event_pages.events_page,
    "request": pages.request_page,
    "moment": pages.moment_page,
    "dossier": pages.dossier_page,
    "person": reading.person_page,
    "reads": reading.reads_page,
    "alerts": reading.alerts_page,
}


def _addresses(site: Any) -> list[URLPattern]:
    return [
        path(f"record/{name}/", site.admin_view(partial(view, site)), name=f"record_{name}")
        for name, view in PAGES.items()
    ]


def _waiting(user: User) -> int:
    return count_unanswered(at=timezone.now())


registries.site_pages.register("record", _addresses)
registries.act_labels.register_all(
    {
        "record.exported": _("Taken out of the record"),
        "reads.unusual": _("Unusual reading reported"),
        "reads.answered": _("Alert answered"),
    }
)
for _order, (_name, _title, _icon, _permission, _count) in enumerate(
    (
        ("changes", _("Changes"), "manage_search", pages.EXPLORE, None),
        ("reads", _("Reads"), "visibility", pages.READS, None),
        ("alerts", _("Alerts"), "notification_important", pages.ALERTS, _waiting),
    )
):
    registries.sidebar.register(
        f"desk.record_{_name}",
        SidebarItem(
            desk="record",
            title=_title,
            url=lambda name=_name: reverse(f"admin:record_{name}"),  # type: ignore[misc]
            icon=_icon,
            permission=_permission,
            order=10 + _order,
            urgent=_count,
        ),
    )
