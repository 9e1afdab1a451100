"""``manage.py api_schema [--check]``: write the OpenAPI files from the code, or say whether they differ."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backoffice.api.schema import APIS, build


class Command(BaseCommand):
    help = "Write docs/openapi/*.yaml from the code."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--check", action="store_true", help="write nothing, fail when a file differs")

    def handle(self, *args: Any, **options: Any) -> None:
        for api in APIS.values():
            built = build(api)
            if api.path.exists() and api.path.read_text(encoding="utf-8") == built:
                continue
            if options["check"]:
                raise CommandError(f"{api.file} differs from the code: run “manage.py api_schema”.")
            api.path.parent.mkdir(parents=True, exist_ok=True)
            api.path.write_text(built, encoding="utf-8")
            self.stdout.write(f"{api.file} written")
