"""``manage.py close_day``: close every day that is over."""

from __future__ import annotations

from datetime import date
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backoffice.core import context
from backoffice.core.errors import InputRefused
from backoffice.core.processes import at_least_one
from backoffice.loans.models import CloseRun
from backoffice.loans.services.closing import Closed
from backoffice.loans.tasks import close_what_is_over


class Command(BaseCommand):
    help = (
        "Closes every day up to the date that is not closed yet, one by one: loans that fall overdue, change their "
        "class or leave a watch. Safe to repeat, to break off and to run twice at once."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--date",
            type=date.fromisoformat,
            metavar="YYYY-MM-DD",
            help="the last day to close (default: yesterday, Shanghai time)",
        )
        parser.add_argument(
            "--workers",
            type=at_least_one,
            metavar="N",
            help="parts done side by side (default: CLOSE_OF_DAY_WORKERS; on SQLite always one)",
        )
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON and nothing else")

    def handle(self, *args: Any, **options: Any) -> None:
        quiet = options["json"] or options["verbosity"] < 1

        def tell(run: CloseRun) -> None:
            if not quiet:
                seconds = (run.finished_at - run.started_at).total_seconds()
                self.stdout.write(
                    f"{run.day} {run.step} {run.first_id}-{run.last_id}: {run.touched} touched, "
                    f"{run.rows_written} rows, {seconds:.1f} s"
                )

        try:
            done = close_what_is_over(
                at=timezone.now(),
                day=options["date"],
                workers=options["workers"],
                entry_point=context.EntryPoint.COMMAND,
                progress=tell,
            )
        except InputRefused as error:
            raise CommandError(f"--date: {error}") from error
        if options["json"]:
            self.stdout.write(orjson.dumps([_outcome(one) for one in done]).decode())
            return
        for one in done:
            self.stdout.write(self.style.SUCCESS(_words(one)))


def _outcome(closed: Closed) -> dict[str, Any]:
    return {
        "day": closed.day.isoformat(),
        "closed_before": closed.before,
        "touched": closed.touched,
        "rows": closed.rows,
        "seconds": round(closed.seconds, 3),
    }


def _words(closed: Closed) -> str:
    if closed.before:
        return f"{closed.day}: closed already"
    return f"{closed.day} closed: {closed.touched} touched, {closed.rows} rows, {closed.seconds:.1f} s"
