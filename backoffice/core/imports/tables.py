"""Reading CSV and XLSX files of any encoding, row by row, with errors that say where to look."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from backoffice.core.errors import DomainError

#: Tried in this order when the mapping names none. GB 18030 is what Chinese spreadsheets save.
ENCODINGS = ("utf-8-sig", "gb18030")
_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))


class FileError(DomainError):
    """The file as a whole cannot be read; nothing of it was taken in."""

    code = "file-unreadable"


@dataclass(frozen=True, slots=True)
class SourceRow:
    """One data row: its number in the file (the header is row 1) and its cells by column name.

    ``short_by`` counts cells that are missing at the end: the mark of a file that was cut off.
    """

    number: int
    cells: dict[str, str]
    short_by: int = 0
    long_by: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file: its column names and its rows, read lazily."""

    columns: tuple[str, ...]
    rows: Iterator[SourceRow]


def open_table(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Table:
    """Open a CSV (any delimiter) or XLSX file. Raises ``FileError`` naming the place and what to do."""
    if path.suffix.lower() == ".xlsx":
        return _open_xlsx(path, sheet)
    return _open_csv(path, encoding, delimiter)


def _open_csv(path: Path, encoding: str, delimiter: str) -> Table:
    raw = path.read_bytes()
    if not raw.strip():
        raise FileError(_("The file is empty."))
    text = _decode(raw, encoding)
    if not delimiter:
        header = text.splitlines()[0]
        delimiter = max(",;\t|", key=header.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    columns = _header([cell.strip() for cell in next(reader)])
    return Table(columns, _csv_rows(reader, columns))


def _csv_rows(reader: Any, columns: tuple[str, ...]) -> Iterator[SourceRow]:
    number = 1
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A quote that never closes swallows the rest of the file: this row and all after it are lost.
            raise FileError(
                _(
                    "Row %(row)s cannot be read (%(error)s): a quotation mark is not closed or the file was cut off."
                )
                % {"row": number, "error": error}
            ) from error
        if not any(cell.strip() for cell in cells):
            continue
        yield _row(number, cells, columns)


def _open_xlsx(path: Path, sheet: str) -> Table:
    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (InvalidFileException, zipfile.BadZipFile, KeyError, OSError) as error:
        raise FileError(_("This is not an XLSX file, or it was cut off.")) from error
    if sheet and sheet not in book.sheetnames:
        raise FileError(
            _("There is no sheet “%(sheet)s”; the file has: %(sheets)s.")
            % {"sheet": sheet, "sheets": ", ".join(book.sheetnames)}
        )
    rows = (book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True)
    first = next(rows, None)
    if first is None:
        raise FileError(_("The file is empty."))
    columns = _header([_cell(value).strip() for value in first])
    return Table(columns, _xlsx_rows(rows, columns))


def _xlsx_rows(rows: Iterator[tuple[Any, ...]], columns: tuple[str, ...]) -> Iterator[SourceRow]:
    for number, values in enumerate(rows, start=2):
        cells = [_cell(value) for value in values]
        if any(cells):
            # Spreadsheets leave out empty cells at the end; that is no sign of a cut.
            yield _row(number, cells + [""] * (len(columns) - len(cells)), columns)


def _row(number: int, cells: list[str], columns: tuple[str, ...]) -> SourceRow:
    named = dict(zip(columns, (cell.strip() for cell in cells), strict=False))
    return SourceRow(number, named, max(0, len(columns) - len(cells)), max(0, len(cells) - len(columns)))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _header(columns: list[str]) -> tuple[str, ...]:
    while columns and not columns[-1]:
        columns.pop()
    if not any(columns):
        raise FileError(_("The first row must hold the column names."))
    doubles = sorted({name for name in columns if columns.count(name) > 1})
    if doubles:
        raise FileError(_("Columns stand in the file twice: %(columns)s.") % {"columns": ", ".join(doubles)})
    return tuple(columns)


def _decode(raw: bytes, encoding: str) -> str:
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), "")
    candidates = (encoding,) if encoding else (marked,) if marked else ENCODINGS
    first_error: UnicodeDecodeError | None = None
    for name in candidates:
        try:
            text = raw.decode(name)
        except UnicodeDecodeError as error:
            first_error = first_error or error
        except LookupError as error:
            raise FileError(_("The encoding “%(name)s” does not exist.") % {"name": name}) from error
        else:
            if "\0" in text:
                raise FileError(_("This is not a text file (it has zero bytes); save it as CSV in UTF-8."))
            return text
    position = first_error.start if first_error else 0
    raise FileError(
        _(
            "Row %(row)s cannot be read as %(names)s (byte %(position)s); save the file as UTF-8 or name its encoding."
        )
        % {"row": raw[:position].count(b"\n") + 1, "names": ", ".join(candidates), "position": position}
    )
