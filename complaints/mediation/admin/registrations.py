"""What mediation shows on the pages below it: a card on the complaint, a line in the sidebar, the timeline."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk.registry import (
    Panel,
    SearchHit,
    SearchSource,
    SidebarItem,
    TimelineItem,
    TimelineSource,
    registries,
)
from backoffice.staff.models import User
from complaints.mediation import selectors, workflow
from complaints.mediation.admin.words import EVENT_TONES, deadline_name, event_detail, event_title, state_tone
from complaints.mediation.choices import ENDED_STATES, ConsentCover
from complaints.mediation.models import MediationConsent, MediationEvent, Referral
from complaints.models import Complaint
from complaints.timing import decision_deadline

VIEW = "mediation.view_referral"


def _page(referral_id: int) -> str:
    return reverse("admin:mediation_referral_change", args=[referral_id])


# -- the card on the complaint's page ---------------------------------------------------------------------


def complaint_panel(request: HttpRequest, complaint: Complaint) -> dict[str, Any] | None:
    """Consents, the referral and its clocks, since when the decision deadline stands, and what can be done."""
    viewer, now = request.user, timezone.now()
    consents = selectors.consents_of(complaint.pk)
    referral = selectors.latest_referral(complaint.pk)
    steps = _steps(complaint, consents, referral, viewer=viewer, at=now)
    if not consents and referral is None and not steps:
        return None
    paused_since = None
    if referral is not None and referral.accepted_at is not None and referral.state not in ENDED_STATES:
        decision = decision_deadline(complaint)
        paused_since = decision.paused_since if decision is not None else None
    return {
        "consents": [
            {
                "consent": consent,
                "covers": [ConsentCover(cover).label for cover in consent.covers],
                "url": reverse("admin:mediation_mediationconsent_change", args=[consent.pk]),
            }
            for consent in consents
        ],
        "referral": referral,
        "referral_url": _page(referral.pk) if referral is not None else "",
        "referral_tone": state_tone(referral.state) if referral is not None else "",
        "clocks": [
            {**row, "name": deadline_name(row["kind"])}
            for row in (
                selectors.open_deadlines([referral.pk]).get(referral.pk, []) if referral is not None else []
            )
            if row["met_at"] is None
        ],
        "paused_since": paused_since,
        "mediation_steps": steps,
    }


def _steps(
    complaint: Complaint,
    consents: list[MediationConsent],
    referral: Referral | None,
    *,
    viewer: Any,
    at: datetime,
) -> list[dict[str, Any]]:
    """The buttons the person may use now, each asking the same table as the page behind it."""
    query = f"?complaint={complaint.pk}"
    back = f"?next={reverse('admin:complaints_complaint_change', args=[complaint.pk])}"
    in_force = [consent for consent in consents if consent.withdrawn_at is None]
    wanted: list[tuple[Any, str, Any, str]] = [
        (
            workflow.consent,
            "record",
            MediationConsent(complaint=complaint),
            reverse("admin:mediation_mediationconsent_record") + query,
        )
    ]
    if referral is None or referral.state in ENDED_STATES:
        draft = Referral(complaint=complaint)
        if in_force:
            draft = Referral(complaint=complaint, consent=in_force[0], organisation=in_force[0].organisation)
        wanted.append((workflow.referral, "offer", draft, reverse("admin:mediation_referral_offer") + query))
    else:
        url = reverse("admin:mediation_referral_transition", args=[referral.pk, "recall"])
        wanted.append((workflow.referral, "recall", referral, url + back))
    for consent in in_force:
        url = reverse("admin:mediation_mediationconsent_transition", args=[consent.pk, "withdraw"])
        wanted.append((workflow.consent, "withdraw", consent, url + back))
    steps = []
    for table, name, obj, url in wanted:
        answer = table.availability(name, obj, by=viewer, at=at)
        if answer.allowed:
            steps.append({"label": answer.transition.label, "style": answer.transition.style, "url": url})
    return steps


# -- the timeline of a borrower ---------------------------------------------------------------------------


def timeline_items(
    *, borrower_id: int, viewer: User, before: datetime | None, limit: int
) -> list[TimelineItem]:
    """What both sides did, newest first."""
    if not viewer.has_perm(VIEW):
        return []
    events = MediationEvent.objects.filter(referral__complaint__borrower_id=borrower_id)
    if before is not None:
        events = events.filter(occurred_at__lt=before)
    return [
        TimelineItem(
            at=event.occurred_at,
            title=event_title(event),
            source="mediation",
            tone=EVENT_TONES.get(event.kind, "neutral"),
            detail=" ".join(part for part in (event.referral.number, event_detail(event)) if part),
            actor=event.actor_name,
            url=_page(event.referral_id),
        )
        for event in events.select_related("referral").order_by("-occurred_at", "-id")[:limit]
    ]


# -- numbers, sidebar, dossiers ---------------------------------------------------------------------------


def search_referrals(query: str, viewer: User, limit: int) -> list[SearchHit]:
    """By number, from its beginning."""
    return [
        SearchHit(referral.number, referral.get_state_display(), _page(referral.pk), referral.dossier_id)
        for referral in Referral.objects.filter(number__startswith=query.upper()).order_by("number")[:limit]
    ]


def dossier_page(dossier: Dossier) -> str | None:
    """The page of the referral whose folder this is."""
    pk = Referral.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return _page(pk) if pk is not None else None


def dossiers_of_people(subject_ids: Sequence[int]) -> QuerySet[Referral, int]:
    """Referrals of complaints that these people made, or that are about their loans."""
    concerned = Q(complaint__complainants__subject__in=subject_ids)
    concerned |= Q(complaint__borrower__subject__in=subject_ids)
    return Referral.objects.filter(concerned).values_list("dossier_id", flat=True).distinct()


registries.panels.register(
    "mediation.complaint",
    Panel(
        page="complaints.complaint",
        title=_("Mediation"),
        template="mediation/complaint_panel.html",
        context=complaint_panel,
        permission=VIEW,
        order=40,
    ),
)
registries.sidebar.register(
    "mediation.referrals",
    SidebarItem(
        desk="complaints",
        title=_("Mediation"),
        url=lambda: reverse("admin:mediation_referral_changelist"),
        icon="handshake",
        permission=VIEW,
        order=60,
        count=lambda viewer: selectors.count_running(),
        urgent=lambda viewer: selectors.count_late(at=timezone.now()),
    ),
)
registries.sidebar.register(
    "mediation.organisations",
    SidebarItem(
        desk="complaints",
        title=_("Mediators"),
        url=lambda: reverse("admin:mediation_mediationorganisation_changelist"),
        icon="diversity_3",
        permission="mediation.view_mediationorganisation",
        order=65,
    ),
)
registries.timeline.register("mediation", TimelineSource(_("Mediation"), timeline_items))
registries.search.register("mediation.referrals", SearchSource(_("Mediation"), VIEW, search_referrals))
registries.dossier_pages.register(DossierKind.REFERRAL.value, dossier_page)
registries.person_dossiers.register("mediation", dossiers_of_people)
