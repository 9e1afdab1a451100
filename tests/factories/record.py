"""Rows of the record to seal, and hands that tamper with them past the triggers."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from django.db import connection
from django.utils import timezone

from backoffice.audit import triggers
from backoffice.audit.models import ReadEvent, RecordEvent
from backoffice.audit.services import act, log_read, seal_record, verify_record
from backoffice.audit.services.sealing import Sealing
from backoffice.audit.services.verifying import Report
from backoffice.core import context
from backoffice.core.models import Dossier, PolicyValue
from backoffice.staff.services import system_user

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
_numbers = itertools.count(1)


def reads(count: int) -> list[ReadEvent]:
    """That many read events, one transaction each."""
    with context.acting(by=system_user("tests"), reason_code="test"):
        return [
            log_read(what="page", at=NOW, path=f"/page/{number}/", fields=["名"]) for number in range(count)
        ]


def policy_value(value: str = "1.5") -> PolicyValue:
    """A tracked row with decimals and dates."""
    with context.acting(by=system_user("tests"), reason_code="test"):
        return PolicyValue.objects.create(
            code=f"tests.number{next(_numbers)}", value=value, unit="days", effective_from=NOW.date(), title="数",
            source="s", legal_force="policy", confidence="inferred",
        )  # fmt: skip


def secret_event(words: str = "words of somebody") -> RecordEvent:
    """An event whose reason is kept as ciphertext."""
    number = f"T-{next(_numbers)}"
    dossier = Dossier.objects.create(kind="loan", number=number, opened_at=NOW)
    with act(by=system_user("tests"), at=NOW, code="test", reason=words, dossier=dossier) as frame:
        return frame.record(RecordEvent, "tested", dossier=dossier, data={"n": 1})


def seal(**given: Any) -> Sealing:
    """Seal what is finished."""
    return seal_record(by=system_user("tests"), at=timezone.now(), **given)


def verify(*, full: bool = True, **given: Any) -> Report:
    """Check everything."""
    return verify_record(by=system_user("tests"), at=timezone.now(), full=full, **given)


def found(report: Report) -> set[tuple[str, str, Any, int | None]]:
    """What a report found, as (kind, table, row, seal)."""
    return {(one.kind, one.table, one.row, one.seal) for one in report.findings}


def tamper(statement: str, params: Sequence[Any] = ()) -> None:
    """Run SQL as somebody who may do anything with the database: no trigger of ours sees it."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SET session_replication_role = replica")
            cursor.execute(statement, params)
            cursor.execute("SET session_replication_role = origin")
        else:
            table = statement.split()[1 if statement.startswith("UPDATE") else 2]
            for verb in ("update", "delete"):
                cursor.execute(f"DROP TRIGGER IF EXISTS {triggers.trigger_name(table, verb)}")
            cursor.execute(statement, params)
            triggers.install(connection)
