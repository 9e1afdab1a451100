"""Is every row on record? Asked of the tables themselves, whatever way the rows came in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from django.apps import apps
from django.db import connections, models, router

from backoffice.core.history import HistoryRow, same_columns, tracked_columns

#: The row has no history row, or its latest one says that it was deleted.
MISSING = "missing"
#: The latest history row says something else than the row.
DIFFERS = "differs"
#: History knows the row as living, but it is gone.
VANISHED = "vanished"


@dataclass(frozen=True, slots=True)
class Unrecorded:
    """One row that was changed past the record: ``id`` is its key in ``table``, ``kind`` one of the three above."""

    table: str
    id: Any
    kind: str

    def as_dict(self) -> dict[str, Any]:
        """For JSON: a key that is no number as text."""
        return {**asdict(self), "id": self.id if isinstance(self.id, int) else str(self.id)}


def tracked_models() -> list[type[models.Model]]:
    """Every model whose changes are kept, in the order of its table's name."""
    found = [
        model
        for model in apps.get_models()
        if hasattr(model._meta, "simple_history_manager_attribute") and not issubclass(model, HistoryRow)
    ]
    return sorted(found, key=lambda model: model._meta.db_table)


def unrecorded(of: Iterable[type[models.Model]] | None = None) -> list[Unrecorded]:
    """Every row of every tracked table (or of ``of``) whose present state is not what its history says last.

    One statement per table, so that each table is seen at one moment: a service at work meanwhile commits a row
    and its history together and is never half seen.
    """
    return [one for model in (tracked_models() if of is None else of) for one in unrecorded_rows(model)]


def unrecorded_rows(model: type[models.Model]) -> list[Unrecorded]:
    """The rows of one tracked model that are not on record, in the order of their keys."""
    connection = connections[router.db_for_read(model)]
    quote = connection.ops.quote_name
    live, past = quote(model._meta.db_table), quote(model.history.model._meta.db_table)  # type: ignore[attr-defined]
    field: Any = model._meta.pk
    key = quote(str(field.column))
    same = same_columns(tracked_columns(model, quote), connection.vendor)
    # Names of our own tables and columns, no values.
    statement = f"""
        WITH last AS (SELECT {key}, MAX(history_id) AS history_id FROM {past} GROUP BY {key})
        SELECT live.{key}, CASE WHEN latest.history_id IS NULL OR latest.history_type = '-'
               THEN '{MISSING}' ELSE '{DIFFERS}' END
          FROM {live} AS live
          LEFT JOIN last ON last.{key} = live.{key}
          LEFT JOIN {past} AS latest ON latest.history_id = last.history_id
         WHERE latest.history_id IS NULL OR latest.history_type = '-' OR NOT ({same})
        UNION ALL
        SELECT latest.{key}, '{VANISHED}'
          FROM last JOIN {past} AS latest ON latest.history_id = last.history_id
         WHERE latest.history_type <> '-'
           AND NOT EXISTS (SELECT 1 FROM {live} AS live WHERE live.{key} = latest.{key})
         ORDER BY 1
    """  # noqa: S608
    with connection.cursor() as cursor:
        cursor.execute(statement)
        found = cursor.fetchall()
    table = model._meta.db_table
    return [Unrecorded(table, field.to_python(pk), kind) for pk, kind in found]
