"""The intake form: who may enter a complaint, what comes of it, and what is refused with nothing lost."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from backoffice.staff.roles import Role
from complaints.models import Complaint
from tests.factories import collections as floor
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
URL = "/admin/complaints/complaint/add/"


def entered(**given: Any) -> dict[str, Any]:
    return {
        "source": "hotline",
        "received_at": timezone.localtime().strftime("%Y-%m-%dT%H:%M:%S"),
        "words": "半夜还打电话",
        "category": "collection.night_calls",
        "allegation": "夜间来电",
        "demand": "停止夜间联系",
        "name": "王小明",
        "role": "borrower",
        "phone": "138 1234 5678",
        "severity": "normal",
        **given,
    }


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.COLLECTOR, Role.ADMINISTRATOR])
def test_only_those_who_may_file(client: Client, role: Role) -> None:
    client.force_login(person(role))
    assert client.get(URL).status_code == 403
    assert client.post(URL, entered()).status_code == 403
    assert not Complaint.objects.exists()


def test_a_call_becomes_a_complaint_with_its_deadline(client: Client) -> None:
    loan = floor.case().case_loans.get().loan
    handler = person(Role.HANDLER)
    client.force_login(handler)
    answer = client.post(URL, entered(loan_number=loan.number))
    complaint = Complaint.objects.get()
    assert answer.headers["Location"] == f"/admin/complaints/complaint/{complaint.pk}/change/"
    assert (complaint.source, complaint.state, complaint.loan) == ("hotline", "received", loan)
    assert complaint.complainants.get().phones.get().number_mask == "138****5678"
    assert complaint.deadlines.get(kind="decision").is_open
    assert complaint.demands.count() == complaint.allegations.count() == 1
    assert {row.history_user for row in complaint.history.all()} == {handler}


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("phone", "12"),
        ("id_number", "110105194912310020"),
        ("received_at", "2099-01-01T00:00:00"),
        ("words", " "),
    ],
)
def test_what_is_wrong_is_named_and_what_was_typed_stays(client: Client, field: str, value: str) -> None:
    client.force_login(person(Role.HANDLER))
    answer = client.post(URL, entered(**{field: value}))
    assert answer.status_code == 422
    assert list(answer.context["form"].errors) == [field]
    assert "停止夜间联系" in answer.content.decode()
    assert not Complaint.objects.exists()
