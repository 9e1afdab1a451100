"""``manage.py apply_retention``: what need not be kept any more; shows it, or with ``--run`` lets it go."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from backoffice.audit.keeping import seams
from backoffice.audit.models import RetentionRun
from backoffice.audit.services.retention import apply_retention
from backoffice.core import context
from backoffice.core.errors import DomainError
from backoffice.staff.models import User
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = "Preview retention, or run it with --run and --by. Safe to break off and to repeat."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--run", action="store_true", help="let go of it (default: preview)")
        parser.add_argument(
            "--kind", action="append", default=[], choices=[code for code, _kind in seams.kinds.items()]
        )
        parser.add_argument("--by", help="user name of who decides on a run")
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        mode = RetentionRun.Mode.RUN if options["run"] else RetentionRun.Mode.PREVIEW
        by = self._actor(options["by"], needed=options["run"])
        with context.entering(context.EntryPoint.COMMAND, actor=by), translation.override("en"):
            try:
                run = apply_retention(
                    mode=mode, kinds=options["kind"], by=by, at=timezone.now(), progress=self._progress
                )
            except DomainError as error:
                raise CommandError(f"{error.message}") from error
        if options["json"]:
            self.stdout.write(
                orjson.dumps({"run": str(run.uid), "mode": run.mode, "kinds": run.result}).decode()
            )
            return
        for row in run.result:
            self._tell(row)

    def _actor(self, username: str | None, *, needed: bool) -> User:
        if username is None:
            if needed:
                raise CommandError("A run is a person's decision: name them with --by.")
            return system_user("retention")
        user = User.objects.filter(username=username, is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active user “{username}”.")
        return user

    def _progress(self, kind: str, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"{done}/{total} {kind}")

    def _tell(self, row: dict[str, Any]) -> None:
        if row["rule"] is None:
            self.stdout.write(f"{row['kind']}: no rule in force, nothing may go")
            return
        blocked = sum(row["blocked"].values())
        self.stdout.write(
            f"{row['kind']}: last used until {row['cut_off']} ({row['rule']['months']} months): "
            f"{row['found']} found, {row['held']} under legal hold, {blocked} hindrances, "
            f"{row['unsealed']} not sealed yet, {row['taken']} taken"
        )
