"""The pages of accounts and clients: rights first, then what they do, then what they refuse."""

from __future__ import annotations

from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client as Browser
from django.urls import reverse
from django.utils.functional import Promise

from backoffice.api.models import Client
from backoffice.staff.models import Team, User
from backoffice.staff.roles import Role
from tests.factories.api import api_client, ask_token
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
USERS = "/admin/staff/user/"
CLIENTS = "/admin/api/client/"


def signed_in(*roles: Role) -> Browser:
    browser = Browser()
    browser.cookies["django_language"] = "en"
    browser.force_login(person(*roles), backend="django.contrib.auth.backends.ModelBackend")
    return browser


@pytest.fixture
def administrator() -> Browser:
    return signed_in(Role.ADMINISTRATOR)


@pytest.fixture
def privacy() -> Browser:
    return signed_in(Role.PRIVACY_OFFICER)


def step(obj: Any, name: str) -> str:
    opts = obj._meta
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_transition", args=(obj.pk, name))


@pytest.mark.parametrize("role", [Role.HANDLER, Role.COLLECTOR, Role.COMPLIANCE, Role.PRIVACY_OFFICER])
def test_others_see_no_accounts(role: Role) -> None:
    browser, user = signed_in(role), person(Role.HANDLER)
    assert browser.get(USERS).status_code == 403
    assert browser.get(f"{USERS}add/").status_code == 403
    assert browser.post(step(user, "deactivate")).status_code == 403


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COMPLAINT_SUPERVISOR])
def test_those_who_only_see_change_nothing(role: Role) -> None:
    browser, user = signed_in(role), person(Role.HANDLER)
    assert browser.get(USERS).status_code == 200
    assert browser.get(f"{USERS}{user.pk}/change/").status_code == 200
    assert browser.post(f"{USERS}{user.pk}/change/", {"username": "x"}).status_code == 405
    for name in ("set_roles", "assign_team", "reset_password", "deactivate"):
        assert browser.post(step(user, name), {"roles": ["auditor"]}).status_code == 403
    user.refresh_from_db()
    assert (user.roles, user.is_active) == (["handler"], True)


def test_groups_and_permissions_have_no_page() -> None:
    assert not admin.site.is_registered(Group)
    browser = signed_in(Role.ADMINISTRATOR)
    user = person(Role.HANDLER)
    page = browser.get(f"{USERS}{user.pk}/change/").content.decode()
    for word in ("is_superuser", "user_permissions", "password_hash"):
        assert word not in page


def test_new_person_gets_a_password_shown_once(administrator: Browser) -> None:
    given = {"username": "limin", "full_name": "李敏", "roles": ["handler", "collector"]}
    answer = administrator.post(f"{USERS}add/", given)
    assert answer.status_code == 200
    assert "no-store" in answer["Cache-Control"]
    (_name, _username), (_label, password) = answer.context["shown_once"]
    user = User.objects.get(username="limin")
    assert user.check_password(password)
    assert user.roles == ["collector", "handler"]
    assert user.history.get().history_entry_point == "admin"
    assert password not in administrator.get(f"{USERS}{user.pk}/change/").content.decode()
    assert password not in administrator.get(f"{USERS}{user.pk}/history/").content.decode()


@pytest.mark.parametrize(
    ("changed", "at_fault"),
    [({"username": "HANDLER1"}, "username"), ({"roles": []}, "roles"), ({"roles": ["lender_app"]}, "roles")],
)
def test_bad_input_stands_beside_its_field(
    administrator: Browser, changed: dict[str, Any], at_fault: str
) -> None:
    person(Role.HANDLER, username="handler1")
    given = {"username": "limin", "full_name": "李敏", "roles": ["handler"], **changed}
    answer = administrator.post(f"{USERS}add/", given)
    assert answer.status_code == 422
    assert at_fault in answer.context["form"].errors
    assert not User.objects.filter(username="limin").exists()


def test_administrators_operations(administrator: Browser) -> None:
    user = person(Role.HANDLER)
    assert administrator.get(step(user, "set_roles")).context["form"].initial["roles"] == ["handler"]
    assert administrator.post(step(user, "set_roles"), {"roles": ["auditor"]}).status_code == 302
    user.refresh_from_db()
    assert user.roles == ["auditor"]
    answer = administrator.post(step(user, "reset_password"))
    assert "no-store" in answer["Cache-Control"]
    user.refresh_from_db()
    assert user.check_password(answer.context["shown_once"][0][1])
    assert administrator.post(step(user, "deactivate")).status_code == 302
    assert administrator.post(step(user, "deactivate")).status_code == 409
    assert administrator.post(step(user, "reactivate")).status_code == 302


def test_deactivated_person_is_out_at_once(administrator: Browser) -> None:
    user, browser = person(Role.HANDLER), Browser()
    browser.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    assert browser.get("/admin/").status_code == 200
    administrator.post(step(user, "deactivate"))
    assert browser.get("/admin/").status_code == 302


def test_team_is_kept_on_record(administrator: Browser) -> None:
    assert administrator.post("/admin/staff/team/add/", {"name": "消保一组"}).status_code == 302
    row = Team.objects.get().history.get()
    assert (row.history_change_reason, row.history_entry_point) == ("staff.team.added", "admin")


@pytest.mark.parametrize("role", [Role.HANDLER, Role.ADMINISTRATOR, Role.COMPLIANCE])
def test_others_see_no_clients(role: Role) -> None:
    client, _secret = api_client("loans:read")
    browser = signed_in(role)
    assert browser.get(CLIENTS).status_code == 403
    assert browser.post(f"{CLIENTS}add/").status_code == 403
    assert browser.post(step(client, "rotate_secret")).status_code == 403


def test_client_and_its_secrets(privacy: Browser) -> None:
    given = {"name": "调解中心", "scopes": ["referrals:read"], "reason": "合同 2026-17"}
    answer = privacy.post(f"{CLIENTS}add/", given)
    assert "no-store" in answer["Cache-Control"]
    shown = {str(label): value for label, value in answer.context["shown_once"]}
    client = Client.objects.get()
    assert shown["Client identifier"] == client.client_id
    assert ask_token(client, shown["Secret"], ["referrals:read"]).status_code == 200
    page = privacy.get(f"{CLIENTS}{client.pk}/change/").content.decode()
    assert shown["Secret"] not in page
    answer = privacy.post(step(client, "rotate_secret"))
    ((_label, secret),) = answer.context["shown_once"]
    assert ask_token(client, secret, ["referrals:read"]).status_code == 200
    assert privacy.post(step(client, "deactivate"), {"reason": "合同结束"}).status_code == 302
    assert ask_token(client, secret, ["referrals:read"]).status_code == 401


def test_clients_stand_in_the_menu_of_those_who_may_open_them_and_nowhere_else(privacy: Browser) -> None:
    line = f'<a href="{CLIENTS}"'
    assert line in privacy.get("/admin/").content.decode()
    assert line in signed_in(Role.AUDITOR).get("/admin/").content.decode()
    for role in (Role.ADMINISTRATOR, Role.COMPLIANCE, Role.LOAN_OFFICER):
        assert line not in signed_in(role).get("/admin/").content.decode(), role


def test_scopes_are_asked_for_in_words_that_can_be_translated(privacy: Browser) -> None:
    """Lazily: the texts of the settings are read long before anybody has chosen a language."""
    scopes = settings.OAUTH2_PROVIDER["SCOPES"]
    assert all(isinstance(text, Promise) for text in scopes.values())
    form = privacy.get(f"{CLIENTS}add/").context["form"]
    assert dict(form.fields["scopes"].choices) == {name: f"{name} — {text}" for name, text in scopes.items()}
    # “Name” alone is a person's in Chinese.
    assert str(form.fields["name"].label) == "Client's name"


def test_lists_cost_the_same_for_few_and_many(
    administrator: Browser, django_assert_max_num_queries: Any
) -> None:
    for _ in range(3):
        person(Role.HANDLER)
    # Session, user, rights, the sidebar's counts, the bounded count, the rows.
    with django_assert_max_num_queries(20) as few:
        administrator.get(USERS)
    for _ in range(20):
        person(Role.HANDLER)
    with django_assert_max_num_queries(len(few.captured_queries)):
        administrator.get(USERS)
