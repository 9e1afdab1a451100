"""What the conduct desk knows about people: who is said to have been contacted."""

from __future__ import annotations

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.seams import Ids, PersonSource
from conduct.models import AllegedContact


def _homes(subjects: Ids) -> set[int]:
    rows = AllegedContact.objects.filter(subject_id__in=subjects)
    return set(rows.values_list("dossier_id", flat=True))


def _dependents(subjects: Ids, dossiers: Ids) -> set[int]:
    rows = AllegedContact.objects.filter(dossier_id__in=dossiers)
    return set(rows.values_list("subject_id", flat=True))


def _standing(candidates: Ids, subjects: Ids, dossiers: Ids) -> set[int]:
    rows = AllegedContact.objects.filter(subject_id__in=candidates).exclude(dossier_id__in=dossiers)
    return set(rows.values_list("subject_id", flat=True))


seams.people.register("conduct", PersonSource(homes=_homes, dependents=_dependents, standing=_standing))
