"""The database itself refuses to change the record, whoever asks."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.apps import apps
from django.core.management import call_command
from django.db import DatabaseError, connection, transaction

from backoffice.audit import triggers
from backoffice.audit.models import Maintenance, ReadEvent
from backoffice.audit.services import log_read, maintenance
from backoffice.core import context
from backoffice.core.models import Dossier, PolicyValue
from backoffice.staff.services import system_user

NOW = datetime(2026, 11, 23, 2, tzinfo=UTC)
pytestmark = pytest.mark.django_db


def a_read() -> ReadEvent:
    with context.acting(by=system_user("tests"), reason_code="test"):
        return log_read(what="page", at=NOW, path="/somewhere/")


def a_policy_value() -> PolicyValue:
    with context.acting(by=system_user("tests"), reason_code="test"):
        return PolicyValue.objects.create(
            code="tests.number", value=1, unit="days", effective_from=NOW.date(), title="t", source="s",
            legal_force="policy", confidence="inferred",
        )  # fmt: skip


def test_every_history_and_log_table_carries_its_triggers() -> None:
    expected = set(triggers.append_only_tables())
    histories = {m._meta.db_table for m in apps.get_models() if m.__name__.startswith("Historical")}
    assert histories <= expected
    assert triggers.installed(connection) == expected


@pytest.mark.parametrize(
    "statement",
    ["UPDATE audit_readevent SET path = 'x'", "DELETE FROM audit_readevent"],
)
def test_a_log_row_can_neither_be_changed_nor_deleted(statement: str) -> None:
    a_read()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert ReadEvent.objects.get().path == "/somewhere/"


def test_the_orm_is_refused_as_well() -> None:
    row = a_read()
    row.path = "/elsewhere/"
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.save()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.delete()


def test_history_rows_are_refused_as_well() -> None:
    value = a_policy_value()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        value.history.update(history_actor_name="somebody else")
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        value.history.all().delete()


@pytest.mark.postgres
def test_postgresql_refuses_truncate() -> None:
    a_read()
    # Deferred foreign keys still pending would refuse it for another reason.
    connection.check_constraints()
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("TRUNCATE audit_readevent")


def test_the_one_entry_lets_a_recorded_change_through_and_shuts_again() -> None:
    a_read()
    with maintenance(by=system_user("tests"), at=NOW, purpose="retention: test"):
        ReadEvent.objects.all().delete()
    assert Maintenance.objects.get().purpose == "retention: test"
    a_read()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        ReadEvent.objects.all().delete()


def test_the_entry_is_shut_after_an_error_inside() -> None:
    row = a_read()
    with pytest.raises(RuntimeError), maintenance(by=system_user("tests"), at=NOW, purpose="fails"):
        raise RuntimeError
    assert not Maintenance.objects.exists()
    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic():
        row.delete()


def test_rows_carry_epoch_and_on_postgresql_the_transaction() -> None:
    row = a_read()
    row.refresh_from_db()
    assert row.epoch == 1
    assert (row.xact_id is not None) == (connection.vendor == "postgresql")


@pytest.mark.django_db(transaction=True)
def test_the_check_names_a_missing_trigger_and_migrate_heals_it() -> None:
    with connection.cursor() as cursor:
        name = triggers.trigger_name("core_dossier", "row" if connection.vendor == "postgresql" else "delete")
        cursor.execute(
            f'DROP TRIGGER "{name}"' + (" ON core_dossier" if connection.vendor == "postgresql" else "")
        )
    from backoffice.audit.checks import check_triggers

    assert [message.id for message in check_triggers(["default"])] == ["audit.W001"]
    call_command("migrate", verbosity=0)
    assert check_triggers(["default"]) == []
    assert Dossier.append_only
