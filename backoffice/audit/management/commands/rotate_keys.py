"""``manage.py rotate_keys``: wrap every data key under the first of ``PRIVACY_MASTER_KEYS``."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import orjson
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from backoffice.audit.services import rotation
from backoffice.core import context
from backoffice.core.errors import DomainError
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = (
        "Wrap every data key under the first master key. Safe to break off and to repeat while people work."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--batch", type=int, default=rotation.BATCH, help="data keys in one transaction")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        if options["batch"] < 1:
            raise CommandError("--batch is at least 1.")
        by = system_user("keys")
        with context.entering(context.EntryPoint.COMMAND, actor=by), translation.override("en"):
            try:
                done = rotation.rotate_keys(
                    by=by, at=timezone.now(), batch=options["batch"], progress=self._progress
                )
            except (DomainError, ImproperlyConfigured) as error:
                raise CommandError(f"{error} Nothing was changed.") from error
        if options["json"]:
            self.stdout.write(orjson.dumps(asdict(done)).decode())
            return
        self.stdout.write(
            f"{done.rewrapped} data keys are now wrapped by “{done.current}”, {done.left} are left."
        )
        if done.left:
            self.stdout.write("Run it again before you take an old master key away.")

    def _progress(self, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"\r{done}/{total}", ending="\n" if done >= total else "")
