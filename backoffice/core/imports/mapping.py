"""The mapping file: which column of a foreign file is which field of ours, and how its values read.

TOML. One table per field under ``[fields]``::

    [file]                       # all optional
    encoding = "gb18030"
    delimiter = ";"
    sheet = "Sheet1"

    [fields.received_at]
    column = "Date received"
    format = "%m/%d/%Y"          # strptime; without it ISO 8601

    [fields.category]
    columns = ["Product", "Issue"]
    map = { "Debt collection|Communication tactics" = "collection.calls", "Mortgage|*" = "other.other" }

    [fields.words]
    template = "{Company}: {Issue}"

    [fields.state]
    constant = "closed"
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from pathlib import Path
from string import Formatter
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import DomainError
from backoffice.core.imports.tables import SourceRow
from backoffice.core.time import SHANGHAI

_KEYS = {"column", "columns", "template", "constant", "map", "format", "default", "separator"}
_SOURCES = ("column", "columns", "template", "constant")


class MappingError(DomainError):
    """The mapping does not fit itself, our fields, or the file's columns; nothing was taken in."""

    code = "mapping-wrong"


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was refused: where (row, column), what (code, message). Never the value: it may be personal."""

    row: int
    column: str
    code: str
    message: Any


class CellRefused(Exception):
    """Raised while a cell is read; becomes a ``RowError``."""

    def __init__(self, code: str, message: Any) -> None:
        self.code, self.message = code, message
        super().__init__(code)


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of ours is made from a row."""

    name: str
    columns: tuple[str, ...] = ()
    template: str = ""
    constant: Any = None
    map: dict[str, str] | None = None
    format: str = ""
    default: str = ""

    @property
    def label(self) -> str:
        return " + ".join(self.columns) or self.name

    def text(self, row: SourceRow) -> str:
        """The field's text in this row, mapped. Raises ``CellRefused`` for a value the map does not know."""
        if self.constant is not None:
            return str(self.constant)
        if self.template:
            return self.template.format_map(row.cells).strip()
        parts = [row.cells.get(column, "") for column in self.columns]
        value = "|".join(parts) if len(parts) > 1 else parts[0]
        if not any(parts):
            return self.default
        return self._mapped(parts, value) if self.map is not None else value

    def _mapped(self, parts: list[str], value: str) -> str:
        assert self.map is not None  # noqa: S101  (only called with a map)
        # “a|b”, then “a|*”, then “*”: the most exact entry wins.
        for length in range(len(parts), 0, -1):
            rest = ["*"] * (len(parts) - length)
            found = self.map.get("|".join([*parts[:length], *rest]))
            if found is not None:
                return found
        if "*" in self.map:
            return self.map["*"]
        raise CellRefused("value-not-mapped", _("The mapping does not know this value."))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping file."""

    fields: dict[str, FieldRule]
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raises ``MappingError`` naming every mapped column that the file does not have."""
        wanted = {column for rule in self.fields.values() for column in rule.columns}
        missing = sorted(wanted - set(columns))
        if missing:
            raise MappingError(
                _("The file lacks columns the mapping names: %(missing)s. It has: %(columns)s.")
                % {"missing": ", ".join(missing), "columns": ", ".join(columns)}
            )

    def read(
        self, row: SourceRow, converters: dict[str, Callable[[str, FieldRule], Any]]
    ) -> tuple[dict[str, Any], list[RowError]]:
        """The row's fields, converted, and every error in it (a row with errors is not taken in)."""
        if row.short_by:
            message = _("%(count)s cells are missing at the end of this row: the file may have been cut off.")
            return {}, [RowError(row.number, "", "row-too-short", message % {"count": row.short_by})]
        if row.long_by:
            message = _(
                "This row has %(count)s cells more than there are columns; check its quotation marks."
            )
            return {}, [RowError(row.number, "", "row-too-long", message % {"count": row.long_by})]
        values: dict[str, Any] = {}
        errors: list[RowError] = []
        for name, rule in self.fields.items():
            try:
                text = rule.text(row)
                values[name] = converters[name](text, rule) if text else None
            except CellRefused as error:
                errors.append(RowError(row.number, rule.label, error.code, error.message))
        return values, errors


def load_mapping(path: Path, *, known: Sequence[str], required: Sequence[str]) -> Mapping:
    """Read and check a mapping file against the fields a thing has. Raises ``MappingError``."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise MappingError(_("The mapping is not valid TOML: %(error)s") % {"error": error}) from error
    tables = document.get("fields", {})
    unknown = sorted(set(tables) - set(known))
    if unknown:
        raise MappingError(
            _("The mapping names fields that do not exist: %(unknown)s. There are: %(known)s.")
            % {"unknown": ", ".join(unknown), "known": ", ".join(known)}
        )
    missing = [name for name in required if name not in tables]
    if missing:
        raise MappingError(
            _("The mapping must say where these come from: %(missing)s.") % {"missing": ", ".join(missing)}
        )
    file = document.get("file", {})
    return Mapping(
        fields={name: _rule(name, table) for name, table in tables.items()},
        encoding=file.get("encoding", ""),
        delimiter=file.get("delimiter", ""),
        sheet=file.get("sheet", ""),
    )


def _rule(name: str, table: dict[str, Any]) -> FieldRule:
    wrong = sorted(set(table) - _KEYS)
    if wrong:
        raise MappingError(
            _("Field “%(name)s”: unknown keys %(keys)s.") % {"name": name, "keys": ", ".join(wrong)}
        )
    if sum(key in table for key in _SOURCES) != 1:
        raise MappingError(
            _("Field “%(name)s” needs exactly one of column, columns, template, constant.") % {"name": name}
        )
    template = table.get("template", "")
    named = (
        tuple(part for _text, part, _spec, _conv in Formatter().parse(template) if part) if template else ()
    )
    columns = (table["column"],) if "column" in table else tuple(table.get("columns", named))
    return FieldRule(
        name=name,
        columns=columns,
        template=template,
        constant=table.get("constant"),
        map=table.get("map"),
        format=table.get("format", ""),
        default=table.get("default", ""),
    )


def as_text(text: str, rule: FieldRule) -> str:
    """The text as it stands."""
    return text


def as_choice(values: Sequence[str]) -> Callable[[str, FieldRule], str]:
    """One of ``values``, exactly."""

    def convert(text: str, rule: FieldRule) -> str:
        if text not in values:
            raise CellRefused("value-unknown", _("This value is not one of ours; add it to the mapping."))
        return text

    return convert


def as_date(text: str, rule: FieldRule) -> date:
    """A day, by the rule's ``format`` or ISO 8601."""
    return as_moment(text, rule).date()


def as_moment(text: str, rule: FieldRule) -> datetime:
    """A moment in Shanghai, by the rule's ``format`` or ISO 8601; a bare day is its midnight."""
    try:
        if rule.format:
            moment = datetime.strptime(text, rule.format)  # noqa: DTZ007  (made aware below)
        else:
            found = parse_datetime(text)
            day = None if found else parse_date(text)
            if found is None and day is None:
                raise ValueError
            moment = found or datetime.combine(day, datetime.min.time())  # type: ignore[arg-type]
    except ValueError as error:
        wanted = rule.format or "ISO 8601"
        raise CellRefused(
            "date-impossible", _("There is no such date in the form %(format)s.") % {"format": wanted}
        ) from error
    return moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)


def as_amount(text: str, rule: FieldRule) -> Decimal:
    """Yuan with at most two decimals, not negative."""
    try:
        amount = Decimal(text.replace(",", "").removeprefix("¥").strip())
    except InvalidOperation as error:
        raise CellRefused("amount-unreadable", _("This is not an amount.")) from error
    exponent = amount.as_tuple().exponent
    if not isinstance(exponent, int) or amount < 0:
        raise CellRefused("amount-impossible", _("An amount cannot be negative."))
    if exponent < -2:
        raise CellRefused("amount-too-exact", _("An amount has at most two decimals."))
    return amount
