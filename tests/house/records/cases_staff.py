"""Accounts, teams, API clients, tasks and files."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backoffice.api import services as api
from backoffice.core.choices import DossierKind
from backoffice.desk import services as desk
from backoffice.staff import services as staff
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import api as clients
from tests.factories import desk as make
from tests.factories.staff import NOW, PASSWORD, person
from tests.house.records.case import Case


def administrator() -> User:
    # A second one, so that nobody is the last.
    person(Role.ADMINISTRATOR)
    return person(Role.ADMINISTRATOR)


def account(**given: Any) -> dict[str, Any]:
    return {"user": person(Role.HANDLER), "by": administrator(), "at": NOW, **given}


def inactive() -> dict[str, Any]:
    given = account()
    return {**given, "user": staff.deactivate_user(**given)}


def in_a_team() -> dict[str, Any]:
    by = administrator()
    return account(by=by, team=staff.create_team(name="消保一组", by=by, at=NOW))


def machine(*, active: bool = True) -> dict[str, Any]:
    by = person(Role.PRIVACY_OFFICER)
    user = staff.machine_user("借款人应用", roles=[Role.LENDER_APP], by=by, at=NOW)
    if not active:
        user = staff.deactivate_machine(user=user, by=by)
    return {"user": user, "by": by}


def client(**given: Any) -> dict[str, Any]:
    made, _secret = clients.api_client("complaints:write")
    return {"client": made, "by": person(Role.PRIVACY_OFFICER), "at": NOW, **given}


def client_without_token() -> dict[str, Any]:
    given = client()
    return {**given, "client": api.deactivate_client(**given)}


def secret() -> dict[str, Any]:
    given = client()
    return {"secret": given.pop("client").secrets.get(), **given}


def task(role: Role = Role.COMPLAINT_SUPERVISOR, **given: Any) -> dict[str, Any]:
    return {"task": make.task(), "by": person(role), "at": NOW, **given}


def new_task() -> dict[str, Any]:
    return {
        "dossier": make.dossier(),
        "kind": "call_back",
        "due_at": NOW + timedelta(days=2),
        "detail": "回电",
        "by": person(Role.HANDLER),
        "at": NOW,
    }


def new_file() -> dict[str, Any]:
    return {
        "dossier": make.dossier(DossierKind.COMPLAINT),
        "kind": "evidence",
        "name": "截图.png",
        "content": make.PNG,
        "origin": "upload",
        "by": person(Role.HANDLER),
        "at": NOW,
    }


CASES = [
    Case(
        service=staff.create_user,
        events=("user.created",),
        world=lambda: {
            "username": "zhang.wei",
            "full_name": "张伟",
            "roles": [Role.HANDLER],
            "password": PASSWORD,
            "by": administrator(),
            "at": NOW,
        },
    ),
    Case(
        service=staff.machine_user,
        world=lambda: {
            "name": "借款人应用",
            "roles": [Role.LENDER_APP],
            "by": person(Role.PRIVACY_OFFICER),
            "at": NOW,
        },
        adds="an account with a made-up name",
    ),
    Case(
        service=staff.set_roles,
        events=("user.roles_set",),
        world=lambda: account(roles=[Role.AUDITOR]),
        adds="the event: the same was said again, and no row changes",
    ),
    Case(
        service=staff.assign_team,
        events=("user.team_assigned",),
        world=in_a_team,
        adds="the event: the same was said again, and no row changes",
    ),
    Case(service=staff.deactivate_user, events=("user.deactivated",), world=account),
    Case(service=staff.reactivate_user, events=("user.reactivated",), world=inactive),
    Case(
        service=staff.reset_password, events=("user.password_reset",), world=account, adds="another password"
    ),
    Case(service=staff.create_team, world=lambda: {"name": "甲组", "by": administrator(), "at": NOW}),
    Case(service=staff.deactivate_machine, world=machine),
    Case(service=staff.reactivate_machine, world=lambda: machine(active=False)),
    Case(service=staff.set_machine_roles, world=lambda: {**machine(), "roles": [Role.MEDIATION_PARTNER]}),
    Case(
        service=api.create_client,
        events=("client.created",),
        world=lambda: {
            "name": "合作方",
            "scopes": ["complaints:write"],
            "by": person(Role.PRIVACY_OFFICER),
            "at": NOW,
        },
        adds="a client with a secret of its own",
    ),
    Case(service=api.rotate_secret, events=("client.secret_rotated",), world=client, adds="one more secret"),
    Case(
        service=api.revoke_secret,
        events=("client.secret_revoked",),
        world=secret,
        adds="the event: the same was said again, and no row changes",
    ),
    Case(
        service=api.revoke_secrets,
        events=("client.secrets_revoked",),
        world=client,
        adds="the event: the same was said again, and no row changes",
    ),
    Case(
        service=api.set_scopes,
        events=("client.scopes_set",),
        world=lambda: client(scopes=["complaints:read", "repayments:write"]),
        adds="the event: the same was said again, and no row changes",
    ),
    Case(service=api.deactivate_client, events=("client.deactivated",), world=client),
    Case(service=api.reactivate_client, events=("client.reactivated",), world=client_without_token),
    Case(service=desk.open_task, world=new_task, adds="one more task"),
    Case(service=desk.complete_task, world=task),
    Case(service=desk.cancel_task, world=task),
    Case(service=desk.reassign_task, world=lambda: task(assigned_to=person(Role.HANDLER))),
    Case(service=desk.store_attachment, world=new_file, adds="one more file"),
]
