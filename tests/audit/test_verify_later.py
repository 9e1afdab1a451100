"""What the verifier says of seals that are made after somebody was at work: rows, keys, columns, other people."""

from __future__ import annotations

import base64
import json
import threading
from datetime import timedelta
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.db import connection, connections
from django.utils import timezone

from backoffice.audit import anchors, canonical, statements
from backoffice.audit.models import ReadEvent, Seal, SealPart
from tests.factories import record as make

POSTGRES = connection.vendor == "postgresql"
pytestmark = pytest.mark.django_db(transaction=POSTGRES)
READS = "audit_readevent"


@pytest.fixture(autouse=True)
def rows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Five reads in seal 1; four tables instead of eighty."""
    models = canonical.sealed_models()
    wanted = (READS, "audit_verification", "core_dossier", "staff_historicaluser")
    monkeypatch.setattr(canonical, "sealed_models", lambda: {name: models[name] for name in wanted})
    made = [row.pk for row in make.reads(5)]
    make.seal()
    return made


def part_of(number: int) -> SealPart:
    return SealPart.objects.get(seal__number=number, table=READS)


def test_a_backdated_row_is_no_younger_once_it_is_sealed(rows: list[int]) -> None:
    (late,) = make.reads(1)
    moment = (timezone.now() - timedelta(days=3)).isoformat(sep=" ")
    make.tamper("UPDATE audit_readevent SET recorded_at = %s WHERE id = %s", [moment, late.pk])
    assert make.found(make.verify()) == {("backdated", READS, late.pk, None)}
    make.seal()
    assert make.found(make.verify()) == {("backdated", READS, late.pk, 2)}


def test_an_anchor_tells_a_chain_that_was_cut_and_grew_again(rows: list[int]) -> None:
    make.reads(2)
    make.seal()
    kept = json.loads(b"".join(anchors.anchor(at=timezone.now())))
    for statement in (
        "DELETE FROM audit_sealpart WHERE seal_id = %s",
        "DELETE FROM audit_seal WHERE id = %s",
    ):
        make.tamper(statement, [Seal.objects.get(number=2).pk])
    make.seal()
    assert make.verify().is_clean
    assert make.found(make.verify(anchor=kept)) == {("anchor_differs", "", None, 2)}


def test_a_replaced_key_cannot_be_used_again(rows: list[int], settings: Any) -> None:
    stolen, first = Ed25519PrivateKey.from_private_bytes(b"3" * 32), Seal.objects.get(number=1).key
    new = "test-2:" + base64.b64encode(b"4" * 32).decode()
    settings.SEAL_SIGNING_KEYS = f"{new},{settings.SEAL_SIGNING_KEYS}"
    for _time in range(2):
        make.reads(1)
        make.seal()
    last = Seal.objects.get(number=3)
    forged = last.statement.replace(last.key.public_key, first.public_key)
    signature = base64.b64encode(stolen.sign(forged.encode())).decode()
    make.tamper(
        "UPDATE audit_seal SET statement = %s, statement_hash = %s, signature = %s, key_id = %s WHERE number = 3",
        [forged, statements.hash_of(forged), signature, first.pk],
    )
    assert make.found(make.verify()) == {("key_retired", "", None, 3)}


def test_a_column_added_later_changes_no_old_leaf(rows: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    part = part_of(1)
    assert part.columns == sorted(part.columns)
    fewer = [name for name in part.columns if name != "purpose_code"]
    with_all, form = canonical.columns, canonical.LeafForm
    with monkeypatch.context() as patch:
        # As if the column had not been there yet.
        patch.setattr(canonical, "columns", lambda model: fewer if model is ReadEvent else with_all(model))
        patch.setattr(
            canonical, "LeafForm", lambda model, given=None: form(model, given or canonical.columns(model))
        )
        old = [row.pk for row in make.reads(2)]
        make.seal()
    assert part_of(2).columns == fewer
    assert make.verify().is_clean
    make.tamper("UPDATE audit_readevent SET path = 'y' WHERE id = %s", [old[0]])
    assert make.found(make.verify()) == {("changed", READS, old[0], 2)}
    make.tamper(
        "UPDATE audit_sealpart SET columns = %s WHERE id = %s", [json.dumps([*fewer, "lost"]), part_of(2).pk]
    )
    assert ("column_lost", READS, None, None) in make.found(make.verify())


@pytest.mark.django_db(transaction=True)
def test_work_going_on_meanwhile_is_no_finding(rows: list[int]) -> None:
    """Rows that come, and are sealed, between two looks of the verifier."""

    def others() -> None:
        try:
            make.reads(2)
            make.seal()
        finally:
            connections.close_all()

    def meanwhile(what: str, done: int) -> None:
        if what == "seals":
            thread = threading.Thread(target=others)
            thread.start()
            thread.join()

    assert make.verify(progress=meanwhile).is_clean
    assert Seal.objects.count() == 2
    # The reading transaction is over: writing goes on, and all is as it should be.
    make.reads(1)
    assert make.seal().seals == 1
    assert make.verify().is_clean
