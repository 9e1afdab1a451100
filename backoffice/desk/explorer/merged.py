"""The newest rows of many tables in one order, as one statement whose cost does not grow with the tables.

Each table gives at most ``limit`` rows from the right end of one of its indexes (an *arm*); the database puts the
arms together with UNION ALL. The page ends with a cursor made of the whole order, so that rows of one moment
(a bulk write gives all its rows the same) are neither lost nor doubled. No count, no OFFSET.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import BooleanField, F, Func, IntegerField, QuerySet, Value
from django.db.models.expressions import OrderBy
from django.utils import timezone

from backoffice.core.bounds import is_in_years

NO_TIME = timedelta(0)


class Key(NamedTuple):
    """Where a row stands in the order, and what filters need to know of it. ``table`` is a model's label."""

    at: datetime
    table: str
    group: int
    pk: int
    door: str
    code: str


@dataclass(frozen=True, slots=True)
class Source:
    """One table. ``moment`` and ``group`` are the columns of the index that serves the order, ``pk`` its key.

    For history the group is the object (the index is on moment and object), for events the row itself.
    """

    table: str
    rows: QuerySet[Any]
    moment: str
    group: str
    pk: str
    door: str
    code: str


class Before(Func):
    """``(columns) < (values)``, compared as rows, which one index scan answers."""

    output_field = BooleanField()

    def __init__(self, columns: Sequence[str], values: Sequence[Any]) -> None:
        super().__init__(*(F(name) for name in columns), *(Value(value) for value in values))

    def as_sql(self, compiler: Any, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        parts = [compiler.compile(expression) for expression in self.source_expressions]
        half = len(parts) // 2
        left, right = (", ".join(sql for sql, _params in side) for side in (parts[:half], parts[half:]))
        return f"({left}) < ({right})", [param for _sql, params in parts for param in params]


def newest(
    sources: Sequence[Source], *, before: Key | None = None, limit: int, by_filter: bool = False
) -> list[Key]:
    """At most ``limit`` keys of all ``sources``, newest first, older than ``before``.

    ``by_filter``: the sources are narrowed to few rows (one request's), and must be read through the filter's
    index; a planner that trusts its statistics would rather walk the whole table from its newest end.
    """
    if not sources:
        return []
    ordered = sorted(sources, key=lambda source: source.table)
    found = statement(ordered, before=before, limit=limit, by_filter=by_filter)
    keys = [
        Key(
            row["key_at"],
            ordered[row["key_table"]].table,
            row["key_group"],
            row["key_pk"],
            row["key_door"],
            row["key_code"] or "",
        )
        for row in found
    ]
    return sorted(keys, reverse=True)


def statement(
    ordered: Sequence[Source], *, before: Key | None, limit: int, by_filter: bool
) -> QuerySet[Any, dict[str, Any]]:
    """The one statement behind ``newest``; ``ordered`` by table, for tables are compared by their place."""
    arms = [_arm(source, number, before, limit, by_filter) for number, source in enumerate(ordered)]
    if len(arms) == 1:
        return arms[0]
    found = arms[0].union(*arms[1:], all=True)
    return found.order_by("-key_at", "-key_table", "-key_group", "-key_pk")[:limit]


def _arm(source: Source, number: int, before: Key | None, limit: int, by_filter: bool) -> QuerySet[Any, Any]:
    rows = source.rows
    if before is not None:
        rows = _after_cursor(source, rows, before)
    # The sum of a column and nothing is in no index.
    first = F(source.moment) + NO_TIME if by_filter else F(source.moment)
    rest = dict.fromkeys((source.group, source.pk))
    rows = rows.order_by(OrderBy(first, descending=True), *(f"-{name}" for name in rest))[:limit]
    if not connection.features.supports_slicing_ordering_in_compound:
        # SQLite takes no LIMIT within a UNION, but within a subquery of it.
        rows = source.rows.model._base_manager.filter(pk__in=rows.values("pk")).order_by()
    return rows.values(
        key_at=F(source.moment),
        key_table=Value(number, IntegerField()),
        key_group=F(source.group),
        key_pk=F(source.pk),
        key_door=F(source.door),
        key_code=F(source.code),
    )


def _after_cursor(source: Source, rows: QuerySet[Any], before: Key) -> QuerySet[Any]:
    if source.table > before.table:
        return rows.filter(**{f"{source.moment}__lt": before.at})
    if source.table < before.table:
        return rows.filter(**{f"{source.moment}__lte": before.at})
    place = {source.moment: before.at, source.group: before.group, source.pk: before.pk}
    return rows.filter(Before(list(place), list(place.values())))


def write_cursor(key: Key) -> str:
    """The cursor as it stands in an address."""
    return f"{key.at.isoformat()}~{key.table}~{key.group}~{key.pk}"


def read_cursor(text: str) -> Key | None:
    """The cursor of an address; None for an empty one. Raises ``ValueError`` for what we did not write."""
    if not text:
        return None
    moment, table, group, pk = text.split("~")
    at = datetime.fromisoformat(moment)
    if timezone.is_naive(at) or not is_in_years(at):
        raise ValueError(text)
    return Key(at, table, int(group), int(pk), "", "")
