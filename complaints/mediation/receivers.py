"""What happens below and concerns mediation."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.dispatch import receiver

from backoffice.staff.models import User
from complaints.choices import ComplaintState
from complaints.mediation.choices import EndReason
from complaints.mediation.services.effects import end_early
from complaints.mediation.services.referrals import running_referral
from complaints.models import Complaint
from complaints.signals import complaint_ended


@receiver(complaint_ended, dispatch_uid="mediation.end_with_complaint")
def end_with_complaint(
    sender: Any, complaint: Complaint, by: User, at: datetime, because: str, **kwargs: Any
) -> None:
    """There is nothing to mediate once the complaint was withdrawn or merged away. A decided and closed one may
    still be mediated: the mediation goes on."""
    if because not in (ComplaintState.WITHDRAWN, ComplaintState.MERGED):
        return
    referral = running_referral(complaint)
    if referral is not None:
        withdrawn = because == ComplaintState.WITHDRAWN
        reason = EndReason.WITHDRAWN_BY_PARTY if withdrawn else EndReason.OTHER
        end_early(referral=referral, because=reason, by=by, at=at)
