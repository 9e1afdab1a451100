"""Accounts: people, machines and the system's own users. Every change needs somebody who answers for it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from datetime import datetime

from django.conf import settings
from django.contrib.auth.models import Group, Permission
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from backoffice.core.context import acting
from backoffice.core.errors import DomainError, InputRefused, NotPermitted
from backoffice.core.history import record_history
from backoffice.staff import roles as table
from backoffice.staff import workflow
from backoffice.staff.models import Team, User
from backoffice.staff.roles import Role
from backoffice.staff.signals import account_decided

#: System users by name, as the record shows them. A name not listed here is shown as it is.
SYSTEM_NAMES = {
    "reference-data": _("System: reference data"),
    "demo": _("System: demo data"),
    "deadlines": _("System: deadlines"),
    "imports": _("System: imports"),
    "close": _("System: close of day"),
    "cases": _("System: cases"),
    "setup": _("System: set-up"),
    "seals": _("System: seals"),
    "watch": _("System: watch over reading"),
    "bundles": _("System: evidence bundles"),
}
PASSWORD_LENGTH = 14
# Letters and digits that nobody confuses when a password is read out on the telephone.
_ALPHABET = "abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789"


class LastAdministrator(DomainError):
    """Without an administrator nobody could ever be given a right again."""

    code = "last-administrator"
    default_message = _("This is the last active administrator.")


def system_user(name: str) -> User:
    """The account in whose name the system's own job ``name`` acts; made on first use, answering for itself."""
    username = f"system-{name}"
    found = User.objects.filter(username=username).first()
    if found is not None:
        return found
    with translation.override(settings.LANGUAGE_CODE):
        user = User(
            username=username,
            full_name=str(SYSTEM_NAMES.get(name, name)),
            kind=User.Kind.SYSTEM,
            roles=[Role.SYSTEM_JOBS.value],
        )
    user.set_unusable_password()
    try:
        return _create_answering_for_itself(user)
    except IntegrityError:
        # Another process was quicker; its row is as good as ours.
        return User.objects.get(username=username)


def _create_answering_for_itself(user: User) -> User:
    # Its history needs an actor, and at the very first there is none but itself: hence not save().
    with transaction.atomic():
        User.objects.bulk_create([user])
        with acting(by=user, reason_code="user.created"):
            record_history([user], "+")
        _put_into_groups(user)
    return user


def machine_user(name: str, *, roles: Sequence[Role], by: User, at: datetime) -> User:
    """A new account for an API client: cannot sign in, holds machine roles only."""
    if not set(roles) <= table.MACHINE_ROLES:
        raise InputRefused(_("A machine cannot have a person's role."), field="roles")
    user = User(
        username=f"client-{secrets.token_hex(6)}",
        full_name=name[:60],
        kind=User.Kind.MACHINE,
        roles=_values(roles),
        date_joined=at,
    )
    user.set_unusable_password()
    return _save(user, by=by, code="user.created")


def create_user(
    *,
    username: str,
    full_name: str,
    roles: Sequence[Role],
    by: User,
    at: datetime,
    password: str | None = None,
    email: str = "",
    team: Team | None = None,
) -> User:
    """A new person. Without a ``password`` the account waits for its first ``reset_password``.

    Raises ``NotPermitted`` and ``InputRefused`` (name taken, no such role, password too weak). The system's own
    users may create people: that is how the first administrator comes to be.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm("staff.add_user"):
        raise NotPermitted()
    user = User(
        username=User.normalize_username(username.strip()),
        full_name=full_name.strip(),
        email=email,
        team=team,
        kind=User.Kind.PERSON,
        is_staff=True,
        roles=_person_roles(roles),
        date_joined=at,
    )
    if not user.full_name:
        raise InputRefused(_("The record needs the person's full name."), field="full_name")
    try:
        User.username_validator(user.username)
    except ValidationError as error:
        raise InputRefused(" ".join(error.messages), field="username") from error
    if User.objects.filter(username__iexact=user.username).exists():
        raise InputRefused(_("This user name is taken."), field="username")
    _give_password(user, password, at=at)
    return _decided(user, by=by, at=at, code="user.created")


def set_roles(*, user: User, roles: Sequence[Role], by: User, at: datetime) -> User:
    """Give ``user`` exactly these roles. Nobody sets his own; the last administrator stays one."""
    with transaction.atomic():
        user = _locked(user)
        workflow.account.step("set_roles", user, by=by, at=at)
        wanted = _person_roles(roles)
        if Role.ADMINISTRATOR.value not in wanted:
            _another_administrator_stays(user)
        user.roles = wanted
        return _decided(user, by=by, at=at, code="user.roles_set")


def assign_team(*, user: User, team: Team | None, by: User, at: datetime) -> User:
    """Move ``user`` to ``team``, or out of any."""
    with transaction.atomic():
        user = _locked(user)
        workflow.account.step("assign_team", user, by=by, at=at)
        user.team = team
        return _decided(user, by=by, at=at, code="user.team_assigned")


def deactivate_user(*, user: User, by: User, at: datetime) -> User:
    """Lock ``user`` out, sessions included. Accounts are never deleted: the record names them."""
    with transaction.atomic():
        user = _locked(user)
        workflow.account.step("deactivate", user, by=by, at=at)
        _another_administrator_stays(user)
        return _decided(user, by=by, at=at, code="user.deactivated")


def reactivate_user(*, user: User, by: User, at: datetime) -> User:
    """Let ``user`` in again, with the roles of before and no password: that must be reset."""
    with transaction.atomic():
        user = _locked(user)
        workflow.account.step("reactivate", user, by=by, at=at)
        _give_password(user, None, at=at)
        return _decided(user, by=by, at=at, code="user.reactivated")


def reset_password(*, user: User, by: User, at: datetime, password: str | None = None) -> str:
    """Give ``user`` a new password, made up unless given, and answer it: shown once, stored as a hash only.

    Ends every session of the user (their hash no longer matches).
    """
    password = password or new_password()
    with transaction.atomic():
        user = _locked(user)
        workflow.account.step("reset_password", user, by=by, at=at)
        _give_password(user, password, at=at)
        _decided(user, by=by, at=at, code="user.password_reset")
    return password


def new_password() -> str:
    """A password nobody chose, easy to read out on the telephone."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(PASSWORD_LENGTH))


def create_team(*, name: str, by: User, at: datetime, lead: User | None = None) -> Team:
    """A new team; ``lead`` sees its load and reassigns."""
    if by.kind != User.Kind.SYSTEM and not by.has_perm("staff.add_team"):
        raise NotPermitted()
    with acting(by=by, reason_code="team.created"):
        return Team.objects.create(name=name, lead=lead)


def deactivate_machine(*, user: User, by: User) -> User:
    """Shut the account behind an API client; the right to is checked by the client's own service."""
    user.is_active = False
    return _save(user, by=by, code="user.deactivated")


def reactivate_machine(*, user: User, by: User) -> User:
    """Open the account behind an API client again; checked by the client's own service."""
    user.is_active = True
    return _save(user, by=by, code="user.reactivated")


def set_machine_roles(*, user: User, roles: Sequence[Role], by: User) -> User:
    """Give the account behind an API client the roles that its scopes need; checked by the client's service."""
    if not set(roles) <= table.MACHINE_ROLES:
        raise InputRefused(_("A machine cannot have a person's role."), field="roles")
    user.roles = _values(roles)
    return _save(user, by=by, code="user.roles_set")


def sync_roles() -> int:
    """Bring the groups, their permissions and their members in line with the table of roles. Idempotent.

    Answers the number of grants added or taken away. A group that is no role (any more) loses everything.
    """
    wanted = {
        role.value: table.expand(patterns, table.declared_permissions())
        for role, patterns in table.GRANTS.items()
    }
    groups = {group.name: group for group in Group.objects.all()}
    for name in wanted.keys() - groups.keys():
        groups[name] = Group.objects.create(name=name)
    link = Group.permissions.through
    held: dict[int, set[int]] = {group.pk: set() for group in groups.values()}
    for group_id, permission_id in link.objects.values_list("group_id", "permission_id"):
        held[group_id].add(permission_id)
    ids = {
        f"{app}.{codename}": pk
        for pk, app, codename in Permission.objects.values_list("pk", "content_type__app_label", "codename")
    }
    changed = 0
    new = []
    for name, group in groups.items():
        target = {ids[permission] for permission in wanted.get(name, ()) if permission in ids}
        new += [link(group_id=group.pk, permission_id=pk) for pk in sorted(target - held[group.pk])]
        surplus = held[group.pk] - target
        if surplus:
            link.objects.filter(group=group, permission_id__in=surplus).delete()
            changed += len(surplus)
    link.objects.bulk_create(new, batch_size=500)
    return changed + len(new) + _sync_members(groups)


def _sync_members(groups: dict[str, Group]) -> int:
    """Groups follow ``User.roles``, also where somebody touched them past the services."""
    link = User.groups.through
    names = {group.pk: name for name, group in groups.items()}
    held: dict[int, set[str]] = {}
    for user_id, group_id in link.objects.values_list("user_id", "group_id"):
        held.setdefault(user_id, set()).add(names[group_id])
    changed = 0
    for user in User.objects.only("pk", "roles"):
        if held.get(user.pk, set()) != set(user.roles):
            _put_into_groups(user)
            changed += 1
    return changed


def _locked(user: User) -> User:
    return User.objects.select_for_update(of=("self",)).get(pk=user.pk)


def _values(roles: Iterable[Role]) -> list[str]:
    return sorted({Role(role).value for role in roles})


def _person_roles(roles: Iterable[Role]) -> list[str]:
    chosen = _values(roles)
    if not set(chosen) <= {role.value for role in table.PERSON_ROLES}:
        raise InputRefused(_("A person cannot have a machine's role."), field="roles")
    return chosen


def _save(user: User, *, by: User, code: str) -> User:
    with transaction.atomic(), acting(by=by, reason_code=code):
        user.save()
        _put_into_groups(user)
    return user


def _decided(user: User, *, by: User, at: datetime, code: str) -> User:
    """Save what was decided about a person's account, and tell those who keep the events."""
    with transaction.atomic(), acting(by=by, reason_code=code):
        _save(user, by=by, code=code)
        account_decided.send(sender=User, user=user, code=code, at=at)
    return user


def _put_into_groups(user: User) -> None:
    user.groups.set([Group.objects.get_or_create(name=role)[0] for role in user.roles])
    # The framework remembers on the instance what it may do.
    for cached in ("_perm_cache", "_user_perm_cache", "_group_perm_cache"):
        user.__dict__.pop(cached, None)


def _give_password(user: User, password: str | None, *, at: datetime) -> None:
    user.password_set_at = at if password is not None else None
    if password is None:
        user.set_unusable_password()
        return
    try:
        validate_password(password, user)
    except ValidationError as error:
        raise InputRefused(" ".join(error.messages), field="password") from error
    user.set_password(password)


def _another_administrator_stays(user: User) -> None:
    if Role.ADMINISTRATOR.value not in user.roles:
        return
    others = (
        User.objects.select_for_update()
        .filter(groups__name=Role.ADMINISTRATOR.value, is_active=True)
        .exclude(pk=user.pk)
    )
    if not others.exists():
        raise LastAdministrator()
