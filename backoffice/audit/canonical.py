"""The one text of a row that seals are made over, the same on SQLite and PostgreSQL and in years to come.

A leaf's text is JSON in UTF-8, keys sorted, no spaces, nothing escaped that need not be — exactly what
``json.dumps(…, ensure_ascii=False, sort_keys=True, separators=(",", ":"))`` writes for::

    {"id": 17, "table": "audit_readevent", "values": {"actor_id": 3, "count": 1, …}}

Values by type of column: whole numbers, booleans and text as they are; a moment in UTC with six decimals and ``Z``;
dates and times in ISO form; decimals as plain text without trailing zeros, so that a column may be given more
places later; UUIDs in their usual text; JSON columns as JSON, in which a float without a fraction is written as a
whole number (PostgreSQL does not keep the difference); bytes and ciphertexts as ``sha256:`` and the hash in hex, so
that a ciphertext may be redacted and its row still be proved. NULL is null.

A sealed table's columns may be added to; they may never be renamed, dropped, or change their kind of value.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from functools import cache
from typing import Any

import orjson
from django.apps import apps
from django.db import models

from backoffice.audit import merkle, triggers

#: A row of a sealed table: its values in the order of ``columns(model)``.
Row = tuple[Any, ...]
_SMALLEST, _LARGEST = -(2**63), 2**63 - 1


class UnknownColumn(LookupError):
    """A leaf covers a column that the table no longer has: its text cannot be made again."""


def moment(value: datetime) -> str:
    """A moment as leaves and statements write it: UTC, six decimals, ``Z``."""
    return value.astimezone(UTC).isoformat(timespec="microseconds")[:-6] + "Z"


def _iso(value: date | time) -> str:
    return value.isoformat()


def _decimal(value: Decimal) -> str:
    # A zero of whatever sign and scale is falsy.
    return format(value.normalize(), "f") if value else "0"


def digest(value: bytes | memoryview) -> str:
    """What stands in a leaf for bytes: ``sha256:`` and the hash in hex."""
    return "sha256:" + hashlib.sha256(value).hexdigest()


def plain_json(value: Any) -> Any:
    """A JSON value with sorted keys and numbers that read the same from both databases."""
    if isinstance(value, dict):
        return {key: plain_json(value[key]) for key in sorted(value)} if value else value
    if isinstance(value, list):
        return [plain_json(one) for one in value] if value else value
    if isinstance(value, float):
        # orjson writes exponents otherwise than the standard library does.
        return plain_json(int(value)) if value.is_integer() else orjson.Fragment(repr(value))
    if isinstance(value, int) and not _SMALLEST <= value <= _LARGEST:
        return orjson.Fragment(str(value))
    return value


_BY_TYPE: dict[str, Callable[[Any], Any]] = {
    "BinaryField": digest,
    "DateTimeField": moment,
    "DateField": _iso,
    "TimeField": _iso,
    "DecimalField": _decimal,
    "UUIDField": str,
    "JSONField": plain_json,
}


def text_of(value: Any) -> str:
    """Canonical JSON text of a plain value (statements, lists of columns)."""
    return orjson.dumps(plain_json(value)).decode()


@cache
def sealed_models() -> dict[str, type[models.Model]]:
    """Every table whose rows are sealed, by name and in the order in which they enter the trees."""
    by_table = {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}
    return {table: by_table[table] for table in triggers.sealed_tables()}


@cache
def _fields(model: type[models.Model]) -> dict[str, models.Field[Any, Any]]:
    by_name = {str(field.column): field for field in model._meta.concrete_fields}
    return dict(sorted(by_name.items()))


def columns(model: type[models.Model]) -> list[str]:
    """The names of the columns a new leaf covers: all, in the order of their names."""
    return list(_fields(model))


def place_of(model: type[models.Model], *names: str) -> int | None:
    """Where the first of these columns that the table has stands in a ``Row``."""
    found = columns(model)
    return next((found.index(name) for name in names if name in found), None)


def attnames(model: type[models.Model]) -> list[str]:
    """What to ask ``values_list`` for to get a ``Row``."""
    return [field.attname for field in _fields(model).values()]


def _converter(field: models.Field[Any, Any]) -> Callable[[Any], Any] | None:
    while field.remote_field is not None:
        field = field.target_field  # type: ignore[attr-defined]
    return _BY_TYPE.get(field.get_internal_type())


class LeafForm:
    """Turns rows of one table into leaves over ``covered`` columns (all, unless an old leaf covers fewer).

    Raises ``UnknownColumn`` when the table has lost one of them.
    """

    def __init__(self, model: type[models.Model], covered: Sequence[str] | None = None) -> None:
        fields = _fields(model)
        self.columns = list(covered) if covered is not None else list(fields)
        missing = [name for name in self.columns if name not in fields]
        if missing:
            raise UnknownColumn(f"{model._meta.db_table}: {', '.join(missing)}")
        places = {name: place for place, name in enumerate(fields)}
        self.id_place = places[str(model._meta.pk.column)]
        self._head = f',"table":"{model._meta.db_table}","values":'.encode()
        # None while the row can be taken as it comes, which is nearly always.
        self._places = [places[name] for name in self.columns] if self.columns != list(fields) else None
        self._converters = [
            (place, convert)
            for place, name in enumerate(self.columns)
            if (convert := _converter(fields[name])) is not None
        ]

    def text(self, row: Row, redacted: Mapping[str, str] | None = None) -> bytes:
        """The leaf's text. ``redacted``: column → SHA-256 (hex) of the ciphertext that was nulled there."""
        values = list(row) if self._places is None else [row[place] for place in self._places]
        for place, convert in self._converters:
            value = values[place]
            if value is not None:
                values[place] = convert(value)
        named = dict(zip(self.columns, values, strict=True))
        for column, sha256 in (redacted or {}).items():
            # A redacted column that holds something is not what was redacted: its own hash stands then.
            if column in named and named[column] is None:
                named[column] = f"sha256:{sha256}"
        return b'{"id":%d%b%b}' % (row[self.id_place], self._head, orjson.dumps(named))

    def hash(self, row: Row, redacted: Mapping[str, str] | None = None) -> bytes:
        """The leaf's hash (RFC 9162)."""
        return merkle.leaf_hash(self.text(row, redacted))


def leaf_text(
    obj: models.Model, *, covered: Sequence[str] | None = None, redacted: Mapping[str, str] | None = None
) -> str:
    """The leaf's text of a model instance as it was read from the database."""
    model = type(obj)
    row = tuple(getattr(obj, name) for name in attnames(model))
    return LeafForm(model, covered).text(row, redacted).decode()
