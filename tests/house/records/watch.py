"""What a call left in the database: tracked rows that changed, history rows and events that came."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import connection, models

from backoffice.audit.models import Event
from backoffice.audit.services.recorded import tracked_models
from backoffice.core.history import tracked_columns

Key = tuple[str, Any]


@dataclass(frozen=True)
class Marks:
    """How far each table of history and of events had come. Cheap: one statement."""

    last: dict[type[models.Model], int]

    @classmethod
    def now(cls) -> Marks:
        statement, tables = _marks()
        with connection.cursor() as cursor:
            cursor.execute(statement)
            return cls({tables[number]: last or 0 for number, last in cursor.fetchall()})

    def history(self) -> dict[Key, list[Any]]:
        """The history rows since then, by table and key, in their order."""
        found: dict[Key, list[Any]] = {}
        for model in self._moved():
            if issubclass(model, Event):
                continue
            live = model.instance_type
            for row in model.objects.filter(history_id__gt=self.last[model]).order_by("history_id"):
                found.setdefault((live._meta.db_table, getattr(row, live._meta.pk.attname)), []).append(row)
        return found

    def events(self) -> list[Event]:
        """The events since then, of every app."""
        return [
            row
            for model in self._moved()
            if issubclass(model, Event)
            for row in model._default_manager.filter(pk__gt=self.last[model]).order_by("pk")
        ]

    def _moved(self) -> list[Any]:
        return [model for model, last in Marks.now().last.items() if last > self.last[model]]


@cache
def _marks() -> tuple[str, list[type[models.Model]]]:
    tables: list[Any] = [model.history.model for model in tracked_models()]
    tables += [model for model in apps.get_models() if issubclass(model, Event)]
    quote = connection.ops.quote_name
    parts = [
        f"SELECT {number}, MAX({quote(table._meta.pk.column)}) FROM {quote(table._meta.db_table)}"  # noqa: S608
        for number, table in enumerate(tables)
    ]
    return " UNION ALL ".join(parts), tables


def live_rows() -> dict[Key, tuple[Any, ...]]:
    """Every tracked row of the house with the columns that history keeps, as the driver gives them."""
    found: dict[Key, tuple[Any, ...]] = {}
    with connection.cursor() as cursor:
        for table, field, statement in _reads():
            cursor.execute(statement)
            for key, *values in cursor.fetchall():
                found[table, field.to_python(key)] = tuple(map(_plain, values))
    return found


@cache
def _reads() -> list[tuple[str, Any, str]]:
    quote = connection.ops.quote_name
    return [
        (
            model._meta.db_table,
            model._meta.pk,
            f"SELECT {', '.join([quote(model._meta.pk.column), *tracked_columns(model, quote)])} "  # noqa: S608
            f"FROM {quote(model._meta.db_table)}",
        )
        for model in tracked_models()
    ]


def changes(before: dict[Key, tuple[Any, ...]], after: dict[Key, tuple[Any, ...]]) -> dict[Key, str]:
    """The rows that are not what they were, each with the kind of history row it should have."""
    return {
        key: "+" if key not in before else "-" if key not in after else "~"
        for key in before.keys() | after.keys()
        if before.get(key) != after.get(key)
    }


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
