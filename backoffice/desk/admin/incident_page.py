"""What the page of an incident shows, gathered in a bounded number of statements."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import formats, timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import ReadEvent
from backoffice.core.explain import Line
from backoffice.core.selectors import business_calendar
from backoffice.core.time import business_day
from backoffice.desk import dossiers, incident_rules, incidents, people, policy
from backoffice.desk.admin.attachment import download_url
from backoffice.desk.choices import IncidentKind, LeakedData
from backoffice.desk.incident_texts import CONTENTS, duty_title, event_title, left, standing
from backoffice.desk.models import Attachment, Incident, IncidentContact, IncidentDuty, Task
from backoffice.desk.page import Timeline
from backoffice.desk.registry import TimelineItem
from backoffice.desk.services.incident_duties import facts_of
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import text_for

SHOWN = 50
READERS = 30
#: More reads than this are for the export: the page would only get slower.
READS_LIMIT = 20_000
READS_RIGHT = "audit.view_readevent"


@dataclass(frozen=True, slots=True)
class DutyLine:
    """One duty as drawn: its clock, why it is there, whom to reach, how it stands."""

    title: Any
    party: Any
    clock: Any
    words: Any
    tone: str
    basis: str
    force: Any
    confidence: Any
    contents: Any
    lines: list[str]
    offices: list[IncidentContact]
    met_at: datetime | None
    pk: int | None
    running: bool


def show(value: object) -> str:
    """Moments of an explanation in the language of the page."""
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "Y-m-d H:i")
    return str(value)


def duty_lines(incident: Incident, offices: list[IncidentContact], at: datetime) -> list[DutyLine]:
    """Every duty with its clock: those that run first, then those that wait for the end of the handling, then the
    rest. The explanation is worked out anew from the facts, by the same function that set the clocks."""
    house = policy.house(incident.discovered_at)
    wanted = incident_rules.required(facts_of(incident), house, business_calendar())
    why = {(one.code, one.started_at): one.lines for one in wanted}
    rows = sorted(incident.duties.all(), key=lambda duty: (not duty.is_running, duty.due_at, duty.pk))
    drawn = [_drawn(duty, why.get((duty.code, duty.started_at), ()), offices, at) for duty in rows]
    waiting = [_waiting(one, offices) for one in wanted if one.started_at is None]
    running = sum(1 for duty in rows if duty.is_running)
    return [*drawn[:running], *waiting, *drawn[running:]]


def _drawn(
    duty: IncidentDuty, lines: tuple[Line, ...], offices: list[IncidentContact], at: datetime
) -> DutyLine:
    said, tone = standing(duty, at)
    return DutyLine(
        title=duty_title(duty.code),
        party=duty.get_party_display(),
        clock=left(duty.due_at, duty.started_at, at) if duty.is_running else None,
        words=said,
        tone=tone,
        basis=duty.basis,
        force=duty.get_legal_force_display(),
        confidence=duty.get_confidence_display(),
        contents=CONTENTS.get(duty.code, "") if duty.is_running else "",
        lines=[line.render(gettext, show) for line in lines],
        offices=[one for one in offices if one.party == duty.party] if duty.is_running else [],
        met_at=duty.met_at,
        pk=duty.pk,
        running=duty.is_running,
    )


def _waiting(one: incident_rules.Duty, offices: list[IncidentContact]) -> DutyLine:
    # An unsaved row speaks the same words as a saved one.
    row = IncidentDuty(party=one.party, legal_force=one.term.legal_force, confidence=one.term.confidence)
    return DutyLine(
        title=duty_title(one.code),
        party=row.get_party_display(),
        clock=None,
        words=_("Not started"),
        tone="neutral",
        basis=one.term.basis,
        force=row.get_legal_force_display(),
        confidence=row.get_confidence_display(),
        contents="",
        lines=[line.render(gettext, show) for line in one.lines],
        offices=[],
        met_at=None,
        pk=None,
        running=False,
    )


def text(viewer: Any, incident: Incident, field: str) -> tuple[str, bool]:
    """A free text as the viewer may read it, and whether it was erased."""
    try:
        return text_for(viewer, incident, field), False
    except Erased:
        return "", True


def timeline(incident: Incident) -> Timeline:
    """The decisions about it, newest first."""
    items = []
    for event in incident.events.defer("reason_cipher").order_by("-occurred_at", "-pk")[:SHOWN]:
        title, tone = event_title(event.kind, event.data)
        items.append(
            TimelineItem(
                at=event.occurred_at, title=title, source="incident", tone=tone, actor=event.actor_name
            )
        )
    return Timeline(items, [], "", "")


def read_log(incident: Incident, since: datetime, until: datetime) -> dict[str, Any]:
    """Who had looked at the persons concerned, pulled together per user."""
    reads = list(itertools.islice(incidents.reads_of(incident, since, until), READS_LIMIT + 1))
    found = incidents.readers(iter(reads[:READS_LIMIT]))
    kinds = [
        (code, label) for code, label in ReadEvent.What.choices if any(code in one.counts for one in found)
    ]
    return {
        "since": since,
        "until": until,
        "kinds": kinds,
        "readers": [(one, [one.counts.get(code, 0) for code, _label in kinds]) for one in found[:READERS]],
        "more": max(0, len(found) - READERS),
        "total": len(reads[:READS_LIMIT]),
        "capped": len(reads) > READS_LIMIT,
    }


def context(request: HttpRequest, incident: Incident, *, at: datetime) -> dict[str, Any]:
    """Everything the template draws beyond the common frame of pages."""
    viewer = request.user
    offices = incidents.contacts_for(incident.kind, on=business_day(at))
    subjects = list(incident.subjects.select_related("subject").order_by("pk")[:SHOWN])
    names = people.names_of({one.subject_id for one in subjects}, viewer=viewer)
    labels = dict(LeakedData.choices)
    return {
        "duties": duty_lines(incident, offices, at),
        "offices": offices,
        "persons": [(one, names[one.subject_id]) for one in subjects],
        "persons_total": incident.subjects.count(),
        "persons_untold": incident.subjects.filter(told_at__isnull=True, not_told_because="").count(),
        "is_leak": incident.kind == IncidentKind.LEAK,
        "data_kinds": [labels[code] for code in incident.data_kinds if code in labels],
        "texts": {
            name: text(viewer, incident, f"{name}_cipher")
            for name in ("description", "measures", "harm_reason", "closing")
        },
        "notifications": list(
            incident.notifications.select_related("told_by", "duty", "proof").order_by("-told_at", "-pk")[
                :SHOWN
            ]
        ),
        "events": timeline(incident),
        "tasks": list(
            Task.objects.filter(dossier=incident.dossier_id)
            .select_related("assigned_to")
            .defer("detail_cipher")
            .order_by("state", "due_at")[:SHOWN]
        ),
        "files": _files(viewer, incident),
        "source_link": dossiers.link(incident.source) if incident.source is not None else "",
    }


def _files(viewer: Any, incident: Incident) -> list[tuple[Attachment, str]]:
    rows = (
        Attachment.objects.filter(dossier=incident.dossier_id).select_related("added_by").defer("name_cipher")
    )
    allowed = dossiers.may_read_files(viewer, incident.dossier)
    return [(row, download_url(row) if allowed else "") for row in rows.order_by("-pk")[:SHOWN]]
