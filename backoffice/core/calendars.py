"""Which days are rest days, and which hours are working hours. Pure: rows in, dates out.

Two questions that look alike and are kept apart:

* **Rest days** are the law's (法定休假日: weekends and public holidays, less the make-up workdays). They
  decide whether a statutory period may roll on, and what a "working day" is. Source: Civil Code art. 203
  (regulation.md §0); the exceptions to the plain week are published year by year by the State Council.
* **Working time** is the house's own: the hours in which its desks are open. It decides internal targets
  only. A desk open on Saturdays makes no Saturday a working day in law, and a holiday of the house
  (``holidays``) extends no statutory period.

A year is known once its notice is published. Beyond it we know the plain week at most, so every answer that
reaches there must be flagged: see ``is_final`` and ``unpublished_years``.

Dates are calendar days in ``zone``; moments are aware datetimes; durations are ``timedelta`` (seconds exact).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

import chinese_calendar

from backoffice.core.time import SHANGHAI

REST = "rest"
WORKDAY = "workday"

ONE_DAY = timedelta(days=1)
DAY_MINUTES = 24 * 60

# A notice also names days of the December before its year: 2018-12-29 to 31 came with 2019's, 2022-12-31 with
# 2023's. Until the next year's notice is out, a year's last week is therefore not final either.
_OPEN_END = (12, 24)

# The library goes back to 2004; from here on its years were compared with the notices (tests/vectors).
FIRST_CHECKED_YEAR = 2018

# A calendar without any opening in this span will never have one: stop instead of searching for ever.
_SEARCH_LIMIT = timedelta(days=3 * 366)

Interval = tuple[datetime, datetime]


class CalendarRow(Protocol):
    """What a row must offer; ``core.CalendarDay`` does, and so does ``ExceptionDay``."""

    @property
    def date(self) -> date: ...
    @property
    def kind(self) -> str: ...


@dataclass(frozen=True, slots=True)
class ExceptionDay:
    """A day that departs from the plain week; the occasion as ``name`` (English) and ``name_zh``."""

    date: date
    kind: str
    name: str
    name_zh: str


@dataclass(frozen=True, slots=True)
class ExceptionDays:
    """The exceptions of one year. An unpublished year has none **and says so**: empty is no statement."""

    year: int
    published: bool
    days: tuple[ExceptionDay, ...] = ()
    source: str = ""

    def __iter__(self) -> Iterator[ExceptionDay]:
        return iter(self.days)

    def __len__(self) -> int:
        return len(self.days)


def china_exception_days(year: int) -> ExceptionDays:
    """Rest days and make-up workdays of ``year`` in mainland China, to seed ``core.CalendarDay``.

    From the ``chinesecalendar`` library, which follows the State Council's notices and raises for years it
    does not know. Weekend days are listed where the library names them as part of a holiday; that a plain
    Saturday or Sunday is a rest day needs no row.
    """
    if year < FIRST_CHECKED_YEAR:
        return ExceptionDays(year, published=False)
    try:
        chinese_calendar.is_workday(date(year, 1, 1))
    except NotImplementedError:
        return ExceptionDays(year, published=False)
    kinds = ((REST, chinese_calendar.holidays), (WORKDAY, chinese_calendar.workdays))
    days = [
        ExceptionDay(day, kind, occasion, chinese_calendar.Holiday(occasion).chinese)
        for kind, table in kinds
        for day, occasion in table.items()
        if day.year == year
    ]
    return ExceptionDays(year, True, tuple(sorted(days, key=lambda row: row.date)), "chinesecalendar")


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """Opening hours within one local day, in minutes after midnight; ``closes`` may be 1440 (24:00)."""

    opens: int
    closes: int

    def __post_init__(self) -> None:
        if not 0 <= self.opens < self.closes <= DAY_MINUTES:
            raise ValueError(f"not a span within one day: {self.opens}-{self.closes}")

    @classmethod
    def parse(cls, opens: str, closes: str) -> Span:
        """From ``"09:00"`` and ``"17:30"`` (or ``"24:00"``)."""
        return cls(_minutes(opens), _minutes(closes))


def _minutes(clock: str) -> int:
    hours, minutes = clock.split(":")
    return int(hours) * 60 + int(minutes)


Spans = tuple[Span, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BusinessCalendar:
    """Rest days of the law and opening hours of the house.

    ``rest_days``        days off that depart from the plain week
    ``workdays``         days worked although on a weekend (调休)
    ``published_years``  years whose notice is known
    ``weekly``           opening hours per weekday (Monday is 0); a weekday that is absent is closed
    ``makeup_spans``     hours of a make-up workday; empty means those of its weekday, else those of Monday
    ``overrides``        hours of single dates, in place of anything the week or a rest day says
    ``breaks``           closed stretches of single dates, taken out of the hours
    ``holidays``         days on which the house is closed whatever else is said; no rest days in law
    """

    rest_days: frozenset[date] = frozenset()
    workdays: frozenset[date] = frozenset()
    published_years: frozenset[int] = frozenset()
    weekly: Mapping[int, Spans] = field(default_factory=dict)
    makeup_spans: Spans = ()
    overrides: Mapping[date, Spans] = field(default_factory=dict)
    breaks: Mapping[date, Spans] = field(default_factory=dict)
    holidays: frozenset[date] = frozenset()
    zone: ZoneInfo = SHANGHAI
    rest_weekdays: frozenset[int] = frozenset({5, 6})

    def __post_init__(self) -> None:
        if both := self.rest_days & self.workdays:
            raise ValueError(f"rest day and make-up workday at once: {sorted(both)}")
        if len(self.rest_weekdays) == 7:
            raise ValueError("a week needs a working day")

    @classmethod
    def from_rows(
        cls,
        rows: Iterable[CalendarRow],
        *,
        published_years: Iterable[int],
        weekly: Mapping[int, Spans] | None = None,
        makeup_spans: Spans = (),
        overrides: Mapping[date, Spans] | None = None,
        breaks: Mapping[date, Spans] | None = None,
        holidays: Iterable[date] = (),
        zone: ZoneInfo = SHANGHAI,
    ) -> BusinessCalendar:
        """Build from stored rows. ``published_years`` is asked for and never inferred from the rows."""
        by_kind: dict[str, set[date]] = {REST: set(), WORKDAY: set()}
        for row in rows:
            by_kind[row.kind].add(row.date)
        return cls(
            rest_days=frozenset(by_kind[REST]),
            workdays=frozenset(by_kind[WORKDAY]),
            published_years=frozenset(published_years),
            weekly=dict(weekly or {}),
            makeup_spans=makeup_spans,
            overrides=dict(overrides or {}),
            breaks=dict(breaks or {}),
            holidays=frozenset(holidays),
            zone=zone,
        )

    # -- days of the law ------------------------------------------------------------------------------------

    def local_date(self, at: datetime) -> date:
        """The day in ``zone`` on which the aware moment ``at`` falls."""
        return at.astimezone(self.zone).date()

    def start_of(self, day: date) -> datetime:
        """The moment at which ``day`` begins in ``zone`` (that is, 24:00 of the day before)."""
        return self._moment(day, 0).astimezone(self.zone)

    def is_published(self, year: int) -> bool:
        return year in self.published_years

    def is_final(self, day: date) -> bool:
        """Whether no notice still to come can change what ``day`` is."""
        return not self.unpublished_years(day, day)

    def unpublished_years(self, first: date, last: date) -> tuple[int, ...]:
        """Years whose notice is missing for ``first`` to ``last`` (both included) to be final."""
        years = set(range(first.year, last.year + 1))
        if (last.month, last.day) >= _OPEN_END:
            years.add(last.year + 1)
        return tuple(sorted(years - self.published_years))

    def is_rest_day(self, day: date) -> bool:
        """Whether ``day`` is a rest day in law. Outside the published years this knows weekends only."""
        if day in self.workdays:
            return False
        return day in self.rest_days or day.weekday() in self.rest_weekdays

    def next_working_day(self, day: date) -> date:
        """The first working day after ``day``."""
        day += ONE_DAY
        while self.is_rest_day(day):
            day += ONE_DAY
        return day

    def add_working_days(self, start: date, count: int) -> date:
        """The last day of a period of ``count`` working days; ``start`` itself is not counted."""
        if count < 0:
            raise ValueError("a period cannot be negative")
        for _ in range(count):
            start = self.next_working_day(start)
        return start

    def working_days_between(self, after: date, until: date) -> int:
        """Working days after ``after`` up to and including ``until``; negative when ``until`` comes first."""
        if until < after:
            return -self.working_days_between(until, after)
        days = (after + timedelta(days=n) for n in range(1, (until - after).days + 1))
        return sum(not self.is_rest_day(day) for day in days)

    # -- hours of the house ---------------------------------------------------------------------------------

    def working_intervals(self, day: date) -> list[Interval]:
        """Opening hours of ``day`` as moments in UTC: ordered, disjoint, breaks taken out."""
        spans = self._moments(day, self._spans(day))
        return _without(spans, self._moments(day, self.breaks.get(day, ())))

    def add_working_time(
        self, start: datetime, amount: timedelta, *, excluding: Iterable[Interval] = ()
    ) -> datetime:
        """The moment at which ``amount`` of working time since ``start`` is used up.

        Boundary rule: a due time that falls on the end of a span stays there (18:00, not 09:00 tomorrow).
        Working time within the ``excluding`` intervals does not count. Nothing to add gives ``start``.
        """
        if amount < timedelta(0):
            raise ValueError("a period cannot be negative")
        if not amount:
            return start.astimezone(self.zone)
        cuts = _merged(excluding)
        day = last_opening = self.local_date(start)
        while day - last_opening <= _SEARCH_LIMIT:
            openings = self.working_intervals(day)
            last_opening = day if openings else last_opening
            for opens, closes in _without(openings, cuts):
                opens = max(opens, start.astimezone(UTC))
                if opens >= closes:
                    continue
                if closes - opens >= amount:
                    return (opens + amount).astimezone(self.zone)
                amount -= closes - opens
            day += ONE_DAY
        raise ValueError("the calendar has no working time in which this period could end")

    def working_time_between(
        self, start: datetime, end: datetime, *, excluding: Iterable[Interval] = ()
    ) -> timedelta:
        """Working time from ``start`` to ``end`` less ``excluding``; zero if ``end`` comes first."""
        total, cuts = timedelta(0), _merged(excluding)
        first, until = start.astimezone(UTC), end.astimezone(UTC)
        day, last = self.local_date(start), self.local_date(end)
        while day <= last:
            for opens, closes in _without(self.working_intervals(day), cuts):
                total += max(min(closes, until) - max(opens, first), timedelta(0))
            day += ONE_DAY
        return total

    def _spans(self, day: date) -> Spans:
        if day in self.holidays:
            return ()
        if day in self.overrides:
            return self.overrides[day]
        if day in self.rest_days:
            return ()
        usual = self.weekly.get(day.weekday(), ())
        if day in self.workdays:
            return self.makeup_spans or usual or self.weekly.get(0, ())
        return usual

    def _moments(self, day: date, spans: Spans) -> list[Interval]:
        return _merged((self._moment(day, span.opens), self._moment(day, span.closes)) for span in spans)

    def _moment(self, day: date, minutes: int) -> datetime:
        """Local wall clock to UTC. ``fold=0`` gives the first of two equal hours, and moves an hour that the
        clock skips on by the size of the jump; every sum is then made in UTC, where no hour is lost."""
        days, rest = divmod(minutes, DAY_MINUTES)
        wall = datetime.combine(day + timedelta(days=days), time(rest // 60, rest % 60), self.zone)
        return wall.astimezone(UTC)


def _merged(intervals: Iterable[Interval]) -> list[Interval]:
    """Ordered, disjoint, empty ones dropped."""
    result: list[Interval] = []
    for start, end in sorted((a.astimezone(UTC), b.astimezone(UTC)) for a, b in intervals):
        if start >= end:
            continue
        if result and start <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], end))
        else:
            result.append((start, end))
    return result


def _without(intervals: list[Interval], cuts: list[Interval]) -> list[Interval]:
    """``intervals`` less ``cuts``; both ordered and disjoint."""
    for cut_start, cut_end in cuts:
        kept: list[Interval] = []
        for start, end in intervals:
            if cut_end <= start or end <= cut_start:
                kept.append((start, end))
                continue
            if start < cut_start:
                kept.append((start, cut_start))
            if cut_end < end:
                kept.append((cut_end, end))
        intervals = kept
    return intervals
