"""What every ``manage.py import_… FILE --mapping FILE`` has in common: arguments, progress, the tale, the report."""

from __future__ import annotations

import csv
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from backoffice.core import context
from backoffice.core.errors import NotPermitted
from backoffice.core.imports import FileChanged, FileError, MappingError, RowError
from backoffice.core.processes import PartLost, at_least_one
from backoffice.desk.file_import import FileImport
from backoffice.staff.models import User
from backoffice.staff.services import system_user

SHOWN = 20
WIDTH = 40
#: The database works as hard as we do: more processes than this rarely help.
MOST_WORKERS = 4


class ImportCommand(BaseCommand):
    """A command names its service: ``service(path=, mapping_path=, by=, at=, dry_run=, progress=)``; one that takes
    ``workers=`` as well says so."""

    service: ClassVar[Any]
    side_by_side: ClassVar[bool] = False
    #: Tenths of the file that were told.
    told = 0

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)
        parser.add_argument("--mapping", type=Path, required=True, help="TOML: which column is which field")
        parser.add_argument("--dry-run", action="store_true", help="do everything, then take it back")
        parser.add_argument("--report", type=Path, help="write every refused row to this CSV file")
        parser.add_argument(
            "--by", help="user name of who answers for it (default: the system's import user)"
        )
        if self.side_by_side:
            parser.add_argument(
                "--workers",
                type=at_least_one,
                metavar="N",
                default=min(os.cpu_count() or 1, MOST_WORKERS),
                help="processes that share the file (default here: %(default)s; one on SQLite)",
            )

    def handle(self, *args: Any, **options: Any) -> None:
        for path in (options["file"], options["mapping"]):
            if not path.is_file():
                raise CommandError(f"There is no file {path}.")
        if options["report"]:
            _check_report(options["report"], given=(options["file"], options["mapping"]))
        by = self._actor(options["by"])
        more = {"workers": options["workers"]} if self.side_by_side else {}
        with context.entering(context.EntryPoint.COMMAND, actor=by), translation.override("en"):
            try:
                result = type(self).service(
                    path=options["file"],
                    mapping_path=options["mapping"],
                    by=by,
                    at=timezone.now(),
                    dry_run=options["dry_run"],
                    progress=self._progress,
                    **more,
                )
            except (FileChanged, PartLost) as error:
                raise CommandError(str(error.message)) from error
            except (FileError, MappingError, NotPermitted) as error:
                raise CommandError(f"{error.message} Nothing was taken in.") from error
            self._tell(result, dry_run=options["dry_run"])
            if options["report"]:
                _write_report(options["report"], [*result.errors, *result.notices])
                self.stdout.write(f"Refused rows are listed in {options['report']}.")

    def _actor(self, username: str | None) -> User:
        if username is None:
            return system_user("imports")
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{username}”.")
        return user

    def _progress(self, done: int, total: int) -> None:
        if not self.stdout.isatty():
            self._tell_progress(done, total)
            return
        filled = WIDTH * done // max(total, 1)
        self.stdout.write(f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {done}/{total}", ending="")
        if done >= total:
            self.stdout.write("")

    def _tell_progress(self, done: int, total: int) -> None:
        """A line for every tenth, for the log of whoever is not there; at the end the tale follows."""
        tenth = 10 * done // max(total, 1)
        if self.told < tenth < 10:
            self.told = tenth
            self.stderr.write(f"{done} of {total} rows ({100 * done // total} %)")

    def _tell(self, result: FileImport, *, dry_run: bool) -> None:
        if result.already:
            self.stdout.write(f"This file was taken in before ({result.rows_read} rows); nothing was done.")
            return
        self._tell_rows(result.errors, self.stderr)
        self._tell_rows(result.notices, self.stdout)
        verb = "would be taken in" if dry_run else "taken in"
        self.stdout.write(
            f"{result.rows_read} rows read: {result.created} {verb}, {result.skipped} there already, "
            f"{result.refused} refused."
        )
        for name, value in result.figures.items():
            self.stdout.write(f"  {name.replace('_', ' ')}: {value}")

    def _tell_rows(self, rows: list[RowError], out: Any) -> None:
        for one in rows[:SHOWN]:
            column = f", column “{one.column}”" if one.column else ""
            out.write(f"Row {one.row}{column}: {one.message} [{one.code}]")
        if len(rows) > SHOWN:
            out.write(f"… and {len(rows) - SHOWN} more; see --report.")


def _check_report(path: Path, *, given: Sequence[Path]) -> None:
    """Before the first row: what comes in cannot be told again in the same way."""
    if not path.absolute().parent.is_dir():
        raise CommandError(f"There is no folder {path.parent} for the report.")
    is_new = not path.exists()
    if not is_new and any(path.samefile(one) for one in given):
        raise CommandError(f"The report would overwrite {path}; give it another name.")
    try:
        path.open("a", encoding="utf-8").close()
    except OSError as error:
        raise CommandError(f"The report {path} cannot be written: {error.strerror}.") from error
    if is_new:
        path.unlink()


def _write_report(path: Path, rows: list[RowError]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["row", "column", "code", "message"])
        writer.writerows([one.row, one.column, one.code, str(one.message)] for one in rows)
