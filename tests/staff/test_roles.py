"""The table of roles, and the groups that follow it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest
from django.conf import settings
from django.contrib.auth.models import Group, Permission

from backoffice.staff import roles
from backoffice.staff.checks import check_roles
from backoffice.staff.documentation import page
from backoffice.staff.roles import GRANTS, NOBODY, PERSON_ROLES, Role
from backoffice.staff.services import sync_roles
from tests.factories.staff import one_of_each, person

pytestmark = pytest.mark.django_db


def in_database() -> set[str]:
    return {
        f"{app}.{codename}"
        for app, codename in Permission.objects.values_list("content_type__app_label", "codename")
    }


def granted() -> set[str]:
    return set().union(*(roles.expand(patterns, in_database()) for patterns in GRANTS.values()))


def test_every_permission_is_granted_or_stands_with_a_reason() -> None:
    left = {
        name
        for name in in_database() - granted()
        if not any(fnmatchcase(name, pattern) for pattern in NOBODY)
        # The right to view the history of a thing nobody may view.
        and not (".view_historical" in name and name.replace(".view_historical", ".view_") not in granted())
    }
    assert left == set(), "give them to a role or say in NOBODY why nobody has them"


def test_nothing_is_both_granted_and_named_as_granted_to_nobody() -> None:
    both = {name: line for name in granted() for line in NOBODY if fnmatchcase(name, line)}
    assert both == {}


def test_table_names_only_permissions_that_exist() -> None:
    assert check_roles() == []


def test_check_sees_a_renamed_permission(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(GRANTS, Role.COLLECTOR, ("complaints.handle_complaints",))
    assert [message.id for message in check_roles()] == ["staff.E001"]


def test_every_role_has_a_line() -> None:
    assert set(GRANTS) == set(Role)


def test_groups_hold_exactly_the_table() -> None:
    for role in Role:
        held = {
            f"{app}.{codename}"
            for app, codename in Permission.objects.filter(group__name=role.value).values_list(
                "content_type__app_label", "codename"
            )
        }
        assert held == roles.expand(GRANTS[role], in_database()), role
        assert held, role


def test_sync_repairs_what_was_changed_by_hand() -> None:
    group = Group.objects.get(name=Role.COLLECTOR.value)
    foreign = Permission.objects.get(codename="decide_complaint")
    own = group.permissions.first()
    assert own is not None
    group.permissions.add(foreign)
    group.permissions.remove(own)
    collector = person(Role.COLLECTOR)
    collector.groups.add(Group.objects.get(name=Role.ADMINISTRATOR.value))

    assert sync_roles() == 3
    assert not group.permissions.filter(pk=foreign.pk).exists()
    assert group.permissions.filter(pk=own.pk).exists()
    assert [one.name for one in collector.groups.all()] == ["collector"]
    assert sync_roles() == 0


def test_sync_empties_a_group_that_is_no_role() -> None:
    stray = Group.objects.create(name="friends")
    stray.permissions.add(Permission.objects.get(codename="decide_complaint"))
    sync_roles()
    assert not stray.permissions.exists()


#: What an auditor does, each with its reason; none of it changes what it is about.
AUDITOR_DOES = {
    "audit.verify_record",  # proving the record is the job
    "audit.make_bundle",  # so is handing over what proves it
    "desk.report_incident",  # the red button is everybody's
}
#: Readable for others, and nothing an audit needs: the auditor reads texts with the numbers in them masked.
NOT_FOR_AUDITORS = {"privacy.read_numbers"}


def test_auditor_sees_everything_and_changes_nothing() -> None:
    auditor = roles.expand(GRANTS[Role.AUDITOR], in_database())
    reads = (".view_", ".read_", ".see_", ".explore_")
    assert {name for name in auditor if not any(verb in name for verb in reads)} == AUDITOR_DOES
    others = set().union(
        *(roles.expand(GRANTS[role], in_database()) for role in PERSON_ROLES if role != Role.AUDITOR)
    )
    assert {name for name in others - auditor if any(verb in name for verb in reads)} == NOT_FOR_AUDITORS


def test_administrator_has_users_and_the_red_button_and_nothing_else() -> None:
    administrator = roles.expand(GRANTS[Role.ADMINISTRATOR], in_database())
    models = {name.split("_", 1)[1].removeprefix("historical") for name in administrator}
    assert models == {"user", "team", "incident", "incidentcontact"}
    assert {name for name in administrator if not name.startswith("staff.")} == {
        "desk.report_incident",
        *(
            f"desk.view_{kind}{name}"
            for kind in ("", "historical")
            for name in ("incident", "incidentcontact")
        ),
    }


def test_no_person_can_act_for_a_partner() -> None:
    people = one_of_each()
    assert not [role for role, user in people.items() if user.has_perm("mediation.act_referral")]


def test_supervisor_alone_decides() -> None:
    people = one_of_each()
    assert [role for role, user in people.items() if user.has_perm("complaints.decide_complaint")] == [
        Role.COMPLAINT_SUPERVISOR
    ]


def test_documentation_shows_the_table() -> None:
    written = Path(settings.BASE_DIR, "docs", "roles.md").read_text(encoding="utf-8")
    assert written == page(), "run “manage.py roles_page”"
