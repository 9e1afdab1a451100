"""``manage.py seed_demo``: believable data for trying things, the same for the same seed and day."""

from __future__ import annotations

import gc
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.module_loading import import_string

from backoffice.core import context
from backoffice.core.models import Dossier
from backoffice.desk.seeding import Demo
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = "Fill an empty database with demonstration data: all of it or, if interrupted, nothing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--if-empty", action="store_true", help="do nothing when there is data already")
        parser.add_argument("--seed", type=int, default=20261123, help="same seed and day, same data")
        parser.add_argument(
            "--now", help="the moment that counts as now, ISO 8601 with offset (default: now)"
        )
        parser.add_argument(
            "--scale", type=float, default=1.0, help="1.0 is 2,000 borrowers and 40,000 contacts"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.DEMO_SEED_STEPS:
            raise CommandError(
                "Demonstration data is for the demo settings; these settings name no seed steps."
            )
        if Dossier.objects.exists():
            if options["if_empty"]:
                self.stdout.write("There is data already; nothing to do.")
                return
            raise CommandError("The database is not empty. “make reset” starts over.")
        now = self._now(options["now"])
        started = time.monotonic()
        by = system_user("demo")
        with (
            _no_garbage_collection(),
            context.entering(context.EntryPoint.COMMAND),
            context.acting(by=by, reason_code="demo.seeded"),
            transaction.atomic(),
        ):
            demo = Demo(rng=random.Random(options["seed"]), now=now, by=by, scale=options["scale"])  # noqa: S311
            for path in settings.DEMO_SEED_STEPS:
                before = time.monotonic()
                import_string(path)(demo)
                self.stdout.write(f"  {path.split('.seed')[0]:<28} {time.monotonic() - before:6.1f} s")
        self.stdout.write(
            self.style.SUCCESS(f"Demonstration data made in {time.monotonic() - started:.0f} s.")
        )

    def _now(self, given: str | None) -> datetime:
        if given is None:
            return timezone.now()
        moment = parse_datetime(given)
        if moment is None or timezone.is_naive(moment):
            raise CommandError("--now must be like 2026-11-23T10:00:00+08:00.")
        return moment


@contextmanager
def _no_garbage_collection() -> Iterator[None]:
    """The objects of a step all live until its end: looking through them for cycles is a tenth of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()
