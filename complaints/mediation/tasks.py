"""What time alone does to mediation."""

from __future__ import annotations

from datetime import datetime

from celery import shared_task
from django.utils import timezone

from backoffice.core import context
from backoffice.staff.services import system_user
from complaints.mediation.services import expire_referrals


def expire_late_offers(*, at: datetime, entry_point: str) -> int:
    """Let every offer expire whose time to confirm is over at ``at``; answers how many."""
    by = system_user("deadlines")
    with context.entering(entry_point, actor=by):
        return expire_referrals(by=by, at=at)


@shared_task(name="mediation.expire_referrals")
def expire_referrals_task() -> int:
    """As ``manage.py expire_referrals``; once a day is enough, more often does no harm."""
    return expire_late_offers(at=timezone.now(), entry_point=context.EntryPoint.TASK)
