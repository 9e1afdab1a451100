"""One JSON document per row of a part, and one entry per event or read. Rows that seals cover are noted down."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

import orjson
from django.db import models
from django.db.models.fields.files import FieldFile

from backoffice.audit import canonical, proofs
from backoffice.audit.evidence.gathering import batches, histories, in_batches, lines_in_period
from backoffice.audit.evidence.seams import Part, say, seams
from backoffice.audit.evidence.telling import (
    Teller,
    Whose,
    columns_of,
    is_secret,
    label,
    model_words,
    owner_of,
)
from backoffice.audit.models import Event, ReadEvent

#: (table, id) of a sealed row → column → SHA-256 (hex) of what was redacted there.
Redacted = dict[tuple[str, int], dict[str, str]]
#: Sealed table → ids of the rows in the bundle.
Sealed: TypeAlias = "defaultdict[str, array[int]]"


def no_rows() -> Sealed:
    """Nothing noted down yet."""
    return defaultdict(lambda: array("q"))


class Recorder:
    """Turns rows into documents and notes down which rows of which sealed table are in the bundle."""

    def __init__(self, teller: Teller) -> None:
        self.teller = teller
        self.scope = teller.scope
        self.sealed = no_rows()
        self._forms: dict[type[models.Model], canonical.LeafForm] = {}

    def documents(self, part: Part) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Every row of a part with its document."""
        for rows in in_batches(part.queryset):
            every = histories(rows)
            lines = {pk: lines_in_period(found, part, self.scope) for pk, found in every.items()}
            flat = [line for found in lines.values() for line in found]
            self.teller.learn([*rows, *flat])
            self.teller.warm([*rows, *flat])
            redacted = self._redactions([*flat, *rows])
            for row in rows:
                mine = lines.get(row.pk, ())
                document = self._document(part, row, mine, redacted)
                # Then the row as it stands must agree with the last line, and the reader may check it.
                document["history_reaches_today"] = bool(mine) and mine[-1] is every[row.pk][-1]
                yield row, document

    def _redactions(self, rows: Sequence[Any]) -> Redacted:
        by_table: dict[str, list[int]] = defaultdict(list)
        for row in rows:
            if row._meta.db_table in canonical.sealed_models():
                by_table[row._meta.db_table].append(row.pk)
        return {
            (table, row_id): gone
            for table, ids in by_table.items()
            for some in batches(ids)
            for row_id, gone in proofs.redactions(table, some).items()
        }

    def _document(self, part: Part, row: Any, lines: Sequence[Any], redacted: Redacted) -> dict[str, Any]:
        whose = Whose(owner_of(row), bool(part.third and part.third(row)))
        document: dict[str, Any] = {
            "model": part.model._meta.label_lower,
            "model_text": model_words(part.model),
            "id": row.pk,
            "title": str(row),
            "history": [],
        }
        leaf = self._leaf(row, redacted)
        document["fields"] = [
            {"name": field.column, "label": label(field), **self._value(row, field, part, whose, leaf)}
            for field in columns_of(part.model)
        ]
        if part.model._meta.db_table in canonical.sealed_models():
            document["sealed_row"] = self._note(leaf)
        before: tuple[Any, Any] | None = None
        for line in lines:
            now = (line, self._leaf(line, redacted))
            document["history"].append(self._line(part, now, before, whose))
            before = now
        return document

    def _value(self, row: Any, field: Any, part: Part, whose: Whose, leaf: dict[str, Any]) -> dict[str, Any]:
        digest = leaf["values"].get(field.column)
        if is_secret(field):
            return self.teller.secret(row, field, part, whose, digest)
        return {"value": digest, "text": self.teller.text(field, getattr(row, field.attname))}

    def _line(
        self, part: Part, now: tuple[Any, Any], before: tuple[Any, Any] | None, whose: Whose
    ) -> dict[str, Any]:
        line, leaf = now
        changes = []
        for field in line.tracked_fields:
            new = leaf["values"].get(field.column)
            old = before[1]["values"].get(field.column) if before is not None else None
            # Unchanged text keeps its ciphertext, so that its hash tells as well whether it changed.
            if new == old or (before is None and new in (None, "", [], {})):
                continue
            told_before = (
                self._value(before[0], field, part, whose, before[1]) if before is not None else None
            )
            changes.append(
                {
                    "name": field.column,
                    "label": label(field),
                    "before": told_before,
                    "after": self._value(line, field, part, whose, leaf),
                }
            )
        return {
            "at": leaf["values"]["history_date"],
            "kind": line.history_type,
            "act": line.history_change_reason or "",
            "act_text": say("act", line.history_change_reason or ""),
            "actor": line.history_actor_name,
            "door_text": say("door", line.history_entry_point),
            "request": line.history_request_id,
            "reason": self.teller.reason(line.history_reason_cipher, leaf["values"]["history_reason_cipher"]),
            "changes": changes,
            "sealed_row": self._note(leaf),
        }

    def _leaf(self, row: Any, redacted: Redacted) -> dict[str, Any]:
        """The row as seals see it (live rows in the same form, so that the two may be compared)."""
        model = type(row)
        form = self._forms.get(model)
        if form is None:
            form = self._forms[model] = canonical.LeafForm(model)
        values = tuple(_stored(getattr(row, name)) for name in canonical.attnames(model))
        leaf: dict[str, Any] = orjson.loads(form.text(values, redacted.get((model._meta.db_table, row.pk))))
        return leaf

    def _note(self, leaf: dict[str, Any]) -> dict[str, Any]:
        self.sealed[leaf["table"]].append(leaf["id"])
        return leaf

    def events(self, rows: Sequence[Event]) -> Iterator[dict[str, Any]]:
        """Typed decisions as entries of ``events.json``."""
        redacted = self._redactions(rows)
        self.teller.warm(rows)
        for row in rows:
            leaf = self._leaf(row, redacted)
            yield {
                "model": row._meta.label_lower,
                "kind": row.kind,
                "text": event_text(row) or row.kind,
                "at": leaf["values"]["occurred_at"],
                "actor": row.actor_name,
                "door_text": say("door", row.entry_point),
                "request": row.request_id,
                "dossier": _number(row),
                "reason": self.teller.reason(row.reason_cipher, leaf["values"]["reason_cipher"]),
                "details": row.data,
                "sealed_row": self._note(leaf),
            }

    def reads(self, rows: Sequence[ReadEvent]) -> Iterator[dict[str, Any]]:
        """Who looked, as entries of ``reads.json``."""
        redacted = self._redactions(rows)
        for row in rows:
            leaf = self._leaf(row, redacted)
            yield {
                "at": leaf["values"]["occurred_at"],
                "actor": row.actor_name,
                "what": row.what,
                "what_text": str(row.get_what_display()),
                "door_text": say("door", row.entry_point),
                "request": row.request_id,
                "dossier": _number(row),
                "fields": row.fields,
                "purpose": row.purpose or str(row.get_purpose_code_display()),
                "sealed_row": self._note(leaf),
            }


def _stored(value: Any) -> Any:
    # A file column holds a name; the live row hands out the file.
    return value.name if isinstance(value, FieldFile) else value


def _number(row: Event | ReadEvent) -> str:
    return row.dossier.number if row.dossier is not None else ""


def event_text(event: Event) -> str:
    """The event in words; empty when the timeline does without it."""
    speaker = seams.events.get(event._meta.label_lower)
    return speaker(event) if speaker is not None else event.kind


def path_of(row: Any) -> str:
    """Where the document of a row lies in the bundle."""
    return f"records/{row._meta.label_lower}/{getattr(row, 'uid', row.pk)}.json"
