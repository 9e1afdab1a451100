"""Incidents, made through the real services."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backoffice.core import context
from backoffice.desk import services
from backoffice.desk.models import Incident, IncidentDuty
from backoffice.staff.roles import Role
from tests.factories.staff import NOW, person

HOUR = timedelta(hours=1)


def report(kind: str = "leak", **given: Any) -> Incident:
    """An incident noticed now and reported by a collector."""
    given = {"description": "名单被发到群里", "noticed_at": NOW, "at": NOW, **given}
    given.setdefault("by", person(Role.COLLECTOR))
    with context.entering("command"):
        return services.report_incident(kind=kind, **given)


def running(incident: Incident) -> set[str]:
    """The codes of the duties neither met nor waived."""
    rows = incident.duties.filter(met_at__isnull=True, waived_at__isnull=True)
    return set(rows.values_list("code", flat=True))


def duty(incident: Incident, code: str) -> IncidentDuty:
    """The one duty of that code."""
    return incident.duties.get(code=code)


def led_to(state: str, kind: str = "media") -> dict[str, Any]:
    """An incident in ``state`` and somebody responsible for it, as arguments of a service: all it takes is done."""
    by, at = person(Role.COMPLIANCE), NOW + 2 * HOUR
    incident = report(kind)
    with context.entering("command"):
        for one in incident.duties.all():
            services.notify(incident=incident, duty=one, way="call", told_at=NOW + HOUR, by=by, at=at)
        if state != "open":
            services.contain_incident(incident=incident, contained_at=NOW, measures="已处置", by=by, at=at)
        if state in ("reported", "closed"):
            services.mark_reported(incident=incident, by=by, at=at)
        if state == "closed":
            services.close_incident(incident=incident, report="已整改", by=by, at=at)
    return {"incident": Incident.objects.get(pk=incident.pk), "by": by, "at": at}
