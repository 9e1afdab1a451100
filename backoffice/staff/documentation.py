"""The table of roles as a page of the documentation (docs/roles.md), kept equal by a test."""

from __future__ import annotations

from django.utils import translation

from backoffice.staff.roles import GRANTS, NOBODY, PERSON_ROLES, Role


def page() -> str:
    """Markdown: every role with the lines of the table, then what nobody has and why."""
    with translation.override("en"):
        lines = [
            "# Roles and rights",
            "",
            "Written from `backoffice/staff/roles.py` by `manage.py roles_page`; a test keeps them equal. `*` stands",
            "for anything; whoever may view a thing may view its history. Decision: `decisions/0005-roles.md`.",
        ]
        for title, chosen in (
            ("People", PERSON_ROLES),
            ("Machines", tuple(role for role in Role if role not in PERSON_ROLES)),
        ):
            lines += ["", f"## {title}"]
            for role in chosen:
                lines += ["", f"### {role.label} (`{role.value}`)", ""]
                lines += [f"- `{line}`" for line in sorted(set(GRANTS[role]))]
        lines += ["", "## Nobody", "", "| Right | Why |", "|---|---|"]
        lines += [f"| `{line}` | {reason} |" for line, reason in NOBODY.items()]
    return "\n".join(lines) + "\n"
