"""The rows themselves, each table once by primary key beside the leaves that were sealed of it.

Two streams are merged: the table through a server-side cursor, and the sealed keys and hashes out of the parts of
its seals. What is in one and not in the other was put in or taken away; where both agree on the key, the row's leaf
is made again and compared. Memory holds a chunk of rows and the few parts that overlap, whatever the table's size.
"""

from __future__ import annotations

import heapq
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cached_property
from typing import Any

from django.db import models

from backoffice.audit import canonical, merkle, proofs
from backoffice.audit.checking.chain import Chain, Period
from backoffice.audit.checking.findings import Findings
from backoffice.audit.models import Removal, SealPart

#: Rows fetched at a time, and cases looked into together.
CHUNK = 2_000
#: How far the clocks of our machines may be apart.
CLOCKS = timedelta(minutes=5)
#: Changed rows that are compared with one another for an exchange.
_PAIRED = 100
Interval = tuple[int | None, int | None]


@dataclass(slots=True)
class _Open:
    """A part of a seal while its rows pass by."""

    id: int
    seal_id: int
    form: canonical.LeafForm | None
    ids: Sequence[int]
    hashes: list[bytes]
    place: int = 0


Sealed = tuple[int, bytes, _Open]


@dataclass(slots=True)
class Present:
    """What the database and the settings say of now: numbers beyond them cannot have been given out."""

    epoch: int
    next_xact: int | None


class TableCheck:
    """Checks one table. ``check`` may be called for several intervals of its primary key; ``rows`` counts."""

    def __init__(self, model: type[models.Model], chain: Chain, findings: Findings, present: Present) -> None:
        self.model, self.chain, self.findings, self.present = model, chain, findings, present
        self.table = model._meta.db_table
        self.rows = 0
        self.id_place = canonical.LeafForm(model).id_place
        # Every sealed row has these two (core.log.OrderedRow); a moment of recording only some.
        self.xact_place = canonical.columns(model).index("xact_id")
        self.epoch_place = canonical.columns(model).index("epoch")
        self.moment_place = canonical.place_of(model, "history_date", "recorded_at")
        self._forms: dict[tuple[str, ...], canonical.LeafForm | None] = {}
        self._suspects: list[tuple[int, canonical.Row, Sealed]] = []
        self._missing: list[Sealed] = []
        self._changed: list[tuple[int, canonical.Row, Sealed]] = []

    # --- the merge ----------------------------------------------------------------------------------------

    @cached_property
    def last_sealed(self) -> int:
        """The key of the last sealed row, where parts follow one another by key (SQLite)."""
        return proofs.last_sealed(self.table)

    def check(self, interval: Interval = (None, None)) -> None:
        """Check the rows whose keys lie within ``interval`` (both ends included; None is open)."""
        rows = self._rows(interval)
        row = next(rows, None)
        place = self.id_place
        last = -1
        for sealed in self._sealed(interval):
            row_id, digest, part = sealed
            if row_id == last:
                self._note("sealed_twice", row_id, part)
                continue
            last = row_id
            while row is not None and row[place] < row_id:
                self._unsealed(row)
                row = next(rows, None)
            if row is None or row[place] != row_id:
                self._missing.append(sealed)
                if len(self._missing) >= CHUNK:
                    self._settle_missing()
                continue
            self.rows += 1
            if part.form is not None:
                if part.form.hash(row) != digest:
                    self._suspects.append((row_id, row, sealed))
                    if len(self._suspects) >= CHUNK:
                        self._settle_suspects()
                self._check_moment(row, part)
            row = next(rows, None)
        while row is not None:
            self._unsealed(row)
            row = next(rows, None)
        self._settle_missing()
        self._settle_suspects()
        self._settle_changed()

    def _rows(self, interval: Interval) -> Iterator[canonical.Row]:
        low, high = interval
        rows = self.model._base_manager.order_by("pk")
        if low is not None:
            rows = rows.filter(pk__gte=low)
        if high is not None:
            rows = rows.filter(pk__lte=high)
        return iter(rows.values_list(*canonical.attnames(self.model)).iterator(chunk_size=CHUNK))

    def _sealed(self, interval: Interval) -> Iterator[Sealed]:
        """Every sealed key of the interval in order. Parts overlap where transactions did: a part is opened when its
        first key is due and let go behind its last."""
        low, high = interval
        parts = SealPart.objects.filter(table=self.table)
        if low is not None:
            parts = parts.filter(last_id__gte=low)
        if high is not None:
            parts = parts.filter(first_id__lte=high)
        heads = iter(
            parts.order_by("first_id", "pk")
            .values_list("pk", "seal_id", "first_id", "columns")
            .iterator(chunk_size=CHUNK)
        )
        upcoming = next(heads, None)
        heap: list[tuple[int, int, _Open]] = []
        while heap or upcoming is not None:
            while upcoming is not None and (not heap or upcoming[2] <= heap[0][0]):
                part = self._open(upcoming, interval)
                if part.ids:
                    heapq.heappush(heap, (part.ids[0], part.id, part))
                upcoming = next(heads, None)
            if not heap:
                continue
            row_id, _order, part = heap[0]
            yield row_id, part.hashes[part.place], part
            part.place += 1
            if part.place < len(part.ids):
                heapq.heapreplace(heap, (part.ids[part.place], part.id, part))
            else:
                heapq.heappop(heap)

    def _open(self, head: tuple[Any, ...], interval: Interval) -> _Open:
        pk, seal_id, _first, columns = head
        row_ids, leaf_hashes = SealPart.objects.values_list("row_ids", "leaf_hashes").get(pk=pk)
        # Bytes that are missing or out of order were found with the tree; here every key has one hash, ascending.
        pairs = dict(zip(proofs.unpack_ids(row_ids), merkle.split(leaf_hashes), strict=False))
        ids = sorted(pairs)
        start = 0 if interval[0] is None else bisect_left(ids, interval[0])
        end = len(ids) if interval[1] is None else bisect_right(ids, interval[1])
        ids = ids[start:end]
        return _Open(pk, seal_id, self._form(columns), ids, [pairs[one] for one in ids])

    def _form(self, columns: list[str]) -> canonical.LeafForm | None:
        key = tuple(columns)
        if key not in self._forms:
            try:
                self._forms[key] = canonical.LeafForm(self.model, columns)
            except canonical.UnknownColumn as error:
                self._forms[key] = None
                self.findings.add("column_lost", table=self.table, detail=str(error))
        return self._forms[key]

    def _note(self, kind: str, row_id: int, part: _Open | None = None, detail: str = "") -> None:
        number = self.chain.numbers.get(part.seal_id) if part is not None else None
        self.findings.add(kind, table=self.table, row=row_id, seal=number, detail=detail)

    # --- rows that were sealed ----------------------------------------------------------------------------

    def _settle_suspects(self) -> None:
        """A leaf that differs may be that of a redacted row."""
        suspects, self._suspects = self._suspects, []
        if not suspects:
            return
        redacted = proofs.redactions(self.table, [row_id for row_id, _row, _sealed in suspects])
        for row_id, row, sealed in suspects:
            _id, digest, part = sealed
            taken = redacted.get(row_id)
            if part.form is not None and (taken is None or part.form.hash(row, taken) != digest):
                if len(self._changed) < _PAIRED:
                    self._changed.append((row_id, row, sealed))
                else:
                    self._note("changed", row_id, part)

    def _settle_changed(self) -> None:
        """Tell rows that were exchanged from rows that were changed."""
        changed, self._changed = self._changed, []
        for row_id, row, (_id, _digest, part) in changed:
            other = self._belongs_to(row, changed)
            if other is not None:
                self._note("reordered", row_id, part, detail=f"holds what was sealed as #{other}")
            else:
                self._note("changed", row_id, part)

    def _belongs_to(self, row: canonical.Row, changed: list[tuple[int, canonical.Row, Sealed]]) -> int | None:
        for other_id, _row, (_id, digest, part) in changed:
            moved = (*row[: self.id_place], other_id, *row[self.id_place + 1 :])
            if other_id != row[self.id_place] and part.form is not None and part.form.hash(moved) == digest:
                return other_id
        return None

    def _check_moment(self, row: canonical.Row, part: _Open) -> None:
        place = self.chain.of_seal.get(part.seal_id, 0)
        if place > 0:
            period = self.chain.periods[place - 1]
            if self._is_backdated(row, period):
                self._note("backdated", row[self.id_place], part)

    def _is_backdated(self, row: canonical.Row, period: Period) -> bool:
        """Whether the row says it was recorded before ``period`` began, while its transaction began later."""
        if self.moment_place is None or row[self.moment_place] >= period.began - CLOCKS:
            return False
        if period.next is None:
            return True
        xact: int | None = row[self.xact_place]
        return row[self.epoch_place] == period.epoch and xact is not None and xact >= period.next

    def _settle_missing(self) -> None:
        """What is gone must have gone through the one entry: a removal on record names it."""
        missing, self._missing = self._missing, []
        if not missing:
            return
        removed = _removed(self.table, missing[0][0], missing[-1][0])
        for row_id, _digest, part in missing:
            if row_id in removed:
                self.rows += 1
            else:
                self._note("deleted", row_id, part)

    def check_returned(self) -> None:
        """No row that a removal on record took is there."""
        for blob in Removal.objects.filter(table=self.table).values_list("row_ids", flat=True).iterator():
            ids = proofs.unpack_ids(blob)
            for start in range(0, len(ids), CHUNK):
                there = self.model._base_manager.filter(pk__in=ids[start : start + CHUNK])
                for row_id in there.values_list("pk", flat=True):
                    self._note("returned", row_id)

    # --- rows that were not -------------------------------------------------------------------------------

    def _unsealed(self, row: canonical.Row) -> None:
        """A row in no seal: new, or put in where everything is sealed."""
        row_id = row[self.id_place]
        xact, epoch = row[self.xact_place], row[self.epoch_place]
        if epoch > self.present.epoch:
            self._note("inserted", row_id, detail="an epoch that has not begun")
            return
        following = self.present.next_xact
        if following is not None and epoch == self.present.epoch and (xact is None or xact >= following):
            self._note("inserted", row_id, detail="a transaction number that was not given out")
            return
        if self._is_due(row_id, xact, epoch):
            self._note("inserted", row_id)
            return
        # A run that was broken off without numbers (SQLite) has not come to every table.
        began = [one for one in self.chain.periods if one.closed or one.next is not None]
        if began and self._is_backdated(row, began[-1]):
            self._note("backdated", row_id)

    def _is_due(self, row_id: int, xact: int | None, epoch: int) -> bool:
        """Whether the seals there are should hold such a row."""
        if not self.chain.periods:
            return False
        last = self.chain.periods[-1]
        if last.end is None:
            return row_id <= self.last_sealed
        if last.closed:
            return _is_in(last, xact, epoch)
        before = self.chain.periods[-2] if len(self.chain.periods) > 1 else None
        if before is not None and before.end is not None and _is_in(before, xact, epoch):
            return True
        return _is_in(last, xact, epoch) and self._is_passed(last, row_id)

    def _is_passed(self, period: Period, row_id: int) -> bool:
        """Whether the unfinished run ``period`` has come past this row."""
        newest = (
            SealPart.objects.filter(seal_id=period.last_id)
            .order_by("-position")
            .values_list("table", "last_id")
            .first()
        )
        return newest is not None and (self.table, row_id) <= newest


def _is_in(period: Period, xact: int | None, epoch: int) -> bool:
    """Whether a row of that number is in the period or in one before it."""
    if epoch != period.epoch:
        return epoch < period.epoch
    return xact is None or period.end is None or xact < period.end


def _removed(table: str, first: int, last: int) -> set[int]:
    removed: set[int] = set()
    blobs = Removal.objects.filter(table=table, first_id__lte=last, last_id__gte=first)
    for blob in blobs.values_list("row_ids", flat=True):
        ids = proofs.unpack_ids(blob)
        removed.update(ids[bisect_left(ids, first) : bisect_right(ids, last)])
    return removed
