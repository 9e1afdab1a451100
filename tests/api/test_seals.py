"""GET /api/v1/audit/seals and /keys: an anchor outside the house."""

import json
from hashlib import sha256

import pytest
from django.db import connection
from django.test import Client as Http

from backoffice.api.seals import EXAMPLE
from backoffice.audit import signing
from backoffice.audit.models import Seal
from tests.factories import record as make
from tests.factories.api import api_client, bearer

pytestmark = pytest.mark.django_db(transaction=connection.vendor == "postgresql")
SEALS, KEYS = "/api/v1/audit/seals", "/api/v1/audit/keys"


def test_the_scope_is_asked_for() -> None:
    client, secret = api_client("complaints:read", "audit:read")
    for url in (SEALS, KEYS):
        assert Http().get(url).status_code == 401
        answer = Http().get(url, headers=bearer(client, secret, "complaints:read"))
        assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


def test_the_example_of_the_contract_is_a_genuine_seal() -> None:
    assert sha256(EXAMPLE["statement"].encode()).hexdigest() == EXAMPLE["statement_hash"]
    assert signing.is_signed(EXAMPLE["statement"], signature=EXAMPLE["signature"], public_key=EXAMPLE["key"])


def test_seals_come_in_order_page_by_page_and_can_be_checked_without_us() -> None:
    client, secret = api_client("audit:read")
    headers = bearer(client, secret)
    assert Http().get(SEALS, headers=headers).json() == {"items": []}
    for _time in range(3):
        make.reads(1)
        make.seal()
    keys = {one["public_key"]: one for one in Http().get(KEYS, headers=headers).json()["items"]}
    assert [one["name"] for one in keys.values()] == ["test-1"]
    items, url = [], SEALS + "?limit=2"
    while url:
        answer = Http().get(url, headers=headers)
        items += answer.json()["items"]
        url = answer["Link"].split(">")[0][1:] if "Link" in answer else ""
    assert [one["number"] for one in items] == list(
        Seal.objects.order_by("number").values_list("number", flat=True)
    )
    previous = "0" * 64
    for one in items:
        assert sha256(one["statement"].encode()).hexdigest() == one["statement_hash"]
        assert one["key"] in keys
        assert signing.is_signed(one["statement"], signature=one["signature"], public_key=one["key"])
        said = json.loads(one["statement"])
        assert (said["previous"], said["root"]) == (previous, one["root"])
        previous = one["statement_hash"]
