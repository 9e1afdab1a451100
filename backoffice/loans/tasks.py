"""What the loan book does by itself at night."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from backoffice.core import context
from backoffice.core.time import business_day
from backoffice.loans.models import CloseRun
from backoffice.loans.services.closing import Closed, close_day
from backoffice.staff.models import User
from backoffice.staff.services import system_user


def close_what_is_over(
    *,
    at: datetime,
    entry_point: str,
    day: date | None = None,
    workers: int | None = None,
    progress: Callable[[CloseRun], None] | None = None,
) -> list[Closed]:
    """Close every day up to ``day`` (by default yesterday, Shanghai), in the name of the system."""
    by = system_user("close")
    with context.entering(entry_point, actor=by):
        return close_day(
            day=day or business_day(at) - timedelta(days=1),
            by=by,
            at=at,
            workers=workers or settings.CLOSE_OF_DAY_WORKERS,
            progress=progress,
        )


@shared_task(name="loans.close_day")
def close_day_task() -> int:
    """As ``manage.py close_day``; answers how many loans it touched."""
    done = close_what_is_over(at=timezone.now(), entry_point=context.EntryPoint.TASK)
    return sum(part.touched for closed in done for part in closed.parts)


@shared_task(name="loans.close_day_by_hand")
def close_day_by_hand_task(user_id: int) -> int:
    """The same for somebody who asked for it on a page."""
    by, at = User.objects.get(pk=user_id), timezone.now()
    with context.entering(context.EntryPoint.TASK, actor=by):
        yesterday = business_day(at) - timedelta(days=1)
        done = close_day(day=yesterday, by=by, at=at, workers=settings.CLOSE_OF_DAY_WORKERS)
    return sum(part.touched for closed in done for part in closed.parts)
