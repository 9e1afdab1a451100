"""Seals: which rows they take, what they sign, and that nothing slips past them."""

from __future__ import annotations

import base64
import json
import threading
from datetime import timedelta
from hashlib import sha256
from typing import Any

import psycopg
import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command
from django.db import connection, connections, transaction
from django.utils import timezone

from backoffice.audit import canonical, merkle, proofs, signing, statements
from backoffice.audit.models import (
    Maintenance,
    ReadEvent,
    RecordEvent,
    Redaction,
    Removal,
    Seal,
    SealKey,
    SealPart,
)
from backoffice.audit.services import maintenance, seal_record, sealing
from backoffice.core.errors import NotPermitted
from backoffice.core.models import PolicyValue
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import record as make
from tests.factories.staff import person

# Rows of the open transaction are above the horizon on PostgreSQL, and there is one horizon for all.
pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
READS = "audit_readevent"


def sealed_ids(table: str) -> list[int]:
    parts = SealPart.objects.filter(table=table).order_by("seal__number", "position")
    return [row_id for part in parts for row_id in proofs.unpack_ids(part.row_ids)]


# --- sealing --------------------------------------------------------------------------------------------


def test_a_person_needs_the_right() -> None:
    make.reads(1)
    with pytest.raises(NotPermitted):
        seal_record(by=person(Role.HANDLER), at=timezone.now())
    assert not Seal.objects.exists()
    officer = person(Role.PRIVACY_OFFICER)
    done = seal_record(by=officer, at=timezone.now())
    assert done.complete
    assert RecordEvent.objects.get(kind="record.sealed").actor == officer


def test_without_a_key_nothing_is_sealed(settings: Any) -> None:
    settings.SEAL_SIGNING_KEYS = ""
    with pytest.raises(ImproperlyConfigured):
        make.seal()
    settings.SEAL_SIGNING_KEYS = "short:" + base64.b64encode(b"x").decode()
    with pytest.raises(ImproperlyConfigured):
        make.seal()


def test_a_seal_signs_its_rows_and_the_seal_before() -> None:
    rows = make.reads(3)
    first = make.seal().last
    assert first is not None
    make.reads(2)
    second = make.seal().last
    assert second is not None
    said = json.loads(second.statement)
    assert (said["number"], said["previous"], said["leaves"]) == (2, first.statement_hash, second.leaves)
    assert said["tables"][READS] == 2
    assert second.statement_hash == sha256(second.statement.encode()).hexdigest()
    assert json.loads(first.statement)["previous"] == statements.BEGINNING
    assert signing.is_signed(second.statement, signature=second.signature, public_key=second.key.public_key)
    assert not signing.is_signed(
        first.statement, signature=second.signature, public_key=second.key.public_key
    )
    # What a stranger is given proves the row without us.
    place = proofs.inclusion(READS, rows[1].pk)
    assert place is not None
    assert place.seal == first
    text = proofs.leaf_texts(READS, {rows[1].pk: place})[rows[1].pk]
    assert json.loads(text)["values"]["path"] == "/page/1/"
    assert merkle.verify_path(
        merkle.leaf_hash(text.encode()), index=place.position, size=first.leaves, path=place.path,
        root=bytes.fromhex(first.root),
    )  # fmt: skip
    assert make.seal().seals == 0
    assert proofs.inclusion(READS, rows[1].pk + 1_000) is None


def test_a_broken_off_run_goes_on_where_it_stopped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LEAVES", 70)
    rows = make.reads(90)
    make.policy_value()
    assert make.seal(limit=2).complete is False
    unfinished = Seal.objects.order_by("-number").first()
    assert unfinished is not None
    assert not unfinished.closes_window
    assert make.verify().is_clean
    later = make.reads(3)
    done = make.seal()
    assert done.complete
    if connection.vendor == "postgresql":
        # First the old window to its end, then a new one with what came meanwhile.
        windows = [seal.window_to for seal in Seal.objects.order_by("number")]
        assert windows[:3] == [unfinished.window_to] * 3
        assert windows == sorted(windows)
        assert Seal.objects.filter(closes_window=True).count() == 2
    assert sealed_ids(READS) == [row.pk for row in [*rows, *later]]
    for table, model in canonical.sealed_models().items():
        ids = sealed_ids(table)
        assert sorted(ids) == list(model._base_manager.order_by("pk").values_list("pk", flat=True)), table
    assert all(seal.leaves <= 70 for seal in Seal.objects.all())
    assert make.verify().is_clean


def test_redacted_and_removed_rows_leave_every_seal_valid() -> None:
    before, after = make.secret_event(), None
    rows = make.reads(4)
    make.seal()
    after = make.secret_event("said later")
    by = system_user("tests")
    with maintenance(by=by, at=make.NOW, purpose="erasure: test") as entry:
        # One of them sealed, the other not yet.
        for event in (before, after):
            cipher = RecordEvent.objects.get(pk=event.pk).reason_cipher
            assert cipher
            Redaction.objects.create(
                maintenance=entry, table="audit_recordevent", row_id=event.pk, column="reason_cipher",
                sha256=sha256(bytes(cipher)).hexdigest(),
            )  # fmt: skip
            RecordEvent.objects.filter(pk=event.pk).update(reason_cipher=None)
        gone = [row.pk for row in rows[:2]]
        ReadEvent.objects.filter(pk__in=gone).delete()
        Removal.objects.create(
            maintenance=entry,
            table=READS,
            count=2,
            first_id=gone[0],
            last_id=gone[1],
            row_ids=proofs.pack_ids(gone),
        )
    assert make.verify().is_clean
    make.seal()
    report = make.verify()
    assert report.is_clean, make.found(report)
    assert make.verify(full=False).is_clean
    for event in (before, after):
        place = proofs.inclusion("audit_recordevent", event.pk)
        assert place is not None
        text = proofs.leaf_texts("audit_recordevent", {event.pk: place})[event.pk]
        assert merkle.leaf_hash(text.encode()) == place.leaf_hash
    assert Maintenance.objects.count() == 1


def test_keys_change_and_vouch_for_one_another(settings: Any) -> None:
    old = settings.SEAL_SIGNING_KEYS
    new = "test-2:" + base64.b64encode(b"4" * 32).decode()
    make.reads(1)
    make.seal()
    settings.SEAL_SIGNING_KEYS = f"{new},{old}"
    make.reads(1)
    make.seal()
    second = SealKey.objects.get(name="test-2")
    assert second.predecessor is not None
    assert second.predecessor.name == "test-1"
    assert signing.is_signed(
        signing.key_text(second), signature=second.endorsement, public_key=second.predecessor.public_key
    )
    # Whoever trusts either of them can check both.
    settings.SEAL_SIGNING_KEYS = new
    assert make.verify().is_clean
    settings.SEAL_SIGNING_KEYS, settings.SEAL_TRUSTED_KEYS = "", [second.predecessor.public_key]
    assert make.verify().is_clean
    # The old key does not come back, nor does its name for another.
    settings.SEAL_SIGNING_KEYS = old
    make.reads(1)
    with pytest.raises(ImproperlyConfigured, match="replaced"):
        make.seal()
    settings.SEAL_SIGNING_KEYS = "test-2:" + base64.b64encode(b"5" * 32).decode()
    with pytest.raises(ImproperlyConfigured, match="another"):
        make.seal()


def test_a_new_epoch_takes_what_the_old_one_left(settings: Any) -> None:
    make.reads(2)
    make.seal()
    left = make.reads(2)
    settings.AUDIT_EPOCH = 2
    fresh = make.reads(1)
    done = make.seal()
    assert done.last is not None
    assert done.last.epoch == 2
    assert sealed_ids(READS)[-3:] == [*(row.pk for row in left), fresh[0].pk]
    assert make.verify().is_clean
    settings.AUDIT_EPOCH = 1
    make.reads(1)
    with pytest.raises(ImproperlyConfigured, match="AUDIT_EPOCH"):
        make.seal()


def test_the_commands_seal_verify_and_hand_out_an_anchor(
    tmp_path: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    make.reads(2)
    anchor = tmp_path / "anchor.json"
    call_command("seal_audit", "--json", "--anchor", str(anchor))
    told = json.loads(capsys.readouterr().out)
    seal = Seal.objects.get()
    assert (told["seals"], told["last_number"], told["rows"]) == (1, 1, seal.leaves)
    kept = json.loads(anchor.read_text(encoding="utf-8"))
    assert kept["seals"][0]["statement"] == seal.statement
    assert kept["keys"][0]["public_key"] == seal.key.public_key
    call_command("verify_audit", "--full", "--anchor", str(anchor))
    assert "0 findings" in capsys.readouterr().out
    make.tamper("UPDATE audit_readevent SET path = 'x'")
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", "--json")
    assert ended.value.code == 1
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["ok"] is False
    assert outcome["findings"][0]["table"] == READS
    assert outcome["findings"][0]["seal"] == 1


# --- PostgreSQL: what runs at the same time -------------------------------------------------------------


def in_another_connection(work: Any) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.mark.postgres
def test_a_late_commit_is_sealed_later_and_never_skipped() -> None:
    system_user("tests")
    written, may_commit = threading.Event(), threading.Event()
    late: list[int] = []

    def slow() -> None:
        with transaction.atomic():
            late.extend(row.pk for row in make.reads(2))
            written.set()
            may_commit.wait(10)

    thread = in_another_connection(slow)
    assert written.wait(10)
    early = [row.pk for row in make.reads(3)]
    make.seal()
    assert sealed_ids(READS) == []  # their numbers are above that of the transaction still running
    may_commit.set()
    thread.join()
    assert make.verify().is_clean
    make.seal()
    assert sorted(sealed_ids(READS)) == sorted([*late, *early])
    assert late[0] < early[0]
    assert make.verify().is_clean


@pytest.mark.postgres
def test_a_long_transaction_is_not_taken_for_a_backdated_one() -> None:
    """Its number was given out before the seal, even when no later one has ended yet."""
    system_user("tests")
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with transaction.atomic():
            make.reads(1)
            written.set()
            may_commit.wait(10)

    thread = in_another_connection(slow)
    assert written.wait(10)
    # The seal is made an hour after the row was written.
    seal_record(by=system_user("tests"), at=timezone.now() + timedelta(hours=1))
    may_commit.set()
    thread.join()
    report = make.verify()
    assert report.is_clean, make.found(report)


@pytest.mark.postgres
def test_a_transaction_left_open_in_another_database_holds_nothing_up() -> None:
    params = {**connection.get_connection_params(), "dbname": "postgres"}
    wanted = ("dbname", "user", "password", "host", "port")
    with psycopg.connect(**{name: params[name] for name in wanted if params.get(name)}) as other:
        other.execute("SELECT pg_current_xact_id()")
        rows = [row.pk for row in make.reads(2)]
        make.seal()
        assert sealed_ids(READS) == rows


@pytest.mark.postgres
def test_two_sealers_take_turns(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sealing, "LEAVES", 60)
    rows = [row.pk for row in make.reads(150)]
    start = threading.Barrier(2)
    failures: list[Exception] = []

    def one() -> None:
        start.wait(10)
        try:
            make.seal()
        except Exception as error:  # noqa: BLE001  (told by the main thread)
            failures.append(error)

    for thread in [in_another_connection(one), in_another_connection(one)]:
        thread.join()
    assert failures == []
    assert sorted(sealed_ids(READS)) == rows
    numbers = list(Seal.objects.order_by("number").values_list("number", flat=True))
    assert numbers == list(range(1, len(numbers) + 1))
    report = make.verify()
    assert report.is_clean, make.found(report)


@pytest.mark.postgres
def test_sealed_tables_are_indexed_by_transaction() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%%USING brin (xact_id)%%'")
        assert {row[0] for row in cursor.fetchall()} == set(canonical.sealed_models())
    assert PolicyValue.history.model._meta.db_table in canonical.sealed_models()
