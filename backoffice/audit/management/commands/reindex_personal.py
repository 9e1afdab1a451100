"""``manage.py reindex_personal``: make the search columns anew after ``PRIVACY_INDEX_KEY`` has changed."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandParser
from django.utils import timezone

from backoffice.audit.services import rotation
from backoffice.core import context
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = "Make every blind index anew under the present PRIVACY_INDEX_KEY. Safe to break off and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="rows in one transaction")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        by = system_user("keys")
        with context.entering(context.EntryPoint.COMMAND, actor=by):
            changed = rotation.reindex_personal(by=by, at=timezone.now(), batch=max(1, options["batch"]))
        if options["json"]:
            self.stdout.write(orjson.dumps(changed).decode())
            return
        for table, count in changed.items():
            self.stdout.write(f"{table}: {count}")
