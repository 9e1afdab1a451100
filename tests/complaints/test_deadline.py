"""The fifteen days: golden cases, extensions, pauses, and what the queues show of it."""

from datetime import timedelta

import pytest
from django.utils import translation

from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.staff.models import User
from complaints import selectors, services
from complaints.models import Complaint
from tests.factories import complaints as make
from tests.factories.collections import shanghai

pytestmark = pytest.mark.django_db
NOW = make.NOW


@pytest.fixture
def handler() -> User:
    return make.handler()


def due(complaint: Complaint) -> str:
    return complaint.deadlines.get().due_on.isoformat()


@pytest.mark.parametrize(
    ("received", "due_on", "rolled"),
    [
        # CN-13: the day of the event is not counted.
        ("2026-03-01 00:00", "2026-03-16", "2026-03-16"),
        ("2026-03-01 23:59", "2026-03-16", "2026-03-16"),
        # As CN-14: into the National Day holiday; queues keep the earlier day.
        ("2026-09-20 10:00", "2026-10-05", "2026-10-08"),
        # Utc's day is not ours: 00:30 in Shanghai is the day before in UTC.
        ("2026-11-23 00:30", "2026-12-08", "2026-12-08"),
    ],
)
def test_fifteen_days_from_receipt(received: str, due_on: str, rolled: str) -> None:
    deadline = make.filed(at=shanghai(received)).deadlines.get()
    assert (deadline.due_on.isoformat(), deadline.rolled_due_on.isoformat()) == (due_on, rolled)


def test_a_year_not_published_is_flagged() -> None:
    assert not make.filed(at=NOW).deadlines.get().provisional
    assert make.filed(at=shanghai("2026-12-20 10:00")).deadlines.get().provisional


def test_extension_is_an_act_recorded_before_day_15_ends(handler: User) -> None:
    received = shanghai("2026-03-01 10:00")
    complaint = make.filed(at=received)
    with pytest.raises(TransitionRefused):
        services.extend(complaint=complaint, reason="复杂", by=handler, at=shanghai("2026-03-17 00:00"))
    assert due(complaint) == "2026-03-16"
    with pytest.raises(InputRefused):
        services.extend(complaint=complaint, reason=" ", by=handler, at=shanghai("2026-03-16 23:59"))
    services.extend(
        complaint=complaint, reason="复杂", told="已短信告知延长", by=handler, at=shanghai("2026-03-16 23:59")
    )
    assert due(complaint) == "2026-03-31"
    assert complaint.notes.get().kind == "external"
    with pytest.raises(TransitionRefused):
        services.extend(complaint=complaint, reason="再次", by=handler, at=shanghai("2026-03-20 10:00"))


def test_sixty_days_take_a_second_person_and_telling(handler: User) -> None:
    supervisor, other = make.supervisor(), make.supervisor()
    complaint = make.filed()
    at = NOW + timedelta(days=1)

    def far(by: User, told: str = "已电话告知") -> Complaint:
        return services.extend_far(complaint=complaint, reason="特别复杂", told=told, by=by, at=at)

    with pytest.raises(NotPermitted):
        far(handler)
    with pytest.raises(TransitionRefused):
        far(supervisor)
    services.extend(complaint=complaint, reason="复杂", by=supervisor, at=NOW)
    with pytest.raises(TransitionRefused):
        far(supervisor)
    with pytest.raises(InputRefused):
        far(other, told="")
    far(other)
    assert due(complaint) == "2027-01-22"
    assert complaint.deadlines.get().acts.last().approved_by == other


def test_awaiting_the_complainant_stops_nothing(handler: User) -> None:
    complaint = make.investigated(by=handler)
    services.await_complainant(complaint=complaint, by=handler, at=NOW + timedelta(hours=1))
    assert (due(complaint), complaint.deadlines.get().paused_since) == ("2026-12-08", None)


def test_mediation_pauses_and_resumes(handler: User) -> None:
    complaint = make.investigated(by=handler)
    pause, go_on = shanghai("2026-11-26 10:00"), shanghai("2026-12-03 10:00")
    services.pause_decision_deadline(complaint=complaint, ground="mediation", by=handler, at=pause)
    assert complaint.deadlines.get().paused_since == pause
    assert (
        services.pause_decision_deadline(complaint=complaint, ground="mediation", by=handler, at=pause)
        is None
    )
    services.resume_decision_deadline(complaint=complaint, ground="mediation", by=handler, at=go_on)
    assert (due(complaint), complaint.deadlines.get().paused_since) == ("2026-12-15", None)
    assert (
        services.resume_decision_deadline(complaint=complaint, ground="mediation", by=handler, at=go_on)
        is None
    )


def test_what_is_over_cannot_be_paused(handler: User) -> None:
    complaint = make.filed()
    late = NOW + timedelta(days=20)
    assert (
        services.pause_decision_deadline(complaint=complaint, ground="mediation", by=handler, at=late) is None
    )
    assert not complaint.deadlines.get().acts.exists()


def test_the_page_says_why_this_day(handler: User) -> None:
    complaint = services.extend(complaint=make.filed(), reason="复杂", by=handler, at=NOW)
    with translation.override("en"):
        panel = selectors.deadline_panel(complaint, at=NOW)
    assert panel is not None
    assert panel.days_left == 30
    assert len(panel.lines) == 3
    assert "30" in panel.lines[2]


def test_queue_and_counts(handler: User) -> None:
    today, late = make.filed(at=NOW - timedelta(days=15)), make.filed(at=NOW - timedelta(days=16))
    paused = make.filed(at=NOW - timedelta(days=14))
    services.pause_decision_deadline(complaint=paused, ground="mediation", by=handler, at=NOW)
    make.filed(at=NOW - timedelta(days=12))
    counts = selectors.desk_counts(handler, at=NOW)
    assert (counts.due_today, counts.overdue, counts.at_risk, counts.unassigned) == (1, 1, 1, 4)
    supervisor = make.supervisor()
    for one in (today, late):
        services.assign(complaint=one, handler=handler, by=supervisor, at=NOW)
    assert list(selectors.my_queue(user=handler)) == [late, today]
    assert selectors.count_mine(handler) == 2


def test_to_approve_leaves_out_ones_own(handler: User) -> None:
    supervisor = make.supervisor()
    make.proposed(by=supervisor)
    make.proposed(by=handler)
    assert selectors.count_to_approve(supervisor) == 1
    assert selectors.count_to_approve(handler) == 0
