"""Every rule that all endpoints share, tried on a tiny API of the tests."""

from __future__ import annotations

import json
import uuid
from datetime import timedelta
from itertools import chain
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.core.management import call_command
from django.test import Client as HttpClient
from django.utils import timezone

from backoffice.api import paging
from backoffice.api.models import IdempotentAnswer
from backoffice.api.throttling import ClientThrottle
from backoffice.core.models import Dossier
from backoffice.core.services import open_dossier
from backoffice.staff.roles import Role
from tests.factories.api import BEFORE, api_client, bearer
from tests.factories.staff import person

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.api.plumbing_urls")]


class Api:
    """A client with a token, speaking JSON."""

    def __init__(self, *scopes: str) -> None:
        self.client, secret = api_client(*scopes)
        self.headers = bearer(self.client, secret)
        self.http = HttpClient(raise_request_exception=False)

    def get(self, path: str, **headers: str) -> Any:
        return self.http.get(path, headers={**self.headers, **headers})

    def post(self, path: str, body: Any, key: str | None = "", **headers: str) -> Any:
        if key is not None:
            headers["Idempotency-Key"] = key or uuid.uuid4().hex
        data = body if isinstance(body, (str, bytes)) else json.dumps(body)
        return self.http.post(
            path, data, content_type="application/json", headers={**self.headers, **headers}
        )

    def patch(self, path: str, **headers: str) -> Any:
        return self.http.patch(
            path, "{}", content_type="application/json", headers={**self.headers, **headers}
        )


@pytest.fixture(autouse=True)
def _fresh_counts() -> None:
    """Rates are counted in the cache, which outlives the rolled-back database and its ids."""
    cache.clear()


@pytest.fixture
def api() -> Api:
    return Api("loans:read", "loans:write")


def loans() -> int:
    return Dossier.objects.filter(kind="loan").count()


# --- who ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "headers", [{}, {"Authorization": "Bearer nonsense"}, {"Authorization": "Basic eDp5"}]
)
def test_without_a_valid_token(headers: dict[str, str]) -> None:
    answer = HttpClient().get("/api/things", headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")
    assert answer["WWW-Authenticate"].startswith("Bearer")
    assert answer["Content-Type"] == "application/problem+json"


def test_token_ends_after_a_quarter_of_an_hour(api: Api) -> None:
    with time_machine.travel(timezone.now() + timedelta(minutes=16), tick=False):
        assert api.get("/api/things").status_code == 401


def test_signed_in_staff_are_nobody_here(client: Any) -> None:
    client.force_login(person(Role.AUDITOR), backend="django.contrib.auth.backends.ModelBackend")
    assert client.get("/api/things").status_code == 401


def test_scope_of_the_method_is_needed() -> None:
    reader = Api("loans:read")
    assert reader.get("/api/things").status_code == 200
    answer = reader.post("/api/things", {"number": "a"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    assert 'scope="loans:write"' in answer["WWW-Authenticate"]
    assert loans() == 0


def test_view_without_declared_scope_is_closed(api: Api) -> None:
    assert api.get("/api/undeclared").status_code == 403


def test_what_is_done_names_the_machine_and_the_door(api: Api) -> None:
    body = api.post("/api/things", {"number": "a"}).json()
    assert (body["actor"], body["door"]) == (api.client.user.username, "api")


def test_options_tells_nothing(api: Api) -> None:
    assert api.http.options("/api/things", headers=api.headers).status_code == 405


# --- problems -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("not-permitted", 403),
        ("not-found", 404),
        ("validation-failed", 422),
        ("deadline-passed", 409),
        ("own-rule", 409),
    ],
)
def test_refusals_of_the_domain(api: Api, code: str, status: int) -> None:
    answer = api.get(f"/api/refused/{code}", **{"X-Request-ID": "r-17"})
    body = answer.json()
    assert (answer.status_code, body["status"], body["code"]) == (status, status, code)
    assert answer["Content-Type"] == "application/problem+json"
    assert body["instance"] == answer["X-Request-ID"] == "r-17"
    assert {"type", "title", "detail"} <= set(body)
    assert "17" not in body["detail"]


def test_input_at_fault_is_pointed_at(api: Api) -> None:
    assert api.get("/api/refused/validation-failed").json()["errors"] == [
        {"pointer": "/complainant/name", "code": "invalid", "detail": "Nein"}
    ]
    errors = api.post("/api/nested", {"parts": [{"text": "a"}, {}]}).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [("/parts/1/text", "required")]
    errors = api.post("/api/things", {}).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [("/number", "required")]
    answer = api.post("/api/things", [])
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/")


def test_fields_that_we_do_not_know_are_named(api: Api) -> None:
    given = {"numbr": "a", "a/b~c": 1, "message": "x", "code": "y"}
    errors = api.post("/api/things", given).json()["errors"]
    told = sorted((one["pointer"], one["code"]) for one in errors)
    unknown = [(name, "unknown") for name in ("/a~1b~0c", "/code", "/message", "/numbr")]
    assert told == sorted([*unknown, ("/number", "required")])
    errors = api.post("/api/nested", {"parts": [{"text": "a", "txt": "b"}]}).json()["errors"]
    assert [(one["pointer"], one["code"]) for one in errors] == [("/parts/0/txt", "unknown")]


def test_crash_tells_nothing(api: Api) -> None:
    answer = api.get("/api/refused/crash")
    assert (answer.status_code, answer.json()["code"]) == (500, "internal-error")
    assert "13800001234" not in answer.content.decode()


def test_unknown_address_and_method(api: Api) -> None:
    assert api.get("/api/v1/nothing/here").json()["code"] == "not-found"
    assert api.patch("/api/things").json()["code"] == "method-not-allowed"


def test_texts_are_in_the_language_asked_for(api: Api) -> None:
    english = api.get("/api/refused/not-permitted", **{"Accept-Language": "en"}).json()
    assert english["title"] == "Not permitted"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("{", 400, "json-invalid"),
        ('{"number": NaN}', 400, "json-invalid"),
        (b'{"number": "\xff"}', 400, "json-invalid"),
        ('{"number": "a\\u0000b"}', 422, "validation-failed"),
    ],
)
def test_bodies_that_are_no_json(api: Api, body: Any, status: int, code: str) -> None:
    answer = api.post("/api/things", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_other_types_and_too_much(api: Api, settings: Any) -> None:
    answer = api.http.post("/api/things", {"number": "a"}, headers={**api.headers, "Idempotency-Key": "k"})
    assert (answer.status_code, answer.json()["code"]) == (415, "type-not-allowed")
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 50
    answer = api.post("/api/things", {"number": "a" * 60})
    assert (answer.status_code, answer.json()["code"]) == (413, "too-large")


# --- money and time -------------------------------------------------------------------------------------


def test_money_is_text(api: Api) -> None:
    answer = api.post("/api/things", {"number": "a", "amount": {"amount": "12.5", "currency": "CNY"}})
    assert answer.json()["amount"] == {"amount": "12.50", "currency": "CNY"}
    assert answer.json()["opened_at"].endswith("+08:00")


@pytest.mark.parametrize(
    "amount",
    [
        12.5,
        "12.50",
        {"amount": 12.5, "currency": "CNY"},
        {"amount": "12.505", "currency": "CNY"},
        {"amount": "-1", "currency": "CNY"},
        {"amount": "1e3", "currency": "CNY"},
        {"amount": "12.50", "currency": "USD"},
        {"amount": "12.50"},
        {"amount": "١٢", "currency": "CNY"},
    ],
)
def test_anything_else_is_no_money(api: Api, amount: Any) -> None:
    answer = api.post("/api/things", {"number": "a", "amount": amount})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/amount")


@pytest.mark.parametrize("text", ["1000000000000", "-1000000000000.00", "1000000000000.005"])
def test_too_much_money_is_told_as_such(api: Api, text: str) -> None:
    answer = api.post("/api/things", {"number": "a", "amount": {"amount": text, "currency": "CNY"}})
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["pointer"], error["code"]) == (422, "/amount", "too_large")


@pytest.mark.parametrize("at", ["2026-11-23T10:00:00", "2026-11-23", "2026-13-23T10:00:00Z", 17, None])
def test_time_needs_its_offset(api: Api, at: Any) -> None:
    answer = api.post("/api/things", {"number": "a", "at": at})
    assert (answer.status_code, answer.json()["errors"][0]["pointer"]) == (422, "/at")


# --- the same request twice -----------------------------------------------------------------------------


def test_key_is_demanded_and_checked(api: Api) -> None:
    assert api.post("/api/things", {"number": "a"}, key=None).json()["code"] == "idempotency-key-missing"
    for key in ("a,b", "a b", "x" * 256, "ключ"):
        answer = api.post("/api/things", {"number": "a"}, key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-invalid")
    assert loans() == 0


def test_replay_gives_the_first_answer_and_no_second_effect(api: Api) -> None:
    first = api.post("/api/things", {"number": "a"}, key="k1")
    again = api.post("/api/things", '{ "number" : "a" }', key="k1")
    assert (first.status_code, again.status_code) == (201, 201)
    assert again.json() == first.json()
    assert again["Idempotent-Replayed"] == "true"
    assert not first.has_header("Idempotent-Replayed")
    assert (again["Location"], again["ETag"]) == (first["Location"], first["ETag"])
    assert loans() == 1


def test_key_belongs_to_one_request(api: Api) -> None:
    api.post("/api/things", {"number": "a"}, key="k1")
    for path, body in (("/api/things", {"number": "b"}), ("/api/nested", {"number": "a"})):
        answer = api.post(path, body, key="k1")
        assert (answer.status_code, answer.json()["code"]) == (422, "idempotency-key-reused")
    assert loans() == 1


def test_key_belongs_to_one_client(api: Api) -> None:
    api.post("/api/things", {"number": "a"}, key="k1")
    assert Api("loans:write").post("/api/things", {"number": "b"}, key="k1").status_code == 201
    assert loans() == 2


def test_refusal_leaves_neither_effect_nor_answer(api: Api) -> None:
    answer = api.post("/api/things", {"number": "boom"}, key="k1")
    assert (answer.status_code, answer.json()["allowed"]) == (409, ["accept"])
    assert loans() == 0
    assert not IdempotentAnswer.objects.exists()
    assert api.post("/api/things", {"number": "a"}, key="k1").status_code == 201


def test_answer_is_ciphertext_and_goes_at_its_end(api: Api) -> None:
    api.post("/api/things", {"number": "zhangsan"}, key="k1")
    stored = IdempotentAnswer.objects.get()
    assert b"zhangsan" not in bytes(stored.body_cipher)
    assert stored.expires_at - stored.created_at >= timedelta(hours=24)
    call_command("purge_api_answers")
    assert IdempotentAnswer.objects.exists()
    with time_machine.travel(stored.expires_at, tick=False):
        call_command("purge_api_answers")
    assert not IdempotentAnswer.objects.exists()


def test_expired_key_may_be_used_anew(api: Api) -> None:
    api.post("/api/things", {"number": "a"}, key="k1")
    stored = IdempotentAnswer.objects.get()
    stored.created_at, stored.expires_at = BEFORE, BEFORE
    stored.save()
    assert api.post("/api/things", {"number": "b"}, key="k1").status_code == 201
    assert IdempotentAnswer.objects.count() == 1


# --- versions -------------------------------------------------------------------------------------------


def test_change_needs_the_present_version(api: Api) -> None:
    missing = api.patch("/api/thing")
    assert (missing.status_code, missing.json()["code"]) == (428, "version-missing")
    stale = api.patch("/api/thing", **{"If-Match": '"v6"'})
    assert (stale.status_code, stale.json()["code"], stale["ETag"]) == (412, "version-stale", '"v7"')
    assert api.patch("/api/thing", **{"If-Match": '"v7"'})["ETag"] == '"v8"'
    assert api.patch("/api/thing", **{"If-Match": "*"}).status_code == 412


def test_replay_comes_before_the_version(api: Api) -> None:
    match = {"If-Match": '"v0"'}
    assert api.post("/api/thing", {}, key="k", **match).json() == {"version": 1}
    again = api.post("/api/thing", {}, key="k", **match)
    assert (again.status_code, again.json()) == (200, {"version": 1})
    assert api.post("/api/thing", {}, key="k2", **match).status_code == 412


# --- lists ----------------------------------------------------------------------------------------------


def fill(count: int, start: int = 0) -> None:
    for number in range(start, start + count):
        # Three rows share each moment, so that the id has to decide.
        open_dossier(kind="loan", number=f"L{number:03}", at=BEFORE + timedelta(minutes=number // 3))


def pages(api: Api, path: str) -> list[list[str]]:
    found = []
    while path:
        answer = api.get(path)
        assert answer.status_code == 200, answer.content
        found.append([row["number"] for row in answer.json()["items"]])
        link = answer.headers.get("Link", "")
        assert link.endswith('>; rel="next"') or not link
        path = link[1 : link.index(">")].removeprefix("http://testserver") if link else ""
    return found


def test_pages_hold_every_row_once(api: Api) -> None:
    fill(10)
    found = pages(api, "/api/things?limit=4")
    assert [len(page) for page in found] == [4, 4, 2]
    assert list(chain.from_iterable(found)) == [f"L{number:03}" for number in range(10)]
    assert [len(page) for page in pages(api, "/api/things?limit=5")] == [5, 5]


def test_cursor_is_stable_while_rows_are_added(api: Api) -> None:
    fill(6)
    first = api.get("/api/things?limit=4")
    fill(6, start=6)
    link = first["Link"]
    rest = pages(api, link[1 : link.index(">")].removeprefix("http://testserver"))
    assert list(chain.from_iterable(rest)) == [f"L{number:03}" for number in range(4, 12)]


def test_default_and_bounds_of_a_page(api: Api) -> None:
    fill(30)
    assert len(api.get("/api/things").json()["items"]) == 25
    for limit in ("0", "101", "-1", "x", "", "9" * 400, "²"):
        answer = api.get(f"/api/things?limit={limit}")
        assert (answer.status_code, answer.json()["code"]) == (400, "parameter-invalid"), limit


def test_cursors_expire_and_cannot_be_made_up(api: Api) -> None:
    fill(3)
    link = api.get("/api/things?limit=1")["Link"]
    path = link[1 : link.index(">")].removeprefix("http://testserver")
    assert api.get(path.replace("cursor=W", "cursor=X")).json()["code"] == "cursor-invalid"
    assert api.get("/api/things?cursor=x").status_code == 400
    with time_machine.travel(timezone.now() + paging.CURSOR_LIFETIME + timedelta(minutes=1), tick=False):
        fresh = Api("loans:read")
        answer = fresh.get(path)
    assert (answer.status_code, answer.json()["code"]) == (410, "cursor-expired")


# --- rate and headers -----------------------------------------------------------------------------------


def test_rate_is_told_and_held_per_client(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ClientThrottle, "THROTTLE_RATES", {"client": "3/min"})
    left = [api.get("/api/things")["RateLimit-Remaining"] for _ in range(3)]
    assert left == ["2", "1", "0"]
    answer = api.get("/api/things")
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    assert 1 <= int(answer["Retry-After"]) <= 60
    assert answer["RateLimit-Limit"] == "3"
    assert Api("loans:read").get("/api/things").status_code == 200


def test_answers_are_not_cached(api: Api) -> None:
    answer = api.get("/api/things")
    assert answer["Cache-Control"] == "no-store"
    assert answer["Content-Type"] == "application/json"
