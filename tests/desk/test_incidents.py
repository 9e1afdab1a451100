"""Incidents as they are reported: rights, first clocks, whom they call, whom they concern and who was told."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from backoffice.audit.models import ReadEvent
from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.desk import incidents, services
from backoffice.desk.admin.incident_entries import _search
from backoffice.desk.models import Incident, IncidentEvent, Task
from backoffice.desk.services.incident_persons import attach_persons
from backoffice.privacy.services import create_subjects, read_reason, read_text
from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES, Role
from backoffice.staff.services import system_user
from debt_collections.models import Hold
from tests.factories import loans as book
from tests.factories.incidents import HOUR, duty, report, running
from tests.factories.staff import NOW, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def door() -> Iterator[None]:
    with context.entering("command"):
        yield


@pytest.fixture
def officer() -> User:
    return person(Role.PRIVACY_OFFICER)


# --- rights ---------------------------------------------------------------------------------------------


def test_every_person_may_press_the_red_button_and_no_machine() -> None:
    for role in PERSON_ROLES:
        report(by=person(role))
    with pytest.raises(NotPermitted):
        report(by=system_user("tests"))


@pytest.mark.parametrize(
    ("kind", "inside", "outside"),
    [
        (
            "leak",
            (Role.PRIVACY_OFFICER, Role.COMPLIANCE),
            (Role.CONDUCT_SUPERVISOR, Role.COMPLAINT_SUPERVISOR),
        ),
        (
            "crowd",
            (Role.COMPLIANCE, Role.CONDUCT_SUPERVISOR, Role.COMPLAINT_SUPERVISOR),
            (Role.PRIVACY_OFFICER,),
        ),
    ],
)
def test_each_kind_has_those_who_answer_for_it(
    kind: str, inside: tuple[Role, ...], outside: tuple[Role, ...]
) -> None:
    incident = report(kind)
    for role in inside:
        who = person(role)
        assert incidents.visible_to(who).filter(pk=incident.pk).exists()
        assert services.take_incident(incident=incident, by=who, at=NOW).owner == who
    for role in outside:
        who = person(role)
        assert not incidents.visible_to(who).filter(pk=incident.pk).exists()
        with pytest.raises(TransitionRefused):
            services.take_incident(incident=incident, by=who, at=NOW)


def test_a_reporter_sees_their_own_the_auditor_all_and_neither_changes_anything() -> None:
    me, other, auditor = person(Role.HANDLER), person(Role.HANDLER), person(Role.AUDITOR)
    incident = report(by=me)
    assert list(incidents.visible_to(me)) == list(incidents.visible_to(auditor)) == [incident]
    assert not incidents.visible_to(other).exists()
    assert [hit.title for hit in _search(incident.number.lower(), me, 5)] == [incident.number]
    assert _search(incident.number, other, 5) == []
    for who in (me, auditor):
        with pytest.raises(NotPermitted):
            services.contain_incident(incident=incident, contained_at=NOW, measures="x", by=who, at=NOW)


# --- the report -----------------------------------------------------------------------------------------


def test_a_report_starts_the_clocks_and_calls_those_responsible(officer: User) -> None:
    compliance = person(Role.COMPLIANCE)
    person(Role.CONDUCT_SUPERVISOR)
    noticed = NOW - timedelta(minutes=50)
    incident = report(noticed_at=noticed, persons=12, data_kinds=["loan", "name"])
    assert (incident.state, incident.level, incident.data_kinds) == ("open", "ordinary", ["name", "loan"])
    assert duty(incident, "leak_authority").due_at == noticed + 2 * HOUR
    assert duty(incident, "leak_supervisor_written").due_at == noticed + 24 * HOUR
    assert "leak_supervisor_closing" not in running(incident), "its clock waits for the end of the handling"
    tasks = Task.objects.filter(dossier=incident.dossier, kind=services.INCIDENT_TASK)
    assert {task.assigned_to for task in tasks} == {officer, compliance}
    assert {task.due_at for task in tasks} == {noticed + 2 * HOUR}
    assert "名单".encode() not in bytes(incident.description_cipher)
    assert read_text(incident, "description_cipher") == "名单被发到群里"
    assert incident.history.get().history_change_reason == "incident.reported"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"kind": "fire"}, "kind"),
        ({"description": "  "}, "description"),
        ({"noticed_at": NOW + HOUR}, "noticed_at"),
        ({"occurred_at": NOW + HOUR}, "occurred_at"),
        ({"data_kinds": ["shoe size"]}, "data_kinds"),
    ],
)
def test_what_cannot_be_reported(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        report(**given)
    assert refused.value.field == field
    assert not Incident.objects.exists()


def test_a_threat_of_self_harm_stops_all_collection_from_the_borrower_at_once() -> None:
    borrower = book.a_borrower()
    collector = person(Role.COLLECTOR)
    incident = report("self_harm", source=borrower.dossier, by=collector)
    hold = Hold.objects.get(borrower=borrower)
    assert (hold.scope, hold.reason, hold.source, hold.lifts_with) == (
        "all",
        "danger",
        incident.dossier,
        "by_hand",
    )
    assert list(incident.subjects.values_list("subject", flat=True)) == [borrower.subject_id]
    # The person becomes known only later: the same happens then, and only once.
    unknown, later = report("self_harm"), book.a_borrower()
    supervisor = person(Role.CONDUCT_SUPERVISOR)
    for _again in range(2):
        services.add_persons(incident=unknown, numbers=[later.customer_number], by=supervisor, at=NOW)
    assert Hold.objects.filter(borrower=later, source=unknown.dossier).count() == 1
    report("leak", source=book.a_borrower().dossier)
    assert Hold.objects.count() == 2, "no other kind stops anything by itself"


# --- persons --------------------------------------------------------------------------------------------


def test_persons_by_number_and_by_what_somebody_saw(officer: User) -> None:
    first, second, third, fourth = (book.a_borrower() for _ in range(4))
    incident, nosy = report(), person(Role.COLLECTOR)
    loan = book.a_loan(borrower=first)
    added = services.add_persons(
        incident=incident, numbers=[first.customer_number, loan.number], by=officer, at=NOW
    )
    assert added == 1, "a person and their loan are one person"
    with context.acting(by=officer, reason_code=""):
        (alias,) = create_subjects(1)
        alias.same_as = first.subject
        alias.save()
    assert attach_persons(incident=incident, subject_ids={alias.pk}, by=officer, at=NOW) == 0
    with pytest.raises(InputRefused) as refused:
        services.add_persons(incident=incident, numbers=["C404"], by=officer, at=NOW)
    assert refused.value.field == "numbers"
    with context.acting(by=nosy, reason_code=""):
        log_read(what=ReadEvent.What.PAGE, at=NOW - HOUR, path="/a/", dossier=second.dossier)
        log_read(what=ReadEvent.What.LIST, at=NOW - HOUR, path="/b/", listed=[third.dossier_id], count=1)
        log_read(what=ReadEvent.What.PAGE, at=NOW - 50 * HOUR, path="/c/", dossier=fourth.dossier)
    seen = services.add_seen(
        incident=incident, reader=nosy, since=NOW - 2 * HOUR, until=NOW, by=officer, at=NOW
    )
    assert seen == 2
    concerned = set(incident.subjects.values_list("subject", flat=True))
    assert concerned == {first.subject_id, second.subject_id, third.subject_id}


def test_telling_the_last_person_meets_the_duty(officer: User) -> None:
    borrowers = [book.a_borrower() for _ in range(3)]
    incident = report()
    numbers = [one.customer_number for one in borrowers]
    services.add_persons(incident=incident, numbers=numbers, by=officer, at=NOW)
    first, second, third = incident.subjects.order_by("pk")
    services.tell_persons(
        incident=incident, persons=[first], way="sms", told_at=NOW + HOUR, by=officer, at=NOW + HOUR
    )
    assert "leak_persons" in running(incident)
    services.leave_out(
        incident=incident,
        persons=[second],
        because="unreachable",
        by=officer,
        at=NOW + HOUR,
        reason="三次未接",
    )
    last: dict[str, Any] = {"incident": incident, "way": "call", "by": officer, "at": NOW + 3 * HOUR}
    assert services.tell_persons(persons=[first, third], told_at=NOW + 2 * HOUR, **last) == 1
    assert duty(incident, "leak_persons").met_at == NOW + 2 * HOUR
    event = IncidentEvent.objects.get(incident=incident, kind="persons_left_out")
    assert (event.data, read_reason(bytes(event.reason_cipher or b""))) == (
        {"count": 1, "because": "unreachable"},
        "三次未接",
    )
    with pytest.raises(TransitionRefused):
        services.tell_persons(persons=[third], told_at=NOW, **last)


def test_with_more_persons_estimated_than_known_the_duty_stays_until_an_announcement(officer: User) -> None:
    incident = report(source=book.a_borrower().dossier, persons=500)
    row = incident.subjects.get()
    services.tell_persons(incident=incident, persons=[row], way="sms", told_at=NOW, by=officer, at=NOW)
    assert "leak_persons" in running(incident)
    services.notify(
        incident=incident,
        duty=duty(incident, "leak_persons"),
        way="announcement",
        told_at=NOW,
        by=officer,
        at=NOW,
    )
    assert "leak_persons" not in running(incident)
