"""Changing the keys above the data keys: the master key that wraps them, and the key of the search columns.

Rotating the master key rewrites ``DataKey`` rows only; not a byte of any ciphertext, live or in history, changes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import connection, models, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.audit.keeping.columns import personal_models
from backoffice.audit.models import RecordEvent
from backoffice.audit.services.acting import act
from backoffice.core.errors import DomainError
from backoffice.privacy import crypto
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import Erased, forget_keys, index_of, read_personal
from backoffice.staff.models import User

BATCH = 1_000

Progress = Callable[[int, int], None]


class OldKeyMissing(DomainError):
    """Data keys are wrapped by a master key that is not configured: nothing could read them any more."""

    code = "old-key-missing"
    default_message = _("A master key that still wraps data keys is not configured.")


@dataclass
class Rotation:
    """What a run did. ``left`` are keys that another run holds or that came in meanwhile: run it again."""

    current: str
    rewrapped: int = 0
    left: int = 0
    of: dict[str, int] = field(default_factory=dict)


def rotate_keys(*, by: User, at: datetime, batch: int = BATCH, progress: Progress | None = None) -> Rotation:
    """Wrap every data key under the first of ``PRIVACY_MASTER_KEYS``, ``batch`` at a time.

    Safe to break off and to repeat, while everybody works on: readers need either key configured, and each batch is
    a transaction of its own. Raises ``OldKeyMissing`` before anything is changed.
    """
    current = crypto.current_master_key_id()
    counts = dict(
        _outdated(current).order_by().values_list("master_key_id").annotate(number=models.Count("pk"))
    )
    missing = sorted(set(counts) - set(crypto.master_key_ids()))
    if missing:
        raise OldKeyMissing(
            _("Not configured: master key %(names)s, which still wraps %(count)s data keys.")
            % {"names": ", ".join(missing), "count": sum(counts[name] for name in missing)}
        )
    done = Rotation(current, of=counts)
    total = sum(counts.values())
    after: Any = None
    while True:
        with transaction.atomic():
            rows = _next(current, after, batch)
            if not rows:
                break
            after = rows[-1].pk
            for row in rows:
                key = crypto.unwrap(bytes(row.wrapped), key_id=row.pk, master_key_id=row.master_key_id)
                row.wrapped = crypto.wrap(key, key_id=row.pk, master_key_id=current)
                row.master_key_id = current
            DataKey.objects.bulk_update(rows, ["wrapped", "master_key_id"])
        done.rewrapped += len(rows)
        if progress is not None:
            progress(done.rewrapped, total)
    done.left = _outdated(current).count()
    if counts:
        data = {"to": current, "rewrapped": done.rewrapped, "left": done.left, "from": counts}
        with act(by=by, at=at, code="keys.rotated") as frame:
            frame.record(RecordEvent, "keys.rotated", dossier=None, data=data)
    return done


def _outdated(current: str) -> models.QuerySet[DataKey]:
    return DataKey.objects.exclude(master_key_id=current)


def _next(current: str, after: Any, batch: int) -> list[DataKey]:
    """The next rows by key; on PostgreSQL those that another run is working on are skipped."""
    skip = connection.features.has_select_for_update_skip_locked
    rows = _outdated(current).select_for_update(skip_locked=skip).order_by("pk")
    if after is not None:
        rows = rows.filter(pk__gt=after)
    return list(rows[:batch])


def reindex_personal(
    *, by: User, at: datetime, batch: int = BATCH, progress: Progress | None = None
) -> dict[str, int]:
    """Make every blind index anew under the present ``PRIVACY_INDEX_KEY``; answers how many rows changed, by table.

    Until it is through, rows not reached yet are not found by name or number; what is written meanwhile is. Safe to
    break off and to repeat. Indexes are not in history, so no line of the record is written but the event.
    """
    changed: dict[str, int] = {}
    for model in personal_models():
        number = 0
        for rows in _rows_of(model, batch):
            with transaction.atomic():
                number += _reindex(model, rows)
            if progress is not None:
                progress(number, 0)
        changed[model._meta.db_table] = number
    with act(by=by, at=at, code="keys.reindexed") as frame:
        frame.record(RecordEvent, "keys.reindexed", dossier=None, data=changed)
    forget_keys()
    return changed


def _rows_of(model: Any, batch: int) -> Iterator[list[Any]]:
    after = 0
    while keys := list(
        model._base_manager.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:batch]
    ):
        after = keys[-1]
        yield keys


def _reindex(model: Any, keys: list[Any]) -> int:
    names = [name for name in model.personal.fields if hasattr(model, f"{name}_index")]
    changed = []
    for row in model._base_manager.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"):
        # All of them, so no short cut at the first that changes.
        renewed = [_renew(row, name) for name in names]
        if any(renewed):
            changed.append(row)
    if names:
        model._base_manager.bulk_update(changed, [f"{name}_index" for name in names], batch_size=200)
    return len(changed)


def _renew(row: Any, name: str) -> bool:
    chooser = getattr(row, "personal_kind", None)
    kind = chooser(name) if chooser else row.personal.fields[name]
    try:
        value = read_personal(row, name)
    except Erased:
        return False
    index = index_of(kind, value) if value and kind.indexed else ""
    if index == getattr(row, f"{name}_index"):
        return False
    setattr(row, f"{name}_index", index)
    return True
