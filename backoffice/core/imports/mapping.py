"""The mapping file: which column of a foreign file is which field of ours, and how its values read.

TOML. One table per field under ``[fields]``; docs/imports.md explains every key::

    [file]                       # all optional
    encoding = "gb18030"
    delimiter = ";"
    sheet = "Sheet1"

    [fields.received_at]
    column = "Date received"
    format = "%m/%d/%Y"          # strptime; without it ISO 8601

    [fields.category]
    columns = ["Product", "Issue"]
    map = { "Debt collection|Communication tactics" = "collection.calls", "Mortgage|*" = "other.other" }

    [fields.words]
    template = "{Company}: {Issue}"

    [fields.state]
    constant = "closed"
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from django.utils.dateparse import parse_date, parse_datetime
from django.utils.translation import gettext_lazy as _

from backoffice.core.bounds import OUT_OF_YEARS, is_in_years
from backoffice.core.errors import DomainError
from backoffice.core.imports.tables import LongNumber, SourceRow
from backoffice.core.money import MOST
from backoffice.core.time import SHANGHAI

#: A column in a template.
PLACE = re.compile(r"\{([^{}]+)\}")
_AMOUNT = re.compile(r"[¥￥]?\s*(-?(?:[0-9]{1,3}(?:,[0-9]{3})+|[0-9]+)(?:\.[0-9]+)?)", re.ASCII)
_PERCENT = re.compile(r"([0-9]{1,6}(?:\.[0-9]+)?)\s*[%％]", re.ASCII)
_FRACTION = re.compile(r"0(?:\.[0-9]+)?|1(?:\.0+)?", re.ASCII)
#: A typed date of a spreadsheet as ``tables`` writes it: plain whatever ``format`` texts have.
_TYPED = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?", re.ASCII)
#: How a spreadsheet writes a long number into a CSV file: the digits of a reference are gone.
_CUT = re.compile(r"[0-9](?:\.[0-9]+)?E\+[0-9]{2,3}", re.ASCII)
#: Spreadsheets and programs count in binary: 300.30 may come as 300.29999999999995.
_BINARY = Decimal("1e-9")


class MappingError(DomainError):
    """The mapping does not fit itself, our fields, or the file's columns; nothing was taken in."""

    code = "mapping-wrong"


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was refused: where (row, column), what (code, message). Never the value: it may be personal."""

    row: int
    column: str
    code: str
    message: Any


class CellRefused(Exception):
    """Raised while a cell is read; becomes a ``RowError``."""

    def __init__(self, code: str, message: Any) -> None:
        self.code, self.message = code, message
        super().__init__(code)


class DigitsLost(CellRefused):
    """A reference that came through a spreadsheet as a number: two of them may look the same by now."""

    def __init__(self) -> None:
        super().__init__(
            "digits-lost",
            _("A spreadsheet keeps 15 digits of a number: format this column as text and enter it anew."),
        )


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of ours is made from a row."""

    name: str
    columns: tuple[str, ...] = ()
    template: str = ""
    constant: str = ""
    map: dict[str, str] | None = None
    format: str = ""
    default: str = ""

    @property
    def label(self) -> str:
        return " + ".join(self.columns) or self.name

    def text(self, row: SourceRow) -> str:
        """The field's text in this row, mapped. Raises ``CellRefused`` for a value the map does not know."""
        if self.constant:
            return self.constant
        if self.template:
            return PLACE.sub(lambda place: row.cells[place[1]], self.template).strip()
        parts = [row.cells[column] for column in self.columns]
        if not any(parts):
            return self.default
        return parts[0] if self.map is None else self._mapped(parts, self.map)

    def lost_digits(self, row: SourceRow) -> bool:
        """Whether a cell it is made from is a number that a spreadsheet cut."""
        return any(isinstance(row.cells[column], LongNumber) for column in self.columns)

    @staticmethod
    def _mapped(parts: list[str], table: dict[str, str]) -> str:
        # “a|b”, then “a|*”, then “*”: the most exact entry wins.
        for length in range(len(parts), 0, -1):
            rest = ["*"] * (len(parts) - length)
            found = table.get("|".join([*parts[:length], *rest]))
            if found is not None:
                return found
        if "*" in table:
            return table["*"]
        raise CellRefused("value-not-mapped", _("The mapping does not know this value; add it there."))


@dataclass(frozen=True, slots=True)
class Mapping:
    """A checked mapping file."""

    fields: dict[str, FieldRule]
    required: tuple[str, ...] = ()
    encoding: str = ""
    delimiter: str = ""
    sheet: str = ""

    def check_columns(self, columns: Sequence[str]) -> None:
        """Raises ``MappingError`` naming every mapped column that the file does not have."""
        wanted = {column for rule in self.fields.values() for column in rule.columns}
        missing = sorted(wanted - set(columns))
        if missing:
            # Not the names the file has: without a header row its first cells are data of a person.
            near = sorted(
                {name for one in missing for name in difflib.get_close_matches(one, columns, n=1, cutoff=0.8)}
            )
            hint = _(" Near to them: %(near)s.") % {"near": ", ".join(near)} if near else ""
            raise MappingError(
                _(
                    "The file lacks columns that the mapping names: %(missing)s. Is its first row the header?%(hint)s"
                )
                % {"missing": ", ".join(missing), "hint": hint}
            )

    def read(
        self, row: SourceRow, converters: dict[str, Callable[[str, FieldRule], Any]]
    ) -> tuple[dict[str, Any], list[RowError]]:
        """The row's fields, converted, and every error in it (a row with errors is not taken in)."""
        if row.short_by:
            message = _(
                "%(count)s cells are missing at the end of this row. If the file was cut off, fetch it again whole and"
                " import that: what is in already is not taken in twice."
            )
            return {}, [RowError(row.number, "", "row-too-short", message % {"count": row.short_by})]
        if row.long_by:
            message = _(
                "This row has %(count)s cells more than there are columns; check its quotation marks."
            )
            return {}, [RowError(row.number, "", "row-too-long", message % {"count": row.long_by})]
        values: dict[str, Any] = {}
        errors: list[RowError] = []
        for name, rule in self.fields.items():
            try:
                text = rule.text(row)
                if not text and name in self.required:
                    raise CellRefused("value-missing", _("This cell must not be empty."))
                convert = converters[name]
                if convert not in NUMBERS and rule.lost_digits(row):
                    raise DigitsLost
                values[name] = convert(text, rule) if text else None
            except CellRefused as error:
                errors.append(RowError(row.number, rule.label, error.code, error.message))
        return values, errors


def as_text(text: str, rule: FieldRule) -> str:
    """The text as it stands."""
    return text


def as_short(length: int) -> Callable[[str, FieldRule], str]:
    """The text as it stands, of at most ``length`` characters."""

    def convert(text: str, rule: FieldRule) -> str:
        if _CUT.fullmatch(text):
            raise DigitsLost
        if len(text) > length:
            raise CellRefused(
                "value-too-long", _("This has more than %(length)s characters.") % {"length": length}
            )
        return text

    return convert


def as_choice(values: Sequence[str]) -> Callable[[str, FieldRule], str]:
    """One of ``values``, exactly."""

    def convert(text: str, rule: FieldRule) -> str:
        if text not in values:
            raise CellRefused("value-unknown", _("This value is not one of ours; add it to the mapping."))
        return text

    return convert


def as_date(text: str, rule: FieldRule) -> date:
    """The day in Shanghai, by the rule's ``format`` or ISO 8601."""
    return as_moment(text, rule).astimezone(SHANGHAI).date()


def as_moment(text: str, rule: FieldRule) -> datetime:
    """A moment, by the rule's ``format`` or ISO 8601; in Shanghai unless it names its zone, a bare day its midnight."""
    try:
        if rule.format and not _TYPED.fullmatch(text):
            moment = datetime.strptime(text, rule.format)  # noqa: DTZ007  (made aware below)
        else:
            moment = _iso(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=SHANGHAI)
        moment.astimezone(UTC)  # The first day of the year 1 has no such time.
    except (ValueError, OverflowError) as error:
        wanted = rule.format or "ISO 8601"
        raise CellRefused(
            "date-impossible", _("There is no such date in the form %(format)s.") % {"format": wanted}
        ) from error
    if not is_in_years(moment):
        raise CellRefused("date-out-of-years", OUT_OF_YEARS)
    return moment


def _iso(text: str) -> datetime:
    moment = parse_datetime(text)
    if moment is not None:
        return moment
    day = parse_date(text)
    if day is None:
        raise ValueError("neither a date nor a moment")
    return datetime.combine(day, datetime.min.time())


def as_amount(text: str, rule: FieldRule) -> Decimal:
    """Yuan with at most two decimals, not negative. A comma parts thousands and nothing else."""
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        raise CellRefused("amount-unreadable", _("This is not an amount; write it as 1234.50."))
    exact = Decimal(found[1].replace(",", ""))
    if exact < 0:
        raise CellRefused("amount-negative", _("An amount cannot be negative."))
    if exact > MOST:
        raise CellRefused("amount-too-large", _("This amount is too large."))
    amount = round(exact, 2)
    if abs(exact - amount) > _BINARY:
        raise CellRefused("amount-too-exact", _("An amount has at most two decimals."))
    return amount


def as_rate(text: str, rule: FieldRule) -> Decimal:
    """A rate per year as a fraction, from ``0.146`` or ``14.6%``; with at most six decimals of the fraction."""
    percent = _PERCENT.fullmatch(text.strip())
    if percent is None and _FRACTION.fullmatch(text.strip()) is None:
        # A bare 14.6 may be either; a factor of a hundred is not guessed at.
        raise CellRefused("rate-unreadable", _("This is not a rate; write it as 0.146 or as 14.6%."))
    exact = Decimal(percent[1]) / 100 if percent else Decimal(text.strip())
    rate = round(exact, 6)
    if abs(exact - rate) > _BINARY:
        raise CellRefused("rate-too-exact", _("A rate has at most six decimals (four in percent)."))
    return rate


def as_whole(text: str, rule: FieldRule) -> int:
    """A whole number, not negative."""
    if re.fullmatch(r"[0-9]{1,9}", text.strip(), re.ASCII) is None:
        raise CellRefused("number-unreadable", _("This is not a whole number; write it as 12."))
    return int(text)


#: What reads a cell as a number; everything else reads a text.
NUMBERS = (as_amount, as_rate, as_whole)
