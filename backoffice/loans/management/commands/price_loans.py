"""``manage.py price_loans``: store what loans cost a year that came in before that was stored."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand
from django.utils import timezone

from backoffice.core.context import EntryPoint, entering
from backoffice.loans.services.pricing_stored import price_stored_loans
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = "Stores the all-in yearly cost of loans that have none yet. Safe to repeat and to break off."

    def handle(self, *args: Any, **options: Any) -> None:
        by, after, done, seen = system_user("imports"), 0, 0, 0
        with entering(EntryPoint.COMMAND):
            while True:
                part = price_stored_loans(after=after, by=by, at=timezone.now())
                if part.last is None:
                    break
                after, done, seen = part.last, done + part.done, seen + part.seen
        self.stdout.write(f"{done} loans priced")
        if done < seen:
            self.stdout.write(
                f"{seen - done} loans have no cost: nothing of them was in use, or less comes back"
            )
