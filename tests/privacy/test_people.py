"""A full datum, however it is typed, leads to the person by index; nothing of it stands in an address."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.privacy.people import Sought, sought, subjects_found
from backoffice.staff.roles import Role
from complaints.services import match_borrower
from tests.factories import complaints
from tests.factories.loans import a_borrower
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("kind", "ways"),
    [
        ("phone", ["10012345678", "+86 100-1234-5678", "１００１２３４５６７８", " 100 1234 5678 "]),
        ("id_number", ["11010519491231002x", "110105 19491231 002X", "１１０１０５１９４９１２３１００２Ｘ"]),
        ("email", ["Ou.Yang@Example.com", " ou.yang@example.com"]),
        ("name", ["欧阳锋", " 欧阳锋　"]),
    ],
)
def test_every_way_of_typing_is_one_index(kind: str, ways: list[str]) -> None:
    found = {sought(typed) for typed in ways}
    [one] = found
    assert one is not None
    assert one.kind == kind
    assert Sought.parse(str(one)) == one


@pytest.mark.parametrize("typed", ["", "x", "CP20260101-000001", "JB00000001", "12", "13,800.00", "a b c 1"])
def test_what_is_no_persons_datum_is_not_looked_for(typed: str) -> None:
    assert sought(typed) is None


@pytest.mark.parametrize("text", ["", "phone", "phone-xyz", "address-" + "0" * 64, "phone-" + "0" * 63])
def test_an_address_that_was_tampered_with_is_no_search(text: str) -> None:
    assert Sought.parse(text) is None


def test_each_column_is_asked_once_and_by_its_index() -> None:
    viewer = person(Role.HANDLER)
    viewer.has_perm("loans.view_borrower")
    wanted = sought("10012345678")
    assert wanted is not None
    with CaptureQueriesContext(
        connection,
    ) as captured:
        subjects_found(wanted, viewer=viewer)
    asked = [query["sql"] for query in captured.captured_queries]
    assert len(asked) == 4, (
        "borrowers, numbers, alleged contacts, complainants' numbers; nobody found, no aliases"
    )
    for sql in asked:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
            plan = " ".join(str(row) for row in cursor.fetchall())
        if connection.vendor == "sqlite":
            assert "USING INDEX" in plan, plan
            assert "SCAN" not in plan, plan


def search(client: Client, name: str, typed: str, **filters: str) -> Any:
    return client.post(reverse(f"admin:{name}_changelist"), {"list_search": "1", "q": typed, **filters})


def test_a_lists_box_finds_by_any_datum_and_follows_the_alias(client: Client) -> None:
    handler = person(Role.HANDLER)
    complaint = complaints.filed(
        by=handler, complainants=[complaints.complainant(name="令狐冲", phones=["10055550001"])]
    )
    borrower, other = a_borrower(name="任盈盈"), a_borrower()
    client.force_login(handler)
    listed = search(client, "complaints_complaint", "100 5555 0001", state="open")
    assert "5555" not in listed["Location"]
    assert "state=open" in listed["Location"]
    assert complaint.number in client.get(listed["Location"]).content.decode()
    before = client.get(search(client, "loans_borrower", "令狐冲")["Location"]).content.decode()
    assert borrower.customer_number not in before
    with entering(EntryPoint.ADMIN, actor=handler):
        match_borrower(complaint=complaint, borrower=borrower, by=handler, at=complaints.NOW)
    for typed in ("令狐冲", "10055550001", "任盈盈"):
        page = client.get(search(client, "loans_borrower", typed)["Location"]).content.decode()
        assert borrower.customer_number in page, typed
        assert other.customer_number not in page, typed
        assert typed not in page
    assert (
        complaint.number
        in client.get(search(client, "complaints_complaint", "任盈盈")["Location"]).content.decode()
    )
    number = search(client, "loans_borrower", other.customer_number)
    assert number["Location"].endswith(f"q={other.customer_number}"), "our own numbers are looked for as ever"


def test_a_list_that_knows_no_people_takes_no_number_into_its_address(client: Client) -> None:
    client.force_login(person(Role.AUDITOR))
    assert search(client, "loans_loan", "13800138000", state="active")["Location"] == (
        "/admin/loans/loan/?state=active"
    )
    client.force_login(person(Role.ADMINISTRATOR))
    assert search(client, "loans_borrower", "13800138000").status_code == 403


def test_nobody_is_found_by_those_who_may_not_see_even_a_mask() -> None:
    borrower = a_borrower(mobile="+8610012345678")
    wanted = sought("10012345678")
    assert wanted is not None
    assert subjects_found(wanted, viewer=person(Role.ADMINISTRATOR)) == set()
    assert borrower.subject_id in subjects_found(wanted, viewer=person(Role.AUDITOR))
