"""Tasks through their services: rights, steps, refusals, history."""

import pytest

from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.desk import services
from backoffice.desk.admin.task import mine
from backoffice.desk.models import Task
from backoffice.privacy.services import read_reason, read_text
from backoffice.staff.models import Team
from backoffice.staff.roles import Role
from tests.factories import desk as make
from tests.factories.staff import NOW, person

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def door() -> object:
    with context.entering("command"):
        yield


def team(name: str) -> Team:
    with context.acting(by=person(Role.ADMINISTRATOR), reason_code="team.created"):
        return Team.objects.create(name=name)


def test_a_task_keeps_its_words_encrypted() -> None:
    task = make.task(detail="回拨本人手机")
    assert read_text(Task.objects.get(pk=task.pk), "detail_cipher") == "回拨本人手机"
    assert "回拨".encode() not in bytes(task.detail_cipher)
    assert task.history.get().history_change_reason == "task.opened"


@pytest.mark.parametrize("name", ["complete_task", "cancel_task", "reassign_task"])
def test_steps_need_their_right(name: str) -> None:
    with pytest.raises(NotPermitted):
        getattr(services, name)(task=make.task(), by=person(Role.AUDITOR), at=NOW, reason="x")


def test_a_handler_does_his_own_and_nobodys_but_not_anothers() -> None:
    me, other = person(Role.HANDLER), person(Role.HANDLER)
    for task in (make.task(assigned_to=me), make.task()):
        done = services.complete_task(task=task, by=me, at=NOW, reason="已办")
        assert (done.state, done.done_at) == (Task.State.DONE, NOW)
        assert read_reason(done.history.first().history_reason_cipher) == "已办"
    with pytest.raises(TransitionRefused):
        services.complete_task(task=make.task(assigned_to=other), by=me, at=NOW)
    boss = person(Role.COMPLAINT_SUPERVISOR)
    assert services.complete_task(task=make.task(assigned_to=other), by=boss, at=NOW).state == Task.State.DONE


def test_another_teams_queue_is_not_mine() -> None:
    red, blue = team("红"), team("蓝")
    me = person(Role.HANDLER, team=red)
    ours, theirs = make.task(team=red), make.task(team=blue)
    assert list(mine(me)) == [ours]
    services.complete_task(task=ours, by=me, at=NOW)
    with pytest.raises(TransitionRefused):
        services.complete_task(task=theirs, by=me, at=NOW)


def test_what_has_ended_has_ended() -> None:
    boss = person(Role.COMPLAINT_SUPERVISOR)
    task = services.cancel_task(task=make.task(), by=boss, at=NOW, reason="误建")
    for name in ("complete_task", "cancel_task", "reassign_task"):
        with pytest.raises(TransitionRefused):
            getattr(services, name)(task=task, by=boss, at=NOW, reason="x")


def test_reassigning() -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER, team=team("一组"))
    task = services.reassign_task(task=make.task(), by=boss, at=NOW, assigned_to=colleague)
    assert (task.assigned_to, task.team) == (colleague, colleague.team)
    with pytest.raises(InputRefused) as refused:
        services.reassign_task(task=task, by=boss, at=NOW)
    assert refused.value.field == "assigned_to"


def test_nobody_who_has_left_gets_a_task() -> None:
    boss, gone = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    gone.is_active = False
    with pytest.raises(InputRefused):
        services.reassign_task(task=make.task(), by=boss, at=NOW, assigned_to=gone)
