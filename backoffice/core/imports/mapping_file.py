"""Reading a mapping file (``mapping`` says what stands in it): whatever is wrong in it is told with its place."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.imports.mapping import PLACE, FieldRule, Mapping, MappingError

#: Which other keys go with which source of a field.
_GO_WITH = {
    "column": {"map", "format", "default"},
    "columns": {"map", "default"},
    "template": set(),
    "constant": {"format"},
}
_FILE_KEYS = ("encoding", "delimiter", "sheet")
#: How the delimiter that nobody sees is written.
_TABULATOR = {"tab": "\t", "\\t": "\t"}
_NO_DELIMITER = ('"', "\r", "\n", "\0")


def load_mapping(path: Path, *, known: Sequence[str], required: Sequence[str]) -> Mapping:
    """Read and check a mapping file against the fields a thing has. Raises ``MappingError``."""
    try:
        # utf-8-sig: some editors put a byte order mark first.
        document = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError) as error:
        # Not valid, no UTF-8, or a number or a nesting without end.
        raise MappingError(
            _("The mapping is not valid TOML: %(error)s") % {"error": _place(error)}
        ) from error
    tables, file = _table("fields", document.pop("fields", {})), _table("file", document.pop("file", {}))
    _check_keys("[file]", file, allowed=_FILE_KEYS)
    _check_keys("", document, allowed=())
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
    fields = {name: _rule(name, _table(f"fields.{name}", table)) for name, table in tables.items()}
    return Mapping(
        fields=fields,
        required=tuple(required),
        encoding=file.get("encoding", ""),
        delimiter=_delimiter(file.get("delimiter", "")),
        sheet=file.get("sheet", ""),
    )


def _place(error: ValueError | RecursionError) -> Any:
    """Where the file cannot be read; why, the library says in English alone."""
    if isinstance(error, UnicodeDecodeError):
        return _("it is not UTF-8")
    if "at end of document" in str(error):
        return _("it ends too early")
    found = re.search(r"at line (\d+), column (\d+)", str(error))
    if found is None:
        return _("a number or a nesting is far too long")
    return _("line %(line)s, column %(column)s") % {"line": found[1], "column": found[2]}


def _table(name: str, value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise MappingError(_("“%(name)s” must be a table: [%(name)s]") % {"name": name})
    return value


def _delimiter(text: str) -> str:
    found = _TABULATOR.get(text, text)
    if len(found) > 1 or found in _NO_DELIMITER:
        raise MappingError(
            _(
                "The delimiter must be one character, no quotation mark and no line break; for the tabulator “tab”."
            )
        )
    return found


def _check_keys(name: str, table: dict[str, Any], *, allowed: Sequence[str]) -> None:
    wrong = sorted(set(table) - set(allowed))
    if wrong:
        raise MappingError(
            _("The mapping has keys that mean nothing here: %(keys)s.")
            % {"keys": ", ".join(f"{name} {key}".strip() for key in wrong)}
        )
    if not all(isinstance(value, str) for value in table.values()):
        raise MappingError(_("Values under %(name)s must be texts in quotation marks.") % {"name": name})


def _rule(name: str, table: dict[str, Any]) -> FieldRule:
    sources = [key for key in _GO_WITH if key in table]
    if len(sources) != 1:
        raise MappingError(
            _("Field “%(name)s” needs exactly one of column, columns, template, constant.") % {"name": name}
        )
    source = sources[0]
    values = dict(table)
    columns, named = values.pop("columns", []), values.pop("map", None)
    _check_keys(f"[fields.{name}]", values, allowed=[source, *_GO_WITH[source]])
    if named is not None:
        _check_keys(f"[fields.{name}.map]", _table(f"fields.{name}.map", named), allowed=list(named))
    if not (isinstance(columns, list) and all(isinstance(column, str) for column in columns)) or (
        source == "columns" and not columns
    ):
        raise MappingError(_("Field “%(name)s”: columns must be a list of column names.") % {"name": name})
    if named is not None and "map" not in _GO_WITH[source]:
        raise MappingError(_("Field “%(name)s”: a map goes with column or columns.") % {"name": name})
    if source == "columns" and named is None:
        raise MappingError(
            _("Field “%(name)s”: several columns need a map; to join texts use template.") % {"name": name}
        )
    template = values.get("template", "")
    if set(PLACE.sub("", template)) & set("{}"):
        raise MappingError(_("Field “%(name)s”: a brace in the template has no partner.") % {"name": name})
    _check_format(name, values.get("format", ""))
    return FieldRule(
        name=name,
        columns=(values["column"],)
        if source == "column"
        else tuple(columns) or tuple(PLACE.findall(template)),
        template=template,
        constant=values.get("constant", ""),
        map=named,
        format=values.get("format", ""),
        default=values.get("default", ""),
    )


def _check_format(name: str, pattern: str) -> None:
    try:
        sample = datetime(2024, 12, 31, 23, 59, tzinfo=UTC).strftime(pattern)
        readable = datetime.strptime(sample, pattern).year == 2024 if pattern else True  # noqa: DTZ007
    except (ValueError, re.error):
        # The latter where a part of the date stands there twice.
        readable = False
    if not readable:
        raise MappingError(
            _("Field “%(name)s”: this date format is wrong or lacks the year.") % {"name": name}
        )
