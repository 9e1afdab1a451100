"""What the desk throws away every night: tokens of forms that nobody will send again."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone

from backoffice.desk.services.sent_forms import forget_sent_forms


@shared_task(name="desk.forget_sent_forms")
def forget_sent_forms_task() -> int:
    """As ``manage.py forget_sent_forms``; answers how many were deleted."""
    return forget_sent_forms(at=timezone.now())
