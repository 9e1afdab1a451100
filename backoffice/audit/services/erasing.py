"""The steps of an erasure, all in the caller's transaction. What they did comes back as the parts of its proof."""

from __future__ import annotations

import hashlib
import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import connection, models, transaction

from backoffice.audit.keeping import seams
from backoffice.audit.keeping.columns import Table, cipher_labels, file_models, personal_models
from backoffice.audit.keeping.needles import MARK, Needles
from backoffice.audit.keeping.people import StoredFile, Theirs, files_of, personal_rows
from backoffice.audit.keeping.scan import Hit, read_any
from backoffice.audit.models import Erasure, Maintenance, Redaction
from backoffice.audit.services.redaction import redact, remove_rows
from backoffice.core.history import bulk_update_with_history
from backoffice.core.models import Dossier
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import encrypt_reason, forget_keys, set_text

logger = logging.getLogger(__name__)


def blank_masks(subjects: Iterable[int]) -> dict[str, int]:
    """Masks say 〔已删除〕, blind indexes nothing; the ciphertext stays, since without its key it is noise.

    Masks and indexes are not in history, so no line of the record has to be written or touched.
    """
    done: dict[str, int] = {}
    for model in personal_models():
        rows = personal_rows(model, set(subjects))
        changed = 0
        for name in model.personal.fields:  # type: ignore[attr-defined]
            values = {f"{name}_mask": MARK}
            if any(field.name == f"{name}_index" for field in model._meta.fields):
                values[f"{name}_index"] = ""
            changed += rows.exclude(**{f"{name}_mask__in": ["", MARK]}).update(**values)
        if changed:
            done[model._meta.db_table] = changed
    return done


def rewrite_live(hits: Sequence[Hit], needles: Needles) -> dict[str, int]:
    """Put 〔已删除〕 into the texts of live rows that speak of the person; each change is on record as usual."""
    done: dict[str, int] = {}
    for table, columns in _by_table(hits, append_only=False).items():
        rows: dict[Any, set[str]] = defaultdict(set)
        for column, found in columns.items():
            for hit in found:
                rows[hit.row_id].add(column)
        dossiers = {(hit.row_id, hit.column): hit.dossier_id for found in columns.values() for hit in found}
        changed = []
        for row in table.model._base_manager.select_for_update(of=("self",)).filter(pk__in=list(rows)):
            for column in rows[row.pk]:
                _rewrite(table, row, column, needles, dossiers[row.pk, column])
            changed.append(row)
        names = sorted(columns)
        if table.tracked:
            bulk_update_with_history(table.model, changed, names)
        else:
            table.model._base_manager.bulk_update(changed, names, batch_size=500)
        done[table.name] = len(changed)
    return done


def _rewrite(table: Table, row: Any, column: str, needles: Needles, dossier_id: int | None) -> None:
    value = getattr(row, column)
    if column in table.ciphers:
        # Read anew: somebody may have written since the search.
        text, label = read_any(bytes(value), cipher_labels(table.model, column)) if value else ("", "")
        new = needles.rewritten(text or "")
        if new == text or dossier_id is None:
            return
        if label == "reason":
            setattr(row, column, encrypt_reason(new, dossier_id=dossier_id))
        else:
            setattr(row, column, None)
            set_text(row, column, new, dossier_id=dossier_id)
        return
    if isinstance(value, str):
        limit = table.model._meta.get_field(column).max_length  # type: ignore[union-attr]
        setattr(row, column, needles.rewritten(value)[:limit])
    else:
        setattr(row, column, _rewritten_json(value, needles))


def _rewritten_json(value: Any, needles: Needles) -> Any:
    if isinstance(value, str):
        return needles.rewritten(value)
    if isinstance(value, list):
        return [_rewritten_json(one, needles) for one in value]
    if isinstance(value, dict):
        return {needles.rewritten(key): _rewritten_json(one, needles) for key, one in value.items()}
    return value


def redact_record(hits: Sequence[Hit], *, entry: Maintenance) -> list[Redaction]:
    """Null the ciphertexts of append-only rows that speak of the person. Within ``maintenance``."""
    done: list[Redaction] = []
    for table, columns in _by_table(hits, append_only=True).items():
        for column, found in columns.items():
            if column in table.ciphers:
                done += redact(table.model, column, [hit.row_id for hit in found], entry=entry)
    return done


def remove_plain(hits: Sequence[Hit], *, entry: Maintenance) -> dict[str, int]:
    """Delete append-only rows that hold the person in the clear, where no hash could stand in. Within
    ``maintenance``."""
    done: dict[str, int] = {}
    for table, columns in _by_table(hits, append_only=True).items():
        rows = {hit.row_id for column in columns for hit in columns[column] if not hit.encrypted}
        if rows:
            done[table.name] = remove_rows(table.model, rows, entry=entry)
    return done


def _by_table(hits: Iterable[Hit], *, append_only: bool) -> dict[Table, dict[str, list[Hit]]]:
    found: dict[Table, dict[str, list[Hit]]] = {}
    for hit in hits:
        if hit.table.append_only == append_only:
            found.setdefault(hit.table, {}).setdefault(hit.column, []).append(hit)
    return found


def drop_copies(whose: Theirs, needles: Needles) -> dict[str, int]:
    """Let every app delete what is no evidence and may hold a copy."""
    uids = _uids(whose)

    def mentions(text: str) -> bool:
        return bool(needles.found(text)) or any(uid in text for uid in uids)

    done: Counter[str] = Counter()
    for source in seams.people:
        if source.drop is not None:
            done.update(source.drop(whose.subjects, whose.dossiers, mentions))
    return {table: count for table, count in done.items() if count}


def _uids(whose: Theirs) -> list[str]:
    return [str(uid) for uid in Dossier.objects.filter(pk__in=whose.dossiers).values_list("uid", flat=True)]


def delete_keys(whose: Theirs) -> list[dict[str, str]]:
    """Delete the keys; answers what the proof says of each. From the commit on nobody can read what they opened."""
    done = []
    rows: models.QuerySet[DataKey] = whose.keys.select_for_update(of=("self",)).order_by("pk")
    for row in rows.select_related("subject", "dossier"):
        owner = row.subject or row.dossier
        done.append(
            {
                "key": str(row.pk),
                "of": "person" if row.subject_id else "dossier",
                "owner": str(owner.uid) if owner is not None else "",
                "wrapped_sha256": hashlib.sha256(bytes(row.wrapped)).hexdigest(),
            }
        )
    whose.keys.delete()
    # Somebody may have read in the meantime; other processes forget within a minute.
    transaction.on_commit(forget_keys)
    return done


def delete_files(dossiers: Iterable[int]) -> list[dict[str, str]]:
    """Delete the files after the commit; their hashes stay in the rows and in the proof."""
    files = files_of(set(dossiers))
    transaction.on_commit(lambda: _remove_from_storage(files))
    return [{"table": one.model._meta.db_table, "uid": str(one.uid), "sha256": one.sha256} for one in files]


def _remove_from_storage(files: Sequence[StoredFile]) -> None:
    for one in files:
        try:
            one.storage.delete(one.name)
        except OSError:
            # The next run of retention tries again (``files_left_behind``).
            logger.exception("A file of an erased dossier could not be deleted: %s %s", one.model, one.uid)


def files_left_behind() -> int:
    """Delete the files that an erasure could not delete when it was carried out; answers how many there were."""
    left = 0
    for proof in Erasure.objects.filter(state=Erasure.State.DONE).values_list("proof", flat=True).iterator():
        left += _delete_left(proof.get("files", ()))
    return left


def _delete_left(files: Iterable[dict[str, str]]) -> int:
    left = 0
    for model, column in file_models():
        uids = [one["uid"] for one in files if one["table"] == model._meta.db_table]
        storage = model._meta.get_field(column).storage  # type: ignore[union-attr]
        for name in model._base_manager.filter(uid__in=uids).values_list(column, flat=True):
            if name and storage.exists(name):
                transaction.on_commit(lambda storage=storage, name=name: storage.delete(name))  # type: ignore[misc]
                left += 1
    return left


def empty_the_journal() -> None:
    """SQLite keeps replaced pages in its write-ahead log until a checkpoint; take one after the commit."""
    if connection.vendor == "sqlite":
        transaction.on_commit(_checkpoint)


def _checkpoint() -> None:
    if connection.in_atomic_block:
        return
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
