"""Acting on record: the frame of every service call, and the read log."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any, TypeVar

from django.db import connection, models, transaction

from backoffice.audit import triggers
from backoffice.audit.models import Event, Maintenance, ReadEvent
from backoffice.core import context
from backoffice.core.models import Dossier
from backoffice.privacy.services import encrypt_reason
from backoffice.staff.models import User

E = TypeVar("E", bound=Event)
M = TypeVar("M", bound=models.Model)


class Act:
    """One service call under way: knows who, when and why, and writes the events."""

    def __init__(self, *, by: User, at: datetime, reason_cipher: bytes | None) -> None:
        self.by = by
        self.at = at
        self.reason_cipher = reason_cipher

    def record(
        self,
        model: type[E],
        kind: str,
        *,
        dossier: Dossier | None,
        data: dict[str, Any] | None = None,
        **links: Any,
    ) -> E:
        """Write one event of ``kind`` in ``dossier``; ``links`` are the event table's own foreign keys."""
        return model.objects.create(  # type: ignore[attr-defined]
            kind=kind,
            dossier=dossier,
            data=data or {},
            reason_cipher=self.reason_cipher,
            **event_columns(at=self.at),
            **links,
        )


def event_columns(*, at: datetime) -> dict[str, Any]:
    """The columns of an ``EventRow`` from the present context (also for set-based inserts)."""
    acting = context.require()
    return {
        "occurred_at": at,
        "actor": acting.actor,
        "actor_name": acting.actor_name,
        "entry_point": acting.entry_point,
        "request_id": acting.request_id,
    }


@contextmanager
def act(
    *, by: User, at: datetime, code: str, reason: str = "", dossier: Dossier | None = None
) -> Iterator[Act]:
    """The frame of a service call: a transaction, the actor and ``code`` in every history row it writes.

    ``reason`` in words is stored encrypted under the key of ``dossier``; without a dossier it must be empty.
    """
    if reason and dossier is None:
        raise ValueError("A reason in words needs the dossier under whose key it is kept.")
    with transaction.atomic():
        cipher = encrypt_reason(reason, dossier_id=dossier.pk) if dossier is not None else None
        with context.acting(by=by, reason_code=code, reason_cipher=cipher):
            yield Act(by=by, at=at, reason_cipher=cipher)


def lock(model: type[M], pk: Any) -> M:
    """The row, locked for the rest of the transaction (SQLite has one writer anyway).

    Against everybody who would change or lock it too; rows that point at it may come in meanwhile.
    """
    return model._default_manager.select_for_update(of=("self",), no_key=True).get(pk=pk)


def log_read(
    *,
    what: str,
    at: datetime,
    path: str,
    dossier: Dossier | None = None,
    dossier_id: int | None = None,
    subject_id: int | None = None,
    fields: Sequence[str] = (),
    count: int = 1,
    listed: Sequence[int] = (),
    purpose: str = "",
    purpose_code: str = "",
) -> ReadEvent:
    """Put on record that the present actor looked at something. One call per request.

    ``dossier_id`` stands for ``dossier`` where only the key is at hand; ``listed`` are the ids of the dossiers that a
    list, a search or an export showed.
    """
    return ReadEvent.objects.create(
        what=what,
        path=path[:200],
        dossier_id=dossier.pk if dossier is not None else dossier_id,
        subject_id=subject_id,
        fields=list(fields),
        count=count,
        listed=list(listed),
        purpose=purpose[:200],
        purpose_code=purpose_code,
        **event_columns(at=at),
    )


@contextmanager
def maintenance(*, by: User, at: datetime, purpose: str) -> Iterator[Maintenance]:
    """The one recorded entry through which append-only rows may be changed or deleted, in one transaction."""
    with transaction.atomic(), context.acting(by=by, reason_code="maintenance"):
        entry = Maintenance.objects.create(purpose=purpose, **event_columns(at=at))
        triggers.open_gate(connection)
        try:
            yield entry
        finally:
            triggers.close_gate(connection)
