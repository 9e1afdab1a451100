"""The events of all apps side by side: what was decided, by whom, newest first."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.utils.text import capfirst

from backoffice.audit.models import Event
from backoffice.desk.codes import label_of_code
from backoffice.desk.explorer import scanning
from backoffice.desk.explorer.merged import Key, Source
from backoffice.desk.explorer.scanning import PAGE_SIZE, Found
from backoffice.desk.record import DOORS, act_label
from backoffice.staff.models import User


@dataclass(frozen=True, slots=True)
class EventFilters:
    """What is looked for; ``table`` is the label of one app's events."""

    actor_id: int | None = None
    table: str = ""
    kind: str = ""
    request_id: str = ""
    since: datetime | None = None
    until: datetime | None = None


@cache
def event_models() -> dict[str, type[Event]]:
    """Each app's table of events, by label."""
    return {model._meta.label_lower: model for model in apps.get_models() if issubclass(model, Event)}


def visible_tables(viewer: User) -> dict[str, type[Event]]:
    """Those that ``viewer`` may see."""
    return {
        label: model
        for label, model in event_models().items()
        if viewer.has_perm(f"{model._meta.app_label}.view_{model._meta.model_name}")
    }


def kind_label(table: str, kind: str) -> str:
    """What people call a kind of event: its own label, or that of the act of that name, if there is one."""
    own = label_of_code(event_models()[table]._meta.get_field("kind"), kind)
    if own is not None:
        return own
    thing, _underscore, done = kind.rpartition("_")
    for code in (kind, f"{thing}.{done}", f"{table.split('.')[0].removesuffix('s')}.{kind}"):
        label = act_label(code)
        if label != code:
            return label
    return kind


def find(filters: EventFilters, *, viewer: User, before: Key | None = None, size: int = PAGE_SIZE) -> Found:
    """One page of events, newest first. A kind without an index of its own is looked for in bounded steps."""
    return scanning.page(
        _sources(filters, viewer),
        before=before,
        size=size,
        by_filter=bool(filters.request_id),
        fitting=(lambda keys: [key for key in keys if key.code == filters.kind]) if filters.kind else None,
    )


def walk(filters: EventFilters, *, viewer: User, limit: int) -> Iterator[Key]:
    """All keys that fit, newest first, at most ``limit``; looks at twenty times as many rows at most."""
    return scanning.walk(
        lambda before, size: find(filters, viewer=viewer, before=before, size=size), limit=limit
    )


def _sources(filters: EventFilters, viewer: User) -> list[Source]:
    sources = []
    for label, model in visible_tables(viewer).items():
        if filters.table and label != filters.table:
            continue
        rows: Any = model._default_manager.all()
        if filters.actor_id is not None:
            rows = rows.filter(actor=filters.actor_id)
        if filters.request_id:
            rows = rows.filter(request_id=filters.request_id)
        if filters.since is not None:
            rows = rows.filter(occurred_at__gte=filters.since)
        if filters.until is not None:
            rows = rows.filter(occurred_at__lt=filters.until)
        sources.append(Source(label, rows, "occurred_at", "id", "id", "entry_point", "kind"))
    return sources


def rows_of(keys: Sequence[Key]) -> list[Any]:
    """The events of ``keys`` in their order, each with its dossier; one query per table met."""
    wanted: dict[str, list[int]] = {}
    for key in keys:
        wanted.setdefault(key.table, []).append(key.pk)
    found = {}
    for label, ids in wanted.items():
        rows = event_models()[label]._default_manager.filter(pk__in=ids).select_related("dossier")
        for row in rows.defer("reason_cipher"):
            found[(label, row.pk)] = row
    return [found[(key.table, key.pk)] for key in keys if (key.table, key.pk) in found]


def table_label(table: str) -> str:
    """What people call one app's events."""
    return str(capfirst(str(event_models()[table]._meta.verbose_name)))


def lines_of(rows: Sequence[Any]) -> list[dict[str, Any]]:
    """Events as the page draws them; ``data`` holds codes and numbers only."""
    return [
        {
            "event": row,
            "table": table_label(row._meta.label_lower),
            "kind": kind_label(row._meta.label_lower, row.kind),
            "door": DOORS.get(row.entry_point, row.entry_point),
            "data": [(name, value) for name, value in row.data.items() if value not in (None, "", [], {})],
        }
        for row in rows
    ]
