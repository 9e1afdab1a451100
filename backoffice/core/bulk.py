"""Inserting many rows at once, on both databases, for set-based imports.

``bulk_create`` compiles an SQL expression per value and, on SQLite, one statement per 999 values: at a hundred
thousand rows that is most of an import. Here the statement is built once and the driver repeats it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.db import connections, models, router, transaction
from django.db.models.expressions import DatabaseDefault

M = TypeVar("M", bound=models.Model)


def insert_rows(model: type[M], objs: Sequence[M]) -> list[M]:
    """Insert new objects in their order and give them their keys, as ``bulk_create`` does; no signals are sent.

    Columns whose default is the database's are left to it; a value of one's own in such a column raises
    ``ValueError``. Values are plain ones, not expressions.
    """
    if not objs:
        return []
    connection = connections[router.db_for_write(model)]
    quote = connection.ops.quote_name
    fields = [field for field in model._meta.local_concrete_fields if not field.has_db_default()]
    for field in model._meta.local_concrete_fields:
        if field.has_db_default() and not all(
            isinstance(getattr(obj, field.attname), DatabaseDefault) for obj in objs
        ):
            raise ValueError(f"The database gives {model._meta.label}.{field.name} its value.")
    columns = ", ".join(quote(str(field.column)) for field in fields)
    statement = (
        f"INSERT INTO {quote(model._meta.db_table)} ({columns}) "  # noqa: S608  (names of our own tables, no values)
        f"VALUES ({', '.join(['%s'] * len(fields))})"
    )
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        _give_keys(model, objs, connection, cursor)
        _take_keys_of_parents(model, objs)
        cursor.executemany(
            statement,
            [
                [field.get_db_prep_save(field.pre_save(obj, True), connection) for field in fields]
                for obj in objs
            ],
        )
    for obj in objs:
        obj._state.adding = False
        obj._state.db = connection.alias
    return list(objs)


def _give_keys(model: type[models.Model], objs: Sequence[models.Model], connection: Any, cursor: Any) -> None:
    """Keys for those without one: from the sequence, which on SQLite nobody else can move in our transaction."""
    new = [obj for obj in objs if obj.pk is None]
    if not new:
        return
    keys: Iterable[int]
    table = model._meta.db_table
    if connection.vendor == "sqlite":
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
        first = (last[0] if last else 0) + 1
        keys = range(first, first + len(new))
    else:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, %s)) FROM generate_series(1, %s)",
            [connection.ops.quote_name(table), model._meta.pk.column, len(new)],
        )
        keys = [row[0] for row in cursor.fetchall()]
    for obj, key in zip(new, keys, strict=True):
        obj.pk = key


def _take_keys_of_parents(model: type[models.Model], objs: Sequence[models.Model]) -> None:
    # A parent that got its key after the child was made has not told the child.
    links: list[Any] = [field for field in model._meta.local_concrete_fields if field.remote_field]
    for obj in objs:
        for link in links:
            if getattr(obj, link.attname) is None and link.is_cached(obj):
                parent = link.get_cached_value(obj)
                if parent is not None:
                    setattr(obj, link.attname, getattr(parent, link.target_field.attname))
