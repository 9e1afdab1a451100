"""What the desk knows about people and the time things are kept: nobody is erased while an incident about them runs."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import Blocker, Ids, PersonSource
from backoffice.desk.choices import IncidentState
from backoffice.desk.models import Incident


def _homes(subjects: Ids) -> set[int]:
    rows = Incident.objects.filter(subjects__subject_id__in=subjects)
    return set(rows.values_list("dossier_id", flat=True))


def _blockers(subjects: Ids, dossiers: Ids, at: datetime) -> list[Blocker]:
    rows = Incident.objects.filter(subjects__subject_id__in=subjects).exclude(state=IncidentState.CLOSED)
    return [
        Blocker("open-incident", _("Incident %(number)s is open.") % {"number": number}, dossier_id)
        for number, dossier_id in rows.distinct().order_by("number").values_list("number", "dossier_id")
    ]


seams.people.register("desk", PersonSource(homes=_homes, blockers=_blockers))
