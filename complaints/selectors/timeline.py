"""The complaint's part of the timeline: its events, in words."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.desk.registry import TimelineItem
from backoffice.staff.models import User
from complaints.models import Complaint, ComplaintEvent
from complaints.querysets import visible_to

SOURCE = "complaint"

#: Event kind → (title, tone).
TITLES: dict[str, tuple[Any, str]] = {
    "filed": (_("Complaint filed"), "info"),
    "registered": (_("Complaint registered"), "neutral"),
    "accepted": (_("Complaint accepted"), "info"),
    "investigation_begun": (_("Investigation begun"), "neutral"),
    "not_admitted": (_("Complaint not admitted"), "warn"),
    "awaiting_complainant": (_("Waiting for the complainant"), "neutral"),
    "resumed": (_("Investigation resumed"), "neutral"),
    "assigned": (_("Complaint assigned"), "neutral"),
    "identity_verified": (_("Identity verified"), "good"),
    "borrower_matched": (_("Borrower matched"), "neutral"),
    "allegation_added": (_("Allegation added"), "neutral"),
    "contact_linked": (_("Contact linked"), "neutral"),
    "contact_unlinked": (_("Contact unlinked"), "neutral"),
    "alleged_contact_reported": (_("Contact outside our systems reported"), "warn"),
    "finding_set": (_("Finding entered"), "info"),
    "demand_added": (_("Demand added"), "neutral"),
    "demand_answered": (_("Demand answered"), "neutral"),
    "remedy_added": (_("Remedy proposed"), "neutral"),
    "remedy_removed": (_("Remedy taken back"), "neutral"),
    "remedy_executed": (_("Remedy carried out"), "good"),
    "note_added": (_("Note added"), "neutral"),
    "conversation_logged": (_("Call logged"), "neutral"),
    "file_attached": (_("File attached"), "neutral"),
    "deadline_extended": (_("Deadline extended"), "warn"),
    "deadline_paused": (_("Deadline paused"), "warn"),
    "deadline_resumed": (_("Deadline runs on"), "neutral"),
    "decision_proposed": (_("Decision proposed"), "info"),
    "decision_sent_back": (_("Decision sent back"), "warn"),
    "decision_approved": (_("Decision approved"), "good"),
    "notice_sent": (_("Decision sent"), "neutral"),
    "notice_failed": (_("Delivery failed"), "warn"),
    "notice_delivered": (_("Decision delivered"), "good"),
    "closed": (_("Complaint closed"), "good"),
    "withdrawn": (_("Complaint withdrawn"), "neutral"),
    "merged": (_("Complaint merged"), "neutral"),
    "reopened": (_("Complaint reopened"), "warn"),
    "mediation_consent_recorded": (_("Consented to mediation"), "info"),
    "mediation_consent_withdrawn": (_("Consent to mediation withdrawn"), "warn"),
    "imported": (_("Complaint imported"), "neutral"),
}


def timeline_of(complaint: Complaint, *, limit: int = 200) -> list[TimelineItem]:
    """The newest events of one complaint, the newest first."""
    rows = ComplaintEvent.objects.filter(complaint=complaint).defer("reason_cipher")
    return [_item(row) for row in rows.order_by("-occurred_at", "-id")[:limit]]


def timeline_items(
    *, borrower_id: int, viewer: User, before: datetime | None = None, limit: int = 20
) -> list[TimelineItem]:
    """The newest ``limit`` complaint events about a borrower before a moment, of complaints ``viewer`` may see."""
    rows = ComplaintEvent.objects.filter(
        complaint__in=visible_to(viewer).filter(borrower=borrower_id).values("pk")
    )
    if before is not None:
        rows = rows.filter(occurred_at__lt=before)
    rows = rows.select_related("complaint").defer("reason_cipher", "complaint__words_cipher")
    return [_item(row, detail=row.complaint.number) for row in rows.order_by("-occurred_at", "-id")[:limit]]


def _item(row: ComplaintEvent, *, detail: str = "") -> TimelineItem:
    title, tone = TITLES[row.kind]
    return TimelineItem(
        at=row.occurred_at, title=title, source=SOURCE, tone=tone, detail=detail, actor=row.actor_name
    )
