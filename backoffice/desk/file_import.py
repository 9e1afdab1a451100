"""Things from a foreign file: checked whole, then taken in batch by batch, each row once.

All-or-nothing per row. A file (by its hash, with its mapping's) is taken in once; a row (by the hash of its cells
and its place among equal rows) is taken in once, whatever file it stands in. A run that was cut off goes on where
it stopped; a dry run does everything and takes it back. What is taken in, and by which service, a desk says with its
``file_kinds.FileKind``.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Any

from django.db import IntegrityError, OperationalError, transaction
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act
from backoffice.core.bulk import insert_values, uncollected
from backoffice.core.errors import DomainError
from backoffice.core.imports import FileChanged, FileError, MappingError, RowError, load_mapping, open_table
from backoffice.core.imports import Mapping as MappingFile
from backoffice.core.imports.tables import SourceRow, Table
from backoffice.core.models import ImportRow, ImportRun
from backoffice.core.processes import side_by_side, side_by_side_possible
from backoffice.desk.file_kinds import FileKind
from backoffice.desk.file_parts import shares
from backoffice.staff.models import User

#: (rows done, rows in all)
Progress = Callable[[int, int], None]
#: A row with its key.
_Keyed = tuple[SourceRow, str]
#: A run remembers so many of its refusals and notices; all of them are in the report of the command.
REMEMBERED = 500
ATTEMPTS = 3


class RowReadOtherwise(DomainError):
    """The row came in under another mapping; by this one it would be another thing beside it."""

    code = "row-read-otherwise"
    default_message = _(
        "This row came in before, and this mapping makes another thing of it. What came in stays; correct the mapping,"
        " or what came in."
    )


@dataclass(frozen=True, slots=True)
class _Batch:
    """What came of one batch, committed."""

    rows: int
    created: int
    skipped: int
    errors: list[RowError]
    notices: list[RowError]
    tally: Any


#: How the parts are taken: in turn, or side by side.
_Taking = Callable[[Sequence[Callable[[], Iterable[_Batch]]]], Iterator[_Batch]]


@dataclass(slots=True)
class FileImport:
    """What came of it. ``already`` says that this very file was taken in before, whole, and nothing was done."""

    rows_read: int = 0
    created: int = 0
    skipped: int = 0
    errors: list[RowError] = field(default_factory=list)
    notices: list[RowError] = field(default_factory=list)
    figures: dict[str, Any] = field(default_factory=dict)
    already: bool = False

    @property
    def refused(self) -> int:
        return len({error.row for error in self.errors})


def import_file(
    kind: FileKind[Any],
    *,
    path: Path,
    mapping_path: Path,
    by: User,
    at: datetime,
    batch: int,
    name: str = "",
    dry_run: bool = False,
    progress: Progress | None = None,
    workers: int = 1,
) -> FileImport:
    """Take in a CSV or XLSX file, ``batch`` rows to a transaction; ``name`` is the file's own where ``path`` is not.

    ``workers`` processes take parts of the file side by side, rows that belong together in one of them. A dry run
    takes the same parts one after the other, in one transaction; on SQLite, which has one writer, and within a
    transaction the file is one part. Raises ``FileError`` or ``MappingError`` with nothing taken in, ``FileChanged``
    with what was taken in before, ``NotPermitted``.
    Rows at fault are refused one by one and named in the result.
    """
    kind.check(by)
    mapping = load_mapping(mapping_path, known=list(kind.fields), required=kind.required)
    # A first pass over the whole file, so that a cut or broken one is refused before its first row is in.
    table = _opened(path, mapping)
    if kind.together and side_by_side_possible():
        parts, of_row = shares(table.rows, mapping, kind, workers=workers, batch=batch)
        run = _Run(
            kind, mapping, table.sha256, by=by, at=at, total=len(of_row), batch=batch, progress=progress
        )
        run.parts, run.of_row = parts, of_row
    else:
        total = sum(1 for _row in table.rows)
        run = _Run(kind, mapping, table.sha256, by=by, at=at, total=total, batch=batch, progress=progress)
    if not dry_run:
        run.work(path, mapping_path, name=name or path.name, take=side_by_side if run.parts > 1 else _in_turn)
    else:
        try:
            with transaction.atomic():
                run.work(path, mapping_path, name=name or path.name, take=_in_turn)
                transaction.set_rollback(True)
        except FileChanged as error:
            raise FileError(_("The file was changed while it was tried. Try again.")) from error
    return run.result


def _opened(path: Path, mapping: MappingFile) -> Table:
    table = open_table(path, encoding=mapping.encoding, delimiter=mapping.delimiter, sheet=mapping.sheet)
    mapping.check_columns(table.columns)
    return table


def _in_turn(parts: Sequence[Callable[[], Iterable[_Batch]]]) -> Iterator[_Batch]:
    return chain.from_iterable(part() for part in parts)


class _Run:
    """One import under way."""

    def __init__(
        self,
        kind: FileKind[Any],
        mapping: MappingFile,
        digest: str,
        *,
        by: User,
        at: datetime,
        total: int,
        batch: int,
        progress: Progress | None,
    ) -> None:
        self.kind = kind
        self.mapping = mapping
        self.digest = digest
        self.by = by
        self.at = at
        self.total = total
        self.batch = batch
        self.progress = progress or (lambda done, total: None)
        self.result = FileImport()
        self.parts = 1
        #: The part of each row, where there are several.
        self.of_row: Sequence[int] = ()
        self.seen: Counter[str] = Counter()

    def work(self, path: Path, mapping_path: Path, *, name: str, take: _Taking) -> None:
        """All of it; each batch is a transaction of its own, so that what is done stays done."""
        with act(by=self.by, at=self.at, code=f"{self.kind.act}.import_started"):
            self.run, _created = ImportRun.objects.get_or_create(
                kind=self.kind.kind,
                file_sha256=self.digest,
                mapping_sha256=hashlib.sha256(mapping_path.read_bytes()).hexdigest(),
                defaults={"file_name": name[:255], "started_at": self.at, "rows_total": self.total},
            )
        # A file of which rows were refused is gone through again, for their list and for what may be right by now.
        if self.run.state == ImportRun.State.DONE and not self.run.rows_failed:
            self.result.already = True
            self.result.rows_read = self.run.rows_read
            return
        parts = [partial(self._part, path, number) for number in range(self.parts)]
        for done in take(parts):
            self._count(done)
            self.progress(self.result.rows_read, self.total)
        self._finish()

    def _part(self, path: Path, number: int) -> Iterator[_Batch]:
        """Take in the rows of a part, batch by batch."""
        rows = self._again(path)
        if self.parts > 1:
            rows = (row for row, part in zip(rows, self.of_row, strict=True) if part == number)
        while batch := list(islice(rows, self.batch)):
            yield self._take_in(batch)

    def _again(self, path: Path) -> Iterator[SourceRow]:
        """The rows that the first pass read. Raises ``FileChanged`` where the file is another by now."""
        try:
            table = _opened(path, self.mapping)
        except (FileError, MappingError, OSError) as error:
            raise FileChanged from error
        if table.sha256 != self.digest:
            raise FileChanged
        return table.rows

    def _count(self, done: _Batch) -> None:
        result = self.result
        result.rows_read += done.rows
        result.created += done.created
        result.skipped += done.skipped
        result.errors += done.errors
        result.notices += done.notices
        if done.tally is not None:
            self.kind.count(done.tally)

    def _finish(self) -> None:
        """Over all attempts: what an attempt that was broken off took in counts as taken in by this run."""
        self.result.errors.sort(key=lambda one: one.row)
        self.result.notices.sort(key=lambda one: one.row)
        created = self.run.rows.filter(created=True).count()
        self.result.figures = self.kind.figures()
        figures = {
            "state": ImportRun.State.DONE,
            "rows_read": self.result.rows_read,
            "rows_created": created,
            "rows_skipped": self.result.rows_read - created - self.result.refused,
            "rows_failed": self.result.refused,
        }
        if all(getattr(self.run, name) == value for name, value in figures.items()):
            return
        with act(by=self.by, at=self.at, code=f"{self.kind.act}.import_finished"):
            for name, value in figures.items():
                setattr(self.run, name, value)
            self.run.report = self._report()
            self.run.finished_at = self.at
            self.run.save()

    def _report(self) -> dict[str, Any]:
        def lines(told: Sequence[RowError]) -> list[list[Any]]:
            return [[one.row, one.column, one.code, str(one.message)] for one in told[:REMEMBERED]]

        return {
            "errors": lines(self.result.errors),
            "notices": lines(self.result.notices),
            "figures": self.result.figures,
        }

    def _take_in(self, batch: Sequence[SourceRow]) -> _Batch:
        keys = [self._key(row) for row in batch]
        for _attempt in range(ATTEMPTS - 1):
            # Somebody else brought the same thing, or locked in another order, at the very same moment: they go first.
            with suppress(IntegrityError, OperationalError):
                return self._try(batch, keys)
        return self._try(batch, keys)

    def _try(self, batch: Sequence[SourceRow], keys: Sequence[str]) -> _Batch:
        with uncollected(), transaction.atomic():
            if self.parts == 1:
                # Whoever takes in the same file at the same time waits here, and then finds the rows there. Parts wait
                # for what they have in common only.
                ImportRun.objects.select_for_update().get(pk=self.run.pk)
            known = dict(
                ImportRow.objects.filter(kind=self.kind.kind, row_key__one_of=keys).values_list(
                    "row_key", "run__mapping_sha256"
                )
            )
            keyed = list(zip(batch, keys, strict=True))
            ours = self.run.mapping_sha256
            otherwise = [one for one in keyed if self.kind.has_key and known.get(one[1], ours) != ours]
            differing = self._differing(otherwise) if otherwise else []
            done = self._create([one for one in keyed if one[1] not in known], rows=len(batch))
            skipped = done.skipped + len(known) - len({error.row for error in differing})
            return replace(done, skipped=skipped, errors=[*done.errors, *differing])

    def _differing(self, keyed: Sequence[_Keyed]) -> list[RowError]:
        """What the service says against rows that came in under another mapping; whatever it does is taken back."""
        wanted, given, errors = self._values(keyed)
        with transaction.atomic():
            made = self.kind.take_in(given, by=self.by, at=self.at)
            transaction.set_rollback(True)
        # What stands twice is told twice.
        beside = {given[position] for position in made.created}
        again = [position for position in made.known if given[position] in beside]
        refused = {**made.refused, **dict.fromkeys([*made.created, *again], RowReadOtherwise())}
        return errors + [self._told(wanted[position][0], one) for position, one in refused.items()]

    def _values(self, keyed: Sequence[_Keyed]) -> tuple[list[_Keyed], list[Any], list[RowError]]:
        """The rows that can be read, what the service gets of each, and what is wrong with the others."""
        errors: list[RowError] = []
        wanted: list[_Keyed] = []
        given: list[Any] = []
        for row, key in keyed:
            values, wrong = self.mapping.read(row, self.kind.fields)
            errors += wrong
            if not wrong:
                wanted.append((row, key))
                given.append(self.kind.row(values))
        return wanted, given, errors

    def _create(self, new: Sequence[_Keyed], *, rows: int) -> _Batch:
        wanted, given, errors = self._values(new)
        made = self.kind.take_in(given, by=self.by, at=self.at)
        # What was known, too: another mapping would not know it again, and make it once more.
        insert_values(
            ImportRow,
            ("run_id", "kind", "row_key", "row_number", "dossier_id", "created"),
            [
                (
                    self.run.pk,
                    self.kind.kind,
                    wanted[at][1],
                    wanted[at][0].number,
                    dossier_id,
                    of is made.created,
                )
                for of in (made.created, made.known)
                for at, dossier_id in of.items()
            ],
        )
        errors += [self._told(wanted[position][0], one) for position, one in made.refused.items()]
        notices = [self._told(wanted[position][0], one) for position, one in made.notices]
        return _Batch(
            rows=rows,
            created=len(made.created),
            skipped=len(made.known),
            errors=errors,
            notices=notices,
            tally=made.tally,
        )

    def _key(self, row: SourceRow) -> str:
        """Equal rows are told apart by their order: the second of its kind is another thing."""
        cells = "\x1f".join(f"{name}\x1e{value}" for name, value in sorted(row.cells.items()))
        digest = hashlib.sha256(cells.encode()).hexdigest()
        self.seen[digest] += 1
        again = self.seen[digest]
        return digest if again == 1 else hashlib.sha256(f"{digest}#{again}".encode()).hexdigest()

    def _told(self, row: SourceRow, one: DomainError) -> RowError:
        name = one.field or ""
        rule = self.mapping.fields.get(self.kind.names.get(name, name))
        return RowError(row.number, rule.label if rule is not None else name, one.code, one.message)
