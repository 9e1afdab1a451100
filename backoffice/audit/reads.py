"""The read log asked: who saw this person, what did this user see."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Count, Lookup, Max, Q, QuerySet, Sum
from django.db.models.functions import TruncDate

from backoffice.audit.models import ReadEvent
from backoffice.core.time import SHANGHAI

SHOWN_IN_FULL = ReadEvent.What.REVEAL


class Lists(Lookup[Any]):
    """``listed__lists=[1, 2]``: the stored list has one of these numbers in it.

    PostgreSQL answers from the GIN index that ``audit.triggers`` installs; SQLite looks at every row.
    """

    lookup_name = "lists"
    prepare_rhs = False

    def as_postgresql(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        wanted = " || ".join(f"@ == {int(one)}" for one in self.rhs)
        return f"{column} @? %s::jsonpath", [*params, f"$[*] ? ({wanted})"]

    def as_sqlite(self, compiler: Any, connection: Any) -> tuple[str, list[Any]]:
        column, params = self.process_lhs(compiler, connection)
        numbers = [int(one) for one in self.rhs]
        places = ", ".join(["%s"] * len(numbers))
        # The column's name is ours and compiled by Django, the numbers are parameters.
        return f"EXISTS (SELECT 1 FROM json_each({column}) WHERE value IN ({places}))", [*params, *numbers]  # noqa: S608


_listed: Any = ReadEvent._meta.get_field("listed")
_listed.register_lookup(Lists)


@dataclass(frozen=True, slots=True)
class Whole:
    """One person with everything under which reads of their data are recorded."""

    subject_ids: tuple[int, ...] = ()
    dossier_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Period:
    """From a moment (inclusive) to a moment (exclusive); None is open."""

    since: datetime | None = None
    until: datetime | None = None


def about(whole: Whole, period: Period) -> QuerySet[ReadEvent]:
    """Reads of this person's data: of the person, of their dossiers, and in lists that showed one of these."""
    concerned = Q(subject__in=whole.subject_ids)
    if whole.dossier_ids:
        concerned |= Q(dossier__in=whole.dossier_ids) | Q(listed__lists=whole.dossier_ids)
    return _within(ReadEvent.objects.filter(concerned), period)


def by_user(actor_id: int, period: Period) -> QuerySet[ReadEvent]:
    """What one user looked at."""
    return _within(ReadEvent.objects.filter(actor=actor_id), period)


def by_everybody(period: Period) -> QuerySet[ReadEvent]:
    """Everybody's reads."""
    return _within(ReadEvent.objects.all(), period)


def _within(rows: QuerySet[ReadEvent], period: Period) -> QuerySet[ReadEvent]:
    if period.since is not None:
        rows = rows.filter(occurred_at__gte=period.since)
    if period.until is not None:
        rows = rows.filter(occurred_at__lt=period.until)
    return rows


def page(
    rows: QuerySet[ReadEvent], *, before: tuple[datetime, int] | None, size: int
) -> tuple[list[ReadEvent], tuple[datetime, int] | None]:
    """The newest ``size`` of ``rows`` older than ``before`` (moment and id), and where the next page begins."""
    if before is not None:
        at, pk = before
        rows = rows.filter(Q(occurred_at__lt=at) | Q(occurred_at=at, pk__lt=pk), occurred_at__lte=at)
    found = list(rows.select_related("dossier", "actor").order_by("-occurred_at", "-pk")[: size + 1])
    more = len(found) > size
    found = found[:size]
    return found, (found[-1].occurred_at, found[-1].pk) if more else None


def walk(rows: QuerySet[ReadEvent], *, limit: int, step: int = 1000) -> Iterator[ReadEvent]:
    """All of ``rows``, newest first, at most ``limit``, read page by page."""
    before: tuple[datetime, int] | None = None
    given = 0
    while given < limit:
        found, before = page(rows, before=before, size=min(step, limit - given))
        yield from found
        given += len(found)
        if before is None:
            return


@dataclass(frozen=True, slots=True)
class ReaderTotal:
    """One reader's share: rows on record by how it was seen, purposes given, when last."""

    actor_id: int
    actor_name: str
    opened: int
    revealed: int
    listed: int
    files: int
    last_at: datetime
    purposes: tuple[tuple[str, int], ...]


def totals_by_reader(rows: QuerySet[ReadEvent]) -> list[ReaderTotal]:
    """Who looked how often, those who revealed most first."""
    lists = Q(what__in=[ReadEvent.What.LIST, ReadEvent.What.SEARCH])
    files = Q(what__in=[ReadEvent.What.FILE, ReadEvent.What.EXPORT])
    opened = Q(what__in=[ReadEvent.What.PAGE, ReadEvent.What.HISTORY])
    grouped = (
        rows.order_by()
        .values("actor_id")
        .annotate(
            name=Max("actor_name"),
            opened=Count("pk", filter=opened),
            revealed=Count("pk", filter=Q(what=SHOWN_IN_FULL)),
            listed=Count("pk", filter=lists),
            files=Count("pk", filter=files),
            last=Max("occurred_at"),
        )
    )
    purposes: dict[int, list[tuple[str, int]]] = {}
    given = rows.order_by().exclude(purpose_code="").values("actor_id", "purpose_code")
    for row in given.annotate(times=Count("pk")).order_by("-times", "purpose_code"):
        purposes.setdefault(row["actor_id"], []).append((row["purpose_code"], row["times"]))
    found = [
        ReaderTotal(
            row["actor_id"],
            row["name"],
            row["opened"],
            row["revealed"],
            row["listed"],
            row["files"],
            row["last"],
            tuple(purposes.get(row["actor_id"], ())),
        )
        for row in grouped
    ]
    return sorted(found, key=lambda one: (-one.revealed, -one.opened, -one.listed, one.actor_name))


@dataclass(frozen=True, slots=True)
class DayTotal:
    """One business day of one user: pages, lists with what they showed, reveals, files and exports."""

    day: date
    pages: int
    lists: int
    shown: int
    reveals: int
    files: int
    exports: int


def totals_by_day(rows: QuerySet[ReadEvent], *, days: int = 92) -> list[DayTotal]:
    """The newest ``days`` days on which something was read, newest first."""
    what = ReadEvent.What
    lists = Q(what__in=[what.LIST, what.SEARCH])
    grouped = (
        rows.order_by()
        .annotate(day=TruncDate("occurred_at", tzinfo=SHANGHAI))
        .values("day")
        .annotate(
            pages=Count("pk", filter=Q(what__in=[what.PAGE, what.HISTORY])),
            lists=Count("pk", filter=lists),
            shown=Sum("count", filter=lists, default=0),
            reveals=Count("pk", filter=Q(what=what.REVEAL)),
            files=Count("pk", filter=Q(what=what.FILE)),
            exports=Count("pk", filter=Q(what=what.EXPORT)),
        )
        .order_by("-day")[:days]
    )
    return [DayTotal(**row) for row in grouped]
