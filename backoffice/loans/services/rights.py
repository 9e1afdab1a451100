"""Who may change the loan book by service."""

from __future__ import annotations

from backoffice.core.errors import NotPermitted
from backoffice.staff.models import User


def require(by: User, permission: str) -> None:
    """Refuse whoever lacks ``permission``. The house's own jobs (imports, close of day) need none.

    Raises ``NotPermitted``.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm(permission):
        raise NotPermitted()
