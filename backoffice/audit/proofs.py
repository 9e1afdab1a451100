"""That a row is in a seal: its leaf, its place in the tree and the path to the signed root.

What a stranger needs to check it: the leaf's text, ``position``, ``seal.leaves``, ``path`` and the seal's
``statement`` and ``signature``. See ``merkle.verify_path``.
"""

from __future__ import annotations

import sys
from array import array
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from django.db.models import QuerySet

from backoffice.audit import canonical, merkle
from backoffice.audit.models import Redaction, Seal, SealPart

#: Bytes of one primary key in a part.
ID_SIZE = 8
_AT_ONCE = 2_000


@dataclass(frozen=True, slots=True)
class Inclusion:
    """One row's place in one seal. ``columns`` are what its leaf covers."""

    seal: Seal
    position: int
    path: list[bytes]
    leaf_hash: bytes
    columns: list[str]


def pack_ids(ids: Iterable[int]) -> bytes:
    """Primary keys as a part of a seal keeps them: eight bytes each, big-endian."""
    packed = array("q", ids)
    if sys.byteorder == "little":
        packed.byteswap()
    return packed.tobytes()


def unpack_ids(blob: bytes | memoryview) -> array[int]:
    """The primary keys that ``pack_ids`` packed. Raises ``ValueError`` when bytes are missing."""
    ids = array("q")
    ids.frombytes(bytes(blob))
    if sys.byteorder == "little":
        ids.byteswap()
    return ids


def inclusion(table: str, row_id: int) -> Inclusion | None:
    """Where the row is sealed; None while it is not sealed yet."""
    return inclusions(table, [row_id]).get(row_id)


def inclusions(table: str, row_ids: Iterable[int]) -> dict[int, Inclusion]:
    """Where these rows of one table are sealed; those not sealed yet are missing. Each tree is built once."""
    wanted = sorted(set(row_ids))
    found: dict[int, Inclusion] = {}
    by_seal: dict[int, list[tuple[int, SealPart, int]]] = defaultdict(list)
    for part in _parts_over(table, wanted):
        ids = unpack_ids(part.row_ids)
        for row_id in _within(wanted, part):
            place = bisect_left(ids, row_id)
            if place < len(ids) and ids[place] == row_id:
                by_seal[part.seal_id].append((row_id, part, place))
    for seal_id, rows in by_seal.items():
        seal = Seal.objects.get(pk=seal_id)
        leaves = leaves_of(seal)
        tree = merkle.Tree(leaves)
        for row_id, part, place in rows:
            position = part.position + place
            found[row_id] = Inclusion(seal, position, tree.path(position), leaves[position], part.columns)
    return found


def leaves_of(seal: Seal) -> list[bytes]:
    """The leaf hashes of a seal in the order of its tree."""
    blobs = SealPart.objects.filter(seal=seal).order_by("position").values_list("leaf_hashes", flat=True)
    return merkle.split(b"".join(bytes(blob) for blob in blobs))


def leaf_texts(table: str, included: dict[int, Inclusion]) -> dict[int, str]:
    """The texts of the leaves of these rows, made from the rows as they are now (redactions substituted).

    A row that is gone (retention) is missing. Whether a text still fits its leaf is for the reader to check.
    """
    model = canonical.sealed_models()[table]
    names = canonical.attnames(model)
    texts: dict[int, str] = {}
    forms: dict[tuple[str, ...], canonical.LeafForm] = {}
    for row_ids in _batches(sorted(included)):
        redacted = redactions(table, row_ids)
        for row in model._base_manager.filter(pk__in=row_ids).values_list(*names):
            row_id = row[names.index(model._meta.pk.attname)]
            covered = included[row_id].columns
            form = forms.setdefault(tuple(covered), canonical.LeafForm(model, covered))
            texts[row_id] = form.text(row, redacted.get(row_id)).decode()
    return texts


def redactions(table: str, row_ids: Sequence[int]) -> dict[int, dict[str, str]]:
    """What was redacted in these rows: id → column → SHA-256 (hex) of the ciphertext."""
    return by_row(Redaction.objects.filter(table=table, row_id__in=row_ids))


def last_sealed(table: str) -> int:
    """The key of the last sealed row of a table, exact where parts follow one another by key (SQLite)."""
    newest = SealPart.objects.filter(table=table).order_by("-first_id").values_list("last_id", flat=True)
    return newest.first() or 0


def by_row(rows: QuerySet[Redaction]) -> dict[int, dict[str, str]]:
    """Redactions of one table as ``LeafForm`` takes them: id → column → SHA-256 (hex)."""
    found: dict[int, dict[str, str]] = defaultdict(dict)
    for row_id, column, sha256 in rows.values_list("row_id", "column", "sha256"):
        found[row_id][column] = sha256
    return dict(found)


def _parts_over(table: str, wanted: Sequence[int]) -> Iterator[SealPart]:
    """The parts that may hold one of the rows: told by their bounds, their ids are read one part at a time."""
    if not wanted:
        return
    bounds = SealPart.objects.filter(table=table, first_id__lte=wanted[-1], last_id__gte=wanted[0])
    for part in bounds.defer("row_ids", "leaf_hashes").order_by("pk"):
        if _within(wanted, part):
            # Reading the deferred column fetches it, and it goes with the part.
            yield part


def _within(wanted: Sequence[int], part: SealPart) -> Sequence[int]:
    return wanted[bisect_left(wanted, part.first_id) : bisect_left(wanted, part.last_id + 1)]


def _batches(ids: Sequence[int]) -> Iterator[Sequence[int]]:
    for start in range(0, len(ids), _AT_ONCE):
        yield ids[start : start + _AT_ONCE]
