"""The red button, drawn on every page."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from django import template
from django.urls import reverse

from backoffice.core.models import Dossier

register = template.Library()


@register.inclusion_tag("desk/parts/report_button.html", takes_context=True)
def report_button(context: dict[str, Any]) -> dict[str, Any]:
    """The way to the report form, for those who may report; on an object's page it brings the dossier along."""
    request = context["request"]
    if not request.user.has_perm("desk.report_incident"):
        return {"url": ""}
    url = reverse("admin:desk_incident_add")
    dossier = getattr(context.get("original"), "dossier", None)
    # The public identifier alone: an address is kept in histories and logs.
    about = f"?{urlencode({'about': dossier.uid})}" if isinstance(dossier, Dossier) else ""
    return {"url": f"{url}{about}", "active": request.path == url}
