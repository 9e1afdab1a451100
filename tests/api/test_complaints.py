"""POST /api/v1/complaints: the lender's own systems file complaints, and see what became of them."""

import base64
from typing import Any

import pytest
from django.test import Client as Http
from django.utils import timezone

from backoffice.api.formats import moment
from complaints import services
from complaints.models import Complaint
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories.api import api_client, bearer

pytestmark = pytest.mark.django_db
URL = "/api/v1/complaints"
READ, WRITE = "complaints:read", "complaints:write"


@pytest.fixture
def app() -> dict[str, str]:
    client, secret = api_client(READ, WRITE)
    return bearer(client, secret)


def body(**given: Any) -> dict[str, Any]:
    return {
        "source": "app",
        "received_at": moment(timezone.now()),
        "complainant": {
            "role": "borrower",
            "name": "王小明",
            "phones": ["138 1234 5678"],
            "email": "W@Example.com",
        },
        "loan_refs": [],
        "words": make.WORDS,
        "allegations": [
            {
                "category": "collection.night_calls",
                "text": "夜间来电",
                "contacts": [{"at": "2026-11-19T23:10:00+08:00", "number": "17600008810"}],
            }
        ],
        "demands": [{"text": "分期", "amount": {"amount": "12480.00", "currency": "CNY"}}],
        "external_id": "APP-1",
        **given,
    }


def post(headers: dict[str, str], content: Any, key: str = "k-1") -> Any:
    return Http().post(URL, content, "application/json", headers={**headers, "Idempotency-Key": key})


def test_scopes_are_asked_for() -> None:
    reader, secret = api_client(READ, WRITE, name="读")
    assert post(bearer(reader, secret, READ), body()).status_code == 403
    writer = bearer(reader, secret, WRITE)
    assert Http().get(URL, headers=writer).json()["code"] == "scope-missing"
    assert Http().post(URL, body(), "application/json").status_code == 401
    assert not Complaint.objects.exists()


def test_files_a_complaint(app: dict[str, str]) -> None:
    case = floor.case()
    answer = post(app, body(loan_refs=[case.case_loans.get().loan.number]))
    assert answer.status_code == 201, answer.content
    complaint = Complaint.objects.get()
    assert answer.json() == {
        "id": str(complaint.dossier.uid),
        "number": complaint.number,
        "state": "received",
        "decision_due_on": complaint.deadlines.get().due_on.isoformat(),
        "received_at": moment(complaint.received_at),
    }
    assert complaint.borrower == case.borrower
    assert complaint.complainants.get().phones.get().number_mask == "138****5678"
    assert complaint.allegations.get().contacts.get().alleged is not None
    assert str(complaint.demands.get().amount) == "12480.00"
    record = Complaint.history.filter(id=complaint.pk).last()
    assert (record.history_entry_point, record.history_actor_name) == ("api", "借款人应用")
    assert answer["Location"].endswith(f"{URL}/{complaint.dossier.uid}")


def test_the_same_key_files_once_and_another_body_is_refused(app: dict[str, str]) -> None:
    content = body()
    first, again = post(app, content), post(app, content)
    assert (first.json(), again["Idempotent-Replayed"]) == (again.json(), "true")
    assert post(app, {**content, "words": "别的"}).status_code == 422
    assert (
        Http().post(URL, content, "application/json", headers=app).json()["code"] == "idempotency-key-missing"
    )
    assert Complaint.objects.count() == 1


def test_the_same_external_id_is_refused_under_another_key(app: dict[str, str]) -> None:
    assert post(app, body()).status_code == 201
    answer = post(app, body(), key="k-2")
    assert (answer.status_code, answer.json()["code"]) == (409, "already-filed")
    assert Complaint.objects.count() == 1


@pytest.mark.parametrize(
    ("given", "pointer"),
    [
        ({"words": ""}, "/words"),
        ({"source": "import"}, "/source"),
        ({"received_at": "2026-11-23T10:00:00"}, "/received_at"),
        ({"received_at": "2126-11-23T10:00:00+08:00"}, "/received_at"),
        ({"complainant": {"name": ""}}, "/complainant/name"),
        ({"complainant": {"name": "王", "id_number": "110101199003070000"}}, "/complainant/id_number"),
        ({"complainant": {"name": "王", "phones": ["1"]}}, "/complainant/phones/0"),
        ({"allegations": [{"category": "nonsense"}]}, "/allegations/0/category"),
        (
            {"allegations": [{"category": "other.other", "contacts": [{"number": "abc"}]}]},
            "/allegations/0/contacts/0/number",
        ),
        ({"allegations": [{"category": "other.other", "contacts": [{}]}]}, "/allegations/0/contacts/0/at"),
        ({"demands": [{"text": "x", "amount": 5}]}, "/demands/0/amount"),
        ({"attachments": [{"name": "a.pdf", "content_base64": "%%"}]}, "/attachments/0/content_base64"),
        (
            {"attachments": [{"name": "a.pdf", "content_base64": base64.b64encode(b"MZ").decode()}]},
            "/attachments/0",
        ),
    ],
)
def test_values_at_fault_are_pointed_at(app: dict[str, str], given: dict[str, Any], pointer: str) -> None:
    answer = post(app, body(**given))
    assert answer.status_code == 422, answer.content
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]
    assert not Complaint.objects.exists()


def test_attachments_are_kept_as_received(app: dict[str, str]) -> None:
    content = base64.b64encode(b"\x89PNG\r\n\x1a\n...").decode()
    assert post(app, body(attachments=[{"name": "截图.png", "content_base64": content}])).status_code == 201
    stored = Complaint.objects.get().dossier.attachments.get()
    assert (stored.origin, stored.content_type) == ("api", "image/png")


def test_a_client_sees_what_it_filed_and_nothing_else(app: dict[str, str]) -> None:
    filed = post(app, body()).json()
    other, secret = api_client(READ, WRITE, name="另一个应用")
    stranger = bearer(other, secret)
    own = make.filed()
    place = f"{URL}/{filed['id']}"
    assert Http().get(place, headers=app).json() == {**filed, "external_id": "APP-1"}
    assert Http().get(place, headers=stranger).status_code == 404
    assert Http().get(f"{URL}/{own.dossier.uid}", headers=app).status_code == 404
    assert [row["id"] for row in Http().get(URL, headers=app).json()["items"]] == [filed["id"]]
    assert Http().get(URL, headers=stranger).json() == {"items": []}


def test_what_is_over_has_no_due_day(app: dict[str, str]) -> None:
    filed = post(app, body()).json()
    services.withdraw(complaint=Complaint.objects.get(), reason="撤诉", by=make.handler(), at=timezone.now())
    answer = Http().get(f"{URL}/{filed['id']}", headers=app).json()
    assert (answer["state"], answer["decision_due_on"]) == ("withdrawn", None)


def test_answers_hold_no_personal_data(app: dict[str, str]) -> None:
    filed = post(app, body())
    for answer in (filed, Http().get(URL, headers=app)):
        for datum in ("王小明", "5678", "example", "夜间"):
            assert datum not in answer.content.decode()
