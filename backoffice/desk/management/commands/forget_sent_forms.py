"""``manage.py forget_sent_forms``: delete the tokens of forms that were sent more than a day ago."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backoffice.desk.services.sent_forms import forget_sent_forms


class Command(BaseCommand):
    help = "Delete the tokens of forms that were sent more than a day ago."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{forget_sent_forms(at=timezone.now())} tokens deleted")
