"""``manage.py purge_api_answers``: delete the answers kept for repeated requests whose time is over."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backoffice.api.services import purge_answers


class Command(BaseCommand):
    help = "Delete expired answers to repeated API requests (they hold personal data as ciphertext)."

    def handle(self, *args: Any, **options: Any) -> None:
        self.stdout.write(f"{purge_answers(at=timezone.now())} answers deleted")
