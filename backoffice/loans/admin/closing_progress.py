"""How far the close of day is: told from what is committed, and from when somebody here asked for it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.contrib.sessions.backends.base import SessionBase
from django.db.models import Count, Max, Sum

from backoffice.loans.models import ClosedDay, CloseRun

#: The page is shown anew so often while something is being done.
EVERY = timedelta(seconds=3)
#: A part takes seconds. Where none was finished for so long, the close may have been broken off.
PATIENCE = timedelta(minutes=2)
_ASKED = "loans.close_asked_at"


@dataclass(frozen=True, slots=True)
class Progress:
    """``parts`` and ``touched`` are of ``day``, the first that is not closed; ``closed`` what was closed since
    ``asked_at``, None for those who asked for nothing. ``running``: something was asked for or finished just now."""

    running: bool
    asked_at: datetime | None
    closed: dict[str, Any]
    day: date | None
    parts: int
    touched: int
    last_at: datetime | None


def ask(session: SessionBase, *, at: datetime) -> None:
    """Remember that this person has started a close."""
    session[_ASKED] = at.isoformat()


def progress(session: SessionBase, days: Sequence[date], *, now: datetime) -> Progress | None:
    """How far it is with ``days``, which are not closed; None where there is nothing to tell. Once all are closed it is
    told once more, with what was done, and then forgotten. Two queries."""
    asked = session.get(_ASKED)
    asked_at = datetime.fromisoformat(asked) if asked else None
    parts = CloseRun.objects.filter(day__in=days[:1]).aggregate(
        parts=Count("pk"), touched=Sum("touched", default=0), last_at=Max("finished_at")
    )
    if asked_at is None and not parts["parts"]:
        return None
    closed = ClosedDay.objects.filter(finished_at__gte=asked_at or now).aggregate(
        days=Count("pk"),
        touched=Sum("touched", default=0),
        rows=Sum("rows_written", default=0),
        last_at=Max("finished_at"),
    )
    if not days:
        del session[_ASKED]
    signs = [one for one in (asked_at, parts["last_at"], closed["last_at"]) if one is not None]
    return Progress(
        running=bool(days) and now - max(signs) < PATIENCE,
        asked_at=asked_at,
        closed=closed,
        day=days[0] if days else None,
        **parts,
    )
