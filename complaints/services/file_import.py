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
from backoffice.core.imports.mapping import as_amount, as_choice, as_date, as_moment, as_short, as_text
from backoffice.core.imports.tables import SourceRow
from backoffice.core.models import ImportRow, ImportRun
from backoffice.staff.models import User
from complaints.choices import (
    ENDED_STATES,
    ComplainantRole,
    ComplaintSeverity,
    ComplaintState,
    NotAdmittedReason,
    Source,
)
from complaints.importing import AllegationRow, ComplaintRow, DemandRow
from complaints.services.changes import demand_right
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
    "not_admitted_reason": as_choice(NotAdmittedReason.values),
    "external_id": as_short(64),
    "sender_reference": as_short(60),
    "sender_due_on": as_date,
    "complainant_role": as_choice(ComplainantRole.values),
    "complainant_name": as_short(200),
    "complainant_id_number": as_text,
    "complainant_phone": as_text,
    "complainant_email": as_short(100),
    "demand": as_text,
    "demand_amount": as_amount,
}
REQUIRED = ("received_at", "source", "words", "category")

#: What the service calls a field that the mapping calls otherwise.
_OF_THE_SERVICE = {
    "allegations.0.category": "category",
    "demands.0.text": "demand",
    "complainant.phones.0": "complainant_phone",
}

#: (rows done, rows in all)
Progress = Callable[[int, int], None]


@dataclass(slots=True)
class FileImport:
    """What came of it. ``already`` says that this very file was taken in before, whole, and nothing was done."""

    rows_read: int = 0
    created: int = 0
    skipped: int = 0
    errors: list[RowError] = field(default_factory=list)
    already: bool = False

    @property
    def refused(self) -> int:
        return len({error.row for error in self.errors})


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
    demand_right(by, "complaints.file_complaint")
    mapping = load_mapping(mapping_path, known=list(FIELDS), required=REQUIRED)
    # A first pass over the whole file, so that a cut or broken one is refused before its first row is in.
    total = sum(1 for _row in _rows(path, mapping))
    run = _Run(mapping, by=by, at=at, total=total, progress=progress or (lambda done, total: None))
    if not dry_run:
        run.work(path, mapping_path)
    else:
        with transaction.atomic():
            run.work(path, mapping_path)
            transaction.set_rollback(True)
    return run.result


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

    def work(self, path: Path, mapping_path: Path) -> None:
        """All of it; each batch is a transaction of its own, so that what is done stays done."""
        with act(by=self.by, at=self.at, code="complaint.import_started"):
            self.run, _created = ImportRun.objects.get_or_create(
                kind=KIND,
                file_sha256=_sha256(path),
                mapping_sha256=_sha256(mapping_path),
                defaults={"file_name": path.name[:255], "started_at": self.at},
            )
        # A file of which rows were refused is gone through again, for their list and for what may be right by now.
        if self.run.state == ImportRun.State.DONE and not self.run.rows_failed:
            self.result.already = True
            self.result.rows_read = self.run.rows_read
            return
        rows = _rows(path, self.mapping)
        while batch := list(islice(rows, BATCH)):
            self._take_in(batch)
            self.progress(self.result.rows_read, self.total)
        self._finish()

    def _finish(self) -> None:
        """Over all attempts: what an attempt that was broken off took in counts as taken in by this run."""
        created = self.run.rows.count()
        figures = {
            "state": ImportRun.State.DONE,
            "rows_read": self.result.rows_read,
            "rows_created": created,
            "rows_skipped": self.result.rows_read - created - self.result.refused,
            "rows_failed": self.result.refused,
        }
        if all(getattr(self.run, name) == value for name, value in figures.items()):
            return
        with act(by=self.by, at=self.at, code="complaint.import_finished"):
            for name, value in figures.items():
                setattr(self.run, name, value)
            self.run.finished_at = self.at
            self.run.save()

    def _take_in(self, batch: Sequence[SourceRow]) -> None:
        keys = [self._key(row) for row in batch]
        with transaction.atomic():
            # Whoever takes in the same file at the same time waits here, and then finds the rows there.
            ImportRun.objects.select_for_update().get(pk=self.run.pk)
            known = set(
                ImportRow.objects.filter(kind=KIND, row_key__in=keys).values_list("row_key", flat=True)
            )
            new = [(row, key) for row, key in zip(batch, keys, strict=True) if key not in known]
            created, errors = self._create(new)
        self.result.rows_read += len(batch)
        self.result.skipped += len(batch) - len(new)
        self.result.created += created
        self.result.errors += sorted(errors, key=lambda error: error.row)

    def _create(self, new: Sequence[tuple[SourceRow, str]]) -> tuple[int, list[RowError]]:
        errors: list[RowError] = []
        wanted: list[tuple[SourceRow, str, ComplaintRow]] = []
        for row, key in new:
            values, wrong = self.mapping.read(row, FIELDS)
            errors += wrong
            if not wrong:
                wanted.append((row, key, _complaint_row(values)))
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
        for position, refusal in made.refused.items():
            column = self._column(refusal.field or "")
            errors.append(RowError(wanted[position][0].number, column, refusal.code, refusal.message))
        return len(made.created), errors

    def _key(self, row: SourceRow) -> str:
        """Equal rows are told apart by their order: the second of its kind is another complaint."""
        cells = "\x1f".join(f"{name}\x1e{value}" for name, value in sorted(row.cells.items()))
        digest = hashlib.sha256(cells.encode()).hexdigest()
        self.seen[digest] += 1
        again = self.seen[digest]
        return digest if again == 1 else hashlib.sha256(f"{digest}#{again}".encode()).hexdigest()

    def _column(self, name: str) -> str:
        rule = self.mapping.fields.get(
            _OF_THE_SERVICE.get(name, name.replace("complainant.", "complainant_"))
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
        sender_due_on=values.get("sender_due_on"),
        external_id=text("external_id"),
        not_admitted_reason=text("not_admitted_reason"),
        closed_at=values.get("closed_at") if state in ENDED_STATES else None,
        allegations=[AllegationRow(category=text("category"), text=text("allegation"))],
        # An amount without a text is refused, not dropped.
        demands=[DemandRow(text=text("demand"), amount=values.get("demand_amount"))]
        if text("demand") or values.get("demand_amount") is not None
        else [],
    )


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
