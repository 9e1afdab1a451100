"""Tasks and files, made through the real services."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

from backoffice.core.choices import DossierKind
from backoffice.core.models import Dossier
from backoffice.core.services import open_dossier
from backoffice.desk.models import Attachment, Task
from backoffice.desk.services import open_task, store_attachment
from backoffice.staff.models import User
from backoffice.staff.services import system_user
from tests.factories.staff import NOW

PNG = b"\x89PNG\r\n\x1a\n" + b"0" * 64
_numbers = itertools.count(1)


def dossier(kind: str = DossierKind.COMPLAINT) -> Dossier:
    """An empty folder with a number of its own."""
    return open_dossier(kind=kind, number=f"T{next(_numbers):06d}", at=NOW)


def task(**given: Any) -> Task:
    """An open task of nobody's, due in two days."""
    given = {"dossier": None, "kind": "call_back", "due_at": NOW + timedelta(days=2), "at": NOW, **given}
    given["dossier"] = given["dossier"] or dossier()
    given.setdefault("by", system_user("tests"))
    return open_task(**given)


def attachment(*, by: User | None = None, **given: Any) -> Attachment:
    """A small picture in a folder of its own."""
    given = {"kind": "evidence", "name": "截图.png", "content": PNG, "origin": "upload", "at": NOW, **given}
    given["dossier"] = given.get("dossier") or dossier()
    return store_attachment(by=by or system_user("tests"), **given)
