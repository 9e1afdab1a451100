"""The one way to change something from a page: permission first, then the step, then the refusals."""

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.core import context
from backoffice.desk import services
from backoffice.desk.models import Task
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import desk as make
from tests.factories.staff import NOW, person

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor() -> User:
    return person(Role.COMPLAINT_SUPERVISOR)


@pytest.fixture
def signed_in(client: Client, supervisor: User) -> Client:
    client.force_login(supervisor)
    return client


def step(task: Task, name: str) -> str:
    return reverse("admin:desk_task_transition", args=(task.pk, name))


@pytest.mark.parametrize("method", ["get", "post"])
def test_without_the_right_it_is_forbidden(client: Client, method: str) -> None:
    task = make.task()
    client.force_login(person(Role.AUDITOR))
    assert getattr(client, method)(step(task, "complete")).status_code == 403
    task.refresh_from_db()
    assert task.state == Task.State.OPEN


def test_get_only_asks(signed_in: Client) -> None:
    task = make.task()
    response = signed_in.get(step(task, "complete"))
    assert response.status_code == 200
    assert 'name="reason"' in response.content.decode()
    task.refresh_from_db()
    assert task.state == Task.State.OPEN


def test_post_makes_the_step_on_record(signed_in: Client, supervisor: User) -> None:
    task = make.task()
    response = signed_in.post(step(task, "complete"), {"reason": "已回拨"})
    assert response.status_code == 302
    assert response["Location"] == reverse("admin:desk_task_change", args=(task.pk,))
    task.refresh_from_db()
    assert task.state == Task.State.DONE
    row = task.history.first()
    assert (row.history_user, row.history_change_reason, row.history_entry_point) == (
        supervisor,
        "task.done",
        "admin",
    )


def test_a_step_that_is_not_available_says_why(signed_in: Client, supervisor: User) -> None:
    task = make.task()
    with context.entering("command"):
        services.complete_task(task=task, by=supervisor, at=NOW)
    for answer in (
        signed_in.get(step(task, "cancel")),
        signed_in.post(step(task, "cancel"), {"reason": "x"}),
    ):
        assert answer.status_code == 409
        assert "“" in answer.content.decode()
    assert task.history.count() == 2


def test_a_refusal_of_the_service_keeps_what_was_typed(signed_in: Client) -> None:
    task = make.task()
    response = signed_in.post(step(task, "reassign"), {"reason": "请代办"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "请代办" in page
    assert response.context["form"].errors["assigned_to"]
    assert task.history.count() == 1


def test_the_second_click_changes_nothing(signed_in: Client) -> None:
    task = make.task()
    token = signed_in.get(step(task, "reassign")).context["once"]
    somebody = person(Role.HANDLER)
    form = {"assigned_to": somebody.pk, "once": token}
    assert [signed_in.post(step(task, "reassign"), form).status_code for _click in range(2)] == [302, 302]
    assert task.history.count() == 2


def test_after_a_refusal_the_same_form_can_be_sent_again(signed_in: Client) -> None:
    task = make.task()
    token = signed_in.get(step(task, "reassign")).context["once"]
    assert signed_in.post(step(task, "reassign"), {"once": token}).status_code == 422
    somebody = person(Role.HANDLER)
    form = {"assigned_to": somebody.pk, "once": token}
    assert signed_in.post(step(task, "reassign"), form).status_code == 302
    task.refresh_from_db()
    assert task.assigned_to == somebody


@pytest.mark.parametrize("name", ["nothing", "history"])
def test_unknown_steps_and_objects_are_not_found(signed_in: Client, name: str) -> None:
    task = make.task()
    assert signed_in.get(step(task, name)).status_code == 404
    assert signed_in.get(reverse("admin:desk_task_transition", args=(10**9, "complete"))).status_code == 404


def test_the_way_back_stays_in_the_house(signed_in: Client) -> None:
    inside = reverse("admin:index")
    for wanted, expected in ((inside, inside), ("https://evil.example/", None), ("//evil.example/", None)):
        task = make.task()
        response = signed_in.post(step(task, "complete"), {"next": wanted})
        assert response["Location"] == (expected or reverse("admin:desk_task_change", args=(task.pk,)))


def test_buttons_follow_the_table(signed_in: Client, supervisor: User) -> None:
    task = make.task()
    steps = signed_in.get(reverse("admin:desk_task_change", args=(task.pk,))).context["page_steps"]
    assert [one.name for one in steps.now] == ["complete", "reassign", "cancel"]
    with context.entering("command"):
        services.complete_task(task=task, by=supervisor, at=NOW)
    steps = signed_in.get(reverse("admin:desk_task_change", args=(task.pk,))).context["page_steps"]
    assert steps.now == []
    assert all(one.reason for one in steps.later)


def test_a_blocked_step_is_drawn_with_its_reason(client: Client) -> None:
    task = make.task(assigned_to=person(Role.HANDLER))
    client.force_login(person(Role.HANDLER))
    response = client.get(reverse("admin:desk_task_change", args=(task.pk,)))
    (blocked,) = response.context["page_steps"].blocked
    page = response.content.decode()
    assert blocked.name == "complete"
    assert f'data-tip="{blocked.reason}"' in page
    assert blocked.url not in page


def bulk(client: Client, name: str, tasks: list[Task], **data: object) -> object:
    return client.post(
        reverse("admin:desk_task_changelist") + "?whose=all",
        {"action": f"transition_{name}", "_selected_action": [task.pk for task in tasks], "index": 0, **data},
        follow=True,
    )


def test_bulk_is_not_offered_and_not_run_without_the_right(client: Client) -> None:
    tasks = [make.task(), make.task()]
    client.force_login(person(Role.AUDITOR))
    page = client.get(reverse("admin:desk_task_changelist") + "?whose=all").content.decode()
    assert "transition_complete" not in page
    bulk(client, "complete", tasks, confirmed="1")
    assert Task.objects.filter(state=Task.State.OPEN).count() == 2


def test_bulk_asks_then_makes_each_step_and_reports_the_refused(signed_in: Client, supervisor: User) -> None:
    tasks = [make.task() for _number in range(3)]
    with context.entering("command"):
        services.complete_task(task=tasks[0], by=supervisor, at=NOW)
    asked = bulk(signed_in, "complete", tasks)
    assert len(asked.context["chosen"]) == 3  # type: ignore[attr-defined]
    assert Task.objects.filter(state=Task.State.DONE).count() == 1
    done = bulk(signed_in, "complete", tasks, confirmed="1", reason="批量")
    assert Task.objects.filter(state=Task.State.DONE).count() == 3
    (message,) = [str(one) for one in done.context["messages"]]  # type: ignore[attr-defined]
    assert "2" in message
    assert "1" in message
    assert all(task.history.first().history_change_reason == "task.done" for task in tasks)


def test_get_on_the_list_never_runs_an_action(signed_in: Client) -> None:
    task = make.task()
    signed_in.get(
        reverse("admin:desk_task_changelist"),
        {"action": "transition_complete", "_selected_action": task.pk, "confirmed": "1"},
    )
    task.refresh_from_db()
    assert task.state == Task.State.OPEN
