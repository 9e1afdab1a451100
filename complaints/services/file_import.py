"""Complaints from a foreign file: checked whole, then taken in batch by batch, each row once.

All-or-nothing per row. A file (by its hash, with its mapping's) is taken in once; a row (by the hash of its cells
and its place among equal rows) is taken in once, whatever file it stands in. A run that was cut off goes on where
it stopped; a dry run does everything and takes it back.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from django.db import transaction

from backoffice.audit.services import act
from backoffice.core.imports import Mapping, RowError, load_mapping, open_table
from backoffice.core.imports.mapping import as_amount, as_choice, as_date, as_moment, as_text
from backoffice.core.imports.tables import SourceRow
from backoffice.core.models import ImportRow, ImportRun
from backoffice.staff.models import User
from complaints.choices import ENDED_STATES, ComplainantRole, ComplaintSeverity, ComplaintState, Source
from complaints.importing import AllegationRow, ComplaintRow, DemandRow
from complaints.services.filing import NewComplainant
from complaints.services.imports import import_complaints_bulk

KIND = "complaints"
BATCH = 500
#: Our fields, and how the text of a cell becomes a value of each.
FIELDS: dict[str, Callable[..., Any]] = {
    "received_at": as_moment,
    "source": as_choice(Source.values),
    "words": as_text,
    "category": as_text,
    "allegation": as_text,
    "state": as_choice(ComplaintState.values),
    "severity": as_choice(ComplaintSeverity.values),
    "closed_at": as_moment,
    "not_admitted_reason": as_text,
    "external_id": as_text,
    "sender_reference": as_text,
    "sender_due_on": as_date,
    "complainant_role": as_choice(ComplainantRole.values),
    "complainant_name": as_text,
    "complainant_id_number": as_text,
    "complainant_phone": as_text,
    "complainant_email": as_text,
    "demand": as_text,
    "demand_amount": as_amount,
}
REQUIRED = ("received_at", "source", "words", "category")

#: (rows done, rows in all)
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class FileImport:
    """What came of it. ``already`` says that this very file was taken in before and nothing was done."""

    rows_read: int = 0
    created: int = 0
    skipped: int = 0
    errors: list[RowError] = field(default_factory=list)
    already: bool = False

    @property
    def refused(self) -> int:
        return len({error.row for error in self.errors})


class _TakeBack(Exception):
    """Ends a dry run: its transaction is rolled back."""


def import_complaints_file(
    *,
    path: Path,
    mapping_path: Path,
    by: User,
    at: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileImport:
    """Take in the complaints of a CSV or XLSX file. Raises ``FileError`` or ``MappingError`` with nothing taken in,
    ``NotPermitted``. Rows at fault are refused one by one and named in the result."""
    mapping = load_mapping(mapping_path, known=list(FIELDS), required=REQUIRED)
    # A first pass over the whole file, so that a cut or broken one is refused before its first row is in.
    total = sum(1 for _row in _rows(path, mapping))
    run = _Run(mapping, by=by, at=at, total=total, progress=progress or (lambda done, total: None))
    try:
        with transaction.atomic() if dry_run else _each_batch_by_itself():
            run.start(path, mapping_path)
            if not run.result.already:
                run.take_in(_rows(path, mapping))
            if dry_run:
                raise _TakeBack
    except _TakeBack:
        pass
    return run.result


def _each_batch_by_itself() -> Any:
    from contextlib import nullcontext

    return nullcontext()


def _rows(path: Path, mapping: Mapping) -> Iterator[SourceRow]:
    table = open_table(path, encoding=mapping.encoding, delimiter=mapping.delimiter, sheet=mapping.sheet)
    mapping.check_columns(table.columns)
    return table.rows


class _Run:
    """One import under way."""

    def __init__(self, mapping: Mapping, *, by: User, at: datetime, total: int, progress: Progress) -> None:
        self.mapping = mapping
        self.by = by
        self.at = at
        self.total = total
        self.progress = progress
        self.result = FileImport()
        self.seen: Counter[str] = Counter()

    def start(self, path: Path, mapping_path: Path) -> None:
        with act(by=self.by, at=self.at, code="complaint.import_started"):
            self.run, _created = ImportRun.objects.get_or_create(
                kind=KIND,
                file_sha256=_sha256(path),
                mapping_sha256=_sha256(mapping_path),
                defaults={"file_name": path.name[:255], "started_at": self.at},
            )
        if self.run.state == ImportRun.State.DONE:
            self.result.already = True
            self.result.rows_read = self.run.rows_read

    def take_in(self, rows: Iterator[SourceRow]) -> None:
        while batch := list(islice(rows, BATCH)):
            self._take_in_batch(batch)
            self.result.rows_read += len(batch)
            self.progress(self.result.rows_read, self.total)
        with act(by=self.by, at=self.at, code="complaint.import_finished"):
            self.run.state = ImportRun.State.DONE
            self.run.finished_at = self.at
            self.run.rows_read = self.result.rows_read
            self.run.rows_created = self.result.created
            self.run.rows_skipped = self.result.skipped
            self.run.rows_failed = self.result.refused
            self.run.save()

    def _take_in_batch(self, batch: Sequence[SourceRow]) -> None:
        keys = [self._key(row) for row in batch]
        known = set(ImportRow.objects.filter(kind=KIND, row_key__in=keys).values_list("row_key", flat=True))
        wanted: list[tuple[SourceRow, str, ComplaintRow]] = []
        for row, key in zip(batch, keys, strict=True):
            if key in known:
                self.result.skipped += 1
                continue
            values, errors = self.mapping.read(row, FIELDS)
            if errors:
                self.result.errors += errors
            else:
                wanted.append((row, key, _complaint_row(values)))
        with transaction.atomic():
            made = import_complaints_bulk([one for _row, _key, one in wanted], by=self.by, at=self.at)
            ImportRow.objects.bulk_create(
                [
                    ImportRow(
                        run=self.run,
                        kind=KIND,
                        row_key=wanted[position][1],
                        row_number=wanted[position][0].number,
                        dossier_id=complaint.dossier_id,
                    )
                    for position, complaint in made.created.items()
                ]
            )
        self.result.created += len(made.created)
        for position, refusal in made.refused.items():
            column = self._column(refusal.field or "")
            self.result.errors.append(
                RowError(wanted[position][0].number, column, refusal.code, refusal.message)
            )

    def _key(self, row: SourceRow) -> str:
        """Equal rows are told apart by their order: the second of its kind is another complaint."""
        cells = "\x1f".join(f"{name}\x1e{value}" for name, value in sorted(row.cells.items()))
        digest = hashlib.sha256(cells.encode()).hexdigest()
        self.seen[digest] += 1
        again = self.seen[digest]
        return digest if again == 1 else hashlib.sha256(f"{digest}#{again}".encode()).hexdigest()

    def _column(self, name: str) -> str:
        name = {"allegations.0.category": "category", "demands.0.amount": "demand_amount"}.get(name, name)
        rule = self.mapping.fields.get(
            name.replace("complainant.", "complainant_").replace("phones.0", "phone")
        )
        return rule.label if rule is not None else name


def _complaint_row(values: dict[str, Any]) -> ComplaintRow:
    """The row for the bulk service. An end is only that of an ended state."""

    def text(name: str) -> str:
        return values.get(name) or ""

    state = values.get("state") or ComplaintState.RECEIVED
    return ComplaintRow(
        received_at=values["received_at"],
        source=text("source"),
        words=text("words"),
        complainant=NewComplainant(
            role=values.get("complainant_role") or ComplainantRole.UNKNOWN,
            name=text("complainant_name"),
            id_number=text("complainant_id_number"),
            phones=tuple(filter(None, [text("complainant_phone")])),
            email=text("complainant_email"),
        ),
        state=state,
        severity=values.get("severity") or ComplaintSeverity.NORMAL,
        sender_reference=text("sender_reference"),
        external_id=text("external_id"),
        not_admitted_reason=text("not_admitted_reason"),
        closed_at=values.get("closed_at") if state in ENDED_STATES else None,
        allegations=[AllegationRow(category=text("category"), text=text("allegation"))],
        demands=[DemandRow(text=text("demand"), amount=values.get("demand_amount"))]
        if text("demand")
        else [],
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
