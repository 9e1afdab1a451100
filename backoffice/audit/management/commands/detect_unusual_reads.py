"""``manage.py detect_unusual_reads``: judge the reading of the last hour and of today, and report what is unusual."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backoffice.audit.services.watching import detect_unusual_reads
from backoffice.core.context import EntryPoint, entering
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = "Report unusual volumes of reading; each once per user, measure and hour or day."

    def handle(self, *args: Any, **options: Any) -> None:
        watch = system_user("watch")
        with entering(EntryPoint.COMMAND, actor=watch):
            found = detect_unusual_reads(by=watch, at=timezone.now())
        self.stdout.write(f"{len(found)} new alerts")
