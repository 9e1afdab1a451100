"""``manage.py erase_person``: erase one person, in the name of two who may."""

from __future__ import annotations

from typing import Any

import orjson
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone, translation

from backoffice.audit.keeping import people
from backoffice.audit.models import Erasure
from backoffice.audit.services import erasure as erasures
from backoffice.core import context
from backoffice.core.errors import DomainError
from backoffice.privacy.models import DataSubject
from backoffice.staff.models import User


class Command(BaseCommand):
    help = "Erase a person for good, or show what that would do (--dry-run)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "person", help="uid of the data subject, or a number of theirs (customer, complaint)"
        )
        parser.add_argument("--basis", choices=Erasure.Basis.values, required=True)
        parser.add_argument("--reference", default="", help="number of the request")
        parser.add_argument("--by", required=True, help="user name of who asks for it")
        parser.add_argument("--approved-by", help="user name of who carries it out; another person")
        parser.add_argument(
            "--dry-run", action="store_true", help="show what would go and what stands in the way"
        )
        parser.add_argument("--json", action="store_true", help="print the outcome as JSON")

    def handle(self, *args: Any, **options: Any) -> None:
        by = _user(options["by"])
        if not by.has_perm("audit.request_erasure"):
            raise CommandError("--by: this person may not ask for an erasure.")
        subject = people.find(options["person"])
        if subject is None:
            raise CommandError("There is no such person, or the number belongs to several.")
        with context.entering(context.EntryPoint.COMMAND, actor=by), translation.override("en"):
            try:
                if options["dry_run"]:
                    self._preview(subject, as_json=options["json"])
                else:
                    self._erase(subject, by, options)
            except DomainError as error:
                raise CommandError(f"{error.message} Nothing was erased.") from error

    def _preview(self, subject: DataSubject, *, as_json: bool) -> None:
        plan = erasures.plan_erasure(subject=subject, at=timezone.now(), progress=self._progress)
        preview = erasures.preview_of(plan)
        if as_json:
            self.stdout.write(orjson.dumps(preview).decode())
            return
        self.stdout.write(
            f"{preview['people']} data subjects, {sum(preview['dossiers'].values())} dossiers, "
            f"{preview['keys']} keys, {preview['files']} files; "
            f"{len(preview['places']) + preview['more_places']} places in texts of others"
        )
        for blocker in plan.blockers:
            self.stdout.write(f"in the way: {blocker.sentence}")

    def _erase(self, subject: DataSubject, by: User, options: dict[str, Any]) -> None:
        if not options["approved_by"]:
            raise CommandError("An erasure takes two: name the second with --approved-by.")
        second = _user(options["approved_by"])
        request = Erasure.objects.filter(subject=subject, state=Erasure.State.REQUESTED).first()
        if request is None:
            request = erasures.request_erasure(
                subject=subject,
                basis=options["basis"],
                reference=options["reference"],
                by=by,
                at=timezone.now(),
            )
        done = erasures.carry_out_erasure(
            erasure=request, by=second, at=timezone.now(), progress=self._progress
        )
        if options["json"]:
            self.stdout.write(orjson.dumps({"proof": done.proof, "sha256": done.proof_sha256}).decode())
            return
        self.stdout.write(
            f"Erased. {len(done.proof['keys'])} keys deleted. Proof {done.uid}, SHA-256 {done.proof_sha256}"
        )

    def _progress(self, step: str, done: int, total: int) -> None:
        if self.stdout.isatty():
            self.stdout.write(f"{step} {done}/{total}")


def _user(username: str) -> User:
    user = User.objects.filter(username=username, is_active=True).first()
    if user is None:
        raise CommandError(f"There is no active user “{username}”.")
    return user
