"""The first account, and the logins of the demo."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from backoffice.staff import demo
from backoffice.staff.management.commands import create_administrator
from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES

pytestmark = pytest.mark.django_db


def answer(monkeypatch: pytest.MonkeyPatch, *passwords: str) -> None:
    given = iter(passwords)
    monkeypatch.setattr(create_administrator.getpass, "getpass", lambda _prompt: next(given))


def test_first_administrator(monkeypatch: pytest.MonkeyPatch) -> None:
    answer(monkeypatch, "plum-tea-under-rain", "plum-tea-under-rain")
    call_command("create_administrator", "root", "何秀英", stdout=StringIO())
    user = User.objects.get(username="root")
    assert user.roles == ["administrator"]
    assert user.history.get().history_user.username == "system-setup"
    assert user.history.get().history_entry_point == "command"


@pytest.mark.parametrize("passwords", [("plum-tea-under-rain", "another"), ("12345", "12345")])
def test_bad_password_creates_nobody(monkeypatch: pytest.MonkeyPatch, passwords: tuple[str, str]) -> None:
    answer(monkeypatch, *passwords)
    with pytest.raises(CommandError):
        call_command("create_administrator", "root", "何秀英")
    assert not User.objects.filter(username="root").exists()


def test_demo_logins_exist_in_the_demo_only() -> None:
    with pytest.raises(CommandError):
        call_command("demo_logins", "--create")
    assert not User.objects.filter(username="handler").exists()


def test_demo_has_one_login_per_role_and_they_work(settings: Any) -> None:
    settings.DEMO = True
    first, second = StringIO(), StringIO()
    call_command("demo_logins", "--create", stdout=first)
    call_command("demo_logins", "--create", stdout=second)
    assert first.getvalue() == second.getvalue()
    assert {person.role for person in demo.PEOPLE} == set(PERSON_ROLES)
    for person in demo.PEOPLE:
        assert demo.password_of(person) in first.getvalue()
        login = {"username": person.username, "password": demo.password_of(person)}
        assert Client().post("/admin/login/", login).status_code == 302, person.username
