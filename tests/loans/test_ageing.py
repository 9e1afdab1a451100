"""Days past due at every boundary, with the reasons; the stored dates agree with the counted days."""

import json
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

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
#: The plan of V17.
FOUR = [
    Due(number, date.fromisoformat(day), Decimal(250))
    for number, day in enumerate(["2023-10-01", "2023-10-16", "2023-10-31", "2023-11-15"], 1)
]


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
def test_worked_timelines_of_pauses_v17(timeline: dict[str, Any]) -> None:
    """Pauses closed, ended early, and a part payment in one. A pause is open until its event ends it."""
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
                for known in (pauses, _still_open(pauses, on=on)):
                    past_due = days_past_due(on=on, schedule=FOUR, payments=payments)
                    counted = delinquent_days(on=on, since=past_due.since, grace_days=3, pauses=known)
                    assert past_due.days == event["past_due_days"], event
                    assert counted.days == event["delinquent_days"], event
                assert past_due.since == date(2023, 10, 1)
                assert str(past_due.since + timedelta(days=3)) == event["delinquent_date"]
                owed = sum((due.amount for due in FOUR if due.due_on < on), Decimal(0))
                owed -= sum((paid.amount for paid in payments), Decimal(0))
                assert owed == Decimal(event["delinquent_amount"]), "the due date itself is not overdue yet"
    assert judged >= 3


def _still_open(pauses: list[Pause], *, on: date) -> list[Pause]:
    """As they were known on a day on which nobody knew yet when they would end."""
    return [Pause(one.from_on, None if one.until is None or one.until >= on else one.until) for one in pauses]


V19 = next(case for case in VECTORS["cases"] if case["id"] == "V19")


def ours(theirs: int) -> int:
    """Their newer branches call the due date itself day 1, so each of their days is ours and one more; 0 is 0."""
    return max(theirs - 1, 0)


@pytest.mark.parametrize(("on", "theirs"), V19["expected"]["dpd_by_day"].items())
def test_days_with_part_payments_v19(on: str, theirs: int) -> None:
    schedule = [Due(1, date(2024, 10, 5), Decimal(3782)), Due(2, date(2024, 11, 5), Decimal(3782))]
    payments = [
        Paid(sequence, date.fromisoformat(day), Decimal(amount))
        for sequence, (day, amount) in zip((1, 1, 2, 2), V19["input"]["payments"], strict=True)
    ]
    counted = days_past_due(on=date.fromisoformat(on), schedule=schedule, payments=payments)
    assert counted.days == ours(theirs)


@pytest.mark.parametrize(
    ("due_on", "short", "paid_on", "drawdown"),
    [
        (date(2024, 10, 10), "592", date(2024, 10, 18), V19["expected"]["revolving_line_per_drawdown"][0]),
        (date(2024, 10, 15), "61", date(2024, 10, 25), V19["expected"]["revolving_line_per_drawdown"][1]),
    ],
    ids=["60000", "40000"],
)
def test_days_of_drawdowns_v19(due_on: date, short: str, paid_on: date, drawdown: dict[str, Any]) -> None:
    counted = days_past_due(
        on=date.fromisoformat(drawdown["on"]),
        schedule=[Due(1, due_on, Decimal(1000))],
        payments=[Paid(1, due_on, Decimal(1000) - Decimal(short)), Paid(1, paid_on, Decimal(short))],
    )
    assert counted.days == ours(drawdown["dpd"])


@pytest.mark.parametrize("row", V19["expected"]["older_branch_classes_due_2023_01_31"], ids=lambda r: r["on"])
def test_the_older_convention_is_ours_v19(row: dict[str, Any]) -> None:
    schedule = [Due(1, date(2023, 1, 31), Decimal(1000))]
    counted = days_past_due(on=date.fromisoformat(row["on"]), schedule=schedule, payments=[])
    assert counted.days == row["dpd"]


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


facts = st.lists(
    st.builds(Paid, st.integers(1, 6), st.dates(date(2026, 1, 1), date(2026, 12, 31)), st.just(Decimal(50))),
    max_size=14,
)
SIX = [Due(number, date(2026, number + 1, 10), Decimal(100)) for number in range(1, 7)]


some_pauses = st.lists(
    st.builds(
        lambda start, length: Pause(start, None if length is None else start + timedelta(days=length)),
        st.dates(date(2026, 1, 1), date(2026, 12, 31)),
        st.none() | st.integers(0, 60),
    ),
    max_size=3,
)


@settings(max_examples=1000, deadline=None)
@given(
    on=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    payments=facts,
    grace_days=st.integers(0, 30),
    pauses=some_pauses,
    frozen_on=st.none() | st.dates(date(2026, 1, 1), date(2026, 12, 31)),
)
def test_delinquent_is_never_more_than_past_due_and_both_explain_themselves(
    on: date, payments: list[Paid], grace_days: int, pauses: list[Pause], frozen_on: date | None
) -> None:
    past_due = days_past_due(on=on, schedule=SIX, payments=payments)
    counted = delinquent_days(
        on=on, since=past_due.since, grace_days=grace_days, pauses=pauses, frozen_on=frozen_on
    )
    assert 0 <= counted.days <= past_due.days
    last = past_due.lines[-1]
    assert last.params.get("days", 0) == past_due.days
    assert counted.lines[-1].params.get("days", 0) == counted.days
    taken = sum(int(str(line.params["days"])) for line in counted.lines if line.code == "pause")
    assert counted.lines[-1].params.get("taken", 0) == taken, "the lines add up"
    assert all(line.text for line in (*past_due.lines, *counted.lines))


@settings(max_examples=1000, deadline=None)
@given(
    on=st.dates(date(2026, 2, 11), date(2026, 12, 31)),
    payments=facts,
    grace_days=st.integers(0, 5),
    days=st.integers(1, 40),
)
def test_while_nothing_is_paid_or_paused_each_day_is_one_more(
    on: date, payments: list[Paid], grace_days: int, days: int
) -> None:
    known = [payment for payment in payments if payment.received_on <= on]
    first = days_past_due(on=on, schedule=SIX, payments=known)
    later = days_past_due(on=on + timedelta(days=days), schedule=SIX, payments=known)
    if first.days == 0:
        assert later.days <= days
        return
    assert later.days == first.days + days
    before, after = (
        delinquent_days(on=at, since=first.since, grace_days=grace_days).days
        for at in (on, on + timedelta(days=days))
    )
    assert after - before == days if before else 0 <= after <= days


@settings(max_examples=1000, deadline=None)
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
