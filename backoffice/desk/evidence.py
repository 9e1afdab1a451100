"""What the desk adds to an evidence bundle (tasks, files, incidents), and the card that offers one on a page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db import models
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import File, Part, seams
from backoffice.audit.evidence.workflow import MAKE
from backoffice.audit.models import EvidenceBundle
from backoffice.audit.services.evidence import may_bundle
from backoffice.desk import dossiers, filetypes, record
from backoffice.desk.codes import label_of_code
from backoffice.desk.models import (
    Attachment,
    Incident,
    IncidentDuty,
    IncidentEvent,
    IncidentNotification,
    Task,
)
from backoffice.desk.registry import Panel, registries
from backoffice.staff.models import User

#: Bundles shown on the card of a page.
SHOWN = 3
_SEES_INCIDENTS = "desk.see_incidents"


def parts(scope: Scope, dossier_ids: Sequence[int]) -> Iterator[Part]:
    """Tasks and files of the dossiers, and incidents that were reported from them."""
    ids = list(dossier_ids)
    yield Part(Task.objects.filter(dossier__in=ids), moments=("opened_at", "done_at"))
    # Whether the file may be read is asked file by file; of the others there is the hash.
    yield Part(Attachment.objects.filter(dossier__in=ids).select_related("dossier"), moments=("added_at",))
    incidents = Incident.objects.filter(models.Q(source__in=ids) | models.Q(dossier__in=ids))
    if not scope.viewer.has_perm(_SEES_INCIDENTS):
        incidents = incidents.none()
    yield Part(incidents, moments=("discovered_at", "closed_at"), follow=True)
    yield Part(IncidentDuty.objects.filter(incident__in=incidents))
    yield Part(IncidentNotification.objects.filter(incident__in=incidents), moments=("told_at",))


def file_of(row: Attachment, viewer: User) -> File | None:
    """The file, if the person may read the files of its dossier."""
    if not dossiers.may_read_files(viewer, row.dossier):
        return None
    extension = filetypes.extension_of(row.file.name or "")
    # Erasure empties the column; opening nothing is no error of the storage.
    return File("name_cipher", extension, lambda: row.file.open("rb")) if row.file else None


def door_label(code: str) -> str:
    """An entry point in words."""
    return str(record.DOORS.get(code, code))


def bundle_card(request: HttpRequest, obj: Any) -> dict[str, Any] | None:
    """The newest bundles about the page's dossier, and the way to a new one."""
    user: Any = request.user
    if not may_bundle(user, obj.dossier):
        return None
    bundles = EvidenceBundle.objects.filter(dossier=obj.dossier).select_related("requested_by")
    return {
        "bundles": [
            (one, reverse("admin:audit_evidencebundle_change", args=(one.pk,)))
            for one in bundles.defer("reason_cipher").order_by("-pk")[:SHOWN]
        ],
        "make_url": f"{reverse('admin:audit_evidencebundle_make')}?dossier={obj.dossier.uid}",
    }


def offer(page: str) -> None:
    """Put the card on the page of that name; its object has a ``dossier``. Called by the app of the page."""
    registries.panels.register(
        f"{page}.evidence",
        Panel(
            page=page,
            title=_("Evidence"),
            template="desk/parts/evidence_card.html",
            context=bundle_card,
            permission=MAKE,
            order=90,
        ),
    )


def incident_words(event: IncidentEvent) -> str:
    """Incidents' events are called as the acts that wrote them."""
    return record.act_label(f"incident.{event.kind}")


seams.dossiers.register("desk", parts)
seams.files.register(Attachment._meta.label_lower, file_of)
seams.events.register(IncidentEvent._meta.label_lower, incident_words)
seams.codes.register("desk", label_of_code)
seams.words.register("act", record.act_label)
seams.words.register("door", door_label)
