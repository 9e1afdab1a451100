"""Taking something away from rows that can only be added to: ciphertexts nulled, sealed rows removed.

Everything passes through the recorded maintenance entry. What stays is enough for every seal to verify: the SHA-256
of a ciphertext (``Redaction``), the leaf hashes of a removed row (in the parts of its seal) and its key (``Removal``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import Any, cast

from django.db import models

from backoffice.audit import proofs
from backoffice.audit.models import Maintenance, Redaction, Removal, SealPart
from backoffice.core.bulk import insert_rows

BATCH = 5_000
#: Below what SQLite takes as parameters of one statement, with room to spare.
_PARAMETERS = 900


def redact(
    model: type[models.Model], column: str, ids: Sequence[int], *, entry: Maintenance
) -> list[Redaction]:
    """Null ``column`` in these append-only rows; the hash of each ciphertext stays. Within ``maintenance``.

    A row whose column is empty already is left alone.
    """
    done: list[Redaction] = []
    rows = model._base_manager
    name = cast("models.Field[Any, Any]", model._meta.get_field(column)).column
    for part in _parts(sorted(ids)):
        found = rows.filter(pk__in=part, **{f"{column}__isnull": False}).order_by("pk")
        new = [
            Redaction(
                maintenance=entry,
                table=model._meta.db_table,
                row_id=row_id,
                column=name or column,
                sha256=hashlib.sha256(bytes(cipher)).hexdigest(),
            )
            for row_id, cipher in found.values_list("pk", column)
        ]
        insert_rows(Redaction, new)
        rows.filter(pk__in=[one.row_id for one in new]).update(**{column: None})
        done += new
    return done


def remove_rows(model: type[models.Model], ids: Iterable[int], *, entry: Maintenance) -> int:
    """Delete these append-only rows and keep their keys. Within ``maintenance``; the caller has seen that they are
    sealed (``sealed_among``), since nobody could tell an unsealed row that is gone from one that never was."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), BATCH):
        part = ordered[start : start + BATCH]
        Removal.objects.create(
            maintenance=entry,
            table=model._meta.db_table,
            count=len(part),
            first_id=part[0],
            last_id=part[-1],
            row_ids=proofs.pack_ids(part),
        )
        for few in _parts(part):
            model._base_manager.filter(pk__in=few).delete()
    return len(ordered)


def sealed_among(model: type[models.Model], ids: Iterable[int]) -> set[int]:
    """Those of the rows that lie in a seal."""
    wanted = set(ids)
    if not wanted:
        return set()
    parts = SealPart.objects.filter(
        table=model._meta.db_table, first_id__lte=max(wanted), last_id__gte=min(wanted)
    )
    sealed: set[int] = set()
    for packed in parts.values_list("row_ids", flat=True).iterator(chunk_size=50):
        sealed.update(wanted.intersection(proofs.unpack_ids(packed)))
    return sealed


def _parts(ids: Sequence[int]) -> Iterable[Sequence[int]]:
    for start in range(0, len(ids), _PARAMETERS):
        yield ids[start : start + _PARAMETERS]
