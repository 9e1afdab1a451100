"""How the complaints desk knows people who are no borrowers of ours."""

from __future__ import annotations

from collections.abc import Collection

from django.urls import reverse

from backoffice.desk.registry import PersonName, registries
from backoffice.staff.models import User
from complaints.models import Complainant


def names_of(subject_ids: Collection[int], viewer: User) -> dict[int, PersonName]:
    """Complainants among these people, under the number of their newest complaint."""
    rows = Complainant.objects.filter(subject__in=subject_ids).order_by("pk")
    found = {}
    columns = ("subject_id", "name_mask", "complaint__number", "complaint_id")
    for subject_id, mask, number, complaint_id in rows.values_list(*columns):
        url = reverse("admin:complaints_complaint_change", args=(complaint_id,))
        found[subject_id] = PersonName(mask, number, url, "complaints.view_complaint")
    return found


registries.person_names.register("complaints", names_of)
