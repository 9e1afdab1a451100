"""Complaints from foreign files: whole or not at all, each once, and every refusal with its reason."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.utils import translation
from openpyxl import Workbook

from backoffice.core.errors import NotPermitted
from backoffice.core.imports import FileError, MappingError
from backoffice.core.models import Dossier, ImportRow, ImportRun, NumberSeries
from backoffice.privacy import kinds
from backoffice.privacy.models import DataKey, DataSubject
from backoffice.privacy.services import index_of, read_text
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints.models import Allegation, ComplainantPhone, Complaint, ComplaintEvent, Demand
from complaints.services import file_import
from tests.factories import complaints as make
from tests.factories.imports import HEADER, MAPPING, Folder, counts, row, text
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
NOW = make.NOW
SAMPLE = Path(__file__).parent.parent / "data" / "cfpb_sample.csv"
CFPB = Path(settings.BASE_DIR, "complaints", "mappings", "cfpb.toml")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    return Folder(tmp_path)


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_import, "BATCH", 2)


def everything() -> dict[str, int]:
    """Rows of every table an import writes to."""
    kept = (Complaint, ImportRun, ImportRow, Dossier, NumberSeries, DataKey, DataSubject, ComplaintEvent)
    tables = {model.__name__: model.objects.count() for model in kept}
    return {**tables, "history": Complaint.history.count() + ImportRun.history.count()}


# --- Who may ---


def test_needs_the_right_and_leaves_nothing_without_it(folder: Folder) -> None:
    auditor, before = person(Role.AUDITOR), everything()
    for content in (text(row()), text()):
        with pytest.raises(NotPermitted):
            folder.take_in(content, by=auditor)
    assert everything() == before


def test_a_handler_may(folder: Folder) -> None:
    assert folder.take_in(text(row()), by=make.handler()).created == 1


# --- What comes in ---


def test_every_mapped_field_arrives(folder: Folder) -> None:
    folder.mapping.write_text(
        MAPPING
        + """
[fields.external_id]
column = "Words"
[fields.sender_reference]
constant = "REF-1"
[fields.sender_due_on]
constant = "2026-11-20"
[fields.severity]
constant = "serious"
[fields.state]
constant = "closed"
[fields.closed_at]
constant = "2026-11-09"
[fields.allegation]
template = "{Words}!"
[fields.complainant_role]
constant = "borrower"
[fields.complainant_name]
constant = "王小明"
[fields.complainant_email]
constant = "w@example.com"
""",
        encoding="utf-8",
    )
    result = folder.take_in(text(row(Demand="stop", Amount="1,200.50")))
    assert result.errors == []
    complaint = Complaint.objects.get()
    assert (complaint.state, complaint.severity, complaint.source) == ("closed", "serious", "import")
    assert (complaint.external_id, complaint.sender_reference) == ("Call 1 at 23:10", "REF-1")
    assert str(complaint.sender_due_on) == "2026-11-20"
    assert read_text(complaint, "words_cipher") == "Call 1 at 23:10"
    allegation, demand = Allegation.objects.get(), Demand.objects.get()
    assert allegation.category.code == "collection.night_calls"
    assert read_text(allegation, "text_cipher") == "Call 1 at 23:10!"
    assert (read_text(demand, "text_cipher"), str(demand.amount)) == ("stop", "1200.50")
    phone = ComplainantPhone.objects.get()
    assert phone.number_index == index_of(kinds.PHONE, "+8613800138000")
    assert (phone.complainant.role, phone.complainant.name_mask) == ("borrower", "王**")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gb18030", "utf-16"])
def test_chinese_files_of_any_encoding(folder: Folder, encoding: str) -> None:
    assert folder.take_in(text(row(Words="夜间来电")).encode(encoding)).created == 1
    assert read_text(Complaint.objects.get(), "words_cipher") == "夜间来电"


def test_xlsx(folder: Folder) -> None:
    book = Workbook()
    book.active.append(HEADER)
    book.active.append(["2026-11-01", "夜间来电", "night", 13800138000, None, None])
    book.save(folder.path / "in.xlsx")
    assert counts(folder.take_in(folder.path / "in.xlsx")) == (1, 1, 0, 0)


def test_a_file_with_a_header_alone(folder: Folder) -> None:
    assert counts(folder.take_in(text())) == (0, 0, 0, 0)
    assert ImportRun.objects.get().state == "done"


# --- What is refused as a whole ---


@pytest.mark.parametrize(
    ("content", "error", "says"),
    [
        (text(row(), row(2)) + '2026-11-01,"cut', FileError, "Row 4 cannot be read"),
        (
            text(row(), row(2, Words="夜间来电投诉")).encode()[:-26],
            FileError,
            r"Line 3 \(byte \d+\) is not utf-8",
        ),
        (text(row()).replace("Words", "Worte", 1), MappingError, "lacks columns .* Words"),
        (text(row()).replace("Kind", "Day", 1), FileError, "same name: 1, 3"),
        ("", FileError, "is empty"),
    ],
)
def test_a_broken_file_is_refused_before_its_first_row(
    folder: Folder, content: str | bytes, error: type[Exception], says: str
) -> None:
    before = everything()
    with pytest.raises(error, match=says):
        folder.take_in(content)
    assert everything() == before


def test_a_mapping_with_an_unknown_field(folder: Folder) -> None:
    folder.mapping.write_text(MAPPING + '[fields.colour]\ncolumn = "Day"\n', encoding="utf-8")
    with pytest.raises(MappingError, match="do not exist: colour"):
        folder.take_in(text(row()))


# --- What is refused row by row ---


@pytest.mark.parametrize(
    ("given", "column", "code"),
    [
        ({"Day": "2026-02-30"}, "Day", "date-impossible"),
        ({"Day": "2026-13-01"}, "Day", "date-impossible"),
        ({"Day": "11/01/2026"}, "Day", "date-impossible"),
        ({"Day": ""}, "Day", "value-missing"),
        ({"Day": "2027-01-01"}, "Day", "validation-failed"),
        ({"Words": ""}, "Words", "value-missing"),
        ({"Kind": "unheard of"}, "Kind", "value-not-mapped"),
        ({"Kind": "odd"}, "Kind", "validation-failed"),
        ({"Phone": "12"}, "Phone", "validation-failed"),
        ({"Demand": "x", "Amount": "1.005"}, "Amount", "amount-too-exact"),
        ({"Demand": "x", "Amount": "-1"}, "Amount", "amount-negative"),
        ({"Demand": "", "Amount": "10"}, "Demand", "validation-failed"),
    ],
)
def test_a_row_at_fault_is_refused_alone_and_whole(
    folder: Folder, given: dict[str, str], column: str, code: str
) -> None:
    result = folder.take_in(text(row(1), row(2, **given), row(3)))
    assert counts(result) == (3, 2, 0, 1)
    assert [(error.row, error.column, error.code) for error in result.errors] == [(3, column, code)]
    assert {read_text(one, "words_cipher") for one in Complaint.objects.all()} == {
        "Call 1 at 23:10",
        "Call 3 at 23:10",
    }
    assert Allegation.objects.count() == ComplainantPhone.objects.count() == ImportRow.objects.count() == 2


def test_a_cut_last_row_is_refused_and_the_whole_file_later_adds_it(folder: Folder) -> None:
    whole = text(row(1), row(2))
    result = folder.take_in(whole[: whole.rindex(",night")])
    assert counts(result) == (2, 1, 0, 1)
    assert (result.errors[0].row, result.errors[0].code) == (3, "row-too-short")
    assert "fetch it again" in str(result.errors[0].message)
    assert counts(folder.take_in(whole)) == (2, 1, 1, 0)


def test_rows_refused_are_told_again_until_they_are_right(folder: Folder) -> None:
    content = text(row(1), row(2, Day="2026-11-24"))
    assert counts(folder.take_in(content)) == (2, 1, 0, 1)
    before = everything()
    assert counts(folder.take_in(content)) == (2, 0, 1, 1)
    assert everything() == before
    # A day later that moment is no longer to come.
    assert counts(folder.take_in(content, at=NOW + timedelta(days=1))) == (2, 1, 1, 0)
    assert folder.take_in(content).already
    run = ImportRun.objects.get()
    assert (run.rows_read, run.rows_created, run.rows_skipped, run.rows_failed) == (2, 2, 0, 0)


def test_errors_come_in_the_order_of_rows(folder: Folder) -> None:
    result = folder.take_in(text(row(1, Phone="12"), row(2, Day="x"), row(3, Kind="odd"), row(4, Kind="no")))
    assert [error.row for error in result.errors] == [2, 3, 4, 5]


# --- Each once ---


def test_the_same_file_twice(folder: Folder) -> None:
    content = text(row(1), row(2))
    assert counts(folder.take_in(content)) == (2, 2, 0, 0)
    before = everything()
    again = folder.take_in(content)
    assert (again.already, again.created, again.rows_read) == (True, 0, 2)
    # Under another name it is the same file still.
    assert folder.take_in(folder.file(content, "other.csv")).already
    assert everything() == before


def test_an_overlapping_file_adds_only_what_is_new(folder: Folder) -> None:
    folder.take_in(text(row(1), row(2)))
    assert counts(folder.take_in(text(row(3), row(2), row(1)))) == (3, 1, 2, 0)
    run = ImportRun.objects.latest("pk")
    assert (run.rows_read, run.rows_created, run.rows_skipped, run.rows_failed) == (3, 1, 2, 0)


def test_equal_rows_in_one_file_are_as_many_complaints(folder: Folder, small_batches: None) -> None:
    assert folder.take_in(text(row(1), row(2), row(1))).created == 3
    assert counts(folder.take_in(text(row(1), row(1), row(1)))) == (3, 1, 2, 0)


def test_another_mapping_takes_nothing_in_twice(folder: Folder) -> None:
    content = text(row(1), row(2, Kind="late"))
    assert counts(folder.take_in(content)) == (2, 1, 0, 1)
    folder.mapping.write_text(MAPPING.replace("map = {", 'map = { late = "pricing.rate",'), encoding="utf-8")
    assert counts(folder.take_in(content)) == (2, 1, 1, 0)


# --- Broken off ---


class PowerCut(Exception):
    pass


@pytest.mark.parametrize("after", [2, 4, 5])
def test_a_run_that_was_broken_off_goes_on(folder: Folder, small_batches: None, after: int) -> None:
    def progress(done: int, total: int) -> None:
        assert total == 5
        if done >= after:
            raise PowerCut

    content = text(*(row(number) for number in (1, 2, 3, 3, 4)))
    with pytest.raises(PowerCut):
        folder.take_in(content, progress=progress)
    assert Complaint.objects.count() == ImportRow.objects.count() == after
    assert ImportRun.objects.get().state == "running"
    assert counts(folder.take_in(content)) == (5, 5 - after, after, 0)
    run = ImportRun.objects.get()
    assert (run.state, run.rows_created, run.rows_skipped) == ("done", 5, 0)
    assert sorted(read_text(one, "words_cipher")[5] for one in Complaint.objects.all()) == list("12334")


def test_a_batch_is_whole_or_not_at_all(
    folder: Folder, small_batches: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, batches = file_import.import_complaints_bulk, []

    def fails(rows: Any, **given: Any) -> Any:
        done = real(rows, **given)
        batches.append(done)
        if len(batches) == 2:
            raise PowerCut
        return done

    monkeypatch.setattr(file_import, "import_complaints_bulk", fails)
    with pytest.raises(PowerCut):
        folder.take_in(text(*(row(number) for number in range(4))))
    assert len(batches[1].created) == 2
    assert Complaint.objects.count() == ImportRow.objects.count() == 2


# --- Dry run ---


def test_a_dry_run_tells_the_same_and_leaves_nothing(folder: Folder, small_batches: None) -> None:
    content = text(row(1), row(1), row(2, Day="x"), row(3, Kind="odd"), row(4))
    system_user("imports")
    before = everything()
    tried = folder.take_in(content, dry_run=True)
    assert everything() == before
    done = folder.take_in(content)
    assert counts(tried) == counts(done) == (5, 3, 0, 2)
    assert tried.errors == done.errors
    assert min(Complaint.objects.values_list("number", flat=True)) == "TS20261101-000001"


# --- A real file: rows of the public table of a foreign regulator, with the mapping we ship ---


def test_the_public_sample_comes_in_whole(folder: Folder) -> None:
    result = folder.take_in(SAMPLE, mapping_path=CFPB)
    assert counts(result) == (52, 52, 0, 0)
    debt = [
        one
        for one in Allegation.objects.select_related("category", "complaint")
        if ": Debt collection – " in read_text(one.complaint, "words_cipher")
    ]
    assert len(debt) == 20
    assert {one.category.root for one in debt} == {"collection", "not_my_loan"}
    assert Complaint.objects.filter(state="investigating", closed_at=None).count() == 2
    assert Complaint.objects.filter(state="closed").count() == 50
    assert folder.take_in(SAMPLE, mapping_path=CFPB).already
