"""Showing masked values from the pages: who sees the control, what the two addresses answer, what they leave."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.loans import services as loans
from backoffice.loans.models import Borrower
from backoffice.privacy.models import DataSubject
from backoffice.staff.roles import Role
from complaints.services import match_borrower
from tests.factories import collections, complaints
from tests.factories.loans import NOW, a_borrower, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

PURPOSE = {"purpose": "call_back", "reason": "回电核实还款安排"}
JSON = {"accept": "application/json"}


def signed_in(client: Client, *roles: Role, **given: Any) -> Any:
    user = person(*roles, **given)
    client.force_login(user)
    return user


def url_of(borrower: Borrower, name: str = "reveal") -> str:
    return reverse(f"admin:loans_borrower_{name}", args=(borrower.pk,))


def key(row: Any, field: str) -> str:
    return f"{row._meta.label_lower}.{row.pk}.{field}"


@pytest.mark.parametrize("role", [Role.AUDITOR, Role.CONDUCT_SUPERVISOR, Role.COMPLIANCE])
def test_who_sees_masks_only_has_no_control_and_no_way_in(role: Role, client: Client) -> None:
    signed_in(client, role)
    borrower = a_borrower(mobile="+8610012345678")
    page = client.get(reverse("admin:loans_borrower_change", args=(borrower.pk,))).content.decode()
    assert "100****5678" in page
    assert "data-reveal" not in page
    assert "reveal.js" not in page
    for method in (client.get, client.post):
        assert method(url_of(borrower), {"value": key(borrower, "mobile"), **PURPOSE}).status_code == 403
    assert not ReadEvent.objects.filter(what="reveal").exists()


def test_a_collector_sees_in_full_only_people_of_cases_in_hand(client: Client) -> None:
    user = signed_in(client, Role.COLLECTOR)
    mine = collections.case(collections.collector(user=user)).borrower
    number, stranger = collections.phone(mine), collections.case().borrower
    with entering(EntryPoint.COMMAND):
        friend = loans.register_contact_person(
            borrower=mine, name="王五", relation="同事", mobile="+8610099999999", by=job(), at=NOW
        )
    page = client.get(reverse("admin:loans_borrower_change", args=(mine.pk,))).content.decode()
    assert f'data-reveal="{key(number, "number")}"' in page
    assert f'data-reveal="{key(friend, "name")}"' not in page, "locked: nobody to be spoken to"
    for borrower, row, field, status in (
        (mine, mine, "name", 200),
        (mine, number, "number", 200),
        (mine, friend, "name", 403),
        (mine, friend.phone_numbers.get(), "number", 403),
        (stranger, stranger, "name", 404),
        (mine, mine, "id_number", 404),
    ):
        data = {"value": key(row, field), **PURPOSE}
        assert client.post(url_of(borrower), data, headers=JSON).status_code == status, (row, field)


def test_the_page_offers_it_and_json_answers_with_what_the_person_may_see(client: Client) -> None:
    handler = signed_in(client, Role.HANDLER)
    borrower = a_borrower(mobile="+8610012345678", name="张三丰")
    page = client.get(reverse("admin:loans_borrower_change", args=(borrower.pk,))).content.decode()
    assert f'data-reveal="{key(borrower, "mobile")}"' in page
    assert "10012345678" not in page
    assert "张三丰" not in page
    answer = client.post(url_of(borrower), {"value": key(borrower, "mobile"), **PURPOSE}, headers=JSON)
    assert answer.json()["values"] == {key(borrower, "mobile"): "10012345678"}
    assert answer.json()["seconds"] == 60
    assert "no-store" in answer["Cache-Control"]
    assert handler.display_name in answer.json()["watermark"]
    [read] = ReadEvent.objects.filter(what="reveal")
    assert (read.subject_id, read.path) == (borrower.subject_id, url_of(borrower))
    whole = client.post(url_of(borrower), {"value": key(borrower, "*"), **PURPOSE}, headers=JSON).json()
    assert set(whole["values"]) == {key(borrower, name) for name in ("name", "id_number", "mobile")}


def test_without_the_script_two_pages_do_the_same(client: Client) -> None:
    handler = signed_in(client, Role.HANDLER)
    borrower = a_borrower(mobile="+8610012345678")
    asked = client.get(url_of(borrower), {"value": key(borrower, "mobile")})
    assert "100****5678" in asked.content.decode()
    assert "10012345678" not in asked.content.decode()
    shown = client.post(url_of(borrower), {"value": key(borrower, "mobile"), **PURPOSE})
    page = shown.content.decode()
    assert "10012345678" in page
    assert f'content="60;url={reverse("admin:loans_borrower_change", args=(borrower.pk,))}"' in page
    assert "reveal-watermark" in page
    assert handler.display_name in page
    assert "no-store" in shown["Cache-Control"]


def test_what_is_asked_for_must_be_on_the_page_and_have_a_purpose(client: Client) -> None:
    signed_in(client, Role.HANDLER)
    borrower, other = a_borrower(), a_borrower()
    for wrong in (
        key(other, "name"),
        "loans.borrower.x.name",
        "staff.user.1.password",
        "",
        key(borrower, "x"),
    ):
        answer = client.post(url_of(borrower), {"value": wrong, **PURPOSE}, headers=JSON)
        assert answer.status_code == 404, wrong
    assert client.post(url_of(borrower), PURPOSE, headers=JSON).status_code == 404
    for bad in ({"reason": ""}, {"purpose": ""}, {"purpose": "x"}, {"reason": "致电13800138000"}):
        data = {"value": key(borrower, "name"), **PURPOSE, **bad}
        refused = client.post(url_of(borrower), data, headers=JSON)
        assert (refused.status_code, refused.json()["field"]) == (422, next(iter(bad)))
        assert client.post(url_of(borrower), data).status_code == 422
    assert not ReadEvent.objects.filter(what="reveal").exists()


def test_the_complaints_page_shows_its_people_under_the_complaints_dossier(client: Client) -> None:
    handler = signed_in(client, Role.HANDLER)
    complaint = complaints.filed(by=person(Role.HANDLER))
    phone = complaint.complainants.get().phones.get()
    address = reverse("admin:complaints_complaint_reveal", args=(complaint.pk,))
    page = client.get(reverse("admin:complaints_complaint_change", args=(complaint.pk,))).content.decode()
    assert f'data-reveal="{key(phone, "number")}"' in page
    answer = client.post(address, {"value": key(phone, "number"), **PURPOSE}, headers=JSON)
    assert answer.json()["values"][key(phone, "number")].startswith("137")
    [read] = ReadEvent.objects.filter(what="reveal", actor=handler)
    assert (read.dossier_id, read.subject_id) == (complaint.dossier_id, phone.complainant.subject_id)


def test_outside_the_persons_own_rows_there_is_nothing(client: Client) -> None:
    complaint = complaints.filed(by=person(Role.HANDLER))
    complaint.handler = person(Role.HANDLER)
    with entering(EntryPoint.COMMAND, actor=job()):
        complaint.save()
    signed_in(client, Role.HANDLER)
    for name in ("reveal", "correct"):
        address = reverse(f"admin:complaints_complaint_{name}", args=(complaint.pk,))
        assert client.post(address, {"value": key(complaint.complainants.get(), "name")}).status_code == 404


def test_a_correction_is_asked_for_and_made(client: Client) -> None:
    signed_in(client, Role.HANDLER)
    borrower = a_borrower(name="张三丰")
    address = f"{url_of(borrower, 'correct')}?row={key(borrower, '*')}"
    form = client.get(address).content.decode()
    assert "张三丰" not in form
    assert 'name="name"' in form
    assert 'name="address"' not in form, "handlers do not correct addresses"
    assert client.post(address, {"reason": "更正"}).status_code == 422
    assert client.post(address, {"mobile": "abc", "reason": "更正"}).status_code == 422
    assert client.post(address, {"name": "张三风", "reason": "身份证上是风"}).status_code == 302
    borrower.refresh_from_db()
    assert borrower.name_mask == "张**"
    assert borrower.history.count() == 2
    stranger = a_borrower()
    assert client.get(f"{url_of(borrower, 'correct')}?row={key(stranger, '*')}").status_code == 404
    signed_in(client, Role.AUDITOR)
    assert client.get(address).status_code == 403


def test_a_data_subjects_page_tells_what_we_hold_with_its_aliases(client: Client) -> None:
    handler = person(Role.HANDLER)
    complaint = complaints.filed(by=handler)
    borrower = a_borrower(mobile="+8610012345678")
    with entering(EntryPoint.ADMIN, actor=handler):
        match_borrower(complaint=complaint, borrower=borrower, by=handler, at=complaints.NOW)
        loans.register_contact_person(borrower=borrower, name="王五", relation="同事", by=job(), at=NOW)
    signed_in(client, Role.PRIVACY_OFFICER)
    listed = reverse("admin:privacy_datasubject_changelist")
    found = client.post(listed, {"list_search": "1", "q": "100 1234 5678"})
    assert "5678" not in found["Location"]
    page = client.get(found["Location"]).content.decode()
    alias = complaint.complainants.get().subject
    assert str(borrower.subject.uid) in page
    assert str(alias.uid) in page, "an alias is found with its root"
    shown = client.get(reverse("admin:privacy_datasubject_change", args=(borrower.subject_id,)))
    text = shown.content.decode()
    assert "100****5678" in text
    assert "137****" in text, "the complainant's number, by the alias"
    assert complaint.number in text
    address = reverse("admin:privacy_datasubject_reveal", args=(alias.pk,))
    answer = client.post(
        address, {"value": key(borrower, "mobile"), **PURPOSE, "purpose": "rights"}, headers=JSON
    )
    assert answer.json()["values"][key(borrower, "mobile")] == "10012345678"
    link = reverse("admin:privacy_datasubject_transition", args=(alias.pk, "unlink"))
    assert client.post(link, {"reason": "不是同一人"}).status_code == 302
    assert DataSubject.objects.get(pk=alias.pk).same_as is None
    again = reverse("admin:privacy_datasubject_transition", args=(alias.pk, "link"))
    assert client.post(again, {"same_as": str(alias.uid), "reason": "自己"}).status_code == 422
    assert client.post(again, {"same_as": str(borrower.subject.uid), "reason": "同一人"}).status_code == 302
    signed_in(client, Role.HANDLER)
    assert client.get(listed).status_code == 403
