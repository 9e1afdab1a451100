"""``manage.py create_administrator USERNAME "FULL NAME"``: the first account of a new installation."""

from __future__ import annotations

import getpass
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import DomainError
from backoffice.staff.roles import Role
from backoffice.staff.services import create_user, system_user


class Command(BaseCommand):
    help = "Create an administrator: somebody who can create all other accounts, and nothing else."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("username")
        parser.add_argument("full_name", help="as the record will show it")

    def handle(self, *args: Any, **options: Any) -> None:
        password = getpass.getpass("Password: ")
        if password != getpass.getpass("Password (again): "):
            raise CommandError("The two passwords differ.")
        with entering(EntryPoint.COMMAND):
            try:
                user = create_user(
                    username=options["username"],
                    full_name=options["full_name"],
                    roles=[Role.ADMINISTRATOR],
                    password=password,
                    by=system_user("setup"),
                    at=timezone.now(),
                )
            except DomainError as error:
                raise CommandError(str(error)) from error
        self.stdout.write(self.style.SUCCESS(f"{user.username} can sign in now."))
