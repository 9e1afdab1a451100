"""Compare every tracked row with its latest history row."""

from __future__ import annotations

import json
import time
from collections import Counter
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.audit.services.recorded import tracked_models, unrecorded


class Command(BaseCommand):
    """Exits with 1 when a row was changed, made or removed without a history row; changes nothing."""

    help = "Find tracked rows that were changed, made or removed past the record."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--json", action="store_true", help="Write the findings as JSON.")

    def handle(self, *args: Any, **options: Any) -> None:
        started = time.perf_counter()
        models = tracked_models()
        found = unrecorded(models)
        seconds = round(time.perf_counter() - started, 3)
        if options["json"]:
            answer = {
                "tables": len(models),
                "seconds": seconds,
                "unrecorded": [one.as_dict() for one in found],
            }
            self.stdout.write(json.dumps(answer, indent=2))
        else:
            for one in found:
                self.stdout.write(f"{one.table} {one.id}: {one.kind}")
            self.stdout.write(f"{len(models)} tables, {len(found)} rows not on record, {seconds} s.")
        if found:
            tables = ", ".join(f"{table} ({n})" for table, n in Counter(one.table for one in found).items())
            raise CommandError(f"Not on record: {tables}", returncode=1)
