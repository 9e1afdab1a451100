"""Rest days and working time: golden vectors of public systems, the published calendar, and the edges."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.core.calendars import (
    REST,
    WORKDAY,
    BusinessCalendar,
    ExceptionDay,
    Span,
    china_exception_days,
)

VECTORS = Path(__file__).parent.parent / "vectors"
WORKING_TIME = json.loads((VECTORS / "working_time.json").read_text())
CHINA = json.loads((VECTORS / "china_calendar.json").read_text())["china_calendar"]["years"]
WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
PUBLISHED = range(2018, 2027)

NINE_TO_SIX = {weekday: (Span.parse("09:00", "12:00"), Span.parse("13:00", "18:00")) for weekday in range(5)}


def china(years=PUBLISHED, **hours) -> BusinessCalendar:
    rows = [row for year in years for row in china_exception_days(year)]
    return BusinessCalendar.from_rows(rows, published_years=years, **hours)


def spans(pairs) -> tuple[Span, ...]:
    return tuple(Span.parse(opens, closes) for opens, closes in pairs)


def by_date(table) -> dict[date, tuple[Span, ...]]:
    return {date.fromisoformat(day): spans(pairs) for day, pairs in table.items()}


def calendar_of(name: str) -> BusinessCalendar:
    given_as = WORKING_TIME["calendars"][name]
    return BusinessCalendar.from_rows(
        (),
        published_years=(),
        weekly={WEEKDAYS.index(day): spans(pairs) for day, pairs in given_as["weekly"].items()},
        overrides=by_date(given_as.get("date_override_hours", {})),
        breaks=by_date(given_as.get("breaks", {})),
        holidays=[date.fromisoformat(day) for day in given_as.get("holidays", ())],
        zone=ZoneInfo(given_as["tz"]),
    )


def moment(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def pauses(case) -> list[tuple[datetime, datetime]]:
    return [(moment(start), moment(end)) for start, end in case.get("pauses", ())]


ADD = [case for case in WORKING_TIME["add"] if case["boundary"] != "next_opening"]


# -- golden vectors -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", ADD, ids=[case["id"] for case in ADD])
def test_add_working_time_agrees_with_public_systems(case):
    calendar = calendar_of(case["calendar"])

    due = calendar.add_working_time(
        moment(case["start"]), timedelta(seconds=case["add_seconds"]), excluding=pauses(case)
    )

    assert due == moment(case["expect"])


@pytest.mark.parametrize(
    "case", WORKING_TIME["between"], ids=[case["id"] for case in WORKING_TIME["between"]]
)
def test_working_time_between_agrees_with_public_systems(case):
    calendar = calendar_of(case["calendar"])

    passed = calendar.working_time_between(moment(case["from"]), moment(case["to"]), excluding=pauses(case))

    assert passed == timedelta(seconds=case["expect_seconds"])


@pytest.mark.parametrize("case", WORKING_TIME["dst"], ids=[case["case"] for case in WORKING_TIME["dst"]])
def test_local_hours_that_a_clock_change_skips_or_repeats(case):
    zone = ZoneInfo(case["zone"])
    local = datetime.fromisoformat(case["local"])
    opens = local.hour * 60 + local.minute
    calendar = BusinessCalendar(weekly=dict.fromkeys(range(7), (Span(opens, 24 * 60),)), zone=zone)

    opening = calendar.working_intervals(local.date())[0][0]

    expected = (
        datetime.fromisoformat(case["expect_local"]).replace(tzinfo=zone)
        if "expect_local" in case
        else moment(case["expect"].split(", ")[1])
    )
    assert opening == expected.astimezone(UTC)


def test_every_day_of_the_published_years_is_what_the_notices_say():
    off = {day for year in CHINA.values() for day in year["off"]}
    worked = {day for year in CHINA.values() for day in year["working_weekend_days"]}
    calendar = china()
    days = [date(2018, 1, 1) + timedelta(days=n) for n in range(9 * 365 + 2)]

    wrong = [
        day
        for day in days
        if calendar.is_rest_day(day)
        != (day.isoformat() in off or (day.weekday() >= 5 and day.isoformat() not in worked))
    ]

    assert days[-1] == date(2026, 12, 31)
    assert wrong == []
    # (2020's notice also says that Monday 2020-02-03 is worked: no exception to the week.)
    assert {day.isoformat() for day in calendar.workdays} == worked - {"2020-02-03"}


# -- rest days ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("year", [2017, 2027, 2100])
def test_a_year_without_a_checked_notice_says_so(year):
    days = china_exception_days(year)

    assert not days.published
    assert len(days) == 0


def test_a_published_year_gives_rows_with_their_occasion():
    days = china_exception_days(2026)

    assert days.published
    assert ExceptionDay(date(2026, 10, 1), REST, "National Day", "国庆节") in days
    assert ExceptionDay(date(2026, 10, 10), WORKDAY, "National Day", "国庆节") in days


@pytest.mark.parametrize(
    ("day", "rest"),
    [
        (date(2026, 3, 13), False),  # Friday
        (date(2026, 3, 14), True),  # Saturday
        (date(2026, 10, 5), True),  # Monday within National Day
        (date(2026, 10, 10), False),  # Saturday, worked
    ],
)
def test_rest_days(day, rest):
    assert china().is_rest_day(day) is rest


def test_working_days_step_over_the_holiday_and_count_the_make_up_workday():
    calendar = china()

    assert calendar.next_working_day(date(2026, 9, 30)) == date(2026, 10, 8)
    assert calendar.add_working_days(date(2026, 9, 30), 3) == date(2026, 10, 10)
    assert calendar.add_working_days(date(2026, 9, 30), 0) == date(2026, 9, 30)
    with pytest.raises(ValueError, match="negative"):
        calendar.add_working_days(date(2026, 9, 30), -1)


def test_the_last_week_of_december_waits_for_the_next_notice():
    calendar = china()

    assert calendar.is_published(2026)
    assert not calendar.is_published(2027)
    assert calendar.is_final(date(2026, 12, 23))
    assert not calendar.is_final(date(2026, 12, 24))  # 2027's notice may still make it a rest day
    assert not calendar.is_final(date(2027, 1, 4))
    assert calendar.unpublished_years(date(2026, 11, 1), date(2026, 12, 1)) == ()
    assert calendar.unpublished_years(date(2026, 11, 1), date(2026, 12, 31)) == (2027,)
    assert calendar.unpublished_years(date(2025, 12, 31), date(2028, 1, 1)) == (2027, 2028)


def test_no_notice_ever_named_an_earlier_december_day_than_we_assume():
    early = {
        day
        for year, notice in CHINA.items()
        for day in notice["off"] + notice["working_weekend_days"]
        if day[:4] != year
    }

    assert early  # otherwise the rule above would guard against nothing
    assert all(day[5:] >= "12-24" for day in early)


def test_contradictory_rows_are_refused():
    rows = [ExceptionDay(date(2026, 10, 1), kind, "x", "x") for kind in (REST, WORKDAY)]

    with pytest.raises(ValueError, match="at once"):
        BusinessCalendar.from_rows(rows, published_years=[2026])


@settings(deadline=None)
@given(st.dates(date(2018, 1, 1), date(2026, 11, 1)), st.integers(0, 30))
def test_working_days_added_are_working_days_counted(start, count):
    calendar = china()
    last = calendar.add_working_days(start, count)

    assert calendar.working_days_between(start, last) == count
    assert calendar.working_days_between(last, start) == -count
    assert count == 0 or not calendar.is_rest_day(last)


# -- working time -------------------------------------------------------------------------------------------


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(text + "+08:00")


@pytest.mark.parametrize(
    ("start", "hours", "due"),
    [
        ("2026-03-13T16:00", 2, "2026-03-13T18:00"),  # the closing moment stays
        ("2026-03-13T11:00", 2, "2026-03-13T14:00"),  # over the lunch break
        ("2026-03-13T17:00", 2, "2026-03-16T10:00"),  # over the weekend
        ("2026-09-30T17:00", 2, "2026-10-08T10:00"),  # over National Day
        ("2026-10-09T17:00", 2, "2026-10-10T10:00"),  # into the make-up workday, a Saturday
    ],
)
def test_working_time_in_china(start, hours, due):
    calendar = china(weekly=NINE_TO_SIX)

    assert calendar.add_working_time(shanghai(start), timedelta(hours=hours)) == shanghai(due)


def test_nothing_to_add_is_due_at_once_even_when_closed():
    assert china(weekly=NINE_TO_SIX).add_working_time(shanghai("2026-10-03T03:00"), timedelta(0)) == shanghai(
        "2026-10-03T03:00"
    )


def test_the_house_may_open_on_a_rest_day_and_close_on_a_working_day():
    calendar = china(
        weekly=NINE_TO_SIX,
        makeup_spans=spans([("09:00", "10:00")]),
        overrides={date(2026, 10, 1): spans([("10:00", "11:00")])},
        breaks={date(2026, 9, 30): spans([("13:00", "18:00")])},
        holidays=[date(2026, 10, 8)],
    )

    def open_for(day: date) -> timedelta:
        return sum((closes - opens for opens, closes in calendar.working_intervals(day)), timedelta(0))

    assert open_for(date(2026, 9, 30)) == timedelta(hours=3)
    assert open_for(date(2026, 10, 1)) == timedelta(hours=1)
    assert open_for(date(2026, 10, 8)) == timedelta(0)
    assert open_for(date(2026, 10, 10)) == timedelta(hours=1)
    assert calendar.is_rest_day(date(2026, 10, 1))  # opening changes nothing in law,
    assert not calendar.is_rest_day(date(2026, 10, 8))  # and neither does closing


def test_a_stretch_that_ends_before_it_starts_takes_nothing_out():
    start, end = shanghai("2026-03-13T09:00"), shanghai("2026-03-13T11:00")
    turned = [(shanghai("2026-03-13T10:30"), shanghai("2026-03-13T09:30"))]

    assert china(weekly=NINE_TO_SIX).working_time_between(start, end, excluding=turned) == end - start


def test_a_calendar_that_never_opens_is_refused_instead_of_searched_for_ever():
    with pytest.raises(ValueError, match="no working time"):
        china().add_working_time(shanghai("2026-03-13T11:00"), timedelta(hours=1))


@pytest.mark.parametrize(("opens", "closes"), [("12:00", "09:00"), ("09:00", "09:00"), ("09:00", "24:01")])
def test_impossible_hours_are_refused(opens, closes):
    with pytest.raises(ValueError, match="span"):
        Span.parse(opens, closes)


ZONES = st.sampled_from(["Asia/Shanghai", "Europe/Berlin", "America/Los_Angeles", "America/Sao_Paulo"])
HOURS = st.lists(st.integers(0, 1440), min_size=2, max_size=6, unique=True).map(
    lambda edges: tuple(Span(a, b) for a, b in zip(*[iter(sorted(edges))] * 2, strict=False))
)


@settings(deadline=None, max_examples=200)
@given(
    zone=ZONES,
    hours=HOURS,
    start=st.integers(0, 366 * 24 * 60).map(
        lambda n: datetime(2015, 1, 1, tzinfo=UTC) + timedelta(minutes=n)
    ),
    minutes=st.integers(1, 6000),
    gap=st.tuples(st.integers(-2000, 4000), st.integers(0, 3000)),
)
def test_adding_and_measuring_are_inverse_through_clock_changes_and_pauses(zone, hours, start, minutes, gap):
    calendar = BusinessCalendar(weekly=dict.fromkeys(range(5), hours), zone=ZoneInfo(zone))
    pause_start = start + timedelta(minutes=gap[0])
    excluding = [(pause_start, pause_start + timedelta(minutes=gap[1]))]
    amount = timedelta(minutes=minutes)

    due = calendar.add_working_time(start, amount, excluding=excluding)

    assert calendar.working_time_between(start, due, excluding=excluding) == amount
    # It is the first such moment: a second earlier something is still left.
    assert calendar.working_time_between(start, due - timedelta(seconds=1), excluding=excluding) < amount
