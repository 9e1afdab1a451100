"""Deadlines: the clauses of the law one by one."""

from __future__ import annotations

from datetime import date, datetime
from functools import cache

import pytest

from backoffice.core.calendars import BusinessCalendar, Span, china_exception_days
from backoffice.core.deadlines import (
    ActBeforeStart,
    ActOutOfOrder,
    AlreadyPaused,
    DeadlineTerms,
    Extension,
    ExtensionBeyondMost,
    ExtensionNotLonger,
    ExtensionTooLate,
    NotPaused,
    Pause,
    PauseTooLate,
    Restart,
    RestartTooLate,
    Resumption,
    Unit,
    check_act,
    compute,
)
from backoffice.core.time import SHANGHAI

OFFICE = dict.fromkeys(range(5), (Span.parse("09:00", "12:00"), Span.parse("13:00", "18:00")))


@cache
def china(until: int = 2026) -> BusinessCalendar:
    years = range(2018, until + 1)
    rows = [row for year in years for row in china_exception_days(year)]
    return BusinessCalendar.from_rows(rows, published_years=years, weekly=OFFICE)


def at(text: str) -> datetime:
    """A moment in Shanghai; noon when no hour is given."""
    return datetime.fromisoformat(text if "T" in text else f"{text}T12:00").replace(tzinfo=SHANGHAI)


def days(length: int, start: str, **terms) -> DeadlineTerms:
    return DeadlineTerms(length=length, unit=Unit.CALENDAR_DAYS, start=at(start), **terms)


def view(terms: DeadlineTerms, *acts, now: str = "2026-12-01"):
    return compute(terms, acts, at(now), china())


def codes(shown) -> list[str]:
    return [line.code for line in shown.lines]


# -- counting and rolling ---------------------------------------------------------------------------------


@pytest.mark.parametrize("hour", ["00:00", "12:00", "23:59"])
def test_cn_13_fifteen_days_from_the_first_of_march_end_on_the_sixteenth(hour):
    shown = view(days(15, f"2026-03-01T{hour}"))

    assert shown.due_on == date(2026, 3, 16)
    assert shown.due_at == at("2026-03-17T00:00")  # 24:00 of the last day
    assert shown.rolled_due_on == date(2026, 3, 16)  # a Monday
    assert not shown.provisional


def test_cn_13_an_extension_must_be_logged_before_the_last_day_ends():
    terms = days(15, "2026-03-01")
    in_time = Extension(at=at("2026-03-16T23:59"), total=30, reason="complex", approver="Li")
    late = Extension(at=at("2026-03-17T00:00"), total=30, reason="complex", approver="Li")

    check_act(terms, [], in_time, china())
    with pytest.raises(ExtensionTooLate):
        check_act(terms, [], late, china())

    assert view(terms, in_time).due_on == date(2026, 3, 31)
    assert view(terms, late).due_on == date(2026, 3, 16)
    assert [refused.code for refused in view(terms, late).refused] == ["extension-too-late"]


def test_cn_14_twenty_days_that_end_in_national_day_roll_to_the_first_working_day():
    shown = view(days(20, "2026-09-15"))

    assert shown.due_on == date(2026, 10, 5)
    assert shown.due_at == at("2026-10-06T00:00")
    assert shown.rolled_due_on == date(2026, 10, 8)
    assert shown.rolled_due_at == at("2026-10-09T00:00")
    assert "rolled" in codes(shown)


@pytest.mark.parametrize(
    ("start", "due_on", "rolled"),
    [
        ("2026-02-26", date(2026, 3, 13), date(2026, 3, 13)),  # Friday
        ("2026-02-27", date(2026, 3, 14), date(2026, 3, 16)),  # Saturday
        ("2026-09-25", date(2026, 10, 10), date(2026, 10, 10)),  # Saturday, a make-up workday
        ("2026-02-13", date(2026, 2, 28), date(2026, 2, 28)),  # likewise, after Spring Festival
    ],
)
def test_only_rest_days_roll(start, due_on, rolled):
    shown = view(days(15, start))

    assert (shown.due_on, shown.rolled_due_on) == (due_on, rolled)


def test_what_does_not_roll_by_its_terms_needs_no_calendar():
    shown = view(days(20, "2026-09-15", rolls=False))
    beyond = view(days(60, "2026-11-20", rolls=False))

    assert shown.rolled_due_on == date(2026, 10, 5)
    assert not beyond.provisional


def test_a_day_in_an_unpublished_year_is_exact_but_never_rolled_by_guessing():
    shown = view(days(60, "2026-11-03"))  # 2027-01-02, a Saturday at New Year

    assert shown.due_on == shown.rolled_due_on == date(2027, 1, 2)
    assert shown.provisional
    assert shown.unpublished_years == (2027,)
    assert codes(shown)[-1] == "provisional"


def test_a_rest_day_whose_next_working_day_is_unknown_is_not_rolled():
    shown = compute(days(15, "2023-12-08"), [], at("2023-12-10"), china(2023))  # 2023-12-23, a Saturday

    assert shown.due_on == shown.rolled_due_on == date(2023, 12, 23)
    assert shown.unpublished_years == (2024,)


def test_the_end_of_december_waits_for_the_next_notice():
    assert view(days(15, "2026-12-16"), now="2026-12-16").unpublished_years == (2027,)


def test_working_days_leave_rest_days_out_and_count_make_up_workdays():
    terms = DeadlineTerms(length=3, unit=Unit.WORKING_DAYS, start=at("2026-09-30"))

    assert view(terms).due_on == view(terms).rolled_due_on == date(2026, 10, 10)


def test_working_days_that_reach_into_an_unpublished_year_are_provisional():
    terms = DeadlineTerms(length=3, unit=Unit.WORKING_DAYS, start=at("2026-12-30"), rolls=False)
    shown = view(terms, now="2026-12-30")

    assert shown.provisional
    assert shown.unpublished_years == (2027,)
    assert shown.due_on == date(2027, 1, 4)  # by the plain week, and said to be no more than that


def test_a_target_in_working_time_is_due_to_the_minute():
    terms = DeadlineTerms(length=120, unit=Unit.WORKING_MINUTES, start=at("2026-03-13T17:30"))
    shown = view(terms, now="2026-03-13T17:45")

    assert shown.due_at == at("2026-03-16T10:30")
    assert shown.due_on == date(2026, 3, 16)
    assert shown.remaining == 105


def test_a_target_met_by_midnight_belongs_to_the_day_that_ends():
    always = BusinessCalendar(weekly=dict.fromkeys(range(7), (Span.parse("00:00", "24:00"),)))
    terms = DeadlineTerms(length=60, unit=Unit.WORKING_MINUTES, start=at("2026-03-13T23:00"))
    shown = compute(terms, [], terms.start, always)

    assert shown.due_at == at("2026-03-14T00:00")
    assert shown.due_on == date(2026, 3, 13)


def test_by_the_end_of_today():
    assert view(days(0, "2026-03-13T10:00")).due_at == at("2026-03-14T00:00")


# -- acts -------------------------------------------------------------------------------------------------


def test_the_complaint_ladder_fifteen_thirty_sixty():
    terms = days(15, "2026-03-01", most=60)
    first = Extension(at=at("2026-03-10"), total=30, reason="complex", approver="Li")
    second = Extension(at=at("2026-03-31"), add=30, reason="specially complex", approver="Wang")

    assert view(terms, first).due_on == date(2026, 3, 31)
    assert view(terms, first, second).due_on == date(2026, 4, 30)
    assert view(terms, first, second).length == 60
    with pytest.raises(ExtensionBeyondMost):
        check_act(terms, [first, second], Extension(at=at("2026-04-01"), add=1), china())
    with pytest.raises(ExtensionNotLonger):
        check_act(terms, [first], Extension(at=at("2026-03-11"), total=30), china())


def test_the_day_of_the_pause_counts_and_the_day_of_the_resumption_does_not():
    terms = days(15, "2026-03-01")
    pause, resumption = Pause(at=at("2026-03-10")), Resumption(at=at("2026-03-20"))

    shown = view(terms, pause, resumption)

    assert shown.due_on == date(2026, 3, 26)
    assert shown.paused_days == 10
    assert not shown.is_paused


def test_while_paused_no_due_date_is_in_sight_and_what_is_left_is_frozen():
    terms, pause = days(15, "2026-03-01"), Pause(at=at("2026-03-10"))

    early, later = view(terms, pause, now="2026-03-11"), view(terms, pause, now="2026-05-01")

    assert (early.due_on, later.due_on) == (date(2026, 3, 17), date(2026, 5, 7))
    assert early.remaining == later.remaining == 6
    assert later.remaining_days(at("2026-07-01")) == 6
    assert later.paused_since == pause.at
    assert later.paused_days == 52
    assert not later.is_over(at("2030-01-01"))
    assert codes(later)[-2:] == ["standing", "rolled"] or codes(later)[-1] == "standing"


def test_a_pause_on_the_last_day_leaves_the_end_of_the_day_of_resumption():
    terms = days(15, "2026-03-01")

    shown = view(terms, Pause(at=at("2026-03-16")), Resumption(at=at("2026-04-01")))

    assert shown.due_on == date(2026, 4, 1)


def test_two_grounds_overlap_and_the_clock_stands_until_the_last_has_ended():
    terms = days(15, "2026-03-01")
    acts = [
        Pause(at=at("2026-03-05"), ground="mediation"),
        Pause(at=at("2026-03-10"), ground="appraisal"),
        Resumption(at=at("2026-03-12"), ground="mediation"),
    ]

    assert view(terms, *acts, now="2026-03-20").is_paused
    shown = view(terms, *acts, Resumption(at=at("2026-03-25"), ground="appraisal"))
    assert shown.due_on == date(2026, 4, 5)
    assert shown.paused_days == 20


def test_several_pauses_add_up():
    acts = [
        Pause(at=at("2026-03-03")),
        Resumption(at=at("2026-03-05")),
        Pause(at=at("2026-03-05")),
        Resumption(at=at("2026-03-09")),
    ]

    shown = view(days(15, "2026-03-01"), *acts)

    assert (shown.due_on, shown.paused_days) == (date(2026, 3, 22), 6)


def test_new_facts_begin_the_original_period_anew():
    terms = days(15, "2026-03-01")
    acts = [
        Extension(at=at("2026-03-05"), total=30, reason="complex", approver="Li"),
        Restart(at=at("2026-03-20"), reason="new facts"),
    ]

    shown = view(terms, *acts)

    assert shown.due_on == date(2026, 4, 4)
    assert shown.length == 15


def test_new_facts_during_mediation_leave_the_pause_running():
    terms = days(15, "2026-03-01")
    acts = [Pause(at=at("2026-03-05")), Restart(at=at("2026-03-10"))]

    shown = view(terms, *acts, now="2026-03-20")
    assert (shown.remaining, shown.paused_days, shown.paused_since) == (15, 10, at("2026-03-05"))
    assert view(terms, *acts, Resumption(at=at("2026-03-20"))).due_on == date(2026, 4, 4)


@pytest.mark.parametrize(
    ("history", "act", "refusal"),
    [
        ([], Pause(at=at("2026-03-17")), PauseTooLate),
        ([], Restart(at=at("2026-03-17")), RestartTooLate),
        ([], Extension(at=at("2026-02-28"), add=5), ActBeforeStart),
        ([], Resumption(at=at("2026-03-05")), NotPaused),
        ([Pause(at=at("2026-03-04"))], Pause(at=at("2026-03-05")), AlreadyPaused),
        ([Pause(at=at("2026-03-04"), ground="a")], Resumption(at=at("2026-03-05"), ground="b"), NotPaused),
        ([Pause(at=at("2026-03-04"))], Extension(at=at("2026-03-03"), add=5), ActOutOfOrder),
    ],
)
def test_acts_without_effect_are_refused_and_change_nothing(history, act, refusal):
    terms = days(15, "2026-03-01")

    with pytest.raises(refusal) as refused:
        check_act(terms, history, act, china())

    assert refused.value.code == refusal.code
    if refusal is not ActOutOfOrder:  # a stored history is read in its own order
        with_it, without = view(terms, *history, act), view(terms, *history)
        assert with_it.due_on == without.due_on
        assert [one.act for one in with_it.refused] == [act]


def test_a_pause_lets_an_extension_be_recorded_after_the_day_that_would_have_been_the_last():
    check_act(
        days(15, "2026-03-01"),
        [Pause(at=at("2026-03-10"))],
        Extension(at=at("2026-05-01"), total=30),
        china(),
    )


def test_over_and_remaining():
    shown = view(days(15, "2026-03-01"), now="2026-03-18")

    assert shown.remaining == -2
    assert shown.remaining_days(at("2026-03-16T23:59")) == 0
    assert not shown.is_over(at("2026-03-16T23:59:59"))
    assert shown.is_over(at("2026-03-17T00:00"))


def test_what_cannot_be_meant_is_refused_by_the_types():
    with pytest.raises(ValueError, match="time zone"):
        Pause(at=datetime(2026, 3, 1))  # noqa: DTZ001 (this is the test)
    with pytest.raises(ValueError, match="negative"):
        days(-1, "2026-03-01")
    for both in ({}, {"total": 30, "add": 15}):
        with pytest.raises(ValueError, match="either"):
            Extension(at=at("2026-03-01"), **both)


# -- explanation ------------------------------------------------------------------------------------------


def test_it_explains_itself_line_by_line():
    shown = view(
        days(15, "2026-03-01T09:30"),
        Pause(at=at("2026-03-05T14:00"), ground="mediation"),
        Resumption(at=at("2026-03-08T10:00"), ground="mediation"),
        Extension(at=at("2026-04-20"), total=30),
    )

    assert [line.text for line in shown.lines] == [
        "Starts on 2026-03-01 09:30. The day itself is not counted.",
        "15 calendar days: the last day is 2026-03-16.",
        "Paused at 2026-03-05 14:00: 11 calendar days are left.",
        "Resumed at 2026-03-08 10:00 after 3 days: the last day is now 2026-03-19.",
        "What was recorded at 2026-04-20 12:00 has no effect. "
        "The period had already ended; an extension must be recorded before that.",
    ]


def test_a_page_can_translate_it_and_show_dates_its_own_way():
    translations = {
        "%(length)s: the last day is %(due_on)s.": "%(length)s，末日为%(due_on)s。",
        "%(count)s calendar days": "%(count)s个自然日",
    }

    line = view(days(15, "2026-03-01")).lines[1]

    shown = line.render(lambda text: translations[text], lambda value: f"{value.month}月{value.day}日")
    assert shown == "15个自然日，末日为3月16日。"


def test_publication_of_the_calendar_makes_a_provisional_date_final():
    terms = days(15, "2024-12-30")  # 2025-01-14
    before, after = (compute(terms, [], at("2025-01-02"), china(year)) for year in (2024, 2025))

    assert before.provisional
    assert not after.provisional
    assert before.due_on == after.due_on == date(2025, 1, 14)
