"""``manage.py data_dictionary``: write docs/data-dictionary.md from the models."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from backoffice.desk.dictionary import page


class Command(BaseCommand):
    help = "Write docs/data-dictionary.md from the models."

    def handle(self, *args: Any, **options: Any) -> None:
        Path(settings.BASE_DIR, "docs", "data-dictionary.md").write_text(page(), encoding="utf-8")
