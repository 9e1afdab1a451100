"""Reading CSV and XLSX files of any encoding, row by row, with errors that say where to look."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any, NamedTuple
from xml.etree.ElementTree import ParseError

from django.utils.translation import gettext_lazy as _
from openpyxl import load_workbook
from openpyxl.utils.exceptions import InvalidFileException

from backoffice.core.errors import DomainError

_BYTE_ORDER_MARKS = ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16"), (b"\xef\xbb\xbf", "utf-8-sig"))
#: Codecs of Python's that are no encoding of a file.
_NOT_OF_FILES = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")
#: What a damaged XLSX file raises, on opening or only when its damaged part is read.
_XLSX_ERRORS = (InvalidFileException, zipfile.BadZipFile, zlib.error, ParseError, KeyError, OSError, EOFError)

#: A spreadsheet keeps 15 digits of a number; what is entered beyond them becomes zeros.
_MOST_EXACT = 10**15


class FileError(DomainError):
    """The file as a whole cannot be read; nothing of it was taken in."""

    code = "file-unreadable"


class FileChanged(FileError):
    """The file is not what it was when its first row was taken in. What was taken in stays."""

    code = "file-changed"
    default_message = _(
        "The file was changed while it was taken in. What was taken in stays; start again with the whole file."
    )


class LongNumber(str):
    """A cell that a spreadsheet holds as a number of more digits than it keeps: no reference can be read from it."""

    __slots__ = ()


class SourceRow(NamedTuple):
    """One data row: its number in the file (the header is row 1) and its cells by column name.

    ``short_by`` counts cells that are missing at the end: the mark of a file that was cut off. ``long_by`` counts
    filled cells beyond the last column: the mark of a delimiter inside a text without quotation marks.
    """

    number: int
    cells: dict[str, str]
    short_by: int = 0
    long_by: int = 0


@dataclass(frozen=True, slots=True)
class Table:
    """An opened file: its column names, its rows, read lazily from what it held when it was opened, and the hash of
    that."""

    columns: tuple[str, ...]
    rows: Iterator[SourceRow]
    sha256: str


def open_table(path: Path, *, encoding: str = "", delimiter: str = "", sheet: str = "") -> Table:
    """Open a CSV (any delimiter) or XLSX file. Raises ``FileError`` naming the place and what to do."""
    raw = path.read_bytes()
    if path.suffix.lower() == ".xlsx":
        columns, rows = _open_xlsx(raw, sheet)
    else:
        columns, rows = _open_csv(raw, encoding, delimiter)
    return Table(columns, _named(rows, columns), hashlib.sha256(raw).hexdigest())


#: The columns, and the number and cells of every further row.
_Opened = tuple[tuple[str, ...], Iterator[tuple[int, list[str]]]]


def _open_csv(raw: bytes, encoding: str, delimiter: str) -> _Opened:
    text = _decode(raw, encoding)
    if not text.strip():
        raise FileError(_("The file is empty."))
    if not delimiter:
        delimiter = max(",;\t|", key=text.splitlines()[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    rows = _csv_rows(reader)
    _number, header = next(rows)
    return _header(header), rows


def _csv_rows(reader: Any) -> Iterator[tuple[int, list[str]]]:
    number = 0
    while True:
        number += 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A quote that never closes swallows the rest of the file: this row and all after it are lost.
            raise FileError(
                _("Row %(row)s cannot be read (%(error)s): an open quotation mark, or the file was cut off.")
                % {"row": number, "error": _cause(error)}
            ) from error
        yield number, [cell.strip() for cell in cells]


def _cause(error: csv.Error) -> Any:
    """What the library says in English alone."""
    said = str(error)
    if "unexpected end" in said:
        return _("the file ends within quotation marks")
    if "expected after" in said:
        return _("a text goes on after its closing quotation mark")
    if "field limit" in said:
        return _("a cell is far too long")
    return _("a character that cannot stand there")


def _open_xlsx(raw: bytes, sheet: str) -> _Opened:
    try:
        book = load_workbook(io.BytesIO(raw), read_only=True, data_only=True)
    except _XLSX_ERRORS as error:
        raise FileError(_("This is not an XLSX file, or it was cut off.")) from error
    if sheet and sheet not in book.sheetnames:
        raise FileError(
            _("There is no sheet “%(sheet)s”; the file has: %(sheets)s.")
            % {"sheet": sheet, "sheets": ", ".join(book.sheetnames)}
        )
    rows = _xlsx_rows((book[sheet] if sheet else book.worksheets[0]).iter_rows(values_only=True))
    _number, header = next(rows, (1, []))
    columns = _header(header)
    # Spreadsheets leave out empty cells at the end; that is no sign of a cut.
    return columns, ((number, cells + [""] * (len(columns) - len(cells))) for number, cells in rows)


def _xlsx_rows(rows: Iterator[tuple[Any, ...]]) -> Iterator[tuple[int, list[str]]]:
    number = 0
    while True:
        number += 1
        try:
            values = next(rows)
        except StopIteration:
            return
        except _XLSX_ERRORS as error:
            raise FileError(
                _("Row %(row)s cannot be read: the XLSX file is damaged.") % {"row": number}
            ) from error
        yield number, [_cell(value) for value in values]


def _named(rows: Iterator[tuple[int, list[str]]], columns: tuple[str, ...]) -> Iterator[SourceRow]:
    for number, cells in rows:
        if any(cells):
            named = dict(zip(columns, cells, strict=False))
            beyond = sum(1 for cell in cells[len(columns) :] if cell)
            yield SourceRow(number, named, max(0, len(columns) - len(cells)), beyond)


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, date):
        # Always with a time, so that a typed date is told from a text that looks like one (as_moment).
        return (value if isinstance(value, datetime) else datetime.combine(value, time())).isoformat()
    text = str(int(value) if isinstance(value, float) and value.is_integer() else value).strip()
    return LongNumber(text) if isinstance(value, int | float) and abs(value) >= _MOST_EXACT else text


def _header(columns: list[str]) -> tuple[str, ...]:
    while columns and not columns[-1]:
        columns = columns[:-1]
    if not columns:
        raise FileError(_("The first row must hold the column names."))
    # A column without a name cannot be mapped, but must keep its place.
    columns = [name or f"#{number}" for number, name in enumerate(columns, start=1)]
    # By number: in a file without a header row these cells are data of a person.
    doubles = [str(number) for number, name in enumerate(columns, start=1) if columns.count(name) > 1]
    if doubles:
        raise FileError(_("These columns have the same name: %(numbers)s.") % {"numbers": ", ".join(doubles)})
    return tuple(columns)


def _decode(raw: bytes, encoding: str) -> str:
    marked = next((name for mark, name in _BYTE_ORDER_MARKS if raw.startswith(mark)), "")
    if encoding or marked:
        return _decoded(raw, encoding or marked)
    try:
        return _decoded(raw, "utf-8")
    except FileError:
        if _mostly_utf8(raw):
            raise
    text = _decoded(raw, "gb18030")
    if not _reads_as_chinese(text):
        raise FileError(
            _("The file is neither UTF-8 nor, it seems, GB 18030; name its encoding in the mapping.")
        )
    return text


def _decoded(raw: bytes, name: str) -> str:
    try:
        text = raw.decode(_codec(name)).removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        line = raw[: error.start].decode(name, errors="ignore").count("\n") + 1
        raise FileError(
            _("Line %(line)s (byte %(byte)s) is not %(name)s; save the file as UTF-8 or name its encoding.")
            % {"line": line, "name": name, "byte": error.start}
        ) from error
    except (LookupError, ValueError) as error:
        raise FileError(
            _("The encoding “%(name)s” does not exist, or not for files; name another one, such as gb18030.")
            % {"name": name}
        ) from error
    if "\0" in text:
        raise FileError(
            _("This is not a text file (it has zero bytes); save it as CSV in UTF-8, or as XLSX.")
        )
    return text


def _codec(name: str) -> str:
    found = codecs.lookup(name).name
    if found in _NOT_OF_FILES:
        raise LookupError(name)
    return found


def _mostly_utf8(raw: bytes) -> bool:
    """Whether it is UTF-8 with damage: GB 18030 reads almost any bytes and would turn it into other characters."""
    text = raw.decode("utf-8", errors="replace")
    damaged = text.count("\ufffd")
    return sum(1 for one in text if one > "\u07ff") - damaged > damaged


def _reads_as_chinese(text: str) -> bool:
    """Whether most of what is not ASCII is everyday Chinese; western letters read as GB 18030 are rare characters."""
    counts = Counter(one for one in text if one > "\x7f")
    everyday = sum(count for one, count in counts.items() if one.encode("gb2312", errors="ignore"))
    return everyday * 2 > counts.total()
