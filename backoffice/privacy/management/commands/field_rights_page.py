"""``manage.py field_rights_page``: write docs/field-rights.md from the table of field rights."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.privacy.documentation import page


class Command(BaseCommand):
    help = "Write docs/field-rights.md from the table of field rights."

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.BASE_DIR, "docs", "field-rights.md").write_text(page(), encoding="utf-8")
