"""What is thrown away every night: answers and tokens whose time is over."""

from __future__ import annotations

from celery import shared_task
from django.utils import timezone
from oauth2_provider.models import clear_expired

from backoffice.api.services import purge_answers


@shared_task(name="api.purge_answers")
def purge_answers_task() -> int:
    """As ``manage.py purge_api_answers``; answers how many were deleted."""
    return purge_answers(at=timezone.now())


@shared_task(name="api.clear_tokens")
def clear_tokens_task() -> None:
    """As ``manage.py cleartokens``: access tokens that have expired."""
    clear_expired()
