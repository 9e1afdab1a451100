"""A little of what stands around the places a search has found, for the person who judges whose name it is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backoffice.audit.keeping.columns import Table, cipher_labels, tables
from backoffice.audit.keeping.needles import Needles, context
from backoffice.audit.keeping.scan import as_text, read_any

#: Of one row; a long text may name somebody on every line.
_PLACES = 2


def samples(place: Mapping[str, Any], needles: Needles) -> list[str]:
    """Masked surroundings in the rows that a stored preview names; nothing once they are rewritten or gone."""
    table = next((one for one in tables() if one.name == place["table"]), None)
    if table is None or place["column"] not in (*table.ciphers, *table.plain):
        return []
    values = table.model._base_manager.filter(pk__in=place["rows"]).values_list(place["column"], flat=True)
    found = []
    for value in values:
        text = _text(table, place["column"], value)
        found += [context(text, one.start, one.end) for one in needles.found(text)[:_PLACES]]
    return found


def _text(table: Table, column: str, value: Any) -> str:
    if column in table.ciphers:
        return (read_any(bytes(value), cipher_labels(table.model, column))[0] if value else "") or ""
    return as_text(value)
