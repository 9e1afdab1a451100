"""The data dictionary says what the models are, and hides nothing that is in the clear."""

from __future__ import annotations

import re
from pathlib import Path

from django.apps import apps
from django.conf import settings

from backoffice.desk.dictionary import page


def test_the_page_equals_the_models() -> None:
    written = Path(settings.BASE_DIR, "docs", "data-dictionary.md").read_text(encoding="utf-8")
    assert written == page(), "run “manage.py data_dictionary”"


def test_every_table_of_ours_is_there_once() -> None:
    tables = [
        model._meta.db_table
        for model in apps.get_models()
        if model.__module__.startswith(("backoffice.", "complaints.", "conduct.", "debt_collections."))
        and not model.__name__.startswith("Historical")
    ]
    assert len(tables) > 40
    lines = page().splitlines()
    assert [table for table in tables if sum(line.startswith(f"`{table}`, ") for line in lines) != 1] == []


def test_kinds_and_protection_are_told() -> None:
    text = page()
    assert "`complaints_complaint`, tracked." in text
    assert "`audit_readevent`, log." in text
    assert "`privacy_datakey`, plain." in text
    assert re.search(r"\| `email_cipher` \| Binary, null \| [^|]+ \| personal, encrypted \|", text)
    assert re.search(r"\| `words_cipher` \| Binary, null \| [^|]+ \| free text, encrypted \|", text)
