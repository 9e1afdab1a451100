"""Days past due at every boundary, with the reasons; the stored dates agree with the counted days."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.ageing import (
    AgeingPolicy,
    Due,
    Paid,
    Pause,
    days_past_due,
    delinquent_days,
    standing,
)
from backoffice.loans.classification import ClassPolicy, OverduePolicy
from backoffice.loans.spells import overdue_spells

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "loans.json").read_text(encoding="utf-8"))
TIMELINES = next(case for case in VECTORS["cases"] if case["id"] == "V17")["expected"]["timelines"]

DUE = date(2026, 10, 23)
SCHEDULE = [Due(1, DUE, Decimal("500.00")), Due(2, date(2026, 11, 23), Decimal("500.00"))]
POLICY = OverduePolicy(long_term_from_day=91, long_term_from_spell=3)
CLASSES = ClassPolicy(technical_days=7, substandard_after=90, doubtful_after=270, loss_after=360)
BUCKETS = (1, 31, 61, 91, 181, 361)


def ageing_policy(*, grace_days: int = 0) -> AgeingPolicy:
    return AgeingPolicy(
        grace_days=grace_days, overdue=POLICY, classes=CLASSES, buckets=BUCKETS, watch_months=12
    )


def age(days: int, *payments: Paid) -> int:
    return days_past_due(on=DUE + timedelta(days=days), schedule=SCHEDULE, payments=payments).days


@pytest.mark.parametrize(
    ("days", "expected"), [(-1, 0), (0, 0), (1, 1), (30, 30), (31, 31), (90, 90), (91, 91)]
)
def test_the_due_date_is_day_0_and_the_next_day_is_day_1(days: int, expected: int) -> None:
    assert age(days) == expected


def test_a_part_payment_stops_nothing_and_the_last_cent_stops_it_on_its_day() -> None:
    most = Paid(1, DUE, Decimal("499.99"))
    rest = Paid(1, DUE + timedelta(days=5), Decimal("0.01"))
    assert [age(days, most, rest) for days in (0, 4, 5, 6)] == [0, 4, 0, 0]


def test_any_past_day_is_judged_by_what_was_paid_by_then() -> None:
    late = Paid(1, DUE + timedelta(days=20), Decimal("500.00"))
    assert age(19, late) == 19
    assert age(40, late) == 9, "the second instalment fell due 31 days after the first"


def test_a_reversed_payment_opens_the_instalment_again() -> None:
    paid = Paid(1, DUE, Decimal("500.00"))
    reversed_ = Paid(1, DUE + timedelta(days=3), Decimal("-500.00"))
    assert [age(days, paid, reversed_) for days in (2, 3)] == [0, 3]


def test_the_explanation_names_every_step() -> None:
    result = days_past_due(
        on=date(2026, 11, 23), schedule=SCHEDULE, payments=[Paid(1, date(2026, 11, 2), Decimal("120.00"))]
    )
    assert [line.text for line in result.lines] == [
        "Judged at the end of 2026-11-23, Shanghai time.",
        "Instalment 1, due on 2026-10-23: 500.00 yuan, of which 120.00 were paid and 380.00 were still open. "
        "A part payment does not stop the count.",
        "Instalment 2, due on 2026-11-23: 500.00 yuan, nothing paid yet.",
        "Counted from instalment 1: 2026-10-23 itself is day 0, 2026-10-24 is day 1, 2026-11-23 is day 31.",
    ]
    assert (result.days, result.since, result.sequence) == (31, DUE, 1)


def test_the_due_day_explains_its_zero() -> None:
    result = days_past_due(on=DUE, schedule=SCHEDULE, payments=[])
    assert result.since is None
    assert [line.code for line in result.lines] == ["judged-at", "unpaid", "next-due", "due-today"]


@pytest.mark.parametrize("timeline", TIMELINES, ids=lambda one: str(one["line"]))
def test_worked_timelines_of_pauses(timeline: dict) -> None:  # type: ignore[type-arg]
    schedule = [
        Due(number, date.fromisoformat(day), Decimal(250))
        for number, day in enumerate(["2023-10-01", "2023-10-16", "2023-10-31", "2023-11-15"], 1)
    ]
    pauses: list[Pause] = []
    payments: list[Paid] = []
    judged = 0
    for event in timeline["events"]:
        on = date.fromisoformat(event["on"])
        match event.get("action"):
            case "pause":
                pauses.append(Pause(on, date.fromisoformat(event["to"])))
            case "resume":
                pauses[-1] = Pause(pauses[-1].from_on, on)
            case "payment":
                payments.append(Paid(1, on, Decimal(event["amount"])))
            case None:
                judged += 1
                past_due = days_past_due(on=on, schedule=schedule, payments=payments)
                counted = delinquent_days(on=on, since=past_due.since, grace_days=3, pauses=pauses)
                assert past_due.days == event["past_due_days"], event
                assert counted.days == event["delinquent_days"], event
    assert judged >= 3


def test_freeze_stops_the_count_and_says_so() -> None:
    frozen = delinquent_days(on=DUE + timedelta(days=40), since=DUE, frozen_on=DUE + timedelta(days=10))
    assert frozen.days == 10
    assert "frozen" in {line.code for line in frozen.lines}


def test_days_of_overlapping_pauses_are_taken_off_once() -> None:
    pauses = [Pause(DUE + timedelta(days=4), DUE + timedelta(days=10)), Pause(DUE + timedelta(days=8), None)]
    assert delinquent_days(on=DUE + timedelta(days=20), since=DUE, pauses=pauses).days == 4


def test_spells_are_separate_times() -> None:
    first = Paid(1, DUE + timedelta(days=5), Decimal(500))
    on = date(2026, 12, 1)
    assert overdue_spells(on=on, schedule=SCHEDULE, payments=[first]) == 2
    assert overdue_spells(on=on, schedule=SCHEDULE, payments=[]) == 1, "one long spell"
    in_time = [Paid(1, DUE, Decimal(500)), Paid(2, date(2026, 11, 23), Decimal(500))]
    assert overdue_spells(on=on, schedule=SCHEDULE, payments=in_time) == 0


def test_stored_dates_at_the_boundaries() -> None:
    def stored(on: date) -> tuple[date | None, date | None, date | None]:
        days = [row.due_on for row in SCHEDULE]
        one = standing(on=on, unpaid_due_days=days, spells=1, policy=ageing_policy(grace_days=3))
        return one.oldest_unpaid_due_on, one.delinquent_since, one.next_event_on

    day = timedelta(days=1)
    assert stored(DUE) == (None, None, DUE + day)
    assert stored(DUE + day) == (DUE, None, DUE + 4 * day)
    assert stored(DUE + 3 * day) == (DUE, None, DUE + 4 * day)
    assert stored(DUE + 4 * day) == (DUE, DUE + 3 * day, DUE + 8 * day), "a technical delay no longer"
    assert stored(DUE + 8 * day) == (DUE, DUE + 3 * day, DUE + 31 * day), "the second bucket"
    assert stored(date(2026, 11, 24)) == (DUE, DUE + 3 * day, DUE + 61 * day)
    assert stored(DUE + 91 * day) == (DUE, DUE + 3 * day, DUE + 181 * day)
    assert stored(DUE + 361 * day) == (DUE, DUE + 3 * day, None)


facts = st.lists(
    st.builds(Paid, st.integers(1, 6), st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.just(Decimal(50))),
    max_size=14,
)
SIX = [Due(number, date(2026, number + 1, 10), Decimal(100)) for number in range(1, 7)]


@given(on=st.dates(date(2026, 1, 1), date(2026, 12, 31)), payments=facts)
def test_count_stored_date_and_kind_agree(on: date, payments: list[Paid]) -> None:
    counted = days_past_due(on=on, schedule=SIX, payments=payments)
    paid = {
        due.sequence: sum(p.amount for p in payments if p.sequence == due.sequence and p.received_on <= on)
        for due in SIX
    }
    unpaid = [due.due_on for due in SIX if paid[due.sequence] < due.amount]
    stored = standing(on=on, unpaid_due_days=unpaid, spells=1, policy=ageing_policy())
    assert stored.oldest_unpaid_due_on == counted.since
    assert (stored.overdue_kind == "none") == (counted.days == 0)
    assert (stored.risk_class == "normal") == (counted.days <= 7)
    assert counted.days == ((on - counted.since).days if counted.since else 0)
    delinquent = delinquent_days(on=on, since=counted.since)
    assert delinquent.days == counted.days, "without grace and pauses the two counts are one"
    spells = overdue_spells(on=on, schedule=SIX, payments=payments)
    if counted.days:
        assert spells >= 1
    assert stored.next_event_on is None or stored.next_event_on > on


@settings(max_examples=1000)
@given(on=st.dates(date(2026, 1, 1), date(2026, 12, 30)), payments=facts)
def test_nothing_changes_before_the_next_event(on: date, payments: list[Paid]) -> None:
    payments = [payment for payment in payments if payment.received_on <= on]
    unpaid = [
        due.due_on
        for due in SIX
        if sum(payment.amount for payment in payments if payment.sequence == due.sequence) < due.amount
    ]
    now = standing(on=on, unpaid_due_days=unpaid, spells=1, policy=ageing_policy(grace_days=3))
    if now.next_event_on is None:
        return
    before = standing(
        on=now.next_event_on - timedelta(days=1),
        unpaid_due_days=unpaid,
        spells=1,
        policy=ageing_policy(grace_days=3),
    )
    assert before == now


@given(
    pauses=st.lists(
        st.builds(
            lambda start, length: Pause(start, start + timedelta(days=length)),
            st.dates(date(2026, 1, 1), date(2026, 12, 31)),
            st.integers(0, 60),
        ),
        max_size=5,
    ),
    on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_pauses_only_ever_lower_the_count(pauses: list[Pause], on: date) -> None:
    since = date(2026, 3, 1)
    if on <= since:
        return
    paused = delinquent_days(on=on, since=since, pauses=pauses).days
    assert 0 <= paused <= (on - since).days
    counted = [
        day
        for offset in range(1, (on - since).days + 1)
        if (day := since + timedelta(days=offset))
        and not any(pause.from_on < day and (pause.until is None or day <= pause.until) for pause in pauses)
    ]
    assert paused == len(counted)
