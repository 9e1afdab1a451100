"""The desk's own pages keep to a collector's cases too: the queue of tasks, and what came of the red button."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.core.context import EntryPoint, acting, entering
from backoffice.core.errors import TransitionRefused
from backoffice.desk import services
from backoffice.desk.models import Incident, Task
from backoffice.loans.models import Loan
from backoffice.staff.models import Team, User
from backoffice.staff.roles import Role
from debt_collections.models import Hold
from tests.factories import collections as make
from tests.factories import complaints, desk
from tests.factories.loans import a_loan
from tests.factories.staff import NOW, person

pytestmark = pytest.mark.django_db
LIST = reverse("admin:desk_task_changelist")
ADD = reverse("admin:desk_incident_add")
OUTSIDE = "A person outside your cases"


@pytest.fixture(autouse=True)
def door() -> Iterator[None]:
    with entering(EntryPoint.COMMAND):
        yield


def team(name: str) -> Team:
    with acting(by=person(Role.ADMINISTRATOR), reason_code="team.created"):
        return Team.objects.create(name=name)


@pytest.fixture
def me() -> User:
    return person(Role.COLLECTOR, team=team("甲"))


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return client


# --- tasks ------------------------------------------------------------------------------------------------


def mine_and_others(me: User) -> tuple[list[Task], list[Task]]:
    colleague = person(Role.COLLECTOR, team=me.team)
    mine = [desk.task(assigned_to=me, team=me.team), desk.task(team=me.team)]
    others = [
        desk.task(detail="回拨本人手机"),
        desk.task(team=team("乙")),
        desk.task(assigned_to=person(Role.HANDLER)),
        desk.task(assigned_to=colleague, team=me.team),
    ]
    return mine, others


def listed(user: User, whose: str) -> set[int]:
    return {row.pk for row in signed_in(user).get(LIST, {"whose": whose}).context["cl"].result_list}


def test_a_collector_lists_own_tasks_and_the_teams_that_nobody_has(me: User) -> None:
    mine, others = mine_and_others(me)
    assert listed(me, "all") == {task.pk for task in mine}
    assert listed(me, "team") == {task.pk for task in mine}
    assert listed(person(Role.HANDLER), "all") == {task.pk for task in (*mine, *others)}


def test_without_a_team_they_are_ones_own() -> None:
    me = person(Role.COLLECTOR)
    own, _of_nobody = desk.task(assigned_to=me), desk.task()
    assert listed(me, "all") == {own.pk}


def test_pages_and_steps_of_other_tasks_are_not_there(me: User) -> None:
    mine, others = mine_and_others(me)
    client = signed_in(me)

    def addresses(task: Task) -> list[str]:
        return [
            reverse("admin:desk_task_change", args=(task.pk,)),
            reverse("admin:desk_task_history", args=(task.pk,)),
            reverse("admin:desk_task_transition", args=(task.pk, "complete")),
        ]

    assert {client.get(url).status_code for task in mine for url in addresses(task)} == {200}
    for task in others:
        assert {client.get(url).status_code for url in addresses(task)} == {404}
        assert client.post(addresses(task)[-1], {"once": f"t{task.pk}"}).status_code == 404
        bulk = {"action": "transition_complete", "_selected_action": [task.pk], "once": f"b{task.pk}"}
        client.post(f"{LIST}?whose=all", {**bulk, "apply": "1"})
        task.refresh_from_db()
        assert task.state == Task.State.OPEN


def test_the_service_says_what_the_page_says(me: User) -> None:
    mine, others = mine_and_others(me)
    for task in others:
        with pytest.raises(TransitionRefused):
            services.complete_task(task=task, by=me, at=NOW)
    for task in mine:
        assert services.complete_task(task=task, by=me, at=NOW).state == Task.State.DONE
    handler = person(Role.HANDLER)
    assert services.complete_task(task=others[0], by=handler, at=NOW).state == Task.State.DONE


# --- the red button ---------------------------------------------------------------------------------------


def reported(client: Client, about: str) -> Incident:
    typed = {
        "kind": "self_harm",
        "description": "he said he cannot go on",
        "noticed_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M"),
        "about": about,
        "once": about,
    }
    assert client.post(ADD, typed).status_code == 302
    return Incident.objects.latest("pk")


def pages_of(client: Client, incident: Incident) -> str:
    names = ("desk_incident_change", "desk_incident_now", "desk_incident_history")
    answers = [client.get(reverse(f"admin:{name}", args=(incident.pk,))) for name in names]
    assert {answer.status_code for answer in answers} == {200}
    return "".join(answer.content.decode() for answer in answers)


def persons_shown(client: Client, incident: Incident) -> list[Any]:
    page = client.get(reverse("admin:desk_incident_change", args=(incident.pk,)))
    return [(name.mask, name.number, name.url) for _row, name in page.context["persons"]]


def in_hand(user: User) -> Loan:
    case = make.case(make.collector(user=user))
    return Loan.objects.get(case_loans__case=case)


@pytest.mark.parametrize("by", ["loan", "customer"])
def test_a_report_about_a_stranger_is_taken_and_names_nobody(by: str, me: User) -> None:
    in_hand(me)
    loan, client = a_loan(), signed_in(me)
    borrower = loan.borrower
    incident = reported(client, loan.number if by == "loan" else borrower.customer_number)
    assert incident.subjects.get().subject_id == borrower.subject_id
    assert persons_shown(client, incident) == [("", "", "")]
    page = pages_of(client, incident)
    assert Hold.objects.filter(source=incident.dossier, borrower=borrower).exists(), "it stops all the same"
    own_page = client.get(reverse("admin:desk_incident_change", args=(incident.pk,))).content.decode()
    assert own_page.count(OUTSIDE) == 2, "as a person concerned, and as one whose collection stopped"
    assert "No borrower is known here yet" not in page
    assert borrower.name_mask not in page
    if by == "loan":
        assert borrower.customer_number not in page
        assert reverse("admin:loans_borrower_change", args=(borrower.pk,)) not in page
    responsible = signed_in(person(Role.CONDUCT_SUPERVISOR))
    assert persons_shown(responsible, incident)[0][:2] == (borrower.name_mask, borrower.customer_number)


def test_a_report_about_ones_own_case_names_the_borrower(me: User) -> None:
    loan, client = in_hand(me), signed_in(me)
    borrower = loan.borrower
    incident = reported(client, loan.number)
    url = reverse("admin:loans_borrower_change", args=(borrower.pk,))
    assert persons_shown(client, incident) == [(borrower.name_mask, borrower.customer_number, url)]
    assert OUTSIDE not in pages_of(client, incident)


def test_nor_are_people_of_other_desks_named(me: User) -> None:
    complaint, client = complaints.filed(), signed_in(me)
    incident = reported(client, complaint.number)
    assert incident.subjects.exists()
    assert set(persons_shown(client, incident)) == {("", "", "")}


def test_a_number_that_nobody_has_is_still_refused(me: User) -> None:
    answer = signed_in(me).post(ADD, {"about": "C404", "once": "n"})
    assert answer.status_code == 422
    assert "No file has this number." in answer.content.decode()
