"""System check: does the table of roles name permissions that exist?"""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register

from backoffice.staff import roles


@register
def check_roles(**kwargs: Any) -> list[CheckMessage]:
    """staff.E001: a renamed permission would silently take a right away from everybody."""
    return [
        Error(
            f"The table of roles names a permission that no model declares: {pattern} ({owner}).",
            hint="Correct backoffice/staff/roles.py or the permissions of the model.",
            id="staff.E001",
        )
        for owner, pattern in roles.unknown_patterns()
    ]
