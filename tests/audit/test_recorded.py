"""What was changed past the record is found in the tables themselves."""

from __future__ import annotations

import json
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, models

from backoffice.audit.services.recorded import (
    DIFFERS,
    MISSING,
    VANISHED,
    Unrecorded,
    unrecorded,
    unrecorded_rows,
)
from backoffice.core import context
from backoffice.core.history import record_history
from backoffice.core.models import CalendarDay
from backoffice.desk.models import Task
from backoffice.staff.models import Team
from backoffice.staff.services import create_team, system_user
from complaints.models import Complaint
from debt_collections.models import Case
from tests.factories import collections as collection
from tests.factories import complaints
from tests.factories import desk as make
from tests.factories.staff import NOW

pytestmark = pytest.mark.django_db


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def test_what_the_services_did_is_all_on_record() -> None:
    complaints.filed(about=collection.case())
    make.task()
    assert unrecorded() == []


def world() -> dict[type[models.Model], models.Model]:
    complaint = complaints.filed(about=collection.case())
    return {
        Complaint: complaint,
        Case: complaint.case,
        Task: make.task(),
        Team: create_team(name="甲组", by=system_user("tests"), at=NOW),
    }


def test_an_update_past_the_record_is_found_on_every_kind_of_column() -> None:
    rows = world()
    sql("UPDATE complaints_complaint SET severity = 'urgent' WHERE id = %s", rows[Complaint].pk)
    sql("UPDATE collections_case SET opened_on = '2020-01-01' WHERE id = %s", rows[Case].pk)
    sql("UPDATE desk_task SET detail_cipher = %s WHERE id = %s", b"\x01\x02", rows[Task].pk)
    sql("UPDATE staff_team SET name = '乙组' WHERE id = %s", rows[Team].pk)
    sql("UPDATE staff_user SET roles = '[\"auditor\"]' WHERE id = %s", system_user("tests").pk)
    expected = {Unrecorded(model._meta.db_table, row.pk, DIFFERS) for model, row in rows.items()}
    assert set(unrecorded()) == {*expected, Unrecorded("staff_user", system_user("tests").pk, DIFFERS)}


def test_a_value_put_to_null_and_back_is_seen_and_unseen() -> None:
    task = make.task(detail="回电")
    kept = task.detail_cipher
    sql("UPDATE desk_task SET detail_cipher = NULL WHERE id = %s", task.pk)
    assert unrecorded_rows(Task) == [Unrecorded("desk_task", task.pk, DIFFERS)]
    sql("UPDATE desk_task SET detail_cipher = %s WHERE id = %s", kept, task.pk)
    assert unrecorded_rows(Task) == []


def test_rows_put_in_and_taken_out_past_the_record_are_found() -> None:
    team = create_team(name="甲组", by=system_user("tests"), at=NOW)
    sql(
        "INSERT INTO staff_team (name, lead_id) SELECT '丙组', lead_id FROM staff_team WHERE id = %s", team.pk
    )
    inserted = Team.objects.get(name="丙组")
    sql("DELETE FROM staff_team WHERE id = %s", team.pk)
    assert unrecorded_rows(Team) == [
        Unrecorded("staff_team", team.pk, VANISHED),
        Unrecorded("staff_team", inserted.pk, MISSING),
    ]


def test_a_deletion_on_record_is_none_and_a_row_that_came_back_is_one() -> None:
    with context.acting(by=system_user("tests"), reason_code="calendar.corrected"):
        day = CalendarDay.objects.create(date="2031-05-01", kind="rest", source="test")
        pk = day.pk
        day.delete()
    assert unrecorded_rows(CalendarDay) == []
    assert CalendarDay.history.get(id=pk, history_type="-").source == "test"
    sql(
        "INSERT INTO core_calendarday (id, date, kind, name, source) VALUES (%s, '2031-05-01', 'rest', '', 'test')",
        pk,
    )
    assert unrecorded_rows(CalendarDay) == [Unrecorded("core_calendarday", pk, MISSING)]


def test_what_history_does_not_keep_is_no_finding() -> None:
    sql("UPDATE staff_user SET last_login = '2026-01-01' WHERE id = %s", system_user("tests").pk)
    assert unrecorded() == []


def test_the_command_names_table_and_row_and_fails() -> None:
    team = create_team(name="甲组", by=system_user("tests"), at=NOW)
    out = StringIO()
    call_command("check_record", stdout=out)
    assert " 0 rows not on record" in out.getvalue()
    sql("UPDATE staff_team SET name = '乙组' WHERE id = %s", team.pk)
    out = StringIO()
    with pytest.raises(CommandError, match=r"staff_team \(1\)") as refusal:
        call_command("check_record", "--json", stdout=out)
    assert refusal.value.returncode == 1
    answer = json.loads(out.getvalue())
    assert answer["unrecorded"] == [{"table": "staff_team", "id": team.pk, "kind": DIFFERS}]
    assert answer["tables"] > 40


def test_what_was_put_right_on_record_is_no_finding_any_more() -> None:
    team = create_team(name="甲组", by=system_user("tests"), at=NOW)
    sql("UPDATE staff_team SET name = '乙组' WHERE id = %s", team.pk)
    with context.acting(by=system_user("tests"), reason_code="maintenance"):
        record_history([team], "~")
    assert unrecorded() == []
    assert team.history.first().name == "乙组"
