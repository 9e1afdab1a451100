"""Every change of a tracked row leaves who, why, which request, through which door; no change leaves nothing."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from backoffice.audit.services.recorded import MISSING, Unrecorded, unrecorded_rows
from backoffice.core import context
from backoffice.core.errors import NoActor
from backoffice.core.history import (
    HistoryRow,
    bulk_create_with_history,
    bulk_update_with_history,
    copy_into_history,
    record_history,
)
from backoffice.core.models import CalendarDay
from backoffice.desk.models import IncidentContact, Task
from backoffice.privacy.fields import BlindIndexField, MaskField
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import desk as make
from tests.factories.record import policy_value
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def a_day(day: int = 1, **values: str) -> CalendarDay:
    return CalendarDay(date=date(2031, 5, day), kind="rest", source="test", **values)


def test_without_an_actor_nothing_is_saved() -> None:
    with pytest.raises(NoActor), transaction.atomic():
        a_day().save()
    assert not CalendarDay.objects.filter(date__year=2031).exists()


def test_a_save_leaves_actor_name_reason_request_and_door() -> None:
    by = system_user("tests")
    with (
        context.entering(context.EntryPoint.API, request_id="request-1"),
        context.acting(by=by, reason_code="calendar.entered"),
    ):
        day = a_day()
        day.save()
        day.name = "劳动节"
        day.save()
    changed, created = day.history.all()
    assert [created.history_type, changed.history_type] == ["+", "~"]
    for row in (created, changed):
        assert row.history_user == by
        assert row.history_actor_name == by.display_name
        assert row.history_change_reason == "calendar.entered"
        assert row.history_request_id == "request-1"
        assert row.history_entry_point == "api"
    assert (created.name, changed.name) == ("", "劳动节")


@pytest.mark.parametrize("changed", [False, True])
def test_bulk_writes_leave_one_row_each(changed: bool) -> None:
    with context.acting(by=system_user("tests"), reason_code="calendar.filled"):
        days = bulk_create_with_history(CalendarDay, [a_day(n) for n in range(1, 6)])
        for day in days:
            day.name = "休"
        bulk_update_with_history(CalendarDay, days, ["name"], changed=changed)
    history = CalendarDay.history.filter(date__year=2031)
    assert history.filter(history_type="+").count() == 5
    assert history.filter(history_type="~", name="休").count() == 5
    assert {row.history_change_reason for row in history} == {"calendar.filled"}


def test_what_is_known_to_have_changed_is_not_looked_for_again(
    django_assert_max_num_queries,  # type: ignore[no-untyped-def]
) -> None:
    with context.acting(by=system_user("tests"), reason_code="calendar.filled"):
        days = bulk_create_with_history(CalendarDay, [a_day(n) for n in range(1, 6)])
        for day in days:
            day.name = f"休 {day.pk}"
        # PostgreSQL: a table made and filled, one UPDATE that goes on into history, the table dropped.
        with django_assert_max_num_queries(4):
            bulk_update_with_history(CalendarDay, days[::-1], ["name"], changed=True)
    changes = CalendarDay.history.filter(date__year=2031, history_type="~").order_by("history_id")
    assert [(row.id, row.name) for row in changes] == [(day.pk, f"休 {day.pk}") for day in days]


def test_the_context_does_not_leak_out_of_its_door() -> None:
    with context.entering(context.EntryPoint.TASK, actor=system_user("tests")):
        assert context.current().entry_point == "task"
    assert context.current().actor is None


def test_the_author_of_a_record_cannot_be_deleted() -> None:
    with context.acting(by=system_user("tests"), reason_code="x"):
        author = get_user_model().objects.create(username="author", kind="system")
    with context.acting(by=author, reason_code="x"):
        a_day().save()

    def delete() -> None:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("DELETE FROM staff_user WHERE id = %s", [author.pk])
            connection.check_constraints()

    with pytest.raises(IntegrityError):
        delete()


def test_signing_in_writes_no_history() -> None:
    by = system_user("tests")
    before = by.history.count()
    by.last_login = None
    by.save(update_fields=["last_login"])
    assert by.history.count() == before


def test_masks_and_indexes_stay_out_of_every_history_table() -> None:
    histories = [model for model in apps.get_models() if issubclass(model, HistoryRow)]
    assert len(histories) > 20
    for model in histories:
        leaked = [f.name for f in model._meta.fields if isinstance(f, MaskField | BlindIndexField)]
        assert leaked == [], model


# --- what is no change ------------------------------------------------------------------------------------


def test_a_save_that_changes_nothing_writes_nothing() -> None:
    with context.acting(by=system_user("tests"), reason_code="x"):
        day = a_day(name="休")
        day.save()
        day.save()
        day.save(update_fields=["name"])
        day.save(update_fields=["kind", "source"])
        record_history([day], "~")
        assert day.history.count() == 1
        for name in ("班", "休"):
            day.name = name
            day.save()
    assert [row.name for row in day.history.order_by("history_id")] == ["休", "班", "休"]


def test_columns_of_every_kind_are_the_same_until_they_change() -> None:
    by = person(Role.HANDLER)
    with context.acting(by=system_user("tests"), reason_code="x"):
        number, told, untold = policy_value("1.5"), make.task(detail="回电"), make.task()
        office = IncidentContact.objects.create(
            party="police", name="局", number="110", kinds=["leak", "media"], valid_from=date(2031, 5, 1)
        )
        rows: list[Any] = [number, told, untold, by, office]
        before = [row.history.count() for row in rows]
        for row in rows:
            type(row)._default_manager.get(pk=row.pk).save()
        number.value = Decimal("1.50")
        number.save()
        assert [row.history.count() for row in rows] == before, "read and written back"
        number.value, by.roles, office.kinds = Decimal("1.51"), [*by.roles, Role.AUDITOR], ["media"]
        told.detail_cipher, untold.detail_cipher = None, b"\x00\xff"
        office.valid_to = date(2031, 6, 1)
        for row in rows:
            row.save()
    assert [row.history.count() for row in rows] == [count + 1 for count in before]
    assert number.history.first().value == Decimal("1.51")
    assert told.history.first().detail_cipher is None
    assert bytes(untold.history.first().detail_cipher) == b"\x00\xff"
    assert by.history.first().roles == by.roles
    assert (office.history.first().kinds, office.history.first().valid_to) == (["media"], date(2031, 6, 1))
    assert [one for model in (Task, User, IncidentContact) for one in unrecorded_rows(model)] == []


def test_of_many_only_those_that_changed_get_a_row() -> None:
    with context.acting(by=system_user("tests"), reason_code="calendar.filled"):
        days = bulk_create_with_history(CalendarDay, [a_day(n) for n in range(1, 6)])
        for day in days[:2]:
            day.name = "休"
        bulk_update_with_history(CalendarDay, days, ["name"])
        changed = CalendarDay.history.filter(date__year=2031, history_type="~")
        assert {row.id for row in changed} == {day.pk for day in days[:2]}
        assert copy_into_history(CalendarDay, [day.pk for day in days], "~") == 0


# --- one writing path -------------------------------------------------------------------------------------


def test_history_says_what_the_table_says_whatever_the_instance_believes() -> None:
    with context.acting(by=system_user("tests"), reason_code="x"):
        day = a_day()
        day.save()
        day.name, day.source = "休", "elsewhere"
        day.save(update_fields=["name"])
    assert (day.history.first().name, day.history.first().source) == ("休", "test")


def test_many_rows_take_as_many_statements_as_few() -> None:
    with context.acting(by=system_user("tests"), reason_code="x"):
        days = CalendarDay.objects.bulk_create([a_day(n) for n in range(1, 32)])
        for some in (days[:1], days[1:]):
            with CaptureQueriesContext(connection) as queries:
                record_history(some, "+")
            assert [query["sql"].split()[0] for query in queries] == ["INSERT"]
        with CaptureQueriesContext(connection) as queries:
            record_history(days, "-", batch_size=16)
        # PostgreSQL takes any number of keys as one value.
        assert len(queries) == (1 if connection.vendor == "postgresql" else 2)
    written = CalendarDay.history.filter(date__year=2031)
    assert [row.id for row in written.filter(history_type="+").order_by("history_id")] == [d.pk for d in days]
    assert written.filter(history_type="-").count() == len(days)


def test_a_deletion_keeps_what_was_deleted_and_a_row_may_come_back() -> None:
    with context.acting(by=system_user("tests"), reason_code="x"):
        first, second = bulk_create_with_history(CalendarDay, [a_day(1, name="甲"), a_day(2, name="乙")])
        pks = [first.pk, second.pk]
        first.delete()
        CalendarDay.objects.filter(pk=second.pk).delete()
        gone = CalendarDay.history.filter(id__in=pks, history_type="-").order_by("id")
        assert [(row.id, row.name) for row in gone] == list(zip(pks, ["甲", "乙"], strict=True))
        back = a_day(1, name="甲")
        back.pk = pks[0]
        # As an import does it that does not know that the row was there once.
        CalendarDay.objects.bulk_create([back])
        assert copy_into_history(CalendarDay, [back.pk], "~") == 1, "after a deletion nothing is unchanged"
    assert unrecorded_rows(CalendarDay) == []


def test_whoever_does_not_answer_for_it_changes_nothing_by_any_way() -> None:
    with context.acting(by=system_user("tests"), reason_code="x"):
        day = bulk_create_with_history(CalendarDay, [a_day(1)])[0]
    day.name = "班"
    ways = (
        day.save,
        lambda: day.save(update_fields=["name"]),
        lambda: bulk_update_with_history(CalendarDay, [day], ["name"]),
        lambda: bulk_create_with_history(CalendarDay, [a_day(2)]),
        lambda: CalendarDay.objects.create(date=date(2031, 5, 3), kind="rest", source="test"),
        CalendarDay.objects.filter(pk=day.pk).delete,
    )
    for way in ways:
        with pytest.raises(NoActor), transaction.atomic():
            way()
    [left] = CalendarDay.objects.filter(date__year=2031)
    assert (left.pk, left.name, left.history.count()) == (day.pk, "", 1)


def test_what_a_fixture_loads_is_no_act_and_the_check_says_so() -> None:
    day = a_day()
    # What ``loaddata`` does; it has no actor and brings history rows of its own, if it has any.
    day.save_base(raw=True)
    assert day.history.count() == 0
    assert unrecorded_rows(CalendarDay) == [Unrecorded("core_calendarday", day.pk, MISSING)]
