"""Foreign files of complaints with a mapping, as tests write them."""

from __future__ import annotations

import csv
from io import StringIO
from pathlib import Path
from typing import Any

from backoffice.staff.services import system_user
from complaints.services.file_import import FileImport, import_complaints_file
from tests.factories.complaints import NOW

MAPPING = """
[fields.received_at]
column = "Day"
[fields.source]
constant = "import"
[fields.words]
column = "Words"
[fields.category]
column = "Kind"
map = { night = "collection.night_calls", rate = "pricing.rate", odd = "no.such" }
[fields.complainant_phone]
column = "Phone"
[fields.demand]
column = "Demand"
[fields.demand_amount]
column = "Amount"
"""
HEADER = ["Day", "Words", "Kind", "Phone", "Demand", "Amount"]


def row(number: int = 1, **given: str) -> dict[str, str]:
    plain = {"Day": "2026-11-01", "Words": f"Call {number} at 23:10", "Kind": "night", "Phone": "13800138000"}
    return {**dict.fromkeys(HEADER, ""), **plain, **given}


def text(*rows: dict[str, str]) -> str:
    file = StringIO()
    writer = csv.DictWriter(file, HEADER, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return file.getvalue()


class Folder:
    """Where a test puts its file and its mapping."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mapping = path / "mapping.toml"
        self.mapping.write_text(MAPPING, encoding="utf-8")

    def file(self, content: str | bytes, name: str = "in.csv") -> Path:
        path = self.path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    def take_in(self, content: str | bytes | Path, **given: Any) -> FileImport:
        path = content if isinstance(content, Path) else self.file(content)
        given = {"mapping_path": self.mapping, "by": system_user("imports"), "at": NOW, **given}
        return import_complaints_file(path=path, **given)


def counts(result: FileImport) -> tuple[int, int, int, int]:
    return result.rows_read, result.created, result.skipped, result.refused
