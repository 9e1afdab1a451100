"""The search for a person in everything that is not theirs: texts of other dossiers, and columns in the clear.

Reads only. What it finds is named by table, row and column; the words themselves are never kept.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any

import orjson
from django.db import models
from django.db.models import Q
from django.db.models.functions import Cast

from backoffice.audit.keeping.columns import Table, cipher_labels, tables
from backoffice.audit.keeping.needles import Needles
from backoffice.privacy import crypto
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import Erased, decrypt_as, warm_keys

CHUNK = 2_000

#: Spares every place where only a name was found: nobody has looked whose name it is.
NAMES = "names"

Progress = Callable[[str, int, int], None]
#: Table and column → rows.
Rows = Mapping[tuple[str, str], Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Hit:
    """One column of one row that speaks of the person. ``dossier_id`` tells under whose key it lies."""

    table: Table
    row_id: Any
    column: str
    kinds: frozenset[str]
    sure: bool
    dossier_id: int | None = None

    @property
    def encrypted(self) -> bool:
        return self.column in self.table.ciphers

    @property
    def place(self) -> str:
        """What a person can declare to be about somebody else of that name: a dossier, or a column in the clear."""
        if self.dossier_id is not None:
            return f"dossier:{self.dossier_id}"
        return f"column:{self.table.name}.{self.column}"


@dataclass
class Found:
    """The outcome of a search. ``unreadable`` counts ciphertexts that nobody can read (tampered with, or moved)."""

    hits: list[Hit] = field(default_factory=list)
    texts: int = 0
    unreadable: int = 0

    def without(self, spared: Set[str]) -> list[Hit]:
        """Those that have to go: all that are sure, and the names that were not declared somebody else's."""
        if NAMES in spared:
            return [hit for hit in self.hits if hit.sure]
        return [hit for hit in self.hits if hit.sure or hit.place not in spared]

    def rows(self) -> Rows:
        """Where they were found, to look there again for one of several people."""
        where: dict[tuple[str, str], list[Any]] = {}
        for hit in self.hits:
            where.setdefault((hit.table.name, hit.column), []).append(hit.row_id)
        return where


def search(
    needles: Needles,
    *,
    doomed: Set[uuid.UUID],
    skip: Set[str] = frozenset(),
    among: Rows | None = None,
    progress: Progress | None = None,
) -> Found:
    """Look for the person everywhere but under the ``doomed`` keys and in the tables to ``skip``.

    ``among`` looks only there: where a search for several people found one of them.
    """
    found = Found()
    if not needles.needles:
        return found
    wanted = [table for table in tables() if table.name not in skip]
    dossiers: dict[uuid.UUID, int | None] = {}
    for number, table in enumerate(wanted, start=1):
        for column in table.ciphers:
            rows = _rows(table, [column], among)
            if rows is not None:
                _search_texts(table, column, rows, needles, doomed, dossiers, found)
        rows = _rows(table, table.plain, among)
        if rows is not None and table.plain:
            found.hits += _search_plain(table, rows, needles)
        if progress is not None:
            progress("search", number, len(wanted))
    return found


def _rows(table: Table, columns: Sequence[str], among: Rows | None) -> Any:
    """The rows to look at; None when there are none."""
    rows = table.model._base_manager.order_by("pk")
    if among is None:
        return rows
    wanted = {pk for column in columns for pk in among.get((table.name, column), ())}
    return rows.filter(pk__in=wanted) if wanted else None


def _search_texts(
    table: Table,
    column: str,
    rows: Any,
    needles: Needles,
    doomed: Set[uuid.UUID],
    dossiers: dict[uuid.UUID, int | None],
    found: Found,
) -> None:
    labels = cipher_labels(table.model, column)
    rows = rows.filter(**{f"{column}__isnull": False})
    for chunk in _chunks(rows.values_list("pk", column).iterator(chunk_size=CHUNK)):
        readable = [(pk, bytes(cipher)) for pk, cipher in chunk]
        readable = [(pk, cipher) for pk, cipher in readable if _key_of(cipher) not in doomed]
        warm_keys(cipher for _pk, cipher in readable if _key_of(cipher) is not None)
        for pk, cipher in readable:
            found.texts += 1
            text, _label = read_any(cipher, labels)
            if text is None:
                found.unreadable += 1
                continue
            places = needles.found(text)
            if places:
                kinds = frozenset(place.kind for place in places)
                sure = any(place.sure for place in places)
                found.hits.append(Hit(table, pk, column, kinds, sure, _dossier_of(cipher, dossiers)))


def read_any(cipher: bytes, labels: tuple[str, ...]) -> tuple[str | None, str]:
    """The text and the one of the labels it was encrypted for; empty when erased, None when unreadable."""
    for label in labels:
        try:
            return decrypt_as(cipher, field=label), label
        except Erased:
            return "", label
        except crypto.Undecipherable:
            continue
    return None, ""


def _key_of(cipher: bytes) -> uuid.UUID | None:
    try:
        return crypto.key_id_of(cipher)
    except crypto.Undecipherable:
        return None


def _dossier_of(cipher: bytes, known: dict[uuid.UUID, int | None]) -> int | None:
    key_id = crypto.key_id_of(cipher)
    if key_id not in known:
        known[key_id] = DataKey.objects.filter(pk=key_id).values_list("dossier_id", flat=True).first()
    return known[key_id]


def _search_plain(table: Table, rows: Any, needles: Needles) -> list[Hit]:
    """The database looks for short pieces, and only what it answers is read closely."""
    texts = {f"_text_{name}": Cast(name, models.TextField()) for name in table.plain}
    anywhere = Q()
    for alias in texts:
        for probe in needles.probes:
            anywhere |= Q(**{f"{alias}__icontains" if probe.isascii() else f"{alias}__contains": probe})
    rows = rows.alias(**texts).filter(anywhere)
    hits = []
    for pk, *values in rows.values_list("pk", *table.plain).iterator(chunk_size=CHUNK):
        for column, value in zip(table.plain, values, strict=True):
            places = needles.found(as_text(value))
            if places:
                kinds = frozenset(place.kind for place in places)
                hits.append(Hit(table, pk, column, kinds, any(place.sure for place in places)))
    return hits


def as_text(value: Any) -> str:
    """A column in the clear as one text; JSON as it is written."""
    if value is None or isinstance(value, str):
        return value or ""
    return orjson.dumps(value, default=str).decode()


def _chunks(rows: Iterator[Any]) -> Iterator[list[Any]]:
    chunk: list[Any] = []
    for row in rows:
        chunk.append(row)
        if len(chunk) == CHUNK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
