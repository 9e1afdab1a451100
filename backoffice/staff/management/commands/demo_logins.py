"""``manage.py demo_logins [--create]``: one login per role. Exists under the demo settings only."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backoffice.core.context import EntryPoint, entering
from backoffice.staff import demo
from backoffice.staff.models import User
from backoffice.staff.services import system_user


class Command(BaseCommand):
    help = "Print the logins of the demo; --create makes those that are missing."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--create", action="store_true", help="create the people that are not there yet")

    def handle(self, *args: Any, **options: Any) -> None:
        if not getattr(settings, "DEMO", False):
            raise CommandError("Well-known passwords are for the demo settings only.")
        if options["create"]:
            with entering(EntryPoint.COMMAND):
                demo.create_people(by=system_user("demo"), at=timezone.now())
        present = set(User.objects.filter(is_active=True).values_list("username", flat=True))
        for person in demo.PEOPLE:
            if person.username in present:
                self.stdout.write(
                    f"  {person.role.value:<21} {person.username:<11} {demo.password_of(person):<24} {person.full_name}"
                )
