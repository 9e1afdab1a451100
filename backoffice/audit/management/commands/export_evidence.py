"""``manage.py export_evidence --kind complaint --number C… --by USER --reason …``: an evidence bundle as a file."""

from __future__ import annotations

import shutil
from datetime import date
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from backoffice.audit.evidence.seams import seams
from backoffice.audit.models import EvidenceBundle
from backoffice.audit.services.evidence import hand_over, make_bundle, request_bundle
from backoffice.core import context
from backoffice.core.errors import DomainError
from backoffice.core.models import Dossier
from backoffice.staff.models import User

WIDTH = 40


class Command(BaseCommand):
    help = "Makes an evidence bundle about one dossier and writes the ZIP into a folder, as USER and with their rights."

    def add_arguments(self, parser: CommandParser) -> None:
        kinds = sorted(name for name, _kind in seams.kinds.items())
        parser.add_argument("--kind", required=True, choices=kinds)
        parser.add_argument("--number", required=True, help="number of the dossier, as the pages show it")
        parser.add_argument("--by", required=True, help="user name of the person who asks and answers for it")
        parser.add_argument("--reason", required=True, help="for whom and what for; stands in the summary")
        parser.add_argument("--since", type=date.fromisoformat, help="first day, 2026-01-31")
        parser.add_argument("--until", type=date.fromisoformat, help="last day")
        parser.add_argument("--language", choices=EvidenceBundle.Language.values, default="zh-hans")
        parser.add_argument("--third-parties", action="store_true", help="show third persons unmasked")
        parser.add_argument("--out", type=Path, default=Path(), help="folder for the ZIP (default: here)")

    def handle(self, *args: Any, **options: Any) -> None:
        out: Path = options["out"]
        if not out.is_dir():
            raise CommandError(f"There is no folder {out}.")
        by = User.objects.filter(username=options["by"], is_active=True, kind=User.Kind.PERSON).first()
        if by is None:
            raise CommandError(f"There is no active person “{options['by']}”.")
        dossier = Dossier.objects.filter(kind=options["kind"], number=options["number"]).first()
        if dossier is None:
            raise CommandError(f"There is no {options['kind']} {options['number']}.")
        with context.entering(context.EntryPoint.COMMAND, actor=by), translation.override("en"):
            try:
                bundle = request_bundle(
                    dossier=dossier,
                    since=options["since"],
                    until=options["until"],
                    language=options["language"],
                    third_parties=options["third_parties"],
                    reason=options["reason"],
                    by=by,
                    at=timezone.now(),
                    start=False,
                )
                bundle = make_bundle(bundle_id=bundle.pk, at=timezone.now(), progress=self._progress)
                self._deliver(bundle, by, out)
            except DomainError as error:
                raise CommandError(str(error.message)) from error

    def _deliver(self, bundle: EvidenceBundle, by: User, out: Path) -> None:
        if self.stdout.isatty():
            self.stdout.write("")
        if bundle.state != EvidenceBundle.State.READY:
            raise CommandError(bundle.error or "It was not made.")
        path = out / f"evidence-{bundle.dossier.number}-{bundle.uid.hex[:8]}.zip"
        with hand_over(bundle=bundle, by=by, at=timezone.now()) as source, path.open("xb") as target:
            shutil.copyfileobj(source, target)
        self.stdout.write(f"{path}\nSHA-256 {bundle.sha256}, {bundle.size} bytes")

    def _progress(self, step: str, done: int, total: int) -> None:
        if not self.stdout.isatty():
            return
        filled = WIDTH * done // max(total, 1)
        self.stdout.write(
            f"\r[{'#' * filled}{'.' * (WIDTH - filled)}] {step:<10} {done}/{total}  ", ending=""
        )
