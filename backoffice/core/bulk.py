"""Inserting and updating many rows at once, on both databases, for set-based imports.

``bulk_create`` compiles an SQL expression per value and, on SQLite, one statement per 999 values; ``bulk_update``
writes a CASE per column. At a hundred thousand rows that is most of an import. Here PostgreSQL gets the rows through
COPY, and SQLite's driver repeats one prepared statement.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from itertools import count
from operator import attrgetter
from typing import Any, Protocol, TypeVar
from uuid import UUID

import orjson
from django.db import connections, models, router, transaction
from django.db.models.expressions import DatabaseDefault
from django.utils import timezone

M = TypeVar("M", bound=models.Model)


class Row(Protocol):
    """A row of a table that need not be an instance of its model: that costs more than all else in a bulk write."""

    @property
    def pk(self) -> Any: ...


_Field = models.Field[Any, Any]
#: Values that every driver takes as they are; all others go through their field first.
_PLAIN = frozenset({int, str, Decimal, date, bool, UUID, type(None)})
_PLAIN_OR_MOMENT = _PLAIN | {datetime}
_scratch = count(1)


@dataclass(frozen=True, slots=True)
class Then:
    """The rest of a statement that reads from ``live``, with its parameters."""

    statement: str
    params: Sequence[Any]


def insert_rows(model: type[M], objs: Sequence[M]) -> list[M]:
    """Insert new objects in their order and give them their keys, as ``bulk_create`` does; no signals are sent.

    Columns whose default is the database's are left to it; a value of one's own in such a column raises
    ``ValueError``. Values are plain ones, not expressions.
    """
    if not objs:
        return []
    connection = connections[router.db_for_write(model)]
    fields = [field for field in model._meta.local_concrete_fields if not field.has_db_default()]
    for field in model._meta.local_concrete_fields:
        if field.has_db_default() and not all(
            isinstance(getattr(obj, field.attname), DatabaseDefault) for obj in objs
        ):
            raise ValueError(f"The database gives {model._meta.label}.{field.name} its value.")
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        _give_keys(model, objs, connection, cursor)
        _take_keys_of_parents(model, objs)
        columns = []
        for field in fields:
            if type(field).pre_save is models.Field.pre_save:
                raw = list(map(attrgetter(field.attname), objs))
            else:
                raw = [field.pre_save(obj, True) for obj in objs]
            columns.append(_prepared(raw, field, connection))
        _write(model._meta.db_table, fields, columns, connection, cursor)
    for obj in objs:
        obj._state.adding = False
        obj._state.db = connection.alias
    return list(objs)


@contextmanager
def uncollected() -> Iterator[None]:
    """A batch without Python's collector of cycles, which would look at its many live objects again and again.

    It costs nearly half the time of an import otherwise. What is garbage is collected after the batch.
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def insert_values(
    model: type[models.Model], names: Sequence[str], rows: Sequence[Sequence[Any]], *, keys: bool = False
) -> list[Any]:
    """Insert rows given as plain values of the columns ``names`` (foreign keys as ids); answers ``keys`` if asked.

    For rows that nobody needs as objects: making the objects costs more than inserting the rows. Other columns get
    their defaults, those of the database included; a column that fills itself on saving gets the present moment.
    """
    if not rows:
        return []
    connection = connections[router.db_for_write(model)]
    key: Any = model._meta.pk
    given = [_field_of(model, name) for name in names]
    left = [
        field
        for field in model._meta.local_concrete_fields
        if field not in given and field is not key and not field.has_db_default()
    ]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        made = list(_new_keys(model, len(rows), connection, cursor)) if keys else []
        columns: list[Sequence[Any]] = [made] if keys else []
        raw: Sequence[Any]
        for field, raw in zip(given, zip(*rows, strict=True), strict=True):
            columns.append(_prepared(raw, field, connection))
        now = timezone.now()
        for field in left:
            if getattr(field, "auto_now_add", False):
                raw = [now] * len(rows)
            elif callable(field.default):
                raw = [field.get_default() for _row in rows]
            else:
                raw = [field.get_default()] * len(rows)
            columns.append(_prepared(raw, field, connection))
        fields = [*([key] if keys else []), *given, *left]
        _write(model._meta.db_table, fields, columns, connection, cursor)
    return made


def new_keys(model: type[models.Model], wanted: int) -> list[int]:
    """Keys of rows that are inserted later in this transaction, with ``id`` among the names of ``insert_values``.

    On SQLite no other row may be inserted before them.
    """
    connection = connections[router.db_for_write(model)]
    with connection.cursor() as cursor:
        return list(_new_keys(model, wanted, connection, cursor))


def _field_of(model: type[models.Model], name: str) -> _Field:
    field = model._meta.get_field(name)
    if not isinstance(field, models.Field) or not field.concrete:
        raise ValueError(f"{model._meta.label} has no column {name}.")
    return field


def update_rows(
    model: type[models.Model],
    objs: Sequence[Row],
    fields: Iterable[str],
    *,
    alike: str | None = None,
    then: Then | None = None,
) -> None:
    """Write ``fields`` of saved objects, as ``bulk_update`` does; no signals are sent. Values are plain ones.

    An object may be anything with ``pk`` and the attributes named. ``alike`` names a table (id, like_id) of the
    transaction's own: what an object says is then written to every row whose ``like_id`` is its key.

    PostgreSQL: one UPDATE from a table of the transaction's own that COPY filled. ``then`` (there only) goes on in
    the same statement with the rows as they now stand, as ``live``.
    """
    if not objs:
        return
    connection = connections[router.db_for_write(model)]
    key: _Field = model._meta.pk
    written = [_field_of(model, name) for name in fields]
    columns = [
        _prepared([getattr(obj, field.attname) for obj in objs], field, connection) for field in written
    ]
    columns.append(_prepared([obj.pk for obj in objs], key, connection))
    quote = connection.ops.quote_name
    table, pk = quote(model._meta.db_table), quote(str(key.column))
    names = [quote(str(field.column)) for field in written]
    with transaction.atomic(using=connection.alias, savepoint=False), connection.cursor() as cursor:
        if connection.vendor != "postgresql":
            settings = ", ".join(f"{name} = %s" for name in names)
            # Names of our own tables and columns, no values.
            meant = f"IN (SELECT id FROM {alike} WHERE like_id = %s)" if alike else "= %s"  # noqa: S608
            cursor.executemany(
                f"UPDATE {table} SET {settings} WHERE {pk} {meant}",  # noqa: S608
                list(zip(*columns, strict=True)),
            )
            return
        scratch = f"bulk_{next(_scratch)}"
        typed = ", ".join(
            f"{quote(str(field.column))} {field.cast_db_type(connection)}" for field in (*written, key)
        )
        cursor.execute(f"CREATE TEMPORARY TABLE {scratch} ({typed}) ON COMMIT DROP")
        _write(scratch, [*written, key], columns, connection, cursor)
        settings = ", ".join(f"{name} = fresh.{name}" for name in names)
        source, meant = f"{scratch} AS fresh", f"fresh.{pk}"
        if alike:
            source, meant = f"{source} JOIN {alike} AS alike ON alike.like_id = {meant}", "alike.id"
        update = f"UPDATE {table} SET {settings} FROM {source} WHERE {table}.{pk} = {meant}"  # noqa: S608
        if then is None:
            cursor.execute(update)
        else:
            cursor.execute(f"WITH live AS ({update} RETURNING {table}.*) {then.statement}", then.params)
        cursor.execute(f"DROP TABLE {scratch}")


def _prepared(raw: Sequence[Any], field: _Field, connection: Any) -> Sequence[Any]:
    """A column as the driver takes it. The field is asked only where a value is not one that goes in as it is."""
    if connection.vendor == "postgresql" and type(field) is models.JSONField and field.encoder is None:
        # COPY takes the text of a document.
        return [None if value is None else _json(value) for value in raw]
    if connection.vendor == "postgresql" and not isinstance(field, models.JSONField):
        kinds = set(map(type, raw))
        if kinds <= _PLAIN or (kinds <= _PLAIN_OR_MOMENT and not any(map(_is_naive, raw))):
            return raw
    prepare: Callable[[Any, Any], Any] = field.get_db_prep_save
    return [prepare(value, connection) for value in raw]


def _json(value: Any) -> str:
    return orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS).decode()


def _is_naive(value: Any) -> bool:
    return type(value) is datetime and value.tzinfo is None


def _write(
    table: str, fields: Sequence[_Field], columns: Sequence[Sequence[Any]], connection: Any, cursor: Any
) -> None:
    quote = connection.ops.quote_name
    names = ", ".join(quote(str(field.column)) for field in fields)
    rows = zip(*columns, strict=True)
    # Names of our own tables and columns, no values.
    if connection.vendor != "postgresql":
        places = ", ".join(["%s"] * len(fields))
        cursor.executemany(f"INSERT INTO {quote(table)} ({names}) VALUES ({places})", list(rows))  # noqa: S608
        return
    with connection.wrap_database_errors, cursor.copy(f"COPY {quote(table)} ({names}) FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _give_keys(model: type[models.Model], objs: Sequence[models.Model], connection: Any, cursor: Any) -> None:
    """Keys for those without one: from the sequence, which on SQLite nobody else can move in our transaction."""
    new = [obj for obj in objs if obj.pk is None]
    if not new:
        return
    keys = _new_keys(model, len(new), connection, cursor)
    for obj, key in zip(new, keys, strict=True):
        obj.pk = key


def _new_keys(model: type[models.Model], wanted: int, connection: Any, cursor: Any) -> Iterable[int]:
    table = model._meta.db_table
    if connection.vendor == "sqlite":
        cursor.execute("SELECT seq FROM sqlite_sequence WHERE name = %s", [table])
        last = cursor.fetchone()
        first = (last[0] if last else 0) + 1
        return range(first, first + wanted)
    cursor.execute(
        # OFFSET 0: the sequence is looked for once, not once per key.
        "SELECT nextval(name) FROM (SELECT pg_get_serial_sequence(%s, %s)::regclass AS name OFFSET 0) AS sequence, "
        "generate_series(1, %s)",
        [connection.ops.quote_name(table), model._meta.pk.column, wanted],
    )
    return [row[0] for row in cursor.fetchall()]


def _take_keys_of_parents(model: type[models.Model], objs: Sequence[models.Model]) -> None:
    # A parent that got its key after the child was made has not told the child.
    links: list[Any] = [field for field in model._meta.local_concrete_fields if field.remote_field]
    for obj in objs:
        for link in links:
            if getattr(obj, link.attname) is None and link.is_cached(obj):
                parent = link.get_cached_value(obj)
                if parent is not None:
                    setattr(obj, link.attname, getattr(parent, link.target_field.attname))
