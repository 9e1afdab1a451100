"""The same request fifty times at once, where only real locks help."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, connections, transaction
from django.test import Client as HttpClient

from backoffice.api import services
from backoffice.api.models import IdempotentAnswer
from backoffice.core.models import Dossier
from tests.factories.api import api_client, bearer

pytestmark = [
    pytest.mark.postgres,
    pytest.mark.django_db(transaction=True),
    pytest.mark.urls("tests.api.plumbing_urls"),
]


def test_fifty_at_once_have_one_effect() -> None:
    client, secret = api_client("loans:write")
    headers = {**bearer(client, secret), "Idempotency-Key": "one"}
    body = json.dumps({"number": "a"})

    def post(_number: int) -> tuple[int, str]:
        try:
            answer = HttpClient().post("/api/things", body, content_type="application/json", headers=headers)
            return answer.status_code, answer.json().get("code", answer.json().get("number"))
        finally:
            connections.close_all()

    with ThreadPoolExecutor(10) as pool:
        answers = Counter(pool.map(post, range(50)))
    assert Dossier.objects.filter(kind="loan").count() == 1
    assert IdempotentAnswer.objects.count() == 1
    assert set(answers) <= {(201, "a"), (409, "idempotency-in-progress")}
    assert answers[201, "a"] >= 1


def test_request_that_is_still_running_is_told() -> None:
    client, secret = api_client("loans:write")
    headers = {**bearer(client, secret), "Idempotency-Key": "one"}

    def post() -> tuple[int, str, str]:
        try:
            answer = HttpClient().post(
                "/api/things", '{"number": "a"}', content_type="application/json", headers=headers
            )
            return answer.status_code, answer.json()["code"], answer["Retry-After"]
        finally:
            connections.close_all()

    with transaction.atomic():
        assert services.claim_key(client=client, key="one")
        with ThreadPoolExecutor(1) as pool:
            assert pool.submit(post).result() == (409, "idempotency-in-progress", "1")
    assert Dossier.objects.filter(kind="loan").count() == 0
    connection.close()
