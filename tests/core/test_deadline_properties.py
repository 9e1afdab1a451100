"""Properties of deadlines over any history, against an independent walk through the days."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from backoffice.core.calendars import BusinessCalendar, Span, china_exception_days
from backoffice.core.deadlines import (
    DeadlineTerms,
    Extension,
    ExtensionTooLate,
    Pause,
    Restart,
    Resumption,
    Unit,
    check_act,
    compute,
)
from backoffice.core.time import SHANGHAI

OFFICE = dict.fromkeys(range(5), (Span.parse("09:00", "12:00"), Span.parse("13:00", "18:00")))
LONG_AFTER = datetime(2027, 1, 1, tzinfo=SHANGHAI)


@cache
def china() -> BusinessCalendar:
    years = range(2018, 2027)
    rows = [row for year in years for row in china_exception_days(year)]
    return BusinessCalendar.from_rows(rows, published_years=years, weekly=OFFICE)


BEGIN = datetime(2024, 1, 1, tzinfo=SHANGHAI)
MOMENTS = st.integers(0, 500 * 24 * 60).map(lambda minutes: BEGIN + timedelta(minutes=minutes))
UNITS = st.sampled_from([Unit.CALENDAR_DAYS, Unit.WORKING_DAYS])


@st.composite
def histories(draw, units=UNITS):
    """Terms, and acts near the period: in and out of time, overlapping, without sense; several on one day."""
    terms = DeadlineTerms(length=draw(st.integers(0, 40)), unit=draw(units), start=draw(MOMENTS))
    acts, moment = [], terms.start
    for _ in range(draw(st.integers(0, 8))):
        moment += timedelta(minutes=draw(st.integers(0, 10 * 24 * 60)))
        ground = draw(st.sampled_from(["mediation", "mediation", "appraisal"]))
        possible = [
            Pause(at=moment, ground=ground),
            Resumption(at=moment, ground=ground),
            Extension(at=moment, add=draw(st.integers(1, 30))),
            Restart(at=moment),
        ]
        acts.append(possible[draw(st.sampled_from([0, 0, 0, 1, 1, 1, 2, 2, 3]))])
    return terms, acts


def walk(terms: DeadlineTerms, acts, until: date = date(2027, 1, 1)) -> tuple[date | None, int]:
    """The same rules told another way: go through the days one by one. The last day (None while the clock
    stands), and how many days were taken out since the last beginning."""
    day, left, grounds, start, out = terms.start.date(), terms.length, set(), terms.start.date(), 0
    acts = sorted(acts, key=lambda act: act.at)
    while day < until:
        counts = terms.unit is Unit.CALENDAR_DAYS or not china().is_rest_day(day)
        if day != start and not grounds and left and counts:
            left -= 1
        out += day != start and bool(grounds)
        for act in (act for act in acts if act.at.astimezone(SHANGHAI).date() == day):
            match act:
                case Pause():
                    grounds.add(act.ground)
                case Resumption():
                    grounds.discard(act.ground)
                case Extension():
                    left += act.add
                case Restart():
                    left, out = terms.length, 0
        if not left and not grounds:
            return day, out
        day += timedelta(days=1)
    return None, out


@settings(deadline=None, max_examples=300)
@given(histories())
def test_it_agrees_with_going_through_the_days_one_by_one(history):
    terms, acts = history
    shown = compute(terms, acts, LONG_AFTER, china())
    last, out = walk(terms, acts)

    assert shown.is_paused == (last is None)
    assert last is None or (shown.due_on, shown.paused_days) == (last, out)


@settings(deadline=None)
@given(histories(), st.randoms())
def test_the_order_in_which_a_history_is_read_does_not_matter(history, random):
    terms, acts = history
    assume(len({act.at for act in acts}) == len(acts))
    mixed = list(acts)
    random.shuffle(mixed)

    assert compute(terms, mixed, LONG_AFTER, china()) == compute(terms, acts, LONG_AFTER, china())


@settings(deadline=None)
@given(histories(), st.integers(0, 90 * 24 * 60))
def test_a_past_view_does_not_know_what_came_later(history, minutes):
    terms, acts = history
    moment = terms.start + timedelta(minutes=minutes)

    known = [act for act in acts if act.at <= moment]

    assert compute(terms, acts, moment, china()) == compute(terms, known, moment, china())


@settings(deadline=None)
@given(histories(), st.integers(0, 90 * 24 * 60))
def test_pause_and_resumption_on_the_same_day_change_nothing(history, minutes):
    terms, acts = history
    moment = terms.start + timedelta(minutes=minutes)
    tonight = china().start_of(china().local_date(moment) + timedelta(days=1)) - timedelta(seconds=1)
    pair = [Pause(at=moment, ground="third"), Resumption(at=max(moment, tonight), ground="third")]

    with_it, without = (compute(terms, history, LONG_AFTER, china()) for history in ([*acts, *pair], acts))

    if not without.is_paused:
        assert (with_it.due_on, with_it.paused_days) == (without.due_on, without.paused_days)


@settings(deadline=None)
@given(
    length=st.integers(0, 60),
    start=MOMENTS,
    first=st.integers(0, 60 * 24),
    gap=st.integers(0, 400 * 24),
    unit=UNITS,
)
def test_a_pause_moves_the_last_day_by_exactly_the_days_between(length, start, first, gap, unit):
    terms = DeadlineTerms(length=length, unit=unit, start=start)
    without = compute(terms, [], start, china())
    pause = Pause(at=start + timedelta(hours=first))
    assume(pause.at < without.due_at)
    resumption = Resumption(at=pause.at + timedelta(hours=gap))
    between = (resumption.at.date() - pause.at.date()).days

    shown = compute(terms, [pause, resumption], LONG_AFTER, china())

    assert shown.paused_days == between
    if unit is Unit.CALENDAR_DAYS:
        assert shown.due_on - without.due_on == timedelta(days=between)
    # In any unit: what was left when it stopped is left again when it runs on.
    before, after = (
        compute(terms, [pause, resumption][:n], moment, china())
        for n, moment in ((1, pause.at), (2, resumption.at))
    )
    assert before.remaining == after.remaining


@settings(deadline=None)
@given(histories(), st.lists(st.integers(0, 400), min_size=2, max_size=5))
def test_while_the_clock_stands_what_is_left_does_not_change(history, waits):
    terms, acts = history
    last = max([terms.start, *(act.at for act in acts)])
    shown = [compute(terms, acts, last + timedelta(days=wait), china()) for wait in waits]
    assume(shown[0].is_paused)

    assert len({one.remaining for one in shown}) == 1
    if terms.unit is Unit.CALENDAR_DAYS:
        assert {one.remaining_days(LONG_AFTER) for one in shown} == {shown[0].remaining}


@settings(deadline=None)
@given(histories(units=st.just(Unit.CALENDAR_DAYS)))
def test_rolling_only_ever_steps_over_rest_days(history):
    terms, acts = history
    shown = compute(terms, acts, terms.start + timedelta(days=90), china())

    if shown.provisional:
        assert shown.rolled_due_on == shown.due_on
    else:
        stepped = range((shown.rolled_due_on - shown.due_on).days)
        assert all(china().is_rest_day(shown.due_on + timedelta(days=n)) for n in stepped)
        assert not china().is_rest_day(shown.rolled_due_on)


@settings(deadline=None)
@given(histories(), st.integers(0, 90 * 24 * 60), st.integers(1, 30))
def test_an_extension_counts_in_time_and_only_then(history, minutes, add):
    terms, acts = history
    moment = terms.start + timedelta(minutes=minutes)
    acts = [act for act in acts if act.at <= moment]
    before = compute(terms, acts, moment, china())
    extension = Extension(at=moment, add=add)
    in_time = before.is_paused or moment < before.due_at

    after = compute(terms, [*acts, extension], moment, china())

    if in_time:
        check_act(terms, acts, extension, china())
        assert after.length == before.length + add
        assert after.remaining == before.remaining + add
    else:
        with pytest.raises(ExtensionTooLate):
            check_act(terms, acts, extension, china())
        assert after.due_on == before.due_on


@settings(deadline=None)
@given(histories())
def test_a_restart_in_time_is_the_same_as_new_terms(history):
    terms, acts = history
    acts = [act for act in acts if not isinstance(act, Pause)]
    due_at = compute(terms, acts, LONG_AFTER, china()).due_at
    restart = Restart(at=max([terms.start, *(act.at for act in acts if act.at < due_at)]))

    again = compute(terms, [act for act in acts if act.at <= restart.at] + [restart], LONG_AFTER, china())
    fresh = DeadlineTerms(length=terms.length, unit=terms.unit, start=restart.at)

    assert again.due_on == compute(fresh, [], LONG_AFTER, china()).due_on


@settings(deadline=None)
@given(start=MOMENTS, length=st.integers(1, 3000), waits=st.lists(st.integers(1, 5000), max_size=6))
def test_working_time_takes_out_the_very_stretch_of_a_pause(start, length, waits):
    terms = DeadlineTerms(length=length, unit=Unit.WORKING_MINUTES, start=start)
    acts, moment = [], start
    for number, wait in enumerate(waits):
        moment += timedelta(minutes=wait)
        acts.append(Resumption(at=moment) if number % 2 else Pause(at=moment))
    acts = acts[: len(acts) // 2 * 2]
    stretches = [(pause.at, end.at) for pause, end in zip(acts[::2], acts[1::2], strict=True)]

    shown = compute(terms, acts, LONG_AFTER, china())

    assert shown.due_at == china().add_working_time(start, timedelta(minutes=length), excluding=stretches)
