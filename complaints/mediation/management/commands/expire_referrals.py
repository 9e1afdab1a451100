from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from complaints.mediation.tasks import expire_late_offers


class Command(BaseCommand):
    help = "Marks the offers that no mediation organisation answered in time as expired. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        count = expire_late_offers(at=timezone.now(), entry_point="command")
        self.stdout.write(self.style.SUCCESS(f"expired: {count}"))
