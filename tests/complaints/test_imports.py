"""Many complaints at once: final states, refusals row by row, and the demo's own."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.core.errors import NotPermitted
from backoffice.privacy.services import read_text
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints import services
from complaints.importing import AllegationRow, ComplaintRow, DemandRow
from complaints.models import Complaint, ComplaintEvent, Decision
from complaints.seed import NobodyHere, seed_complaints
from debt_collections.models import Hold
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
NOW = make.NOW


def row(**given: Any) -> ComplaintRow:
    facts: dict[str, Any] = {
        "received_at": NOW - timedelta(days=30),
        "source": "import",
        "words": "They call me every day.",
        "complainant": make.complainant(role="unknown"),
        "state": "closed",
        "closed_at": NOW - timedelta(days=20),
        "allegations": [AllegationRow(category="collection.too_many_calls", text="every day")],
        "demands": [DemandRow(text="stop")],
    }
    return ComplaintRow(**{**facts, **given})


def take_in(*rows: ComplaintRow) -> Any:
    return services.import_complaints_bulk(rows, by=system_user("imports"), at=NOW)


def test_needs_the_right() -> None:
    with pytest.raises(NotPermitted):
        services.import_complaints_bulk([row()], by=person(Role.AUDITOR), at=NOW)


def test_takes_in_final_states_with_history_and_events() -> None:
    done = take_in(row(), row(state="investigating", closed_at=None))
    closed, still_open = done.created[0], done.created[1]
    assert done.refused == {}
    assert closed.number == "TS20261024-000001"
    assert (closed.state, read_text(closed, "words_cipher")) == ("closed", "They call me every day.")
    assert Complaint.history.filter(id=closed.pk).count() == 1
    assert list(ComplaintEvent.objects.filter(complaint=closed).values_list("kind", flat=True)) == [
        "imported"
    ]
    assert closed.deadlines.get().cancelled_at == closed.closed_at
    assert still_open.deadlines.get().due_on.isoformat() == "2026-11-08"


def test_before_any_rule_there_was_no_time_limit() -> None:
    long_ago = datetime(2014, 5, 6, tzinfo=UTC)
    done = take_in(row(received_at=long_ago, closed_at=long_ago))
    assert not done.created[0].deadlines.exists()


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"state": "merged"}, "state"),
        ({"state": "lost"}, "state"),
        ({"source": "x"}, "source"),
        ({"words": ""}, "words"),
        ({"closed_at": None}, "closed_at"),
        ({"closed_at": NOW - timedelta(days=31)}, "closed_at"),
        ({"received_at": NOW + timedelta(days=1)}, "received_at"),
        ({"state": "not_admitted", "closed_at": None}, "not_admitted_reason"),
        ({"allegations": [AllegationRow(category="x")]}, "allegations.0.category"),
        ({"complainant": make.complainant(phones=["1"])}, "complainant.phones.0"),
        ({"demands": [DemandRow(text=" ")]}, "demands.0.text"),
    ],
)
def test_a_row_at_fault_is_refused_and_the_others_are_taken(given: dict[str, Any], field: str) -> None:
    done = take_in(row(), replace(row(), **given), row())
    assert sorted(done.created) == [0, 2]
    assert done.refused[1].field == field
    assert Complaint.objects.count() == 2


def test_open_ones_stop_what_they_are_about() -> None:
    collector = floor.collector()
    case = floor.case(collector)
    call = floor.contact(case, collector, floor.shanghai("2026-10-20 23:10"))
    said = AllegationRow(category="collection.night_calls", collector_id=collector.pk, contact_ids=[call.pk])
    done = take_in(
        row(state="investigating", closed_at=None, borrower=case.borrower, case=case, allegations=[said])
    )
    hold = Hold.objects.get(source=done.created[0].dossier)
    assert (hold.scope, hold.collector) == ("collector_channel", collector)


def test_thirty_cost_hardly_more_queries_than_three() -> None:
    take_in(row())
    costs = []
    for count in (3, 30):
        with CaptureQueriesContext(connection) as queries:
            take_in(*[row() for _ in range(count)])
        costs.append(len(queries))
    # SQLite takes 999 values a statement: the widest tables need a second one.
    assert costs[1] <= costs[0] + 2


def test_the_demo_has_every_state_and_approves_with_four_eyes() -> None:
    collector = floor.collector()
    cases = [floor.case(collector) for _ in range(6)]
    for place, case in enumerate(cases):
        for day in (2, 25, 60):
            at = floor.shanghai("2026-11-23 22:30") - timedelta(days=day, hours=place % 3)
            floor.contact(case, collector, at)
    handler, supervisor = make.handler(), make.supervisor()
    done = seed_complaints(rng=random.Random(7), now=NOW, by=system_user("demo"), count=60)
    states = Counter(one.state for one in done.complaints)
    assert set(states) == {
        *("received", "registered", "accepted", "investigating", "awaiting_complainant", "decision_proposed"),
        *("decided", "notified", "closed", "not_admitted", "withdrawn", "merged"),
    }
    assert not ComplaintEvent.objects.filter(occurred_at__gt=NOW).exists()
    letters = Decision.objects.filter(letter__isnull=False)
    assert letters.count() == 10
    proposed = Decision.objects.filter(state="proposed", complaint__state="decision_proposed").first()
    assert proposed is not None
    assert proposed.proposed_by == handler
    approved = services.approve_decision(decision=proposed, by=supervisor, at=NOW)
    assert approved.letter is not None


def test_the_demo_is_the_same_for_the_same_dice() -> None:
    floor.case(floor.collector())
    make.handler()
    make.supervisor()
    told = []
    for _ in range(2):
        done = seed_complaints(rng=random.Random(3), now=NOW, by=system_user("demo"), count=22)
        told.append([(one.state, read_text(one, "words_cipher"), one.received_at) for one in done.complaints])
    assert told[0] == told[1]


def test_the_demo_needs_its_staff() -> None:
    with pytest.raises(NobodyHere):
        seed_complaints(rng=random.Random(1), now=NOW, by=system_user("demo"), count=22)
