"""On an incident's page: the holds on collection that it caused."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk.choices import IncidentKind
from backoffice.desk.models import Incident
from backoffice.desk.registry import Panel, registries
from debt_collections.models import Hold


def holds_of(request: HttpRequest, incident: Incident) -> dict[str, Any] | None:
    """The holds; for a threat of self-harm without any, that there is none is worth saying."""
    rows = list(
        Hold.objects.filter(source=incident.dossier_id).select_related("borrower").order_by("pk")[:20]
    )
    if not rows and incident.kind != IncidentKind.SELF_HARM:
        return None
    return {"holds": rows}


registries.panels.register(
    "collections.incident",
    Panel(
        page="desk.incident",
        title=_("Collection stopped"),
        template="collections/parts/incident_holds.html",
        context=holds_of,
        permission="collections.view_hold",
        order=10,
    ),
)
