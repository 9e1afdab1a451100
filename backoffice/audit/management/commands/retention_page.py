"""``manage.py retention_page``: write docs/retention.md from the kinds of record and the rules we start with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.audit.keeping.documentation import page


class Command(BaseCommand):
    help = "Write docs/retention.md from the kinds of record and the retention rules of a new house."

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.BASE_DIR, "docs", "retention.md").write_text(page(), encoding="utf-8")
