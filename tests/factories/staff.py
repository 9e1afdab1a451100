"""People, made through the real services."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from typing import Any

from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES, Role
from backoffice.staff.services import create_user, system_user

NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
PASSWORD = "plum-tea-under-rain-7"

_numbers = itertools.count(1)


def person(*roles: Role, username: str = "", **given: Any) -> User:
    """Somebody with these roles, who can sign in with ``PASSWORD``."""
    username = username or f"person{next(_numbers)}"
    given = {"full_name": f"测试员{username}", "password": PASSWORD, "at": NOW, **given}
    given.setdefault("by", system_user("tests"))
    return create_user(username=username, roles=roles, **given)


def one_of_each() -> dict[Role, User]:
    """One person per role."""
    return {role: person(role) for role in PERSON_ROLES}
