"""The text of a row and the tree over texts: the same everywhere, and as the RFC and the standard library have it."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, time, timedelta
from datetime import timezone as zone
from decimal import Decimal
from hashlib import sha256
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymerkle import InmemoryTree

from backoffice.audit import canonical, merkle
from tests.factories import record as make


@given(st.lists(st.binary(max_size=40), max_size=70))
def test_root_and_paths_are_those_of_rfc_9162(texts: list[bytes]) -> None:
    oracle = InmemoryTree(algorithm="sha256")
    for text in texts:
        oracle.append_entry(text)
    leaves = [merkle.leaf_hash(text) for text in texts]
    root = merkle.root(leaves)
    assert root == merkle.Tree(leaves).root
    assert root == (oracle.get_root() if texts else sha256(b"").digest())
    for index, leaf in enumerate(leaves):
        path = merkle.audit_path(leaves, index)
        assert path == [bytes(one) for one in oracle.prove_inclusion(index + 1).path[1:]]
        assert merkle.verify_path(leaf, index=index, size=len(leaves), path=path, root=root)
        elsewhere = (index + 1) % len(leaves)
        if leaves[elsewhere] != leaf:
            assert not merkle.verify_path(leaf, index=elsewhere, size=len(leaves), path=path, root=root)
        assert not merkle.verify_path(leaf, index=index, size=len(leaves), path=[*path, root], root=root)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


def whole(value: Any) -> Any:
    """Floats without a fraction as whole numbers, as PostgreSQL gives some of them back."""
    if isinstance(value, dict):
        return {key: whole(one) for key, one in value.items()}
    if isinstance(value, list):
        return [whole(one) for one in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


@given(JSON)
def test_a_leafs_json_is_what_the_standard_library_writes(value: Any) -> None:
    plain = json.dumps(whole(value), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    try:
        plain.encode()
    except UnicodeEncodeError:
        return  # half a surrogate: neither database takes it
    assert canonical.text_of(value) == plain


@pytest.mark.django_db
def test_a_rows_text_is_the_same_on_both_databases() -> None:
    value = make.policy_value("12.500000")
    history = value.history.get()
    row = type(history)(
        history_id=7, id=3, code="tests.é\n", value=Decimal("12.500000"), unit="days", title="数", source="",
        effective_from=date(2026, 11, 23), effective_to=None, legal_force="policy", confidence="inferred",
        history_date=datetime(2026, 11, 23, 10, 0, tzinfo=zone(timedelta(hours=8))), history_type="+",
        history_user_id=1, history_change_reason="test", history_actor_name="n", history_entry_point="task",
        history_request_id="r", history_reason_cipher=b"\x00\x01", xact_id=None, epoch=1,
    )  # fmt: skip
    expected = {
        "id": 7,
        "table": "core_historicalpolicyvalue",
        "values": {
            "code": "tests.é\n", "confidence": "inferred", "effective_from": "2026-11-23", "effective_to": None,
            "epoch": 1, "history_actor_name": "n", "history_change_reason": "test",
            "history_date": "2026-11-23T02:00:00.000000Z", "history_entry_point": "task", "history_id": 7,
            "history_reason_cipher": "sha256:" + sha256(b"\x00\x01").hexdigest(), "history_request_id": "r",
            "history_type": "+", "history_user_id": 1, "id": 3, "legal_force": "policy", "source": "",
            "title": "数", "unit": "days", "value": "12.5", "xact_id": None,
        },
    }  # fmt: skip
    text = canonical.leaf_text(row)
    assert text == json.dumps(expected, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    # What comes back from the database reads as what went in.
    history.refresh_from_db()
    again = json.loads(canonical.leaf_text(history))["values"]
    assert (again["value"], again["effective_from"]) == ("12.5", make.NOW.date().isoformat())


@pytest.mark.parametrize(
    ("value", "text"),
    [("0.000000", "0"), ("-0.00", "0"), ("100.00", "100"), ("-1.50", "-1.5"), ("0.000001", "0.000001")],
)
def test_decimals_do_not_depend_on_the_columns_places(value: str, text: str) -> None:
    assert canonical._BY_TYPE["DecimalField"](Decimal(value)) == text


def test_every_type_of_a_sealed_column_is_known() -> None:
    as_they_are = {
        "CharField", "TextField", "BooleanField", "BigAutoField", "AutoField", "IntegerField", "BigIntegerField",
        "SmallIntegerField", "PositiveIntegerField", "PositiveSmallIntegerField", "PositiveBigIntegerField",
        "FileField",
    }  # fmt: skip
    for model in canonical.sealed_models().values():
        for field in model._meta.concrete_fields:
            target: Any = field
            while target.remote_field is not None:
                target = target.target_field
            assert target.get_internal_type() in {*canonical._BY_TYPE, *as_they_are}, field
    assert canonical._BY_TYPE["TimeField"](time(9, 5)) == "09:05:00"
    assert canonical.moment(datetime(2026, 1, 1, tzinfo=UTC)) == "2026-01-01T00:00:00.000000Z"
