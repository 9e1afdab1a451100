"""What a call left in the database: tracked rows that changed, history rows and events that came."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import connection, models
from django.db.models import Max

from backoffice.audit.models import Event
from backoffice.audit.services.recorded import tracked_models
from backoffice.core.history import tracked_columns

EVENTS = [model for model in apps.get_models() if issubclass(model, Event)]
Key = tuple[str, Any]


@dataclass
class Watch:
    """Everything tracked as it stood at one moment; ``since`` tells what is new."""

    rows: dict[Key, tuple[Any, ...]] = field(default_factory=dict)
    last: dict[type[models.Model], int] = field(default_factory=dict)

    @classmethod
    def now(cls) -> Watch:
        found = cls()
        for model in tracked_models():
            found.rows |= live_rows(model)
            history = model.history.model
            found.last[history] = history.objects.aggregate(last=Max("history_id"))["last"] or 0
        for event in EVENTS:
            found.last[event] = event._default_manager.aggregate(last=Max("pk"))["last"] or 0
        return found

    def changed(self) -> dict[Key, str]:
        """Tracked rows that are not what they were, each with the kind of history row it should have."""
        now = Watch.now().rows
        kinds = {}
        for key in self.rows.keys() | now.keys():
            if self.rows.get(key) != now.get(key):
                kinds[key] = "+" if key not in self.rows else "-" if key not in now else "~"
        return kinds

    def history(self) -> dict[Key, list[Any]]:
        """The new history rows, by table and key, in their order."""
        found: dict[Key, list[Any]] = {}
        for model in tracked_models():
            history = model.history.model
            for row in history.objects.filter(history_id__gt=self.last[history]).order_by("history_id"):
                found.setdefault((model._meta.db_table, getattr(row, model._meta.pk.attname)), []).append(row)
        return found

    def events(self) -> list[Event]:
        return [
            row
            for event in EVENTS
            for row in event._default_manager.filter(pk__gt=self.last[event]).order_by("pk")
        ]


def live_rows(model: type[models.Model]) -> dict[Key, tuple[Any, ...]]:
    """Every row of a tracked table with the columns that history keeps, as the driver gives them."""
    quote = connection.ops.quote_name
    table, field = model._meta.db_table, model._meta.pk
    columns = ", ".join([quote(field.column), *tracked_columns(model, quote)])
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {columns} FROM {quote(table)}")  # noqa: S608  (names of our own)
        return {(table, field.to_python(row[0])): tuple(_plain(one) for one in row) for row in cursor}


def _plain(value: Any) -> Any:
    return bytes(value) if isinstance(value, memoryview) else value
