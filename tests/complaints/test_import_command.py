"""``import_complaints``: what the command tells, reports and leaves on record."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import translation

from backoffice.core.models import ImportRow, ImportRun
from backoffice.staff.roles import Role
from complaints.models import Complaint, ComplaintEvent
from tests.factories import complaints as make
from tests.factories.imports import Folder, row, text
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


def test_history_and_events_name_who_did_it_and_how(folder: Folder) -> None:
    handler = make.handler()
    path = folder.file(text(row()))
    call_command("import_complaints", path, mapping=folder.mapping, by=handler.username, stdout=StringIO())
    run = ImportRun.objects.get()
    assert list(run.history.order_by("history_id").values_list("history_change_reason", flat=True)) == [
        "complaint.import_started",
        "complaint.import_finished",
    ]
    first = Complaint.history.get()
    assert first.history_change_reason == "complaint.imported"
    for record in (first, run.history.earliest(), run.history.latest()):
        assert (record.history_user, record.history_entry_point) == (handler, "command")
        assert record.history_actor_name == handler.display_name
    event = ComplaintEvent.objects.get()
    assert (event.kind, event.actor, event.entry_point) == ("imported", handler, "command")
    row_of_it = ImportRow.objects.get()
    assert (row_of_it.run, row_of_it.row_number) == (run, 2)
    assert row_of_it.dossier == Complaint.objects.get().dossier


def command(path: Path, mapping: Path, **given: Any) -> tuple[str, str]:
    out, err = StringIO(), StringIO()
    call_command("import_complaints", path, mapping=mapping, stdout=out, stderr=err, **given)
    return out.getvalue(), err.getvalue()


def test_the_command_tells_what_it_did(folder: Folder) -> None:
    path = folder.file(text(row(1), row(2, Day="2026-02-30")))
    out, err = command(path, folder.mapping, dry_run=True)
    assert "2 rows read: 1 would be taken in, 0 there already, 1 refused." in out
    out, err = command(path, folder.mapping)
    assert "2 rows read: 1 taken in, 0 there already, 1 refused." in out
    assert err.strip() == "Row 3, column “Day”: There is no such date in the form ISO 8601. [date-impossible]"
    path = folder.file(text(row(1)))
    command(path, folder.mapping)
    assert "was taken in before (1 rows); nothing was done." in command(path, folder.mapping)[0]


def test_the_report_lists_every_refusal_and_no_value(folder: Folder) -> None:
    rows = [row(number, Phone="1380013800x", Kind="secret") for number in range(25)]
    report = folder.path / "report.csv"
    _out, err = command(folder.file(text(*rows, row(99, Phone="1390"))), folder.mapping, report=report)
    assert "… and 6 more; see --report." in err
    with report.open(encoding="utf-8-sig", newline="") as file:
        header, *lines = csv.reader(file)
    assert header == ["row", "column", "code", "message"]
    assert len(lines) == 26
    assert lines[0] == [
        "2",
        "Kind",
        "value-not-mapped",
        "The mapping does not know this value; add it there.",
    ]
    assert lines[-1][:3] == ["27", "Phone", "validation-failed"]
    written = report.read_text(encoding="utf-8-sig") + err
    assert not re.search("1380013800|1390|secret|23:10", written)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"by": "nobody"}, "no active user “nobody”"),
        ({"report": Path("/no/such/folder/report.csv")}, "no folder /no/such/folder"),
    ],
)
def test_the_command_refuses_wrong_arguments_first(folder: Folder, given: dict[str, Any], says: str) -> None:
    with pytest.raises(CommandError, match=says):
        command(folder.file(text(row())), folder.mapping, **given)
    with pytest.raises(CommandError, match="no file"):
        command(folder.path / "none.csv", folder.mapping)
    assert not ImportRun.objects.exists()


def test_a_report_that_cannot_be_written_is_refused_before_the_first_row(folder: Folder) -> None:
    path = folder.file(text(row()))
    link = folder.path / "link.csv"
    link.symlink_to(path)
    for report, says in (
        (folder.path, "cannot be written"),
        (path, "would overwrite"),
        (link, "would overwrite"),
        (folder.mapping, "would overwrite"),
    ):
        with pytest.raises(CommandError, match=says):
            command(path, folder.mapping, report=report)
    assert path.read_text(encoding="utf-8") == text(row())
    assert not ImportRun.objects.exists()
    report = folder.path / "report.csv"
    report.write_text("of yesterday", encoding="utf-8")
    command(path, folder.mapping, report=report)
    assert report.read_text(encoding="utf-8-sig").splitlines() == ["row,column,code,message"]


def test_progress_is_told_in_tenths_where_nobody_watches(
    folder: Folder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("complaints.services.file_import.BATCH", 2)
    _out, err = command(folder.file(text(*(row(number) for number in range(50)))), folder.mapping)
    assert err.splitlines() == [
        f"{done} of 50 rows ({done * 2} %)" for done in (6, 10, 16, 20, 26, 30, 36, 40, 46)
    ]


def test_the_command_says_that_nothing_was_taken_in(folder: Folder) -> None:
    auditor = person(Role.AUDITOR)
    with pytest.raises(CommandError, match=r"do not have the right.* Nothing was taken in\."):
        command(folder.file(text(row())), folder.mapping, by=auditor.username)
    with pytest.raises(CommandError, match=r"is empty\. Nothing was taken in\."):
        command(folder.file(""), folder.mapping)
