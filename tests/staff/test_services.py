"""Accounts: who may change what about whom, and what the record says of it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from django.db import IntegrityError, transaction
from django.utils import translation

from backoffice.core.context import current
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.staff import services
from backoffice.staff.models import Team, User
from backoffice.staff.roles import Role
from tests.factories.staff import PASSWORD, person

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)


@pytest.fixture
def admin() -> User:
    return person(Role.ADMINISTRATOR)


def test_first_system_user_answers_for_itself() -> None:
    user = services.system_user("deadlines")
    row = user.history.get()
    assert (row.history_user_id, row.history_type, row.history_change_reason) == (
        user.pk,
        "+",
        "user.created",
    )
    assert user.kind == User.Kind.SYSTEM
    assert not user.is_staff
    assert not user.has_usable_password()
    assert services.system_user("deadlines") == user
    assert current().actor is None


@pytest.mark.parametrize("language", ["en", None])
def test_system_user_is_named_in_the_language_of_the_house(language: str | None) -> None:
    """Commands run in whatever language the shell or Django chose; the record keeps the name for good."""
    with translation.override(language):
        user = services.system_user("demo")
    assert user.full_name == "系统：演示数据"
    assert user.history.get().history_actor_name == user.full_name


def test_person_without_the_right_creates_nobody() -> None:
    with pytest.raises(NotPermitted):
        person(Role.HANDLER, by=person(Role.COMPLAINT_SUPERVISOR))


def test_administrator_creates_a_person(admin: User) -> None:
    user = person(Role.HANDLER, username="limin", full_name="李敏", by=admin)
    assert user.check_password(PASSWORD)
    assert user.is_staff
    assert user.has_perm("complaints.handle_complaint")
    row = user.history.get()
    assert (row.history_user_id, row.history_change_reason, row.roles) == (
        admin.pk,
        "user.created",
        ["handler"],
    )
    assert not hasattr(row, "password")


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"username": "LiMin"}, "username"),
        ({"username": "li min"}, "username"),
        ({"full_name": " "}, "full_name"),
        ({"password": "12345"}, "password"),
    ],
)
def test_bad_input_is_named(admin: User, given: dict[str, str], field: str) -> None:
    person(Role.HANDLER, username="limin", by=admin)
    with pytest.raises(InputRefused) as refusal:
        person(Role.HANDLER, **{"username": "wanglei", "by": admin, **given})
    assert refusal.value.field == field


def test_person_never_gets_a_machine_role(admin: User) -> None:
    with pytest.raises(InputRefused):
        person(Role.MEDIATION_PARTNER, by=admin)


def test_machine_never_gets_a_persons_role(admin: User) -> None:
    with pytest.raises(InputRefused):
        services.machine_user("app", roles=[Role.HANDLER], by=admin, at=NOW)


def test_machine_user_cannot_sign_in(admin: User) -> None:
    machine = services.machine_user("借款人应用", roles=[Role.LENDER_APP], by=admin, at=NOW)
    assert not machine.has_usable_password()
    assert machine.has_perm("complaints.file_complaint")
    machine.is_staff = True
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=machine.pk).update(is_staff=True)


def test_database_refuses_a_superuser(admin: User) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        User.objects.filter(pk=admin.pk).update(is_superuser=True)


@pytest.mark.parametrize("act", ["set_roles", "assign_team", "deactivate", "reset_password"])
def test_others_change_no_account(act: str) -> None:
    by, user = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    with pytest.raises(NotPermitted):
        _do(act, user, by)


@pytest.mark.parametrize("act", ["set_roles", "deactivate", "reset_password"])
def test_nobody_does_it_to_himself(act: str, admin: User) -> None:
    person(Role.ADMINISTRATOR)
    with pytest.raises(TransitionRefused):
        _do(act, admin, admin)


def _do(act: str, user: User, by: User) -> None:
    if act == "set_roles":
        services.set_roles(user=user, roles=[Role.AUDITOR], by=by, at=NOW)
    elif act == "assign_team":
        services.assign_team(user=user, team=None, by=by, at=NOW)
    elif act == "deactivate":
        services.deactivate_user(user=user, by=by, at=NOW)
    else:
        services.reset_password(user=user, by=by, at=NOW)


def test_roles_replace_each_other_and_stay_on_record(admin: User) -> None:
    user = person(Role.HANDLER)
    user = services.set_roles(user=user, roles=[Role.AUDITOR, Role.COMPLIANCE], by=admin, at=NOW)
    assert not user.has_perm("complaints.handle_complaint")
    assert user.has_perm("core.change_policyvalue")
    newest, oldest = user.history.all()
    assert (oldest.roles, newest.roles) == (["handler"], ["auditor", "compliance"])
    assert newest.history_change_reason == "user.roles_set"


def test_last_administrator_stays(admin: User) -> None:
    other = person(Role.ADMINISTRATOR)
    services.deactivate_user(user=other, by=admin, at=NOW)
    # A forgotten session of the deactivated one, as it were: rights alone would let it through.
    helper = person(Role.ADMINISTRATOR)
    services.set_roles(user=helper, roles=[Role.HANDLER], by=admin, at=NOW)
    stale = User.objects.get(pk=helper.pk)
    stale._perm_cache = {"staff.change_user"}
    with pytest.raises(services.LastAdministrator):
        services.deactivate_user(user=admin, by=stale, at=NOW)
    with pytest.raises(services.LastAdministrator):
        services.set_roles(user=admin, roles=[], by=stale, at=NOW)


def test_deactivated_person_is_out_and_comes_back_without_password(admin: User) -> None:
    user = services.deactivate_user(user=person(Role.HANDLER), by=admin, at=NOW)
    assert not user.is_active
    assert not User.objects.get(pk=user.pk).has_perm("complaints.handle_complaint")
    with pytest.raises(TransitionRefused):
        services.deactivate_user(user=user, by=admin, at=NOW)
    user = services.reactivate_user(user=user, by=admin, at=NOW)
    assert user.is_active
    assert not user.has_usable_password()
    assert User.objects.get(pk=user.pk).has_perm("complaints.handle_complaint")


def test_new_password_is_shown_once_and_never_in_the_record(admin: User) -> None:
    user = person(Role.HANDLER)
    password = services.reset_password(user=user, by=admin, at=NOW + timedelta(minutes=1))
    user.refresh_from_db()
    assert user.check_password(password)
    assert len(password) == services.PASSWORD_LENGTH
    row = user.history.first()
    assert row.history_change_reason == "user.password_reset"
    assert "password" not in {field.name for field in row._meta.fields}


def test_team_is_assigned_on_record(admin: User) -> None:
    team = services.create_team(name="消保一组", by=admin, at=NOW)
    user = services.assign_team(user=person(Role.HANDLER), team=team, by=admin, at=NOW)
    assert user.team == team
    assert user.history.first().history_change_reason == "user.team_assigned"
    with pytest.raises(NotPermitted):
        services.create_team(name="消保二组", by=user, at=NOW)
    assert Team.objects.count() == 1


def test_signing_in_writes_no_history(admin: User, client: object) -> None:
    before = admin.history.count()
    client.post("/admin/login/", {"username": admin.username, "password": PASSWORD})  # type: ignore[attr-defined]
    admin.refresh_from_db()
    assert admin.last_login is not None
    assert admin.history.count() == before
