"""Foreign files: every way they come, and a clear word where they cannot be read."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation
from openpyxl import Workbook

from backoffice.core.imports.tables import FileError, LongNumber, SourceRow, open_table

CHINESE = "编号,投诉内容\n1,夜间来电\n2,一天打了四次\n"


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def read(path: Path, **given: str) -> list[SourceRow]:
    return list(open_table(path, **given).rows)


def csv_file(tmp_path: Path, content: str | bytes, name: str = "in.csv") -> Path:
    path = tmp_path / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def workbook(tmp_path: Path, *rows: list[Any], sheet: str = "Sheet1") -> Path:
    book = Workbook()
    book.active.title = sheet
    for row in rows:
        book.active.append(row)
    book.save(tmp_path / "in.xlsx")
    return tmp_path / "in.xlsx"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "gb18030"])
def test_common_encodings_need_not_be_named(tmp_path: Path, encoding: str) -> None:
    table = open_table(csv_file(tmp_path, CHINESE.encode(encoding)))
    assert table.columns == ("编号", "投诉内容")
    assert [row.cells["投诉内容"] for row in table.rows] == ["夜间来电", "一天打了四次"]


@pytest.mark.parametrize("encoding", ["big5", "utf-16-le", "utf-8"])
def test_a_named_encoding_is_used(tmp_path: Path, encoding: str) -> None:
    content = "\ufeff" if encoding.startswith("utf") else ""
    path = csv_file(tmp_path, (content + "a\n來電\n").encode(encoding))
    assert read(path, encoding=encoding) == [SourceRow(2, {"a": "來電"})]


def test_damaged_utf8_is_refused_with_its_place_and_never_read_as_gb18030(tmp_path: Path) -> None:
    whole = ("编号,投诉内容\n" + "1,夜间来电投诉\n" * 3).encode()
    cut = whole[: -len("诉\n".encode()) + 1]
    with pytest.raises(FileError, match=rf"Line 4 \(byte {len(cut) - 1}\) is not utf-8"):
        open_table(csv_file(tmp_path, cut))


@pytest.mark.parametrize("text", ["id,name\n1,été\n2,Société\n", "id,name\n1,Müller\n2,Größe\n"])
def test_western_letters_are_not_taken_for_chinese(tmp_path: Path, text: str) -> None:
    with pytest.raises(FileError, match="encoding"):
        open_table(csv_file(tmp_path, text.encode("latin-1")))
    named = read(csv_file(tmp_path, text.encode("latin-1")), encoding="latin-1")
    assert named[0].cells["name"] == text.splitlines()[1].partition(",")[2]


def test_a_wrong_named_encoding_says_line_and_byte(tmp_path: Path) -> None:
    path = csv_file(tmp_path, b"a\nx\n\xff\n")
    with pytest.raises(FileError, match=r"Line 3 \(byte 4\) is not utf-8"):
        open_table(path, encoding="utf-8")


@pytest.mark.parametrize(
    "encoding",
    ["klingon", "undefined", "idna", "punycode", "unicode-escape", "base64", "rot13", "a\0b", "ünicode"],
)
def test_an_encoding_that_does_not_exist_or_is_none_of_files(tmp_path: Path, encoding: str) -> None:
    with pytest.raises(FileError, match=f"“{encoding}” does not exist"):
        open_table(csv_file(tmp_path, b"a\n1\xe9\n"), encoding=encoding)


@pytest.mark.parametrize("content", [CHINESE.encode("utf-16-le"), b"a\n\0\n", "a,b\n1,2\n".encode("utf-32")])
def test_what_is_no_text_file_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FileError):
        open_table(csv_file(tmp_path, content))


@pytest.mark.parametrize("content", ["", " \n\n", "\ufeff"])
def test_an_empty_file(tmp_path: Path, content: str) -> None:
    with pytest.raises(FileError, match="is empty"):
        open_table(csv_file(tmp_path, content))


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen_in_the_header(tmp_path: Path, delimiter: str) -> None:
    path = csv_file(tmp_path, f"a{delimiter}b\n1{delimiter}2\n")
    assert read(path) == [SourceRow(2, {"a": "1", "b": "2"})]


def test_a_named_delimiter_is_used(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, "a,x~b\n1~2\n"), delimiter="~") == [SourceRow(2, {"a,x": "1", "b": "2"})]


def test_rows_keep_their_numbers_over_empty_ones_and_line_breaks_in_cells(tmp_path: Path) -> None:
    path = csv_file(tmp_path, 'a,b\n"1\n1",2\n\n,\n5,6\n')
    assert [(row.number, row.cells["a"]) for row in read(path)] == [(2, "1\n1"), (5, "5")]


def test_a_cut_last_row_is_marked_and_the_others_are_not(tmp_path: Path) -> None:
    first, last = read(csv_file(tmp_path, "a,b,c\n1,2,3\n4"))
    assert (first.short_by, last.number, last.short_by) == (0, 3, 2)


def test_delimiters_at_the_end_are_no_cells_but_filled_cells_are(tmp_path: Path) -> None:
    first, second = read(csv_file(tmp_path, "a,b,,\n1,2,,\n1,2,3,\n"))
    assert (first.long_by, first.short_by, second.long_by) == (0, 0, 1)


@pytest.mark.parametrize(
    ("content", "row"), [('a,b\n1,2\n3,"4\n5,6\n', 3), ('a,"b\n1,2\n', 1), ('a,b\n1,"2"3\n', 2)]
)
def test_a_quotation_mark_that_is_not_closed(tmp_path: Path, content: str, row: int) -> None:
    with pytest.raises(FileError, match=f"Row {row} cannot be read"):
        read(csv_file(tmp_path, content))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ('a,b\n3,"4\n5,6\n', "ends within quotation marks"),
        ('a,b\n1,"2"3\n', "goes on after its closing quotation mark"),
        ("a,b\n1," + "2" * 140_000 + "\n", "far too long"),
    ],
)
def test_the_cause_is_told_in_words_of_ours(tmp_path: Path, content: str, said: str) -> None:
    """The library's are English, whoever reads them."""
    with pytest.raises(FileError, match=said):
        read(csv_file(tmp_path, content))


def test_equal_column_names_are_named_by_number_not_by_content(tmp_path: Path) -> None:
    with pytest.raises(FileError, match=r"same name: 1, 3\.") as caught:
        open_table(csv_file(tmp_path, "13800000000,b,13800000000\n"))
    assert "13800000000" not in str(caught.value)


def test_a_column_without_a_name_keeps_its_place(tmp_path: Path) -> None:
    assert read(csv_file(tmp_path, "a,,c\n1,2,3\n")) == [SourceRow(2, {"a": "1", "#2": "2", "c": "3"})]


@pytest.mark.parametrize("content", ["\na,b\n", ",,\n1,2\n"])
def test_the_first_row_must_hold_names(tmp_path: Path, content: str) -> None:
    with pytest.raises(FileError, match="column names"):
        open_table(csv_file(tmp_path, content))


def test_xlsx_cells_become_text(tmp_path: Path) -> None:
    path = workbook(
        tmp_path,
        ["phone", "amount", "day", "moment", "none"],
        [13800138000.0, 12.5, date(2026, 11, 1), datetime.fromisoformat("2026-11-01T09:30"), None],
        [],
        ["x"],
    )
    first, second = read(path)
    assert first.cells == {
        "phone": "13800138000",
        "amount": "12.5",
        "day": "2026-11-01T00:00:00",
        "moment": "2026-11-01T09:30:00",
        "none": "",
    }
    assert (second.number, second.short_by, second.cells["amount"]) == (4, 0, "")


@pytest.mark.parametrize("number", [2026110200001234567, 2.0261102000012301e19, 10**15, -1e15])
def test_xlsx_numbers_of_more_digits_than_a_spreadsheet_keeps_are_told(tmp_path: Path, number: float) -> None:
    long, short = read(workbook(tmp_path, ["a"], [number], [999_999_999_999_999]))
    assert isinstance(long.cells["a"], LongNumber)
    assert short.cells == {"a": "999999999999999"}
    assert not isinstance(short.cells["a"], LongNumber)


def test_xlsx_formatted_but_empty_cells_beyond_the_header(tmp_path: Path) -> None:
    empty, filled = read(workbook(tmp_path, ["a"], ["1", ""], ["1", "2"]))
    assert (empty.long_by, filled.long_by) == (0, 1)


def test_xlsx_sheet_by_name(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["a"], ["1"], sheet="投诉")
    assert len(read(path, sheet="投诉")) == 1
    with pytest.raises(FileError, match="no sheet “x”; the file has: 投诉"):
        open_table(path, sheet="x")


def test_xlsx_without_content(tmp_path: Path) -> None:
    with pytest.raises(FileError, match="column names"):
        open_table(workbook(tmp_path))


def test_xlsx_cut_off(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["a"], ["1"])
    path.write_bytes(path.read_bytes()[:-40])
    with pytest.raises(FileError, match="cut off"):
        open_table(path)


def test_xlsx_damaged_inside_is_refused_when_its_rows_are_read(tmp_path: Path) -> None:
    path = workbook(tmp_path, ["a"], *[[str(number)] for number in range(50)])
    damaged = tmp_path / "damaged.xlsx"
    with zipfile.ZipFile(path) as before, zipfile.ZipFile(damaged, "w") as after:
        for name in before.namelist():
            content = before.read(name)
            after.writestr(name, content[:-200] if name.endswith("sheet1.xml") else content)
    with pytest.raises(FileError, match=r"damaged|cut off"):
        read(damaged)


def test_an_xlsx_file_named_csv_is_no_text_file(tmp_path: Path) -> None:
    path = tmp_path / "in.csv"
    shutil.copy(workbook(tmp_path, ["a"], ["1"]), path)
    with pytest.raises(FileError):
        open_table(path)
