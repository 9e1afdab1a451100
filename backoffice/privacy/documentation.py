"""The table of field rights as a page of the documentation (docs/field-rights.md), kept equal by a test."""

from __future__ import annotations

from django.utils import translation
from django.utils.text import capfirst

from backoffice.privacy.rights import (
    READ_NUMBERS,
    Right,
    class_of,
    label_of_field,
    personal_fields,
    right,
)
from backoffice.staff.roles import GRANTS, PERSON_ROLES, Role, declared_permissions, expand

_WORDS = {Right.NONE: "–", Right.MASKED: "mask", Right.FULL: "show", Right.CHANGE: "show, correct"}


class RoleHolder:
    """A role on its own, as a holder of permissions."""

    def __init__(self, role: Role, declared: set[str]) -> None:
        self._granted = expand(GRANTS[role], declared)

    def has_perm(self, perm: str) -> bool:
        return perm in self._granted


def page() -> str:
    """Markdown: every personal field against every role of people, then who reads numbers inside texts."""
    declared = declared_permissions()
    holders = {role: RoleHolder(role, declared) for role in PERSON_ROLES}
    with translation.override("en"):
        lines = [
            "# Rights to personal fields",
            "",
            "Written from `backoffice/privacy/rights.py` and `backoffice/staff/roles.py` by",
            "`manage.py field_rights_page`; a test keeps them equal. *mask*: sees the masked value wherever the row is",
            "shown. *show*: may see it in full, each time for a purpose and on record. *correct*: may put it right.",
            "Which rows somebody may know of is asked besides (a collector sees in full only the people of cases in",
            "hand). Decision: `decisions/0016-field-rights.md`.",
            "",
            "| Row | Field | Class | " + " | ".join(str(role.label) for role in PERSON_ROLES) + " |",
            "|---" * (3 + len(PERSON_ROLES)) + "|",
        ]
        for model, name in personal_fields():
            cells = [
                capfirst(str(model._meta.verbose_name)),
                label_of_field(model, name),
                class_of(model, name),
                *(_WORDS[right(holder, model, name)] for holder in holders.values()),
            ]
            lines.append("| " + " | ".join(cells) + " |")
        lines += ["", "## Numbers inside texts", ""]
        readers = ", ".join(str(role.label) for role in PERSON_ROLES if holders[role].has_perm(READ_NUMBERS))
        lines += [
            "Telephone, document and card numbers that stand in words (complaints, notes, summaries, reasons, names",
            f"of files) are read in full with `{READ_NUMBERS}`, by: {readers}.",
            "Everybody else who may read the text sees them masked.",
        ]
    return "\n".join(lines) + "\n"
