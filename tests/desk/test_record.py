"""The record of an object: read only, masked, complete, paged."""

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core import context
from backoffice.desk import record, services
from backoffice.desk.models import Task
from backoffice.privacy.services import forget_keys
from backoffice.staff.roles import Role
from tests.factories import desk as make
from tests.factories.staff import NOW, person
from tests.support import queries_of

pytestmark = pytest.mark.django_db


def history(task: Task) -> str:
    return reverse("admin:desk_task_history", args=(task.pk,))


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_the_record_and_its_rows_cannot_be_written_to(client: Client, method: str) -> None:
    """The library's page saved the old row on POST, whatever the rights were."""
    task = make.task()
    first = task.history.first().history_id
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    assert getattr(client, method)(history(task)).status_code == 405
    assert getattr(client, method)(f"{history(task)}{first}/").status_code in {302, 404, 405}
    assert task.history.count() == 1


def test_without_the_right_to_the_object_there_is_no_record(client: Client) -> None:
    task = make.task()
    client.force_login(person(Role.ADMINISTRATOR))
    assert client.get(history(task)).status_code == 403


def test_before_and_after_actor_reason_and_door(client: Client) -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    task = make.task()
    with context.entering("api", request_id="r-17"):
        services.reassign_task(task=task, by=boss, at=NOW, assigned_to=colleague, reason="休假")
    client.force_login(person(Role.AUDITOR))
    page = client.get(history(task))
    newest, oldest = page.context["record"].entries
    assert (newest.actor, newest.reason, newest.request_id, newest.code) == (
        boss.display_name,
        "休假",
        "r-17",
        "task.reassigned",
    )
    (change,) = newest.changes
    assert (change.before, change.after) == (record.EMPTY, colleague.display_name)
    assert oldest.created
    assert boss.display_name in page.content.decode()


def test_ciphertext_is_named_and_never_shown(client: Client) -> None:
    task = make.task(detail="请回拨 13800001234")
    client.force_login(person(Role.AUDITOR))
    page = client.get(history(task))
    (entry,) = page.context["record"].entries
    (secret,) = [change for change in entry.changes if change.secret]
    assert (secret.before, secret.after) == ("", "")
    text = page.content.decode()
    assert "13800001234" not in text
    assert bytes(task.detail_cipher).hex()[:16] not in text
    assert "b&#x27;" not in text
    assert "memory at" not in text


def test_an_erased_reason_is_said_to_be_erased(client: Client) -> None:
    boss = person(Role.COMPLAINT_SUPERVISOR)
    task = make.task()
    with context.entering("command"):
        services.cancel_task(task=task, by=boss, at=NOW, reason="误建")
    task.dossier.data_key.delete()
    forget_keys()
    client.force_login(boss)
    newest = client.get(history(task)).context["record"].entries[0]
    assert newest.reason == ""
    assert newest.reason_erased


def test_every_row_stands_on_exactly_one_page(client: Client) -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    task = make.task()
    with context.entering("command"):
        for number in range(60):
            services.reassign_task(task=task, by=boss, at=NOW, assigned_to=[boss, colleague][number % 2])
    client.force_login(boss)
    seen, before = 0, ""
    for _page in range(4):
        found = client.get(history(task), {"before": before} if before else {}).context["record"]
        seen += len(found.entries)
        assert all(entry.changes for entry in found.entries)
        before = found.older
        if not before:
            break
    assert seen == 61
    assert client.get(history(task), {"before": "nonsense"}).status_code == 404


def test_rows_of_one_moment_are_not_lost_between_pages() -> None:
    from backoffice.core.history import bulk_update_with_history

    tasks = [make.task() for _number in range(7)]
    for task in tasks:
        task.kind = "other"
    with context.entering("command", actor=person(Role.HANDLER)):
        bulk_update_with_history(Task, tasks, ["kind"])
    source = Task.history.filter(history_type="~")
    seen, before = [], ""
    while True:
        page = record.read([source], before=before, size=3)
        seen += [entry.at for entry in page.entries]
        if not page.older:
            break
        before = page.older
    assert len(seen) == 7


def test_a_long_record_costs_no_more_than_a_short_one(client: Client) -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    task = make.task()
    client.force_login(boss)

    def more(count: int) -> None:
        with context.entering("command"):
            for number in range(count):
                services.reassign_task(
                    task=task, by=boss, at=NOW, assigned_to=[boss, colleague][number % 2], reason="轮换"
                )

    more(3)
    queries_of(client, history(task))
    few = len(queries_of(client, history(task)))
    more(20)
    assert len(queries_of(client, history(task))) == few


def test_reading_a_text_is_on_record_once(client: Client) -> None:
    reader = person(Role.HANDLER)
    task = make.task(detail="核实身份")
    client.force_login(reader)
    page = client.get(reverse("admin:desk_task_change", args=(task.pk,)))
    assert "核实身份" in page.content.decode()
    (event,) = ReadEvent.objects.all()
    assert (event.actor, event.dossier, event.what) == (reader, task.dossier, "page")
