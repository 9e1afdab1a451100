"""The red button on every page, the form behind it, and an incident's pages as different people see them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import ReadEvent
from backoffice.core import context
from backoffice.desk import services, sidebar
from backoffice.desk.models import Incident, IncidentContact
from backoffice.desk.registry import registries
from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES, Role
from tests.factories import loans as book
from tests.factories.staff import person
from tests.support import assert_same_queries_3_and_30

pytestmark = pytest.mark.django_db
ADD = reverse("admin:desk_incident_add")
LIST = reverse("admin:desk_incident_changelist")


@pytest.fixture(autouse=True)
def door() -> Iterator[None]:
    with context.entering("command"):
        yield


@pytest.fixture
def signed_in(client: Client) -> Callable[[User], Client]:
    def sign_in(who: User) -> Client:
        client.force_login(who, backend="django.contrib.auth.backends.ModelBackend")
        client.cookies["django_language"] = "en"
        return client

    return sign_in


def report(kind: str = "leak", *, ago: timedelta = timedelta(minutes=10), **given: Any) -> Incident:
    now = timezone.now()
    given = {"description": "a list was posted in a group", "noticed_at": now - ago, "at": now, **given}
    given.setdefault("by", person(Role.COLLECTOR))
    return services.report_incident(kind=kind, **given)


def page_of(incident: Incident) -> str:
    return reverse("admin:desk_incident_change", args=(incident.pk,))


def step(incident: Incident, name: str) -> str:
    return reverse("admin:desk_incident_transition", args=(incident.pk, name))


@pytest.mark.parametrize("role", PERSON_ROLES)
def test_everybody_has_the_button_on_their_pages(role: Role, signed_in: Callable[[User], Client]) -> None:
    who = signed_in(person(role))
    for url in (reverse("admin:index"), reverse("admin:password_change"), ADD):
        assert f'class="report-button" href="{ADD}' in who.get(url).content.decode()


def test_on_an_objects_page_the_button_brings_the_file_along(signed_in: Callable[[User], Client]) -> None:
    borrower = book.a_borrower()
    who = signed_in(person(Role.HANDLER))
    page = who.get(reverse("admin:loans_borrower_change", args=(borrower.pk,))).content.decode()
    url = f"{ADD}?about={borrower.dossier.uid}"
    assert f'href="{url}"' in page
    assert f'value="{borrower.customer_number}"' in who.get(url).content.decode()
    assert who.get(f"{ADD}?about=nonsense").status_code == 200


def test_the_form_reports_once_and_says_what_to_do(signed_in: Callable[[User], Client]) -> None:
    borrower, officer = book.a_borrower(), person(Role.CONDUCT_SUPERVISOR)
    who = signed_in(person(Role.COLLECTOR))
    typed = {
        "kind": "self_harm",
        "description": "he said he cannot go on",
        "noticed_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "about": "C404",
        "once": "abc",
    }
    wrong = who.post(ADD, typed)
    assert (wrong.status_code, "No file has this number." in wrong.content.decode()) == (422, True)
    answer = who.post(ADD, {**typed, "about": borrower.customer_number}, follow=True)
    page = answer.content.decode()
    incident = Incident.objects.get()
    assert answer.redirect_chain == [(reverse("admin:desk_incident_now", args=(incident.pk,)), 302)]
    for said in (
        "12356",
        "110",
        "120",
        "Are you thinking of taking your life?",
        officer.display_name,
        "All collection",
    ):
        assert said in page
    who.post(ADD, {**typed, "about": borrower.customer_number})
    assert Incident.objects.count() == 1, "a second click reports nothing"
    read = ReadEvent.objects.filter(dossier=incident.dossier).last()
    assert read is not None


def test_the_reporter_sees_the_page_without_steps_and_without_the_read_log(
    signed_in: Callable[[User], Client],
) -> None:
    reporter = person(Role.COLLECTOR)
    incident = report(by=reporter, source=book.a_borrower().dossier)
    page = signed_in(reporter).get(page_of(incident)).content.decode()
    assert "a list was posted in a group" in page
    assert "/transition/" not in page
    assert "Who looked at the persons concerned" not in page
    assert (
        signed_in(reporter).get(reverse("admin:desk_incident_reads", args=(incident.pk,))).status_code == 403
    )
    assert signed_in(reporter).get(step(incident, "take")).status_code == 403
    stranger = signed_in(person(Role.LOAN_OFFICER))
    assert stranger.get(page_of(incident)).status_code == 404
    assert incident.number not in stranger.get(LIST).content.decode()


def test_the_officers_page_has_clocks_reasons_and_whom_to_call(signed_in: Callable[[User], Client]) -> None:
    incident = report(ago=timedelta(hours=3), source=book.a_borrower().dossier)
    who = signed_in(person(Role.PRIVACY_OFFICER))
    page = who.get(page_of(incident)).content.decode()
    for said in (
        "1 h 0 min late",
        "个人信息保护法 art. 57 [I14]",
        "The number is our own reading of that.",
        "12387",
        "The clock starts when the incident is contained: 5 working days from then.",
        "1 entered, 1 not told",
        "Who looked at the persons concerned",
    ):
        assert said in page, said
    for name in (
        "take",
        "notify",
        "contain",
        "assess",
        "add_persons",
        "add_seen",
        "tell_persons",
        "leave_out",
        "waive",
    ):
        asked = who.get(step(incident, name))
        assert asked.status_code == 200, name
    duty = incident.duties.get(code="leak_authority")
    told = {
        "duty": duty.pk,
        "way": "platform",
        "told_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "once": "n",
    }
    assert who.post(step(incident, "notify"), told).status_code == 302
    assert "Told, late" in who.get(page_of(incident)).content.decode()
    refused = who.get(step(incident, "mark_reported"))
    assert refused.status_code == 409
    record = who.get(reverse("admin:desk_incident_history", args=(incident.pk,))).content.decode()
    for said in (
        "Incident reported",
        "Notification logged",
        "Report duties worked out",
        "Persons added to an incident",
    ):
        assert said in record


def test_the_read_log_as_a_file_is_itself_on_record(signed_in: Callable[[User], Client]) -> None:
    borrower = book.a_borrower()
    incident = report(source=borrower.dossier)
    handler, auditor = person(Role.HANDLER, full_name="=SUM(A1)"), person(Role.AUDITOR)
    assert (
        signed_in(handler).get(reverse("admin:loans_borrower_change", args=(borrower.pk,))).status_code == 200
    )
    answer = signed_in(auditor).get(reverse("admin:desk_incident_reads", args=(incident.pk,)))
    lines = answer.content.decode("utf-8-sig").splitlines()
    assert lines[0].startswith("at,user,how")
    assert len(lines) == 2
    assert "'=SUM(A1)" in lines[1], "no spreadsheet runs a name"
    record = ReadEvent.objects.get(what="export")
    assert (record.actor, record.dossier, record.count, record.purpose_code) == (
        auditor,
        incident.dossier,
        1,
        "incident",
    )


def test_the_queue_is_in_order_of_what_is_due_and_counts_what_presses(
    signed_in: Callable[[User], Client],
) -> None:
    late, fresh = report("crowd", ago=timedelta(hours=5)), report("media", ago=timedelta(0))
    leak = report("leak")
    boss = person(Role.CONDUCT_SUPERVISOR)
    who = signed_in(boss)
    page = who.get(LIST).content.decode()
    assert page.index(late.number) < page.index(fresh.number)
    assert leak.number not in page
    item = registries.sidebar.get("desk.incidents")
    assert item is not None
    assert item.count is not None
    assert item.urgent is not None
    assert (item.count(boss), item.urgent(boss)) == (2, 2)
    sidebar.forget(boss)
    home = who.get(reverse("admin:index")).content.decode()
    assert late.number in home
    assert item.count(person(Role.HANDLER)) == 0
    assert late.number not in who.get(f"{LIST}?which=closed").content.decode()


def test_the_list_costs_the_same_for_3_and_30(signed_in: Callable[[User], Client]) -> None:
    reporter, borrower = person(Role.COLLECTOR), book.a_borrower()

    def make(count: int) -> None:
        for _number in range(count):
            report("crowd", by=reporter, source=borrower.dossier)

    who = signed_in(person(Role.COMPLIANCE))
    assert_same_queries_3_and_30(make, who, LIST)


def test_offices_are_looked_up_by_all_and_kept_by_compliance(signed_in: Callable[[User], Client]) -> None:
    office = IncidentContact.objects.get(name="公安报警")
    url = reverse("admin:desk_incidentcontact_change", args=(office.pk,))
    reader = signed_in(person(Role.ADMINISTRATOR))
    assert "110" in reader.get(url).content.decode()
    assert reader.post(url, {}).status_code == 405
    values = {
        "party": "police",
        "kinds": ["crowd"],
        "name": "滨江派出所",
        "number": "0571-110",
        "order": "15",
        "valid_from": "2026-01-01",
    }
    writer = signed_in(person(Role.COMPLIANCE))
    answer = writer.post(reverse("admin:desk_incidentcontact_add"), values)
    assert answer.status_code == 302, answer.content.decode()
    made = IncidentContact.objects.get(name="滨江派出所")
    assert made.kinds == ["crowd"]
    assert made.history.get().history_change_reason == "desk.incidentcontact.added"


def test_it_stands_in_the_borrowers_timeline_for_those_who_may_know(
    signed_in: Callable[[User], Client],
) -> None:
    borrower, reporter = book.a_borrower(), person(Role.COLLECTOR)
    incident = report("crowd", by=reporter, source=borrower.dossier)
    source = registries.timeline.get("desk.incidents")
    assert source is not None

    def seen_by(who: User) -> set[str]:
        items = source.items(borrower_id=borrower.pk, viewer=who, before=None, limit=10)
        return {item.detail for item in items}

    assert (
        seen_by(reporter)
        == seen_by(person(Role.AUDITOR))
        == {f"{incident.get_kind_display()} {incident.number}"}
    )
    assert seen_by(person(Role.HANDLER)) == set()
