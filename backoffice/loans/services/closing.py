"""The close of day: days in their order, each as the list of steps in settings, each step in parts.

A part is one transaction with its ``CloseRun`` row: killed at any point, the next call goes on where it was. Two at
once do no harm: whoever comes second to a part finds it done. A late close judges a day by what was effective by its
end, as known now; so days that were missed are caught up one by one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import suppress
from contextvars import copy_context
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from functools import partial
from typing import Any, Protocol

from django.conf import settings
from django.db import IntegrityError, OperationalError, connection, connections, transaction
from django.utils import timezone
from django.utils.module_loading import import_string
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.time import business_day
from backoffice.loans.models import ClosedDay, CloseRun
from backoffice.loans.services import closing_loans
from backoffice.loans.services.closing_loans import Touched
from backoffice.staff.models import User

_DAY = timedelta(days=1)
#: So often is a part tried again that somebody else was quicker with.
ATTEMPTS = 2


_Part = Callable[[], CloseRun | None]


class _Close(Protocol):
    def __call__(self, *, first_id: int, day: date, by: User, at: datetime) -> Touched: ...


class _Parts(Protocol):
    def __call__(self, *, day: date) -> list[int]: ...


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the close: ``parts`` names the first ids of what is to do, ``close`` does one part of ``width`` ids."""

    name: str
    title: Any
    width: int
    parts: _Parts
    close: _Close


loans = Step("loans", _("Loans"), closing_loans.WIDTH, closing_loans.loan_parts, closing_loans.close_loans)


@dataclass(slots=True)
class Closed:
    """What the close of a day has done; ``before``: the day had been closed already. ``parts`` are this call's."""

    day: date
    touched: int = 0
    rows: int = 0
    seconds: float = 0.0
    before: bool = False
    parts: list[CloseRun] = field(default_factory=list)


class DayNotOver(InputRefused):
    """A day is closed once it is over."""

    code = "day-not-over"
    default_message = _("This day is not over yet: the last day that can be closed is yesterday.")


class DayBeforeFirst(InputRefused):
    """What came before the first close was never closed, and is not any more."""

    code = "day-before-first"
    default_message = _("The book was first closed after this day: there is nothing to close.")


def days_to_close(*, until: date) -> list[date]:
    """Every day up to ``until`` that has to be closed: those since the last closed one, or ``until`` alone.

    Before the first close there is nothing to catch up on: loans that have fallen overdue since are found by it.
    """
    last = ClosedDay.objects.order_by("-day").values_list("day", flat=True).first()
    begun = CloseRun.objects.order_by("day").values_list("day", flat=True).first()
    first = last + _DAY if last is not None else min(begun or until, until)
    return [first + number * _DAY for number in range((until - first).days + 1)]


def close_day(
    *,
    day: date,
    by: User,
    at: datetime,
    workers: int = 1,
    progress: Callable[[CloseRun], None] | None = None,
) -> list[Closed]:
    """Close every day up to ``day`` (Shanghai) that is not closed yet; answers what was done, day by day.

    ``workers`` parts of a step are done side by side, each on a connection of its own (one where the database has
    one writer anyway). ``progress`` is told after each part. Raises ``NotPermitted``; ``DayNotOver`` for today and
    the future; ``DayBeforeFirst`` for a day before the first close.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm("loans.close_day"):
        raise NotPermitted()
    if day >= business_day(at):
        raise DayNotOver(field="day")
    days = days_to_close(until=day)
    if not days:
        if not ClosedDay.objects.filter(day=day).exists():
            raise DayBeforeFirst(field="day")
        return [Closed(day, before=True)]
    if not connection.features.has_select_for_update:
        workers = 1
    return [_close_one(one, by=by, at=at, workers=workers, progress=progress) for one in days]


def _close_one(
    day: date, *, by: User, at: datetime, workers: int, progress: Callable[[CloseRun], None] | None
) -> Closed:
    closed = Closed(day)
    begun, started_at = time.monotonic(), timezone.now()
    for step in steps():
        parts = [
            partial(_close_part, step, first_id, day=day, by=by, at=at) for first_id in step.parts(day=day)
        ]
        for run in _side_by_side(parts, workers):
            if run is None:
                continue
            closed.parts.append(run)
            if progress is not None:
                progress(run)
    # The parts of an earlier call that was broken off count as well.
    runs = CloseRun.objects.filter(day=day).values_list("touched", "rows_written", "started_at")
    closed.touched = sum(touched for touched, _rows, _started in runs)
    closed.rows = sum(rows for _touched, rows, _started in runs)
    closed.seconds = time.monotonic() - begun
    ClosedDay.objects.bulk_create(
        [
            ClosedDay(
                day=day,
                touched=closed.touched,
                rows_written=closed.rows,
                started_at=min([started_at, *(started for _touched, _rows, started in runs)]),
                finished_at=timezone.now(),
            )
        ],
        # Somebody else who closed it at the same time has said the same.
        ignore_conflicts=True,
    )
    return closed


def _side_by_side(parts: Sequence[_Part], workers: int) -> Iterator[CloseRun | None]:
    if workers == 1:
        yield from (part() for part in parts)
        return
    with ThreadPoolExecutor(workers) as pool:
        # Each in a copy of the context: the same actor through the same door.
        under_way = [pool.submit(copy_context().run, _in_thread, part) for part in parts]
        try:
            for one in as_completed(under_way):
                yield one.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _in_thread(part: _Part) -> CloseRun | None:
    try:
        return part()
    finally:
        connections.close_all()


def _close_part(step: Step, first_id: int, *, day: date, by: User, at: datetime) -> CloseRun | None:
    """One part in one transaction; None where it was done before or nothing was left to do.

    Whoever opened a case by hand, or locked in another order, at the very same moment goes first: we try again.
    """
    for _attempt in range(ATTEMPTS):
        with suppress(IntegrityError, OperationalError):
            return _try_part(step, first_id, day=day, by=by, at=at)
    return _try_part(step, first_id, day=day, by=by, at=at)


def _try_part(step: Step, first_id: int, *, day: date, by: User, at: datetime) -> CloseRun | None:
    started_at = timezone.now()
    with transaction.atomic():
        done = CloseRun.objects.filter(day=day, step=step.name, first_id=first_id)
        closed = ClosedDay.objects.filter(day=day)
        if done.exists() or closed.exists():
            return None
        touched = step.close(first_id=first_id, day=day, by=by, at=at)
        if not touched.things:
            return None
        if done.exists() or closed.exists():
            # Somebody was quicker while we waited for their locks: ours has not been.
            transaction.set_rollback(True)
            return None
        return CloseRun.objects.create(
            day=day,
            step=step.name,
            first_id=first_id,
            last_id=first_id + step.width - 1,
            touched=touched.things,
            rows_written=touched.rows,
            started_at=started_at,
            finished_at=timezone.now(),
        )


def steps() -> Iterator[Step]:
    """The steps of the close, in their order."""
    for path in settings.CLOSE_OF_DAY_STEPS:
        yield import_string(path)
