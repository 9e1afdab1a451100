"""``manage.py roles_page``: write docs/roles.md from the table of roles."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.staff.documentation import page


class Command(BaseCommand):
    help = "Write docs/roles.md from the table of roles."

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.BASE_DIR, "docs", "roles.md").write_text(page(), encoding="utf-8")
