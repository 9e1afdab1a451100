"""``manage.py verify_audit``: is the record what was sealed? Exits with 1 when it is not."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from backoffice.audit.tasks import verify_what_is_sealed
from backoffice.core import context


class Command(BaseCommand):
    help = (
        "Checks chain, signatures and keys of all seals, and the rows of the newest and of some older ones drawn by "
        "lot; with --full every row. Exits with 1 when anything is found."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--full", action="store_true", help="check every sealed row")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON and nothing else")
        parser.add_argument(
            "--anchor", type=Path, metavar="FILE", help="compare with what was once handed to a third party"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        loud = not options["json"] and options["verbosity"] > 1

        def tell(what: str, done: int) -> None:
            if loud and done:
                self.stdout.write(f"{what}: {done}, {time.monotonic() - started:.1f} s")

        # One language for whoever reads the output, whatever the server speaks.
        with translation.override("en"):
            report = verify_what_is_sealed(
                at=timezone.now(),
                entry_point=context.EntryPoint.COMMAND,
                full=options["full"],
                anchor=_read(options["anchor"]) if options["anchor"] else None,
                progress=tell,
            )
            seconds = round(time.monotonic() - started, 3)
            if options["json"]:
                outcome = {
                    "ok": report.is_clean,
                    "mode": str(report.mode),
                    "seals": report.seals,
                    "rows": report.rows,
                    "seconds": seconds,
                    "finding_count": report.finding_count,
                    "findings": [{**one.as_dict(), "sentence": str(one.sentence)} for one in report.findings],
                }
                self.stdout.write(orjson.dumps(outcome).decode())
            else:
                for one in report.findings:
                    self.stdout.write(self.style.ERROR(str(one)))
                text = (
                    f"{report.seals} seals, {report.rows} rows, {seconds} s: {report.finding_count} findings"
                )
                self.stdout.write(self.style.SUCCESS(text) if report.is_clean else self.style.ERROR(text))
        if not report.is_clean:
            sys.exit(1)


def _read(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} cannot be read as an anchor: {error}") from error
    if not isinstance(found, dict) or not isinstance(found.get("seals"), list):
        raise CommandError(f"{path} is no anchor file.")
    return found
