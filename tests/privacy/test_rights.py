"""The table of field rights: what a role may do with a field follows from its permissions alone."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings

from backoffice.loans.models import Borrower
from backoffice.privacy.documentation import RoleHolder, page
from backoffice.privacy.rights import Right, personal_fields, right, spec_of
from backoffice.staff.roles import PERSON_ROLES, Role, declared_permissions
from complaints.models import Complainant


def test_the_page_says_what_the_code_does() -> None:
    written = Path(settings.BASE_DIR, "docs", "field-rights.md").read_text(encoding="utf-8")
    assert written == page(), "run “manage.py field_rights_page”"


@pytest.mark.parametrize(
    ("role", "field", "expected"),
    [
        (Role.HANDLER, "id_number", Right.CHANGE),
        (Role.HANDLER, "address", Right.FULL),
        (Role.COLLECTOR, "mobile", Right.FULL),
        (Role.COLLECTOR, "id_number", Right.MASKED),
        (Role.LOAN_OFFICER, "mobile", Right.CHANGE),
        (Role.CONDUCT_SUPERVISOR, "name", Right.MASKED),
        (Role.PRIVACY_OFFICER, "address", Right.CHANGE),
        (Role.AUDITOR, "name", Right.MASKED),
        (Role.ADMINISTRATOR, "name", Right.NONE),
    ],
)
def test_rights_to_a_borrowers_fields(role: Role, field: str, expected: Right) -> None:
    assert right(RoleHolder(role, declared_permissions()), Borrower, field) == expected


def test_who_does_not_see_the_row_has_no_right_to_its_fields() -> None:
    collector = RoleHolder(Role.COLLECTOR, declared_permissions())
    assert all(right(collector, Complainant, name) == Right.NONE for name in spec_of(Complainant).fields)


def test_whoever_may_correct_may_also_see() -> None:
    declared = declared_permissions()
    for role in PERSON_ROLES:
        holder = RoleHolder(role, declared)
        for model, name in personal_fields():
            if right(holder, model, name) == Right.MASKED:
                assert not holder.has_perm(f"privacy.correct_{name}"), (role, model, name)


def test_every_personal_field_has_a_mask_a_class_and_a_dossier() -> None:
    for model, name in personal_fields():
        assert model._meta.get_field(f"{name}_mask").verbose_name
        kind = spec_of(model).fields[name]
        columns = {field.name for field in model._meta.fields}
        assert (f"{name}_index" in columns) == kind.indexed
        path = model
        for step in spec_of(model).dossier.split("."):
            path = path._meta.get_field(step).related_model  # type: ignore[assignment,union-attr]
        assert path._meta.label == "core.Dossier"
