"""What the collections desk puts into the registries: sidebar, timeline, search, pages, the borrower's card."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.registry import (
    Panel,
    SearchHit,
    SearchSource,
    SidebarItem,
    TimelineItem,
    TimelineSource,
    registries,
)
from backoffice.loans.models import Borrower
from backoffice.staff.models import User
from debt_collections.choices import CaseState
from debt_collections.models import Agency, Case, Collector, Hold
from debt_collections.selectors import live_holds, open_case_of


def case_url(pk: int) -> str:
    return reverse("admin:collections_case_change", args=(pk,))


def open_cases(user: User) -> int:
    """Open cases this person sees, counted no further than the sidebar shows."""
    return bounded_count(Case.objects.visible_to(user).filter(state=CaseState.OPEN), limit=COUNT_LIMIT)


def standing_holds(user: User) -> int:
    return bounded_count(Hold.objects.visible_to(user).filter(lifted_at__isnull=True), limit=COUNT_LIMIT)


def hold_items(*, borrower_id: int, viewer: User, before: datetime | None, limit: int) -> list[TimelineItem]:
    """Holds placed and lifted, the newest first."""
    rows = Hold.objects.visible_to(viewer).filter(borrower_id=borrower_id).order_by("-starts_at")[: limit * 2]
    items = []
    for hold in rows:
        url = reverse("admin:collections_hold_change", args=(hold.pk,))
        words = {"scope": hold.get_scope_display(), "reason": hold.get_reason_display()}
        items.append(
            TimelineItem(
                at=hold.starts_at,
                title=_("Collection held: %(scope)s") % words,
                source="hold",
                tone="warn",
                detail=words["reason"],
                url=url,
            )
        )
        if hold.lifted_at is not None:
            title = _("Hold lifted: %(scope)s") % words
            items.append(TimelineItem(at=hold.lifted_at, title=title, source="hold", tone="info", url=url))
    return [item for item in items if before is None or item.at < before][:limit]


def find_cases(query: str, viewer: User, limit: int) -> list[SearchHit]:
    """Cases by the beginning of their number."""
    rows = Case.objects.visible_to(viewer).filter(number__startswith=query.upper()).select_related("borrower")
    return [
        SearchHit(case.number, f"{case.borrower.name_mask} · {case.get_state_display()}", case_url(case.pk))
        for case in rows[:limit]
    ]


def borrower_card(request: HttpRequest, borrower: Borrower) -> dict[str, Any] | None:
    """The borrower's open case with its placement, and the holds in force."""
    case = open_case_of(borrower.pk, request.user)  # type: ignore[arg-type]
    holds = live_holds(borrower.pk, timezone.now()) if request.user.has_perm("collections.view_hold") else []
    if case is None and not holds:
        return None
    return {"case": case, "case_url": case_url(case.pk) if case else "", "holds": holds}


def case_page(dossier: Dossier) -> str | None:
    pk = Case.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return case_url(pk) if pk else None


def collector_page(dossier: Dossier) -> str | None:
    pk = Collector.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return reverse("admin:collections_collector_change", args=(pk,)) if pk else None


def agency_page(dossier: Dossier) -> str | None:
    pk = Agency.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return reverse("admin:collections_agency_change", args=(pk,)) if pk else None


registries.sidebar.register(
    "collections.case",
    SidebarItem(
        desk="collections",
        title=gettext_lazy("Cases"),
        url=lambda: reverse("admin:collections_case_changelist") + "?state__exact=open",
        icon="folder_shared",
        permission="collections.view_case",
        order=10,
        count=open_cases,
    ),
)
registries.sidebar.register(
    "collections.hold",
    SidebarItem(
        desk="collections",
        title=gettext_lazy("Holds"),
        url=lambda: reverse("admin:collections_hold_changelist") + "?state=live",
        icon="pause_circle",
        permission="collections.view_hold",
        order=30,
        count=standing_holds,
    ),
)
registries.sidebar.register(
    "collections.collector",
    SidebarItem(
        desk="collections",
        title=gettext_lazy("Collectors"),
        url=lambda: reverse("admin:collections_collector_changelist"),
        icon="support_agent",
        permission="collections.view_collector",
        order=40,
    ),
)
registries.sidebar.register(
    "collections.agency",
    SidebarItem(
        desk="collections",
        title=gettext_lazy("Agencies"),
        url=lambda: reverse("admin:collections_agency_changelist"),
        icon="apartment",
        permission="collections.view_agency",
        order=50,
    ),
)
registries.task_kinds.register("collections.change_collector", gettext_lazy("Change the collector"))
registries.timeline.register("hold", TimelineSource(label=gettext_lazy("Holds"), items=hold_items))
registries.search.register(
    "collections.case",
    SearchSource(label=gettext_lazy("Cases"), permission="collections.view_case", search=find_cases),
)
registries.panels.register(
    "collections.borrower",
    Panel(
        page="loans.borrower",
        title=gettext_lazy("Collection"),
        template="collections/parts/borrower_card.html",
        context=borrower_card,
        permission="collections.view_case",
        order=20,
    ),
)
registries.dossier_pages.register(DossierKind.CASE, case_page)
registries.dossier_pages.register(DossierKind.COLLECTOR, collector_page)
registries.dossier_pages.register(DossierKind.AGENCY, agency_page)
