"""What can be done to an account, and who may."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.workflow import Workflow, transition
from backoffice.staff.models import User

ACTIVE, INACTIVE = "active", "inactive"


def is_person(user: User, by: User, at: datetime) -> Any | None:
    """Machines are managed as API clients, system users by nobody."""
    return None if user.kind == User.Kind.PERSON else _("This account belongs to a machine.")


def not_oneself(user: User, by: User, at: datetime) -> Any | None:
    """Nobody gives himself rights or locks himself out."""
    return _("Not possible for your own account.") if user.pk == by.pk else None


account = Workflow(
    "staff.User",
    initial=ACTIVE,
    field="account_state",
    transitions=[
        transition("set_roles", _("Set roles"), [ACTIVE], None, "staff.change_user", is_person, not_oneself),
        transition("assign_team", _("Assign to a team"), [ACTIVE], None, "staff.change_user", is_person),
        transition(
            "reset_password", _("Reset password"), [ACTIVE], None, "staff.change_user", is_person, not_oneself
        ),
        transition(
            *("deactivate", _("Deactivate"), [ACTIVE], INACTIVE, "staff.change_user", is_person, not_oneself),
            style="danger",
        ),
        transition(
            "reactivate", _("Reactivate"), [INACTIVE], ACTIVE, "staff.change_user", is_person, not_oneself
        ),
    ],
)
