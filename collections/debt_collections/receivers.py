"""What the collections desk does when something happens below it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from backoffice.desk.choices import IncidentKind
from backoffice.desk.models import Incident
from backoffice.desk.signals import incident_persons_added
from backoffice.loans.models import Borrower
from backoffice.staff.models import User
from debt_collections.choices import HoldReason, HoldScope
from debt_collections.models import Hold
from debt_collections.services import place_hold

#: Nobody's paperwork lets collection begin again with somebody who spoke of taking their life: a person decides.
LIFTS_WITH = "by_hand"


@receiver(incident_persons_added, dispatch_uid="collections.stop_for_danger")
def stop_collection(
    *, incident: Incident, subject_ids: tuple[int, ...], by: User, at: datetime, **kwargs: Any
) -> None:
    """A threat of self-harm stops all collection from the borrowers concerned, once per incident."""
    if incident.kind != IncidentKind.SELF_HARM:
        return
    held = Hold.objects.filter(source=incident.dossier_id, lifted_at__isnull=True).values("borrower")
    for borrower in Borrower.objects.filter(subject__in=subject_ids).exclude(pk__in=held).order_by("pk"):
        place_hold(
            borrower=borrower,
            source=incident.dossier,
            scope=HoldScope.ALL,
            reason=HoldReason.DANGER,
            lifts_with=LIFTS_WITH,
            by=by,
            at=at,
        )
