"""The page of the close of day: started there, followed there, and told there what was done."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from backoffice.core import background
from backoffice.core.context import EntryPoint, entering
from backoffice.loans.models import ClosedDay, CloseRun
from backoffice.loans.services import closing
from backoffice.staff.roles import Role
from tests.factories.loans import a_loan, job
from tests.factories.staff import person
from tests.loans.test_close_day import DAY, FIRST_DUE, close, night_after, this_step_alone

__all__ = ["this_step_alone"]
pytestmark = pytest.mark.django_db
LIST = "admin:loans_closedday_changelist"
NIGHT = night_after(FIRST_DUE + DAY)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """What was handed to a worker, who is busy with something else."""
    handed: list[Any] = []
    monkeypatch.setattr(background, "start", lambda task, *args: handed.append((task, args)))
    return handed


@pytest.fixture
def officer(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    client.force_login(person(Role.LOAN_OFFICER))
    return client


def start(browser: Client) -> Any:
    url = reverse("admin:loans_closedday_now")
    answer = browser.post(url, {"once": browser.get(url).context["once"]})
    assert answer["Location"] == reverse(LIST)
    return browser.get(reverse(LIST))


def test_it_is_followed_until_it_is_done(officer: Client, asked: list[Any]) -> None:
    a_loan()
    with time_machine.travel(night_after(FIRST_DUE), tick=False):
        close(FIRST_DUE)
    with time_machine.travel(NIGHT, tick=False) as clock:
        page = start(officer)
        assert page["Refresh"]
        assert page.context["progress"].running
        assert "no part is finished yet" in page.content.decode()
        assert reverse("admin:loans_closedday_now") not in page.content.decode()
        clock.shift(10)
        with entering(EntryPoint.TASK, actor=job()):
            closing.close_day(day=FIRST_DUE + DAY, by=job(), at=NIGHT)
        page = officer.get(reverse(LIST))
        assert "Refresh" not in page
        told = page.context["progress"]
        assert (told.running, told.closed["days"], told.closed["touched"]) == (False, 1, 1)
        assert "1 day was closed since (things touched: 1" in page.content.decode()
        assert officer.get(reverse(LIST)).context["progress"] is None, "told once"
    ((task, _args),) = asked
    assert task.name == "loans.close_day_by_hand"


def test_parts_that_are_done_are_counted_and_silence_is_called_by_its_name(
    officer: Client, asked: list[Any]
) -> None:
    with time_machine.travel(night_after(FIRST_DUE), tick=False):
        close(FIRST_DUE)
    with time_machine.travel(NIGHT, tick=False) as clock:
        start(officer)
        clock.shift(5)
        CloseRun.objects.create(
            day=FIRST_DUE + DAY,
            step="loans",
            first_id=0,
            last_id=99,
            touched=7,
            rows_written=28,
            started_at=NIGHT,
            finished_at=NIGHT + timedelta(seconds=4),
        )
        page = officer.get(reverse(LIST))
        told = page.context["progress"]
        assert (told.running, told.parts, told.touched, told.day) == (True, 1, 7, FIRST_DUE + DAY)
        clock.shift(300)
        page = officer.get(reverse(LIST))
        assert not page.context["progress"].running
        assert "Refresh" not in page
        assert reverse("admin:loans_closedday_now") in page.content.decode(), "to be started again"
    assert ClosedDay.objects.count() == 1
    assert asked


def test_nothing_is_told_where_nobody_asked_and_nothing_is_half_done(officer: Client) -> None:
    page = officer.get(reverse(LIST))
    assert page.context["progress"] is None
    assert "Refresh" not in page
