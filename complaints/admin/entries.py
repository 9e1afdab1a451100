"""What the complaints desk puts into the registries: sidebar, home, search, timeline, its dossiers' pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.keeping_cards import offer_holds
from backoffice.desk.registry import (
    HomeTile,
    SearchHit,
    SearchSource,
    SidebarItem,
    TimelineSource,
    registries,
)
from backoffice.privacy.people import sought, subjects_found
from backoffice.staff.models import User
from complaints.models import Complaint
from complaints.querysets import visible_to
from complaints.selectors import (
    calls_today,
    count_due_today,
    count_mine,
    count_overdue,
    count_to_approve,
    count_unassigned,
    desk_counts,
    for_list,
    my_queue,
    timeline_items,
)
from complaints.selectors.lists import complaints_of

VIEW = "complaints.view_complaint"
HANDLE = "complaints.handle_complaint"
DECIDE = "complaints.decide_complaint"
TILE_ROWS = 10


def _list(query: str = "") -> Any:
    return lambda: reverse("admin:complaints_complaint_changelist") + query


def _urgent(user: User) -> int:
    at = timezone.now()
    return count_overdue(user, at=at) + count_due_today(user, at=at)


registries.sidebar.register(
    "complaints.mine",
    SidebarItem(
        "complaints", _("My complaints"), _list("?whose=mine"), "inbox", HANDLE, 10, count_mine, _urgent
    ),
)
registries.sidebar.register(
    "complaints.unassigned",
    SidebarItem(
        "complaints",
        _("Nobody's yet"),
        _list("?whose=nobody"),
        "assignment_late",
        HANDLE,
        20,
        count_unassigned,
    ),
)
registries.sidebar.register(
    "complaints.to_approve",
    SidebarItem(
        "complaints",
        _("To approve"),
        _list("?state=decision_proposed"),
        "how_to_reg",
        DECIDE,
        30,
        count_to_approve,
    ),
)
registries.sidebar.register(
    "complaints.late",
    SidebarItem(
        "complaints",
        _("Late"),
        _list("?due=late"),
        "alarm",
        VIEW,
        40,
        urgent=lambda user: count_overdue(user, at=timezone.now()),
    ),
)
registries.sidebar.register(
    "complaints.file",
    SidebarItem(
        "complaints",
        _("Enter a complaint"),
        lambda: reverse("admin:complaints_complaint_add"),
        "add_call",
        HANDLE,
        5,
    ),
)
registries.sidebar.register(
    "complaints.all", SidebarItem("complaints", _("All complaints"), _list(), "forum", VIEW, 50)
)


def _queue_tile(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    return {"rows": list(my_queue(user=user)[:TILE_ROWS]), "all_url": _list("?whose=mine")()}


def _counts_tile(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    return {"counts": desk_counts(user, at=timezone.now()), "list_url": _list()()}


def _calls_tile(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    rows = list(calls_today(user, at=timezone.now())[:TILE_ROWS])
    return {"rows": [(row, complaint_url(row.complaint)) for row in rows]}


def _approval_tile(request: HttpRequest) -> dict[str, Any]:
    user: Any = request.user
    rows = for_list(viewer=user).filter(state="decision_proposed").order_by("pk")[:TILE_ROWS]
    return {"rows": list(rows), "all_url": _list("?state=decision_proposed")()}


def _dossiers(context: dict[str, Any]) -> list[int]:
    return [row.dossier_id for row in context["rows"]]


def _called(context: dict[str, Any]) -> list[int]:
    return [call.complaint.dossier_id for call, _url in context["rows"]]


registries.home.register(
    "complaints.counts",
    HomeTile(_("Complaints today"), "complaints/tiles/counts.html", _counts_tile, VIEW, 10, 12),
)
registries.home.register(
    "complaints.queue",
    HomeTile(_("My queue by due day"), "complaints/tiles/queue.html", _queue_tile, HANDLE, 20, 8, _dossiers),
)
registries.home.register(
    "complaints.calls",
    HomeTile(_("Call back today"), "complaints/tiles/calls.html", _calls_tile, HANDLE, 30, 4, _called),
)
registries.home.register(
    "complaints.approval",
    HomeTile(
        _("Decisions to approve"), "complaints/tiles/queue.html", _approval_tile, DECIDE, 15, 8, _dossiers
    ),
)


def complaint_url(complaint: Complaint) -> str:
    """The page of a complaint."""
    return reverse("admin:complaints_complaint_change", args=(complaint.pk,))


def _page(dossier: Dossier) -> str | None:
    complaint = Complaint.objects.filter(dossier=dossier).only("pk").first()
    return complaint_url(complaint) if complaint is not None else None


def _may_read_files(user: User, dossier: Dossier) -> bool:
    return user.has_perm("complaints.read_words") and visible_to(user).filter(dossier=dossier).exists()


def _search(query: str, viewer: User, limit: int) -> list[SearchHit]:
    found = visible_to(viewer).filter(number__iexact=query).defer("words_cipher")[:limit]
    return [
        SearchHit(one.number, one.get_state_display(), complaint_url(one), one.dossier_id) for one in found
    ]


def _search_people(query: str, viewer: User, limit: int) -> list[SearchHit]:
    """Complaints by a complainant's or borrower's full number, document, e-mail address or name."""
    wanted = sought(query)
    people = subjects_found(wanted, viewer=viewer) if wanted is not None else set()
    if not people:
        return []
    found = visible_to(viewer).filter(pk__in=complaints_of(people)).defer("words_cipher").order_by("-pk")
    return [
        SearchHit(one.number, one.get_state_display(), complaint_url(one), one.dossier_id)
        for one in found[:limit]
    ]


def _dossiers_of(subject_ids: Sequence[int]) -> QuerySet[Complaint, int]:
    """Complaints these people made, or that are about their loans."""
    concerned = Q(complainants__subject__in=subject_ids) | Q(borrower__subject__in=subject_ids)
    return Complaint.objects.filter(concerned).values_list("dossier_id", flat=True).distinct()


registries.person_dossiers.register("complaints", _dossiers_of)
offer_holds("complaints.complaint")
registries.dossier_pages.register(DossierKind.COMPLAINT, _page)
registries.file_readers.register(DossierKind.COMPLAINT, _may_read_files)
registries.search.register("complaints", SearchSource(_("Complaints"), VIEW, _search))
registries.search.register(
    "complaints.people", SearchSource(_("Complaints of this person"), VIEW, _search_people)
)
registries.timeline.register("complaint", TimelineSource(_("Complaints"), timeline_items))
