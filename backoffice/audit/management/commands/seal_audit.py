"""``manage.py seal_audit``: seal what is finished, and hand the seals to a third party."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from backoffice.audit import anchors
from backoffice.audit.models import Seal
from backoffice.audit.tasks import seal_what_is_new
from backoffice.core import context


class Command(BaseCommand):
    help = "Seals every finished row of the record that is not sealed yet. Safe to repeat and to break off."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON and nothing else")
        parser.add_argument(
            "--anchor", type=Path, metavar="FILE", help="write all seals and keys to FILE for a third party"
        )
        parser.add_argument(
            "--after", type=int, default=0, metavar="NUMBER", help="in FILE only the seals above NUMBER"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.monotonic()
        quiet = options["json"] or options["verbosity"] < 1

        def tell(seal: Seal) -> None:
            if not quiet:
                seconds = time.monotonic() - started
                self.stdout.write(f"seal {seal.number}: {seal.leaves} rows, {seconds:.1f} s")

        at = timezone.now()
        done = seal_what_is_new(at=at, entry_point=context.EntryPoint.COMMAND, progress=tell)
        outcome = {
            "seals": done.seals,
            "rows": done.rows,
            "last_number": done.last.number if done.last is not None else None,
            "seconds": round(time.monotonic() - started, 3),
        }
        if options["anchor"]:
            with options["anchor"].open("wb") as file:
                file.writelines(anchors.anchor(at=at, after=options["after"]))
        if options["json"]:
            self.stdout.write(orjson.dumps(outcome).decode())
        else:
            self.stdout.write(
                self.style.SUCCESS(f"sealed: {done.seals} seals, {done.rows} rows, {outcome['seconds']} s")
            )
