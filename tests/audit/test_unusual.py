"""Unusual reading: the pure rule, the watch over the log, and what comes of an alert."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
import time_machine
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from backoffice.audit.models import ReadEvent, RecordEvent
from backoffice.audit.services import log_read
from backoffice.audit.services.watching import answer_alert, count_unanswered, detect_unusual_reads
from backoffice.audit.unusual import RULES, Limits, Reading, Volume, judge, usual_limit
from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.models import Dossier
from backoffice.core.services import open_dossiers
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories.staff import NOW, person

LIMITS = Limits(
    people_per_hour=60,
    people_per_day=200,
    searches_per_hour=120,
    outside_hours=10,
    habit_factor=3,
    habit_floor=30,
)


def rules(reading: Reading) -> list[str]:
    return [finding.rule for finding in judge(reading, LIMITS)]


@pytest.mark.parametrize(
    ("reading", "wanted"),
    [
        (Reading(Volume(60, 120), Volume(200), outside=10), []),
        (Reading(Volume(61), Volume(61)), ["people_per_hour"]),
        (Reading(Volume(), Volume(201)), ["people_per_day"]),
        (Reading(Volume(0, 121), Volume()), ["searches_per_hour"]),
        (Reading(Volume(), Volume(11), outside=11), ["outside_hours"]),
        # Three times a median of 20 is 60; four days are too few to tell; a quiet user is judged by the floor.
        (Reading(Volume(), Volume(61), usual=[20] * 5), ["own_habit"]),
        (Reading(Volume(), Volume(60), usual=[20] * 5), []),
        (Reading(Volume(), Volume(61), usual=[20] * 4), []),
        (Reading(Volume(), Volume(30), usual=[1] * 20), []),
        (Reading(Volume(), Volume(31), usual=[1] * 20), ["own_habit"]),
        (Reading(Volume(61), Volume(201), usual=[2] * 9), ["people_per_hour", "people_per_day", "own_habit"]),
    ],
)
def test_what_is_unusual(reading: Reading, wanted: list[str]) -> None:
    assert rules(reading) == wanted


def test_a_finding_explains_itself() -> None:
    (finding,) = judge(Reading(Volume(61), Volume(61)), LIMITS)
    assert finding.line.text == "Opened 61 people or dossiers within an hour; allowed are 60."
    assert set(RULES) >= {finding.rule}


@given(st.lists(st.integers(0, 500), max_size=20), st.integers(0, 1000), st.integers(0, 1000))
def test_more_reading_is_never_less_unusual(usual: list[int], seen: int, more: int) -> None:
    few = {one.rule for one in judge(Reading(Volume(seen), Volume(seen), seen, usual), LIMITS)}
    many = {
        one.rule
        for one in judge(Reading(Volume(seen + more), Volume(seen + more), seen + more, usual), LIMITS)
    }
    assert few <= many
    limit = usual_limit(usual, LIMITS)
    assert limit is None or limit >= LIMITS.habit_floor


# --- the watch --------------------------------------------------------------------------------------------


def folders(count: int) -> list[Dossier]:
    keys = open_dossiers(
        kind="complaint", numbers=[f"W{number:05d}" for number in range(count)], ats=[NOW] * count
    )
    return list(Dossier.objects.filter(pk__in=keys).order_by("pk"))


def read(user: User, dossiers: list[Dossier], *, at: datetime, what: str = ReadEvent.What.PAGE) -> None:
    with context.acting(by=user, reason_code="test"):
        for dossier in dossiers:
            log_read(what=what, at=at, path="/admin/", dossier=dossier)


def watch(at: datetime) -> list[tuple[str, int]]:
    robot = system_user("watch")
    with context.entering("task", actor=robot):
        found = detect_unusual_reads(by=robot, at=at)
    return [(event.data["rule"], event.user_id) for event in found]  # type: ignore[misc]


@pytest.mark.django_db
def test_the_same_person_twice_counts_once_and_an_alert_comes_once() -> None:
    user, quiet = person(Role.HANDLER), person(Role.HANDLER)
    rows = folders(61)
    # Monday, 10:00 in Shanghai.
    read(user, rows[:60], at=NOW)
    read(user, rows[:60], at=NOW + timedelta(minutes=1))
    read(quiet, rows[:5], at=NOW)
    assert watch(NOW + timedelta(minutes=10)) == []
    read(user, rows[60:], at=NOW + timedelta(minutes=11))
    assert watch(NOW + timedelta(minutes=15)) == [("people_per_hour", user.pk)]
    assert watch(NOW + timedelta(minutes=30)) == []
    # The same sixty-one were read more than an hour before this moment, and still within the day.
    assert watch(NOW + timedelta(hours=3)) == []
    (alert,) = RecordEvent.objects.filter(kind="reads.unusual")
    assert alert.data == {"rule": "people_per_hour", "window": "2026-11-23T10", "seen": 61, "limit": 60}


@pytest.mark.django_db
def test_at_night_and_on_rest_days_little_is_much() -> None:
    user = person(Role.HANDLER)
    rows = folders(11)
    night = NOW + timedelta(hours=13)  # 23:00
    read(user, rows, at=night)
    assert watch(night + timedelta(minutes=5)) == [("outside_hours", user.pk)]
    sunday = NOW - timedelta(days=1)
    read(user, rows, at=sunday)
    assert watch(sunday + timedelta(minutes=5)) == [("outside_hours", user.pk)]


@pytest.mark.django_db
def test_one_is_measured_by_ones_own_working_days() -> None:
    user = person(Role.HANDLER)
    rows = folders(40)
    # Monday to Friday of the week before: eight people a day, so that up to thirty (the floor) are usual.
    for back in (3, 4, 5, 6, 7):
        read(user, rows[:8], at=NOW - timedelta(days=back))
    newcomer = person(Role.HANDLER)
    for reader in (user, newcomer):
        read(reader, rows[:35], at=NOW)
    assert watch(NOW + timedelta(minutes=1)) == [("own_habit", user.pk)]
    # The measure is the day's: tomorrow it may be reported again, today it is not.
    assert watch(NOW + timedelta(hours=2)) == []


@pytest.mark.django_db
def test_command_and_task_do_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    from backoffice.audit.tasks import detect_unusual_reads_task

    user = person(Role.HANDLER)
    with time_machine.travel(NOW, tick=False):
        read(user, folders(61), at=NOW - timedelta(minutes=1))
        call_command("detect_unusual_reads")
        assert "1 new alerts" in capsys.readouterr().out
        assert detect_unusual_reads_task.delay().get() == 0


# --- what comes of it -------------------------------------------------------------------------------------


@pytest.fixture
def alert() -> RecordEvent:
    user = person(Role.HANDLER)
    read(user, folders(61), at=NOW)
    watch(NOW + timedelta(minutes=1))
    return RecordEvent.objects.get(kind="reads.unusual")


@pytest.mark.django_db
def test_an_alert_is_answered_once_and_by_somebody_else(alert: RecordEvent) -> None:
    officer, auditor = person(Role.PRIVACY_OFFICER), person(Role.AUDITOR)
    later = NOW + timedelta(hours=1)
    assert count_unanswered(at=later) == 1
    with context.entering("admin"):
        with pytest.raises(NotPermitted):
            answer_alert(alert=alert, outcome="plausible", by=auditor, at=later)
        with pytest.raises(InputRefused):
            answer_alert(alert=alert, outcome="whatever", by=officer, at=later)
        answer_alert(alert=alert, outcome="plausible", by=officer, at=later)
        with pytest.raises(InputRefused):
            answer_alert(alert=alert, outcome="talked", by=officer, at=later)
    assert count_unanswered(at=later) == 0
    own = RecordEvent.objects.create(
        kind="reads.unusual", user=officer, actor=officer, actor_name="x", occurred_at=NOW, data={}
    )
    with context.entering("admin"), pytest.raises(NotPermitted):
        answer_alert(alert=own, outcome="plausible", by=officer, at=later)


@pytest.mark.django_db
def test_the_page_says_why_and_takes_the_answer(client: Client, alert: RecordEvent) -> None:
    page = reverse("admin:record_alerts")
    client.force_login(person(Role.HANDLER))
    assert client.get(page).status_code == 403
    client.force_login(person(Role.AUDITOR))
    answer = client.get(page)
    (row,) = answer.context["rows"]
    assert "61" in row["why"]
    assert "60" in row["why"]
    assert not answer.context["may_answer"]
    client.post(page, {"alert": alert.pk, "outcome": "plausible"})
    assert not RecordEvent.objects.filter(kind="reads.answered").exists()
    client.force_login(person(Role.PRIVACY_OFFICER))
    assert client.post(page, {"alert": "0", "outcome": "plausible"}).status_code == 404
    client.post(page, {"alert": alert.pk, "outcome": "plausible"})
    (row,) = client.get(page).context["rows"]
    assert row["answer"].data == {"alert": alert.pk, "outcome": "plausible"}
