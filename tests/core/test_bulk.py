"""Rows inserted together are the rows that ``bulk_create`` would have made, keys included."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from django.db import IntegrityError, connection, transaction

from backoffice.core import context
from backoffice.core.bulk import insert_rows, update_rows
from backoffice.core.models import CalendarDay, Dossier, PolicyValue
from backoffice.privacy.models import DataKey, DataSubject
from backoffice.staff.services import system_user

pytestmark = pytest.mark.django_db

AT = datetime(2026, 11, 23, 2, 30, 0, 123456, tzinfo=UTC)


def folder(number: int) -> Dossier:
    return Dossier(kind="borrower", number=f"KH{number}", opened_at=AT)


def plain(dossier: Dossier) -> tuple[object, ...]:
    return (dossier.kind, dossier.opened_at, dossier.epoch)


def test_rows_are_those_of_bulk_create() -> None:
    ours, theirs = insert_rows(Dossier, [folder(1)]), Dossier.objects.bulk_create([folder(2)])
    one, other = (Dossier.objects.get(pk=made[0].pk) for made in (ours, theirs))
    assert plain(one) == plain(other)
    assert one.uid == ours[0].uid
    assert (one.xact_id is None) == (other.xact_id is None)


def test_keys_follow_the_order_and_the_sequence_goes_on_behind_them() -> None:
    before = Dossier.objects.create(kind="borrower", number="KH0", opened_at=AT)
    made = insert_rows(Dossier, [folder(number) for number in range(1, 2001)])
    after = Dossier.objects.create(kind="borrower", number="KH-last", opened_at=AT)
    keys = [before.pk, *(one.pk for one in made), after.pk]
    assert keys == sorted(set(keys))
    stored = dict(Dossier.objects.values_list("pk", "number"))
    assert all(stored[one.pk] == one.number for one in made)
    assert not any(one._state.adding for one in made)


def test_keys_of_deleted_rows_are_not_given_out_again() -> None:
    last = insert_rows(CalendarDay, [CalendarDay(date=date(2031, 5, n), kind="rest") for n in (1, 2)])[-1]
    with context.acting(by=system_user("tests"), reason_code="calendar.corrected"):
        CalendarDay.objects.filter(date__year=2031).delete()
    [new] = insert_rows(CalendarDay, [CalendarDay(date=date(2031, 5, 3), kind="rest")])
    assert new.pk > last.pk


def test_a_child_made_before_its_parent_was_inserted_gets_the_key() -> None:
    subject = DataSubject()
    key = DataKey(subject=subject, master_key_id="m", wrapped=b"w")
    own = key.pk
    insert_rows(DataSubject, [subject])
    insert_rows(DataKey, [key])
    assert key.pk == own
    assert DataKey.objects.get(pk=own).subject_id == subject.pk


def test_the_databases_constraints_judge_and_nothing_is_left_of_a_refused_batch() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        insert_rows(Dossier, [folder(1), folder(1)])
    assert not Dossier.objects.filter(number="KH1").exists()


def test_a_value_of_ones_own_where_the_database_gives_it_is_refused() -> None:
    with pytest.raises(ValueError, match="xact_id"):
        insert_rows(Dossier, [Dossier(kind="borrower", number="KH1", opened_at=AT, xact_id=7)])


def test_nothing_makes_nothing(django_assert_num_queries) -> None:  # type: ignore[no-untyped-def]
    with django_assert_num_queries(0):
        assert insert_rows(Dossier, []) == []


# --- updates -------------------------------------------------------------------------------------------------


def number(position: int, **facts: object) -> PolicyValue:
    return PolicyValue(
        **{
            "code": f"bulk.{position}",
            "value": Decimal(position),
            "unit": "days",
            "effective_from": date(2030, 1, 1),
            "title": "Zahl\t„a\\n“\n%s",
            "source": "test",
            "legal_force": "policy",
            "confidence": "inferred",
            **facts,
        }
    )


def stored(rows: list[PolicyValue]) -> list[tuple[object, ...]]:
    names = ("code", "value", "title", "effective_to")
    return list(
        PolicyValue.objects.filter(pk__in=[one.pk for one in rows]).order_by("pk").values_list(*names)
    )


def test_updates_are_those_of_bulk_update() -> None:
    ours = insert_rows(PolicyValue, [number(position) for position in range(1, 40)])
    assert stored(ours)[0] == ("bulk.1", Decimal(1), "Zahl\t„a\\n“\n%s", None)
    for position, one in enumerate(ours):
        one.value, one.effective_to = Decimal("0.25") * position, date(2031, 1, 1) if position % 2 else None
        one.title, one.source = f"\\. {position}", "another"
    [other] = insert_rows(PolicyValue, [number(99)])
    update_rows(PolicyValue, ours, ["value", "effective_to", "title"])
    mine = stored(ours)
    PolicyValue.objects.bulk_update(ours, ["value", "effective_to", "title"])
    assert mine == stored(ours)
    assert set(PolicyValue.objects.filter(pk__in=[one.pk for one in ours]).values_list("source")) == {
        ("test",)
    }
    assert stored([other]) == [("bulk.99", Decimal(99), "Zahl\t„a\\n“\n%s", None)]


def test_updates_one_after_the_other_in_one_transaction() -> None:
    [one] = insert_rows(PolicyValue, [number(1)])
    for value in (2, 3):
        one.value = Decimal(value)
        update_rows(PolicyValue, [one], ["value"])
        assert stored([one])[0][1] == value


def test_an_update_the_database_refuses_leaves_nothing() -> None:
    rows = insert_rows(Dossier, [folder(1), folder(2)])
    for one in rows:
        one.number = "KH-same"
    with pytest.raises(IntegrityError), transaction.atomic():
        update_rows(Dossier, rows, ["number"])
    assert set(Dossier.objects.filter(pk__in=[one.pk for one in rows]).values_list("number", flat=True)) == {
        "KH1",
        "KH2",
    }


def test_no_statement_per_row(django_assert_max_num_queries) -> None:  # type: ignore[no-untyped-def]
    rows = [number(position) for position in range(300)]
    with django_assert_max_num_queries(8):
        insert_rows(PolicyValue, rows)
    if connection.vendor == "postgresql":
        with django_assert_max_num_queries(5):
            update_rows(PolicyValue, rows, ["value"])
