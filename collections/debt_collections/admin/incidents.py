"""On an incident's page: the holds on collection that it caused."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from backoffice.desk.choices import IncidentKind
from backoffice.desk.models import Incident
from backoffice.desk.reach import within_reach
from backoffice.desk.registry import Panel, registries
from debt_collections.models import Hold


def holds_of(request: HttpRequest, incident: Incident) -> dict[str, Any] | None:
    """The holds; for a threat of self-harm without any, that there is none is worth saying.

    That something is stopped is for everybody who sees the incident; whose it is, for whom the borrower is in reach.
    """
    holds = Hold.objects.filter(source=incident.dossier_id)
    rows = list(holds.select_related("borrower").order_by("pk")[:20])
    named = set(within_reach(holds, request.user, borrower="borrower").values_list("pk", flat=True))
    if not rows and incident.kind != IncidentKind.SELF_HARM:
        return None
    return {"holds": [(hold, hold.pk in named) for hold in rows]}


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
