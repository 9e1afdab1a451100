"""Rows the house cannot work without: there after every migrate and flush, and never overwritten."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backoffice.audit.triggers import close_gate, open_gate
from backoffice.core import policy
from backoffice.core.context import acting
from backoffice.core.models import CalendarDay, PolicyValue
from backoffice.core.services import PolicyMissing, policy_value
from backoffice.staff import reference
from backoffice.staff.services import system_user

pytestmark = pytest.mark.django_db


def test_everything_is_there_after_migrate() -> None:
    assert set(PolicyValue.objects.values_list("code", flat=True)) >= {seed.code for seed in policy.SEEDS}
    assert {day.year for day in CalendarDay.objects.values_list("date", flat=True)} >= set(
        reference.CALENDAR_YEARS
    )


def test_rows_say_who_put_them_there() -> None:
    row = PolicyValue.objects.get(code="complaint.decision_days").history.get()
    assert row.history_user == system_user("reference-data")
    assert row.history_change_reason == "reference.loaded"


def test_second_run_adds_nothing_and_costs_little() -> None:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        added = reference.load_all()
    assert set(added) >= {"roles", "calendar", "policy"}
    assert set(added.values()) == {0}
    # Savepoint and its release, the system user, five for the roles, and one or two per app's loader.
    assert len(queries) <= 8 + 2 * (len(added) - 1)


def test_edited_values_stay_and_missing_ones_come_back() -> None:
    row = PolicyValue.objects.get(code="complaint.decision_days")
    with acting(by=system_user("tests"), reason_code="test"):
        row.value = Decimal(10)
        row.save()
        PolicyValue.objects.get(code="mediation.period_days").delete()
    assert reference.load_all()["policy"] == 1
    row.refresh_from_db()
    assert row.value == 10
    assert policy_value("mediation.period_days", on=date(2026, 11, 23)) == 30


@pytest.mark.parametrize(
    ("code", "day", "value"),
    [
        ("complaint.decision_days", date(2026, 11, 23), "15"),
        ("complaint.extended_days", date(2026, 11, 23), "30"),
        ("complaint.extended_far_days", date(2026, 11, 23), "60"),
        ("mediation.confirm_working_days", date(2026, 11, 23), "3"),
        ("bureau.objection_days", date(2026, 11, 23), "20"),
        ("loan.all_in_cost_cap", date(2025, 12, 1), "0.24"),
    ],
)
def test_numbers_of_the_law(code: str, day: date, value: str) -> None:
    assert policy_value(code, on=day) == Decimal(value)


def test_no_value_before_it_is_in_force() -> None:
    with pytest.raises(PolicyMissing):
        policy_value("loan.all_in_cost_cap", on=date(2025, 11, 30))


def test_every_row_says_where_it_stands() -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC).date()
    for seed in policy.SEEDS:
        assert seed.source, seed.code
        assert seed.effective_from <= at, seed.code


@pytest.mark.django_db(transaction=True)
def test_flush_brings_them_back() -> None:
    """The flush of transactional tests sends the same signal as migrate."""
    open_gate(connection, session=True)
    call_command("flush", interactive=False, verbosity=0)
    close_gate(connection)
    assert PolicyValue.objects.count() >= len(policy.SEEDS)
