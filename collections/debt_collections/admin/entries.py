"""What the collections desk puts into the registries: sidebar, timeline, search, pages, the borrower's card."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.keeping_cards import offer_holds
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.registry import (
    Panel,
    SearchHit,
    SearchSource,
    SidebarItem,
    registries,
)
from backoffice.loans.choices import ContactPersonState
from backoffice.loans.models import Borrower, ContactPerson, PhoneNumber
from backoffice.staff.models import User
from debt_collections.choices import CaseState
from debt_collections.models import Agency, Case, Collector, ContactAttempt, Hold
from debt_collections.querysets import works_on_own_cases
from debt_collections.selectors import live_holds, open_case_of

#: Each contact has a folder; of how many a person's reads are looked up.
CONTACTS_ASKED = 500


def case_url(pk: int) -> str:
    return reverse("admin:collections_case_change", args=(pk,))


def open_cases(user: User) -> int:
    """Open cases this person sees, counted no further than the sidebar shows."""
    return bounded_count(Case.objects.visible_to(user).filter(state=CaseState.OPEN), limit=COUNT_LIMIT)


def standing_holds(user: User) -> int:
    return bounded_count(Hold.objects.visible_to(user).filter(lifted_at__isnull=True), limit=COUNT_LIMIT)


def find_cases(query: str, viewer: User, limit: int) -> list[SearchHit]:
    """Cases by the beginning of their number."""
    rows = Case.objects.visible_to(viewer).filter(number__startswith=query.upper()).select_related("borrower")
    return [
        SearchHit(
            case.number,
            f"{case.borrower.name_mask} · {case.get_state_display()}",
            case_url(case.pk),
            case.dossier_id,
        )
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


def dossiers_of_people(subject_ids: Sequence[int]) -> list[int]:
    """Their cases, and the contacts with them, the newest first."""
    cases = Case.objects.filter(borrower__subject__in=subject_ids).values_list("dossier_id", flat=True)
    contacts = ContactAttempt.objects.filter(borrower__subject__in=subject_ids).order_by("-pk")
    return [*cases, *contacts.values_list("dossier_id", flat=True)[:CONTACTS_ASKED]]


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
registries.person_dossiers.register("collections", dossiers_of_people)
offer_holds("collections.case")
offer_holds("collections.collector")
registries.dossier_pages.register(DossierKind.CASE, case_page)
registries.dossier_pages.register(DossierKind.COLLECTOR, collector_page)
registries.dossier_pages.register(DossierKind.AGENCY, agency_page)


def _may_be_spoken_to(person: ContactPerson) -> bool:
    until = person.unlock_expires_at
    return person.state == ContactPersonState.UNLOCKED and until is not None and until > timezone.now()


def _cases_in_hand(user: User) -> QuerySet[Case]:
    found: QuerySet[Case] = Case.objects.visible_to(user).filter(state=CaseState.OPEN)
    return found


def borrowers_in_hand(user: User) -> QuerySet[Any] | None:
    """Whoever works on cases of their own sees of the loan book the borrowers of these cases."""
    return _cases_in_hand(user).values("borrower") if works_on_own_cases(user) else None


def may_see_in_full(user: User, row: Any) -> bool:
    """Whoever works on cases of their own sees in full only the people of these cases, and of their contact persons
    only one who may be spoken to now. Everybody else is asked for their rights alone."""
    if not isinstance(row, (Borrower, ContactPerson, PhoneNumber)):
        return True
    if not works_on_own_cases(user):
        return True
    named = row if isinstance(row, ContactPerson) else getattr(row, "contact_person", None)
    if named is not None and not _may_be_spoken_to(named):
        return False
    # A page asks for each of its values: once for each borrower and request is enough.
    known: dict[int, bool] = user.__dict__.setdefault("_borrowers_in_hand", {})
    borrower_id = row.pk if isinstance(row, Borrower) else row.borrower_id
    if borrower_id not in known:
        known[borrower_id] = _cases_in_hand(user).filter(borrower=borrower_id).exists()
    return known[borrower_id]


registries.reach.register("collections", borrowers_in_hand)
registries.reveal_guards.register("collections", may_see_in_full)
