"""Whatever is done to the record behind our back, the verifier finds it and says where."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from backoffice.audit import anchors, canonical, proofs, statements, triggers
from backoffice.audit.models import ReadEvent, RecordEvent, Removal, Seal, SealPart, Verification
from backoffice.audit.services import maintenance, verify_record
from backoffice.core.errors import NotPermitted
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import record as make
from tests.factories.staff import person

POSTGRES = connection.vendor == "postgresql"
pytestmark = pytest.mark.django_db
READS = "audit_readevent"
#: Nine tables instead of eighty; tests/audit/test_seals.py takes them all.
TABLES = (
    *("audit_readevent", "audit_recordevent", "audit_maintenance", "audit_redaction", "audit_removal"),
    *("audit_verification", "core_dossier", "core_historicalpolicyvalue", "staff_historicaluser"),
)


@pytest.fixture(scope="module")
def sealed(django_db_setup: None, django_db_blocker: Any) -> Iterator[list[int]]:
    """Three seals over five, five and two reads, made once and really committed: what a test does to them is rolled
    back, while on PostgreSQL nothing could be sealed within the transaction of a test."""
    models = canonical.sealed_models()
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(canonical, "sealed_models", lambda: {name: models[name] for name in TABLES})
        rows: list[int] = []
        try:
            for count in (5, 5, 2):
                rows += [row.pk for row in make.reads(count)]
                if count == 2:
                    make.secret_event()
                    make.secret_event()
                make.seal()
            yield rows
        finally:
            triggers.open_gate(connection, session=True)
            call_command("flush", interactive=False, verbosity=0)
            triggers.close_gate(connection)


@pytest.fixture
def rows(sealed: list[int], db: None) -> list[int]:
    """The keys of the twelve reads."""
    return sealed


def copy(row_id: int, changes: dict[str, str]) -> None:
    """Put a copy of a read event into the table; ``changes``: column → SQL."""
    columns = [str(field.column) for field in ReadEvent._meta.concrete_fields]
    values = [changes.get(name, f'"{name}"') for name in columns]
    names = ", ".join(f'"{name}"' for name in columns)
    make.tamper(
        "INSERT INTO audit_readevent "  # noqa: S608
        f"({names}) SELECT {', '.join(values)} FROM audit_readevent WHERE id = %s",
        [row_id],
    )


def test_a_person_needs_the_right_and_the_run_is_on_record(rows: list[int]) -> None:
    runs = Verification.objects.count()
    with pytest.raises(NotPermitted):
        verify_record(by=person(Role.COLLECTOR), at=timezone.now())
    assert Verification.objects.count() == runs
    auditor = person(Role.AUDITOR)
    report = verify_record(by=auditor, at=timezone.now())
    kept = Verification.objects.latest("pk")
    assert kept == report.verification
    assert (kept.actor, kept.mode, kept.seals, kept.finding_count) == (auditor, "recent", 3, 0)
    assert kept.rows == sum(Seal.objects.values_list("leaves", flat=True))


@pytest.mark.parametrize("full", [True, False])
def test_a_changed_row_is_found(rows: list[int], full: bool) -> None:
    make.tamper("UPDATE audit_readevent SET path = 'x' WHERE id = %s", [rows[7]])
    report = make.verify(full=full)
    assert make.found(report) == {("changed", READS, rows[7], 2)}
    kept = Verification.objects.latest("pk")
    assert kept.findings == [{"kind": "changed", "table": READS, "row": rows[7], "seal": 2, "detail": ""}]


def test_a_changed_ciphertext_is_found_and_so_is_one_wiped_without_redaction(rows: list[int]) -> None:
    first, second = RecordEvent.objects.order_by("pk")
    make.tamper(
        "UPDATE audit_recordevent SET reason_cipher = %s WHERE id = %s", [second.reason_cipher, first.pk]
    )
    make.tamper("UPDATE audit_recordevent SET reason_cipher = NULL WHERE id = %s", [second.pk])
    assert make.found(make.verify()) == {
        ("changed", "audit_recordevent", one.pk, 3) for one in (first, second)
    }


@pytest.mark.parametrize("full", [True, False])
def test_a_deleted_row_is_found(rows: list[int], full: bool) -> None:
    make.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[0]])
    make.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[9]])
    assert make.found(make.verify(full=full)) == {
        ("deleted", READS, rows[0], 1),
        ("deleted", READS, rows[9], 2),
    }


def test_a_removal_covers_what_it_names_and_nothing_comes_back(rows: list[int]) -> None:
    with maintenance(by=system_user("tests"), at=make.NOW, purpose="retention: test") as entry:
        copies = ReadEvent.objects.filter(pk=rows[0])
        Removal.objects.create(
            maintenance=entry,
            table=READS,
            count=1,
            first_id=rows[0],
            last_id=rows[0],
            row_ids=proofs.pack_ids(rows[:1]),
        )
        assert copies.exists()
    assert make.found(make.verify()) == {("returned", READS, rows[0], None)}
    make.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[0]])
    assert make.verify().is_clean
    make.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[1]])
    assert make.found(make.verify()) == {("deleted", READS, rows[1], 1)}


@pytest.mark.parametrize("full", [True, False])
def test_an_inserted_row_is_found_below_the_horizon(rows: list[int], full: bool) -> None:
    # On SQLite an id that is free among the sealed ones, on PostgreSQL a number of long ago.
    new = -3 if not POSTGRES else rows[-1] + 500
    copy(rows[2], {"id": str(new), "uid": "'00000000000000000000000000000001'"})
    found = make.found(make.verify(full=full))
    # Before the first sealed id of all only a full verification looks.
    assert found == {("inserted", READS, new, None)} or (not full and not POSTGRES and not found)


def test_a_row_put_in_now_for_an_earlier_time_is_found(rows: list[int]) -> None:
    before = timezone.now() - timedelta(days=3)
    moment = before.isoformat(sep=" ")
    new = rows[-1] + 500
    changes = {"id": str(new), "uid": "'00000000000000000000000000000001'", "recorded_at": f"'{moment}'"}
    if POSTGRES:
        changes["xact_id"] = "pg_current_xact_id()::text::bigint"
    copy(rows[2], changes)
    for full in (True, False):
        assert make.found(make.verify(full=full)) == {("backdated", READS, new, None)}


@pytest.mark.postgres
@pytest.mark.parametrize(
    ("column", "value"), [("xact_id", "999999999"), ("xact_id", "NULL"), ("epoch", "9"), ("epoch", "0")]
)
def test_a_row_with_a_forged_number_is_found(rows: list[int], column: str, value: str) -> None:
    copy(rows[2], {"id": "1000000", "uid": "gen_random_uuid()", column: value})
    assert make.found(make.verify()) == {("inserted", READS, 1_000_000, None)}
    assert make.found(make.verify(full=False)) == {("inserted", READS, 1_000_000, None)}


def test_two_exchanged_rows_are_found(rows: list[int]) -> None:
    for old, new in ((rows[1], -1), (rows[3], rows[1]), (-1, rows[3])):
        make.tamper("UPDATE audit_readevent SET id = %s WHERE id = %s", [new, old])
    report = make.verify()
    assert make.found(report) == {("reordered", READS, rows[1], 1), ("reordered", READS, rows[3], 1)}
    assert f"#{rows[3]}" in report.findings[0].detail


def part_of(number: int) -> SealPart:
    return SealPart.objects.get(seal__number=number, table=READS)


def test_a_changed_leaf_is_found(rows: list[int]) -> None:
    part = part_of(2)
    leaves = bytearray(part.leaf_hashes)
    leaves[40] ^= 1
    make.tamper("UPDATE audit_sealpart SET leaf_hashes = %s WHERE id = %s", [bytes(leaves), part.pk])
    assert make.found(make.verify()) == {("seal_broken", "", None, 2), ("changed", READS, rows[6], 2)}


def test_changed_ids_of_a_part_are_found(rows: list[int]) -> None:
    part = part_of(1)
    ids = proofs.unpack_ids(part.row_ids)
    ids[0], ids[1] = ids[1], ids[0]
    make.tamper("UPDATE audit_sealpart SET row_ids = %s WHERE id = %s", [proofs.pack_ids(ids), part.pk])
    found = make.found(make.verify())
    assert {("seal_broken", "", None, 1), ("reordered", READS, None, 1)} <= found
    assert {row for kind, table, row, _seal in found if table == READS and row} == set(rows[:2])


def test_parts_moved_to_another_seal_are_found(rows: list[int]) -> None:
    other = Seal.objects.get(number=2)
    make.tamper(
        "UPDATE audit_sealpart SET seal_id = %s, position = 99 WHERE id = %s", [other.pk, part_of(1).pk]
    )
    assert {("seal_broken", "", None, 1), ("seal_broken", "", None, 2)} <= make.found(make.verify(full=False))


@pytest.mark.parametrize("column", ["leaves", "epoch", "number"])
def test_a_changed_seal_is_found(rows: list[int], column: str) -> None:
    make.tamper(f"UPDATE audit_seal SET {column} = {column} + 5 WHERE number = 2")  # noqa: S608
    assert {("seal_broken", "", None, 7 if column == "number" else 2)} <= make.found(make.verify())


def test_a_statement_that_is_no_statement_is_found(rows: list[int]) -> None:
    make.tamper("UPDATE audit_seal SET statement = '[' WHERE number = 1")
    found = make.found(make.verify(full=False))
    assert {
        ("seal_broken", "", None, 1),
        ("signature_invalid", "", None, 1),
        ("chain_broken", "", None, 2),
    } <= found


def drop_seal(number: int) -> None:
    seal = Seal.objects.get(number=number)
    make.tamper("DELETE FROM audit_sealpart WHERE seal_id = %s", [seal.pk])
    make.tamper("DELETE FROM audit_seal WHERE id = %s", [seal.pk])


def test_a_missing_seal_is_found(rows: list[int]) -> None:
    drop_seal(2)
    found = make.found(make.verify(full=False))
    assert {("seal_missing", "", None, 2)} <= found
    # Its rows stand where all is sealed.
    assert {("inserted", READS, row, None) for row in rows[5:10]} <= found


def test_a_chain_cut_short_is_found_by_memory_and_by_an_anchor(rows: list[int]) -> None:
    kept = json.loads(b"".join(anchors.anchor(at=timezone.now())))
    assert make.verify(anchor=kept).is_clean
    drop_seal(3)
    assert ("seals_forgotten", "", None, 3) in make.found(make.verify(full=False))
    make.tamper("DELETE FROM audit_verification")
    # Nothing inside tells any more; what is outside does.
    assert make.verify(full=False).is_clean
    assert make.found(make.verify(anchor=kept)) == {("anchor_differs", "", None, 3)}


def test_a_seal_signed_with_a_foreign_key_is_found(rows: list[int]) -> None:
    foreign = Ed25519PrivateKey.generate()
    public = base64.b64encode(foreign.public_key().public_bytes_raw()).decode()
    seal = Seal.objects.get(number=3)
    make.tamper(
        "INSERT INTO audit_sealkey (name, public_key, since, predecessor_id, endorsement, countersignature, epoch) "
        "VALUES ('foreign', %s, %s, %s, '', '', 1)",
        [public, timezone.now(), seal.key_id],
    )
    key = type(seal.key).objects.get(name="foreign")
    statement = seal.statement.replace(seal.key.public_key, public)
    signature = base64.b64encode(foreign.sign(statement.encode())).decode()
    make.tamper(
        "UPDATE audit_seal SET statement = %s, statement_hash = %s, signature = %s, key_id = %s WHERE number = 3",
        [statement, statements.hash_of(statement), signature, key.pk],
    )
    assert make.found(make.verify()) == {("key_untrusted", "", None, 3)}


def test_a_missing_trigger_and_a_lost_table_are_found(rows: list[int]) -> None:
    with connection.cursor() as cursor:
        name = triggers.trigger_name("core_dossier", "row" if POSTGRES else "delete")
        cursor.execute(f'DROP TRIGGER "{name}"' + (" ON core_dossier" if POSTGRES else ""))
    assert make.found(make.verify(full=False)) == {("trigger_missing", "core_dossier", None, None)}
    triggers.install(connection)
    make.tamper("UPDATE audit_sealpart SET \"table\" = 'gone' WHERE \"table\" = 'audit_readevent'")
    found = make.found(make.verify())
    assert ("table_lost", "gone", None, None) in found
    assert not POSTGRES or ("inserted", READS, rows[0], None) in found


def test_a_row_changed_without_a_line_in_the_record_is_found(rows: list[int]) -> None:
    value = make.policy_value()
    make.tamper("UPDATE core_policyvalue SET unit = 'years' WHERE id = %s", [value.pk])
    assert make.found(make.verify()) == {("unrecorded", "core_policyvalue", value.pk, None)}


def test_findings_name_kind_place_and_reason(rows: list[int]) -> None:
    make.tamper("DELETE FROM audit_readevent WHERE id = %s", [rows[0]])
    (one,) = make.verify().findings
    assert one.table in str(one)
    assert f"#{rows[0]}" in str(one)
    assert str(one.sentence) in str(one)
