"""Every change of a tracked row leaves who, why, which request, through which door."""

from __future__ import annotations

from datetime import date

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction

from backoffice.core import context
from backoffice.core.errors import NoActor
from backoffice.core.history import HistoryRow, bulk_create_with_history, bulk_update_with_history
from backoffice.core.models import CalendarDay
from backoffice.privacy.fields import BlindIndexField, MaskField
from backoffice.staff.services import system_user

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


def test_bulk_writes_leave_one_row_each() -> None:
    with context.acting(by=system_user("tests"), reason_code="calendar.filled"):
        days = bulk_create_with_history(CalendarDay, [a_day(n) for n in range(1, 6)])
        for day in days:
            day.name = "休"
        bulk_update_with_history(CalendarDay, days, ["name"])
    history = CalendarDay.history.filter(date__year=2031)
    assert history.filter(history_type="+").count() == 5
    assert history.filter(history_type="~", name="休").count() == 5
    assert {row.history_change_reason for row in history} == {"calendar.filled"}


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
