"""What incidents put into the registries: sidebar, home, search, pages and files of their dossiers, words."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.desk import incidents
from backoffice.desk.codes import attachment_kinds, code_labels
from backoffice.desk.incident_texts import DUTIES, EVENTS, KIND_TONES, left
from backoffice.desk.models import Incident
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.registry import HomeTile, SearchHit, SearchSource, SidebarItem, registries
from backoffice.desk.services import INCIDENT_TASK
from backoffice.desk.services.incident_duties import PROOF
from backoffice.desk.services.incidents import EVIDENCE
from backoffice.staff.models import User

TILE_ROWS = 6
VIEW = "desk.view_incident"
HANDLE = "desk.handle_incident"


def incident_url(pk: int) -> str:
    """The page of an incident."""
    return reverse("admin:desk_incident_change", args=(pk,))


def _waiting(user: User) -> int:
    return bounded_count(incidents.answered_for_by(user), limit=COUNT_LIMIT)


def _pressing(user: User) -> int:
    return incidents.pressing(user, timezone.now())


def _tile(request: HttpRequest) -> dict[str, Any] | None:
    rows = incidents.by_urgency(incidents.answered_for_by(request.user)).defer(
        "description_cipher", "measures_cipher", "closing_cipher", "harm_reason_cipher"
    )
    found: list[Any] = list(rows[:TILE_ROWS])
    if not found:
        return None
    at = timezone.now()
    lines = [
        (one, incident_url(one.pk), KIND_TONES[one.kind], left(one.next_due, one.next_started, at))
        for one in found
    ]
    return {"rows": lines, "all_url": reverse("admin:desk_incident_changelist")}


def _search(query: str, viewer: User, limit: int) -> list[SearchHit]:
    rows = incidents.visible_to(viewer).filter(number=query.strip().upper())
    columns = ("number", "kind", "pk", "dossier_id")
    kinds = dict(Incident._meta.get_field("kind").flatchoices)
    return [
        SearchHit(number, kinds[kind], incident_url(pk), dossier_id)
        for number, kind, pk, dossier_id in [
            (row["number"], row["kind"], row["pk"], row["dossier_id"])
            for row in rows.values(*columns)[:limit]
        ]
    ]


def _page(dossier: Dossier) -> str | None:
    pk = Incident.objects.filter(dossier=dossier).values_list("pk", flat=True).first()
    return incident_url(pk) if pk is not None else None


def _may_read_files(user: User, dossier: Dossier) -> bool:
    return incidents.visible_to(user).filter(dossier=dossier).exists()


def _dossiers_of(subject_ids: Sequence[int]) -> Iterable[int]:
    """Incidents on whose pages these people stand."""
    return Incident.objects.filter(subjects__subject__in=subject_ids).values_list("dossier_id", flat=True)


registries.person_dossiers.register("desk.incidents", _dossiers_of)
registries.task_kinds.register(INCIDENT_TASK, _("Handle the incident"))
registries.dossier_pages.register(DossierKind.INCIDENT, _page)
registries.file_readers.register(DossierKind.INCIDENT, _may_read_files)
registries.search.register("desk.incidents", SearchSource(_("Incidents"), VIEW, _search))
registries.sidebar.register(
    "desk.incidents",
    SidebarItem(
        desk="mine",
        title=_("Incidents"),
        url=lambda: reverse("admin:desk_incident_changelist"),
        icon="e911_emergency",
        permission=VIEW,
        order=20,
        count=_waiting,
        urgent=_pressing,
    ),
)
registries.sidebar.register(
    "desk.incidentcontacts",
    SidebarItem(
        desk="house",
        title=_("Emergency contacts"),
        url=lambda: reverse("admin:desk_incidentcontact_changelist"),
        icon="contact_phone",
        permission="desk.view_incidentcontact",
        order=70,
    ),
)
registries.home.register(
    "desk.incidents",
    HomeTile(
        title=_("Incidents"),
        template="desk/tiles/incidents.html",
        context=_tile,
        permission=HANDLE,
        order=5,
        width=12,
        listed=lambda context: [row[0].dossier_id for row in context["rows"]],
    ),
)
registries.act_labels.register_all(
    {
        "task.withdrawn": _("Task no longer needed"),
        "incident.reported": _("Incident reported"),
        "incident.duties_set": _("Report duties worked out"),
        "incident.taken": _("Incident taken over"),
        "incident.assessed": _("Incident assessed"),
        "incident.notified": _("Notification logged"),
        "incident.duty_waived": _("Report duty waived"),
        "incident.persons_added": _("Persons added to an incident"),
        "incident.persons_told": _("Persons told of an incident"),
        "incident.persons_left_out": _("Persons left untold"),
        "incident.file_added": _("File added to an incident"),
        "incident.contained": _("Incident contained"),
        "incident.marked_reported": _("Incident reported to all"),
        "incident.closed": _("Incident closed"),
        "incident.reopened": _("Incident reopened"),
    }
)
attachment_kinds.register_all({PROOF: _("Proof of a report"), EVIDENCE: _("Evidence of an incident")})
code_labels.register_all(
    {
        "desk.incidentduty.code": DUTIES,
        # Each event is written by the act of the same name.
        "desk.incidentevent.kind": {kind: registries.act_labels.get(f"incident.{kind}") for kind in EVENTS},
    }
)
