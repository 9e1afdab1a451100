"""Verifying: the seals against one another and against their signatures, then the rows against the seals."""

from __future__ import annotations

import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction

from backoffice.audit import canonical, triggers
from backoffice.audit.checking.chain import Chain, check_chain
from backoffice.audit.checking.findings import Finding, Findings
from backoffice.audit.checking.rows import Present, TableCheck
from backoffice.audit.models import Removal, Seal, SealPart, Verification
from backoffice.audit.services.acting import act, event_columns
from backoffice.audit.services.recorded import unrecorded
from backoffice.core.errors import NotPermitted
from backoffice.core.log import current_epoch
from backoffice.staff.models import User

#: What a verification of the recent looks at besides the whole chain: this many of the newest seals and this many
#: older ones drawn by lot, of each no more than so many rows (but at least one seal).
RECENT_SEALS, RECENT_ROWS = 50, 200_000
DRAWN_SEALS, DRAWN_ROWS = 20, 150_000
#: Findings stored with the verification.
_STORED = 100
#: Called with a table (or "seals") and the number of rows (or seals) done.
Progress = Callable[[str, int], None]


@dataclass(slots=True)
class Report:
    """What a verification found. ``verification`` is the row that keeps it."""

    mode: str
    seals: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    finding_count: int = 0
    verification: Verification | None = None

    @property
    def is_clean(self) -> bool:
        return self.finding_count == 0


def verify_record(
    *,
    by: User,
    at: datetime,
    full: bool = False,
    seals: Collection[int] = (),
    anchor: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check the record and keep what was found as a ``Verification``.

    Always: chain, signatures and keys of every seal, triggers, rows newer than the last seal. The trees and rows of
    all seals when ``full`` (and then every tracked row against its history), otherwise of the newest, of some older
    ones drawn by lot, and of the seals numbered in ``seals``. ``anchor`` is what ``anchors.anchor`` once wrote. A
    person needs ``audit.verify_record``.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm("audit.verify_record"):
        raise NotPermitted()
    started = time.monotonic()
    findings = Findings()
    mode = Verification.Mode.FULL if full else Verification.Mode.RECENT
    report = Report(mode)
    tell = progress or _quiet
    with _one_moment():
        chosen = None if full else _choose(seals)
        chain = check_chain(
            findings,
            wanted=lambda number: chosen is None or number in chosen,
            anchor=anchor,
            progress=lambda number: tell("seals", number),
        )
        report.seals = chain.count
        _check_triggers(findings)
        report.rows = _check_rows(findings, chain, chosen, tell)
        if full:
            for one in unrecorded():
                findings.add("unrecorded", table=one.table, row=one.id, detail=one.kind)
    report.findings, report.finding_count = findings.kept, len(findings)
    finished = at + timedelta(seconds=time.monotonic() - started)
    with act(by=by, at=at, code="record.verified"):
        report.verification = Verification.objects.create(
            mode=mode,
            finished_at=finished,
            seals=report.seals,
            rows=report.rows,
            finding_count=report.finding_count,
            findings=[finding.as_dict() for finding in report.findings[:_STORED]],
            **event_columns(at=at),
        )
    return report


def _quiet(what: str, done: int) -> None:
    pass


@contextmanager
def _one_moment() -> Iterator[None]:
    """Everything is read as it stood at one moment, so that work going on meanwhile is no finding.

    Within a transaction of the caller's (tests) that is left to the caller.
    """
    if connection.in_atomic_block:
        yield
    elif connection.vendor == "postgresql":
        with transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield
    else:
        # Our transactions take SQLite's write lock when they begin; one that only reads must not.
        with connection.cursor() as cursor:
            cursor.execute("BEGIN DEFERRED")
            try:
                yield
            finally:
                cursor.execute("ROLLBACK")


def _present() -> Present:
    if connection.vendor != "postgresql":
        return Present(current_epoch(), None)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT greatest(pg_snapshot_xmax(pg_current_snapshot())::text::bigint, "
            "pg_current_xact_id_if_assigned()::text::bigint + 1)"
        )
        return Present(current_epoch(), cursor.fetchone()[0])


@dataclass(slots=True)
class _Choice:
    """The numbers of the seals whose rows a verification of the recent looks at."""

    newest: set[int]
    others: set[int]

    def __contains__(self, number: int) -> bool:
        return number in self.newest or number in self.others


def _choose(wished: Collection[int]) -> _Choice:
    sizes = dict(Seal.objects.order_by("-number").values_list("number", "leaves"))
    newest = _up_to(list(sizes), sizes, most_seals=RECENT_SEALS, most_rows=RECENT_ROWS)
    older = [number for number in sizes if number not in newest]
    secrets.SystemRandom().shuffle(older)
    drawn = _up_to(older, sizes, most_seals=DRAWN_SEALS, most_rows=DRAWN_ROWS)
    return _Choice(newest, drawn | (set(wished) - newest))


def _up_to(numbers: list[int], sizes: dict[int, int], *, most_seals: int, most_rows: int) -> set[int]:
    taken: set[int] = set()
    rows = 0
    for number in numbers[:most_seals]:
        rows += sizes[number]
        if taken and rows > most_rows:
            break
        taken.add(number)
    return taken


def _check_triggers(findings: Findings) -> None:
    guarded = triggers.installed(connection)
    for table in triggers.append_only_tables():
        if table not in guarded:
            findings.add("trigger_missing", table=table)


def _check_rows(findings: Findings, chain: Chain, chosen: _Choice | None, tell: Progress) -> int:
    present = _present()
    models = canonical.sealed_models()
    recent = _spans(chosen.newest) if chosen is not None else {}
    others = _spans(chosen.others) if chosen is not None else {}
    removed_from = set(Removal.objects.values_list("table", flat=True).distinct())
    total = 0
    for table, model in models.items():
        check = TableCheck(model, chain, findings, present)
        if chosen is None:
            check.check()
            if table in removed_from:
                check.check_returned()
        else:
            # From the first row of the newest seals on without a gap, what is not sealed yet included.
            start = min([check.last_sealed + 1, *(first for first, _last in recent.get(table, ()))])
            for first, last in _joined(others.get(table, ())):
                if first < start:
                    check.check((first, min(last, start - 1)))
            check.check((start, None))
        total += check.rows
        tell(table, check.rows)
    for table in SealPart.objects.exclude(table__in=models).values_list("table", flat=True).distinct():
        findings.add("table_lost", table=table)
    return total


Span = tuple[int, int]


def _spans(numbers: set[int]) -> dict[str, list[Span]]:
    """Per table the stretches of keys that the parts of these seals cover."""
    spans: dict[str, list[Span]] = defaultdict(list)
    parts = SealPart.objects.filter(seal__number__in=numbers)
    for table, first, last in parts.values_list("table", "first_id", "last_id"):
        spans[table].append((first, last))
    return spans


def _joined(spans: Iterable[Span]) -> list[Span]:
    """The same stretches, joined where they overlap, so that no row is looked at twice."""
    joined: list[Span] = []
    for first, last in sorted(spans):
        if joined and first <= joined[-1][1] + 1:
            joined[-1] = (joined[-1][0], max(joined[-1][1], last))
        else:
            joined.append((first, last))
    return joined
