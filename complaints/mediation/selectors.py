"""Reads with a name: what an organisation's client may know of, and what our own pages list."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet

from backoffice.api.models import Client
from backoffice.core.time import business_day
from complaints.mediation import rules
from complaints.mediation.choices import ENDED_STATES, ReferralState
from complaints.mediation.models import (
    MediationConsent,
    MediationEvent,
    MediationOrganisation,
    Referral,
    ReferralDeadline,
)

LIST_COLUMNS = (
    "id",
    "dossier_id",
    "dossier__uid",
    "number",
    "state",
    "version",
    "end_reason",
    "offered_at",
    "accepted_at",
    "ended_at",
    "updated_at",
)


def visible_referrals(client: Client, *, at: datetime) -> QuerySet[Referral]:
    """The cases offered to this client's organisation that it may still know of at ``at``; never a draft.

    Everything the partner API does starts here, so that another organisation's case does not exist for it.
    """
    organisation = MediationOrganisation.objects.filter(client=client, active=True).first()
    if organisation is None:
        return Referral.objects.none()
    since = rules.access_began_after(days=organisation.access_days_after_end, at=at)
    return Referral.objects.filter(organisation=organisation, offered_at__isnull=False).filter(
        Q(ended_at__isnull=True) | Q(ended_at__gte=since)
    )


def with_related(referrals: QuerySet[Referral]) -> QuerySet[Referral]:
    """Joined to what reading one case needs; ciphertext of other texts stays in the database."""
    return referrals.select_related(
        "dossier", "organisation__client", "consent", "complaint__loan__product", "complaint__borrower"
    )


def for_feed(referrals: QuerySet[Referral]) -> QuerySet[Referral, dict[str, Any]]:
    """The columns of the partner's list; the caller pages by (updated_at, id)."""
    return referrals.values(*LIST_COLUMNS)


def open_deadlines(referral_ids: Iterable[int]) -> dict[int, list[dict[str, Any]]]:
    """The deadlines of many referrals in one query, cancelled ones left out."""
    found: dict[int, list[dict[str, Any]]] = {}
    rows = (
        ReferralDeadline.objects.filter(owner_id__in=list(referral_ids), cancelled_at__isnull=True)
        .order_by("owner_id", "id")
        .values("owner_id", "kind", "started_at", "due_on", "provisional", "paused_since", "met_at")
    )
    for row in rows:
        found.setdefault(row["owner_id"], []).append(dict(row))
    return found


def events_of(referral: Referral, *, after: int = 0, limit: int) -> Sequence[MediationEvent]:
    """The events after a sequence number, in their order."""
    return list(
        MediationEvent.objects.filter(referral=referral, sequence__gt=after).order_by("sequence")[:limit]
    )


def latest_referral(complaint_id: int) -> Referral | None:
    """The referral a complaint page shows: the running one, otherwise the newest."""
    return (
        Referral.objects.filter(complaint_id=complaint_id)
        .select_related("organisation__client", "consent", "dossier", "complaint")
        .order_by("-id")
        .first()
    )


def consents_of(complaint_id: int) -> list[MediationConsent]:
    """Every consent of a complaint, the newest first, withdrawn ones too."""
    return list(
        MediationConsent.objects.filter(complaint_id=complaint_id)
        .select_related("organisation")
        .order_by("-given_at", "-id")
    )


def count_running() -> int:
    """Referrals that are under way."""
    return Referral.objects.exclude(state__in=[*ENDED_STATES, ReferralState.DRAFT]).count()


def count_late(*, at: datetime) -> int:
    """Referrals with a clock that has run out and does not stand."""
    late = ReferralDeadline.objects.filter(
        met_at__isnull=True,
        cancelled_at__isnull=True,
        paused_since__isnull=True,
        due_on__lt=business_day(at),
    )
    return Referral.objects.filter(pk__in=late.values("owner")).count()
