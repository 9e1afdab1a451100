"""The mapping file: what it may say, what it makes of a cell, and what it refuses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from django.utils import translation

from backoffice.core.imports.mapping import (
    CellRefused,
    FieldRule,
    Mapping,
    MappingError,
    as_amount,
    as_choice,
    as_date,
    as_moment,
    as_rate,
    as_short,
    as_text,
)
from backoffice.core.imports.mapping_file import load_mapping
from backoffice.core.imports.tables import LongNumber, SourceRow
from backoffice.core.time import SHANGHAI

PLAIN = FieldRule("x")
KNOWN = ("day", "kind", "words")


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    with translation.override("en"):
        yield


def loaded(tmp_path: Path, toml: str, *, required: tuple[str, ...] = ()) -> Mapping:
    path = tmp_path / "mapping.toml"
    path.write_text(toml, encoding="utf-8")
    return load_mapping(path, known=KNOWN, required=required)


def row(**cells: str) -> SourceRow:
    return SourceRow(7, cells)


def text_of(tmp_path: Path, table: str, **cells: str) -> str:
    return loaded(tmp_path, f"[fields.kind]\n{table}").fields["kind"].text(row(**cells))


# --- What a rule makes of a row ---


@pytest.mark.parametrize(
    ("table", "cells", "text"),
    [
        ('column = "A"', {"A": "x"}, "x"),
        ('column = "A"\ndefault = "d"', {"A": ""}, "d"),
        ('constant = "c"', {}, "c"),
        ('template = "{A}, {Größe (cm)}: {A}"', {"A": "x", "Größe (cm)": "y"}, "x, y: x"),
        ('template = "{No.} {a[0]}"', {"No.": "1", "a[0]": "2"}, "1 2"),
        ('column = "A"\nmap = { x = "one" }', {"A": "x"}, "one"),
        ('column = "A"\nmap = { x = "one", "*" = "rest" }', {"A": "y"}, "rest"),
        ('column = "A"\ndefault = "d"\nmap = { "*" = "rest" }', {"A": ""}, "d"),
        (
            'columns = ["A", "B"]\nmap = { "x|y" = "xy", "x|*" = "x", "*" = "rest" }',
            {"A": "x", "B": "y"},
            "xy",
        ),
        ('columns = ["A", "B"]\nmap = { "x|y" = "xy", "x|*" = "x", "*" = "rest" }', {"A": "x", "B": ""}, "x"),
        (
            'columns = ["A", "B"]\nmap = { "x|y" = "xy", "x|*" = "x", "*" = "rest" }',
            {"A": "", "B": "y"},
            "rest",
        ),
    ],
)
def test_text_of_a_field(tmp_path: Path, table: str, cells: dict[str, str], text: str) -> None:
    assert text_of(tmp_path, table, **cells) == text


def test_braces_in_a_cell_are_plain_text(tmp_path: Path) -> None:
    assert text_of(tmp_path, 'template = "{A}"', A="{B} {0} {A}") == "{B} {0} {A}"


def test_a_value_the_map_does_not_know_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CellRefused) as caught:
        text_of(tmp_path, 'column = "A"\nmap = { x = "one" }', A="y")
    assert caught.value.code == "value-not-mapped"


# --- What a mapping file may say ---


@pytest.mark.parametrize(
    ("toml", "says"),
    [
        ("[fields", "not valid TOML: it ends too early"),
        ("[file]\nencoding = gb18030", "not valid TOML: line 2, column"),
        ('[fields.colour]\ncolumn = "A"', "do not exist: colour. There are: day, kind, words"),
        ("[fields.kind]", "exactly one of"),
        ('[fields.kind]\ncolumn = "A"\nconstant = "b"', "exactly one of"),
        ('[fields.kind]\ncolumn = "A"\ncolour = "b"', r"mean nothing here: \[fields.kind\] colour"),
        ('[fields.kind]\ntemplate = "{A}"\ndefault = "b"', r"mean nothing here: \[fields.kind\] default"),
        ('[fields.kind]\nconstant = "a"\nmap = { a = "b" }', "a map goes with"),
        ('[fields.kind]\ncolumns = ["A", "B"]', "several columns need a map"),
        ('[fields.kind]\ncolumns = "A"\nmap = { a = "b" }', "list of column names"),
        ("[fields.kind]\nconstant = 3", "texts in quotation marks"),
        ('[fields.kind]\ncolumn = "A"\nmap = { a = 1 }', "texts in quotation marks"),
        ('[fields.kind]\ntemplate = "{A"', "has no partner"),
        ('[fields.day]\ncolumn = "A"\nformat = "%Q"', "date format is wrong"),
        ('[fields.day]\ncolumn = "A"\nformat = "%d.%m."', "lacks the year"),
        ('[file]\ncolour = "x"', r"\[file\] colour"),
        ('[field.kind]\ncolumn = "A"', "mean nothing here: field"),
        ("fields = 1", r"“fields” must be a table"),
        ("[[fields]]", r"“fields” must be a table"),
        ("file = 1", r"“file” must be a table"),
        ("[fields]\nkind = 3", r"“fields\.kind” must be a table"),
        ('[fields.kind]\ncolumn = "A"\nmap = 3', r"“fields\.kind\.map” must be a table"),
        ('[fields.kind]\ncolumn = "A"\nmap = []', r"“fields\.kind\.map” must be a table"),
        ('[fields.kind]\ncolumns = []\nmap = { a = "b" }', "list of column names"),
        ('[file]\ndelimiter = ";;"', "one character"),
        ("[file]\ndelimiter = '\"'", "one character"),
        ('[file]\ndelimiter = "\\n"', "one character"),
        ('[fields.day]\ncolumn = "A"\nformat = "%Y%Y"', "date format is wrong"),
        ("a = " + "1" * 5000, "not valid TOML"),
        ("a = " + "[" * 50000, "not valid TOML"),
    ],
)
def test_a_wrong_mapping_says_what_is_wrong(tmp_path: Path, toml: str, says: str) -> None:
    with pytest.raises(MappingError, match=says):
        loaded(tmp_path, toml)


def test_what_is_required_must_be_mapped(tmp_path: Path) -> None:
    with pytest.raises(MappingError, match=r"where these come from: day, words\."):
        loaded(tmp_path, '[fields.kind]\nconstant = "a"', required=KNOWN)


def test_file_options_and_byte_order_mark(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, '\ufeff[file]\nencoding = "big5"\ndelimiter = ";"\nsheet = "S"\n[fields]\n')
    assert (mapping.encoding, mapping.delimiter, mapping.sheet) == ("big5", ";", "S")


@pytest.mark.parametrize(("said", "meant"), [("tab", "\t"), ("\\t", "\t"), ("；", "；"), ("", "")])
def test_a_delimiter_is_one_character_and_the_tabulator_has_a_name(
    tmp_path: Path, said: str, meant: str
) -> None:
    assert loaded(tmp_path, f'[file]\ndelimiter = "{said}"').delimiter == meant


def test_missing_columns_are_named_with_what_is_near(tmp_path: Path) -> None:
    mapping = loaded(
        tmp_path, '[fields.day]\ncolumn = "Date received"\n[fields.words]\ntemplate = "{Issue} {Other}"'
    )
    mapping.check_columns(["Date received", "Issue", "Other", "more"])
    with pytest.raises(MappingError, match="names: Date received, Other") as caught:
        mapping.check_columns(["Date recieved", "Issue", "13800138000"])
    assert "Near to them: Date recieved." in str(caught.value)
    # The first row may be data: what is not near to a wanted name is not shown.
    assert "13800138000" not in str(caught.value)


# --- Rows ---


def test_every_error_of_a_row_is_told_with_its_column(tmp_path: Path) -> None:
    mapping = loaded(
        tmp_path,
        '[fields.day]\ncolumn = "D"\n[fields.kind]\ncolumns = ["K", "L"]\nmap = { x = "y" }\n'
        '[fields.words]\ncolumn = "W"',
        required=("words",),
    )
    values, errors = mapping.read(
        row(D="2026-02-30", K="secret", L="", W=""), {"day": as_moment, "kind": as_text, "words": as_text}
    )
    assert values == {}
    assert [(error.row, error.column, error.code) for error in errors] == [
        (7, "D", "date-impossible"),
        (7, "K + L", "value-not-mapped"),
        (7, "W", "value-missing"),
    ]
    assert "secret" not in " ".join(str(error) + str(error.message) for error in errors)


def test_an_empty_cell_is_nothing_unless_required(tmp_path: Path) -> None:
    mapping = loaded(tmp_path, '[fields.day]\ncolumn = "D"')
    assert mapping.read(row(D=""), {"day": as_moment}) == ({"day": None}, [])


@pytest.mark.parametrize(
    ("given", "code", "says"),
    [
        ({"short_by": 2}, "row-too-short", "2 cells are missing.*fetch it again"),
        ({"long_by": 1}, "row-too-long", "1 cells more.*quotation marks"),
    ],
)
def test_a_row_of_the_wrong_length(tmp_path: Path, given: dict[str, int], code: str, says: str) -> None:
    mapping = loaded(tmp_path, '[fields.day]\ncolumn = "D"')
    values, [error] = mapping.read(SourceRow(9, {"D": "2026-01-01"}, **given), {"day": as_moment})
    assert (values, error.row, error.code) == ({}, 9, code)
    assert re.search(says, str(error.message))


@pytest.mark.parametrize(
    "table", ['column = "A"', 'column = "A"\nmap = { "*" = "x" }', 'template = "No. {A}"']
)
def test_a_number_a_spreadsheet_cut_is_no_text(tmp_path: Path, table: str) -> None:
    mapping = loaded(tmp_path, f"[fields.kind]\n{table}")
    found = SourceRow(7, {"A": LongNumber("2026110200001234567")})
    for convert in (as_text, as_short(40), as_choice(["x"])):
        values, [error] = mapping.read(found, {"kind": convert})
        assert (values, error.row, error.column, error.code) == ({}, 7, "A", "digits-lost")
    if table == 'column = "A"':
        [error] = mapping.read(found, {"kind": as_amount})[1]
        assert error.code == "amount-too-large"


# --- Cells ---


def day(*given: int) -> datetime:
    return datetime(*given, tzinfo=SHANGHAI)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "pattern", "moment"),
    [
        ("2026-11-01", "", day(2026, 11, 1)),
        ("2026-11-01 09:30", "", day(2026, 11, 1, 9, 30)),
        ("2026-11-01T01:30:00Z", "", day(2026, 11, 1, 9, 30)),
        ("3/4/2026", "%m/%d/%Y", day(2026, 3, 4)),
        ("3/4/2026", "%d/%m/%Y", day(2026, 4, 3)),
        ("2026年11月1日", "%Y年%m月%d日", day(2026, 11, 1)),
        # A typed date of a spreadsheet needs no format and suffers none.
        ("2026-11-01T00:00:00", "%m/%d/%Y", day(2026, 11, 1)),
        ("2024-02-29", "", day(2024, 2, 29)),
    ],
)
def test_moments(text: str, pattern: str, moment: datetime) -> None:
    assert as_moment(text, FieldRule("x", format=pattern)) == moment


@pytest.mark.parametrize(
    ("text", "pattern"),
    [
        ("2026-02-30", ""),
        ("2026-02-29", ""),
        ("2026-13-01", ""),
        ("2026-11-01T25:00", ""),
        ("yesterday", ""),
        ("11/01/2026", ""),
        ("02/30/2026", "%m/%d/%Y"),
        ("13/01/2026", "%m/%d/%Y"),
        ("01/13/2026", "%d/%m/%Y"),
        ("2026-11-01", "%m/%d/%Y"),
        ("0001-01-01", ""),
    ],
)
def test_impossible_dates(text: str, pattern: str) -> None:
    with pytest.raises(CellRefused) as caught:
        as_moment(text, FieldRule("x", format=pattern))
    assert caught.value.code == "date-impossible"
    assert text not in str(caught.value.message)
    assert (pattern or "ISO 8601") in str(caught.value.message)


def test_a_day_is_the_day_in_shanghai() -> None:
    assert as_date("2026-11-01T20:00:00Z", PLAIN) == date(2026, 11, 2)
    assert as_date("2026-11-01", PLAIN) == date(2026, 11, 1)


@pytest.mark.parametrize(
    ("text", "amount"),
    [("0", "0.00"), ("12.5", "12.50"), ("1,234.50", "1234.50"), ("¥1,234", "1234.00"), ("￥ 5.100", "5.10")],
)
def test_amounts(text: str, amount: str) -> None:
    assert str(as_amount(text, PLAIN)) == amount


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("1.005", "amount-too-exact"),
        ("-1", "amount-negative"),
        ("-0.01", "amount-negative"),
        ("10000000000", "amount-too-large"),
        ("9" * 60, "amount-too-large"),
        # A decimal comma would otherwise become a hundredfold.
        ("1,50", "amount-unreadable"),
        ("1_000", "amount-unreadable"),
        ("1e3", "amount-unreadable"),
        ("NaN", "amount-unreadable"),
        ("Infinity", "amount-unreadable"),
        ("一百", "amount-unreadable"),
        ("１００", "amount-unreadable"),
    ],
)
def test_amounts_that_are_none(text: str, code: str) -> None:
    with pytest.raises(CellRefused) as caught:
        as_amount(text, PLAIN)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "amount"),
    [("300.29999999999995", "300.30"), ("300.3000000000001", "300.30"), ("0.10000000000000009", "0.10")],
)
def test_an_amount_that_a_computer_counted_in_binary(text: str, amount: str) -> None:
    assert str(as_amount(text, PLAIN)) == amount
    assert as_rate("0.14600000000000002", PLAIN) == as_rate("14.600000000000001%", PLAIN) == Decimal("0.146")


@pytest.mark.parametrize("text", ["300.2999999", "300.301", "300.30000001", "300.295"])
def test_an_amount_that_is_really_too_exact(text: str) -> None:
    with pytest.raises(CellRefused) as caught:
        as_amount(text, PLAIN)
    assert caught.value.code == "amount-too-exact"


@pytest.mark.parametrize("text", ["14.6", "-1%", "9" * 60 + "%", "2"])
def test_rates_that_are_none(text: str) -> None:
    with pytest.raises(CellRefused) as caught:
        as_rate(text, PLAIN)
    assert caught.value.code == "rate-unreadable"


def test_the_largest_amount() -> None:
    assert as_amount("9999999999.99", PLAIN) == Decimal("9999999999.99")


@pytest.mark.parametrize(
    ("convert", "good", "bad", "code"),
    [
        (as_choice(["a", "b"]), "a", "A", "value-unknown"),
        (as_short(3), "abc", "abcd", "value-too-long"),
        # What a spreadsheet writes into a CSV file for 2026110200001234567.
        (as_short(40), "2026110200001234567", "2.02611E+18", "digits-lost"),
    ],
)
def test_choices_and_lengths(
    convert: Callable[[str, FieldRule], Any], good: str, bad: str, code: str
) -> None:
    assert convert(good, PLAIN) == good
    with pytest.raises(CellRefused) as caught:
        convert(bad, PLAIN)
    assert caught.value.code == code
