"""The labels agree with the days they stand beside, at every boundary and for any day."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.ageing import Pause, delinquent_days, standing
from backoffice.loans.classification import (
    CLASSES,
    ClassPolicy,
    Watch,
    bucket_of,
    classify,
    watch_after,
)
from tests.loans.test_ageing import BUCKETS, ageing_policy

POLICY = ClassPolicy(technical_days=7, substandard_after=90, doubtful_after=270, loss_after=360)
ON = date(2026, 11, 23)


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        *((0, "normal"), (1, "normal"), (7, "normal"), (8, "special_mention"), (90, "special_mention")),
        *((91, "substandard"), (270, "substandard"), (271, "doubtful"), (360, "doubtful"), (361, "loss")),
    ],
)
def test_the_class_at_its_boundaries(days: int, expected: str) -> None:
    found = classify(on=ON, days=days, policy=POLICY)
    assert found.value == expected
    if days > 7:
        assert found.lines[0].params["days"] == days, "the reason names the days shown beside the label"


@pytest.mark.parametrize(
    ("days", "expected"), [(0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (180, 4), (181, 5), (361, 6)]
)
def test_31_days_are_in_the_bucket_of_31(days: int, expected: int) -> None:
    found = bucket_of(days, BUCKETS)
    assert found.value == expected
    assert found.first <= days
    assert found.last is None or days <= found.last


def test_a_restructured_loan_is_watched_for_a_year_and_starts_anew() -> None:
    first = watch_after([date(2026, 1, 31)], months=12)
    assert first == Watch(date(2027, 1, 31), 1)
    assert classify(on=ON, days=0, policy=POLICY, watch=first).value == "special_mention"
    assert classify(on=date(2027, 1, 31), days=0, policy=POLICY, watch=first).value == "special_mention"
    assert classify(on=date(2027, 2, 1), days=0, policy=POLICY, watch=first).value == "normal"
    again = watch_after([date(2026, 1, 31), date(2026, 8, 1)], months=12)
    assert again == Watch(date(2027, 8, 1), 2)
    assert classify(on=ON, days=0, policy=POLICY, watch=again).value == "substandard"
    assert classify(on=ON, days=400, policy=POLICY, watch=again).value == "loss", "never better than the days"
    after = watch_after([date(2024, 1, 1), date(2026, 8, 1)], months=12)
    assert after.restructurings == 1, "the first watch was over"


def test_paying_a_part_during_a_pause_never_looks_worse() -> None:
    """V17, third timeline: the label came back with a part payment. Ours follows from the days alone."""
    pauses = [Pause(date(2023, 10, 6), date(2023, 10, 30))]
    on = date(2023, 10, 16)
    since = date(2023, 10, 1)
    before = standing(
        on=on, unpaid_due_days=[since], spells=1, policy=ageing_policy(grace_days=3), pauses=pauses
    )
    # A part payment leaves the instalment unpaid: the same due day, the same label.
    after = standing(
        on=on, unpaid_due_days=[since], spells=1, policy=ageing_policy(grace_days=3), pauses=pauses
    )
    assert before == after
    assert delinquent_days(on=on, since=since, grace_days=3, pauses=pauses).days == 2


def test_a_pause_begins_and_ends_as_an_event() -> None:
    policy = ageing_policy()
    pauses = [Pause(ON + timedelta(days=2), ON + timedelta(days=5))]
    days = [ON - timedelta(days=100)]
    first = standing(on=ON, unpaid_due_days=days, spells=1, policy=policy, pauses=pauses)
    assert first.next_event_on == ON + timedelta(days=3)
    second = standing(on=ON + timedelta(days=3), unpaid_due_days=days, spells=1, policy=policy, pauses=pauses)
    assert second.next_event_on == ON + timedelta(days=6)


@settings(max_examples=1000)
@given(st.integers(0, 500), st.integers(0, 500), st.sampled_from([Watch(), Watch(ON, 1), Watch(ON, 2)]))
def test_more_days_are_never_a_better_class(one: int, other: int, watch: Watch) -> None:
    low, high = sorted((one, other))
    best, worst = (classify(on=ON, days=days, policy=POLICY, watch=watch).value for days in (low, high))
    assert CLASSES.index(best) <= CLASSES.index(worst)
    assert bucket_of(low, BUCKETS).value <= bucket_of(high, BUCKETS).value
