"""How the loan book knows people, and what incidents add to a borrower's timeline."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.desk import incidents
from backoffice.desk.incident_texts import event_title
from backoffice.desk.models import IncidentEvent
from backoffice.desk.reach import within_reach
from backoffice.desk.registry import PersonName, TimelineItem, TimelineSource, registries
from backoffice.loans.models import Borrower, ContactPerson
from backoffice.staff.models import User


def names_of(subject_ids: Collection[int], viewer: User) -> dict[int, PersonName]:
    """Borrowers and contact persons among these people; a contact person stands under the borrower's number."""
    found = {}
    named = ContactPerson.objects.filter(subject__in=subject_ids).order_by("-pk")
    named = within_reach(named, viewer, borrower="borrower")
    columns = ("subject_id", "name_mask", "borrower__customer_number", "borrower_id")
    for subject_id, mask, number, borrower_id in named.values_list(*columns):
        found[subject_id] = _name(mask, number, borrower_id)
    own = within_reach(Borrower.objects.filter(subject__in=subject_ids), viewer, borrower="pk")
    for subject_id, mask, number, pk in own.values_list("subject_id", "name_mask", "customer_number", "pk"):
        found[subject_id] = _name(mask, number, pk)
    return found


def _name(mask: str, number: str, borrower_id: int) -> PersonName:
    url = reverse("admin:loans_borrower_change", args=(borrower_id,))
    return PersonName(mask, number, url, "loans.view_borrower")


def incident_items(
    *, borrower_id: int, viewer: User, before: datetime | None, limit: int
) -> list[TimelineItem]:
    """The newest decisions about incidents that concern the borrower, of those incidents the viewer may know of."""
    # A person stands in an incident under one of the rows that mean them: the borrower's own, or its alias.
    concerned = (
        Q(subjects__subject__borrower=borrower_id)
        | Q(subjects__subject__same_as__borrower=borrower_id)
        | Q(subjects__subject__aliases__borrower=borrower_id)
    )
    mine = incidents.visible_to(viewer).filter(concerned).values("pk")
    rows = IncidentEvent.objects.filter(incident__in=mine).select_related("incident")
    if before is not None:
        rows = rows.filter(occurred_at__lt=before)
    found = []
    for row in rows.defer("reason_cipher").order_by("-occurred_at", "-pk")[:limit]:
        title, tone = event_title(row.kind, row.data)
        found.append(
            TimelineItem(
                at=row.occurred_at,
                title=title,
                source="desk.incidents",
                tone=tone,
                detail=f"{row.incident.get_kind_display()} {row.incident.number}",
                actor=row.actor_name,
                url=reverse("admin:desk_incident_change", args=(row.incident_id,)),
            )
        )
    return found


registries.person_names.register("loans", names_of)
registries.timeline.register("desk.incidents", TimelineSource(_("Incidents"), incident_items))
