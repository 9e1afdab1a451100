"""What every change of a referral has in common: the locks, the version, the event with its number."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db.models import Max

from backoffice.audit.services import Act, lock
from complaints.mediation.choices import EndReason
from complaints.mediation.models import MediationEvent, Referral
from complaints.mediation.services import deadlines
from complaints.services.changes import lock_complaint


def lock_referral(referral: Referral) -> Referral:
    """The referral as it is now, locked after its borrower and complaint."""
    complaint = lock_complaint(referral.complaint_id)
    locked = lock(Referral, referral.pk)
    locked.complaint = complaint
    return locked


def finish(
    referral: Referral, kind: str, *, frame: Act, data: dict[str, Any] | None = None, new: bool = False
) -> Referral:
    """Save the change as the next version and put it on record as the next event of the referral."""
    if not new:
        referral.version += 1
    referral.updated_at = frame.at
    referral.save()
    last = MediationEvent.objects.filter(referral=referral).aggregate(last=Max("sequence"))["last"] or 0
    frame.record(
        MediationEvent,
        kind,
        dossier=referral.dossier,
        data={**(data or {}), "version": referral.version},
        referral=referral,
        sequence=last + 1,
    )
    return referral


def end(referral: Referral, *, reason: EndReason | None, at: datetime) -> None:
    """Set what an ended referral carries and stop its clocks; the state is set already."""
    referral.ended_at = at
    referral.end_reason = reason or ""
    deadlines.cancel_all(referral, at=at)
