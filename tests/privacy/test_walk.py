"""Every personal field × every role × every channel: the value in full appears where the table of rights says so,
after it was asked for, and nowhere else.

One person of each kind with known values stands behind real objects of every desk. Pages, records, forms, lists,
searches, autocomplete, errors, the log and the API are asked by each role, and their bytes searched for the values
in every way of writing them.
"""

from __future__ import annotations

import io
import logging.config
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.contrib import admin
from django.contrib.admin.models import LogEntry
from django.test import Client, RequestFactory
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.checks import about_people
from backoffice.loans.admin.borrower import BorrowerAdmin
from backoffice.loans.models import ContactPerson
from backoffice.privacy.rights import (
    READ_NUMBERS,
    Right,
    key_of,
    personal_fields,
    right,
    spec_of,
)
from backoffice.settings.base import LOG_FILTERS
from backoffice.settings.logs import logging_config
from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES, Role
from complaints import services as complaint_desk
from tests.factories import api, complaints, mediation
from tests.factories.staff import person
from tests.factories.walk import IN_NOTE, TEXTS, World, a_world

pytestmark = pytest.mark.django_db

PURPOSE = {"purpose": "call_back", "reason": "回电核实还款安排"}
JSON = {"accept": "application/json"}
#: The record page is one for all; these three read it with the most, the fewest and no rights to values.
RECORD_READERS = {Role.HANDLER, Role.COLLECTOR, Role.AUDITOR}


@pytest.fixture
def world() -> World:
    return a_world()


@pytest.fixture
def log() -> Iterator[Callable[[], str]]:
    """Everything that is logged meanwhile, down to the finest level."""
    written = io.StringIO()
    config = logging_config(level="DEBUG", fmt="json", filters=LOG_FILTERS)
    config["handlers"]["stderr"]["stream"] = written
    logging.config.dictConfig(config)
    try:
        yield written.getvalue
    finally:
        logging.config.dictConfig(settings.LOGGING)


def addresses(role: Role) -> Iterator[str]:
    """Home, and the list, the newest page and its record of everything that may tell of a person."""
    yield reverse("admin:index")
    for model in admin.site._registry:
        if not about_people(model):
            continue
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        yield reverse(f"{name}_changelist")
        for pk in model._default_manager.order_by("-pk").values_list("pk", flat=True)[:1]:
            yield reverse(f"{name}_change", args=(pk,))
            if hasattr(model, "history") and role in RECORD_READERS:
                yield reverse(f"{name}_history", args=(pk,))


def forms() -> Iterator[str]:
    """The forms of every step of the desks that work with people."""
    for model, one in admin.site._registry.items():
        if model._meta.app_label not in {"complaints", "conduct", "collections", "loans", "privacy", "desk"}:
            continue
        pk = model._default_manager.order_by("-pk").values_list("pk", flat=True).first()
        for operation in _ours(one).operations if pk is not None else ():
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_transition"
            yield reverse(name, args=(pk, operation.name))


def seen(content: bytes, values: set[str]) -> set[str]:
    text = content.decode("utf-8", "replace")
    return {value for value in values if value in text}


def signed_in(role: Role, world: World) -> tuple[Client, User]:
    user = world.collector if role == Role.COLLECTOR else person(role, team=world.team)
    client = Client()
    client.force_login(user)
    return client, user


def test_no_page_shows_a_value_that_nobody_asked_for(world: World, log: Callable[[], str]) -> None:
    hidden = world.written()
    steps = list(forms())
    for role in PERSON_ROLES:
        client, user = signed_in(role, world)
        texts = set() if user.has_perm(READ_NUMBERS) else set(TEXTS)
        opened = 0
        for address in [*addresses(role), *(steps if role in {Role.HANDLER, Role.COLLECTOR} else ())]:
            answer = client.get(address)
            content = answer.getvalue()
            assert seen(content, hidden) == set(), f"{role} {address}"
            assert seen(content, texts) == set(), f"{role} {address}"
            opened += answer.status_code == 200
        assert opened > (1 if role == Role.ADMINISTRATOR else 15)
    assert seen(log().encode(), hidden | set(TEXTS)) == set(), "the log"
    assert not LogEntry.objects.exists()
    assert not ReadEvent.objects.filter(what="reveal").exists()


def test_no_search_puts_a_value_anywhere(world: World, log: Callable[[], str]) -> None:
    hidden = world.written()
    borrower, complainant = world.rows[0], world.rows[4]
    wanted = [key for key in world.secrets if key.startswith((key_of(borrower, ""), key_of(complainant, "")))]
    for role in (Role.HANDLER, Role.AUDITOR):
        client, user = signed_in(role, world)
        for value in (world.secrets[key] for key in wanted):
            typed = value.removeprefix("+86")
            found = client.post(reverse("admin:search"), {"q": typed})
            # What somebody typed stands in the box they typed it into.
            content = found.content.replace(f'value="{typed}"'.encode(), b"")
            assert seen(content, hidden) == set(), f"{role} global search"
            for name in ("loans_borrower", "complaints_complaint", "conduct_allegedcontact"):
                listed = client.post(reverse(f"admin:{name}_changelist"), {"list_search": "1", "q": typed})
                if listed.status_code == 302:
                    assert seen(listed["Location"].encode(), hidden) == set(), f"{role} {name}"
                    assert seen(client.get(listed["Location"]).content, hidden) == set(), f"{role} {name}"
            term = {"term": typed, "app_label": "loans", "model_name": "loan", "field_name": "borrower"}
            assert seen(client.get(reverse("admin:autocomplete"), term).content, hidden) == set()
        for read in ReadEvent.objects.filter(actor=user):
            assert seen(f"{read.path}{read.purpose}{read.fields}".encode(), hidden) == set()
    assert seen(log().encode(), hidden) == set()


def test_revealing_answers_as_the_table_says(world: World) -> None:
    for role in PERSON_ROLES:
        client, user = signed_in(role, world)
        tried: set[Any] = set()
        opens: dict[str, bool] = {}
        for key, address, row, name in _revealable(user, world):
            answer = client.post(address, {"value": key, **PURPOSE}, headers=JSON)
            if answer.status_code == 200:
                assert right(user, row, name) >= Right.FULL, f"{role} {address} {key}"
                assert answer.json()["values"] == {key: world.secrets[key].removeprefix("+86")}
                tried.add((type(row), name))
                continue
            assert answer.status_code in {403, 404}, f"{role} {address} {key}"
            assert seen(answer.content, world.written()) == set()
            # Refused although the field is theirs: only because the page, or the case, is not.
            if address not in opens:
                page = client.get(address.replace("reveal/", "change/"))
                opens[address] = page.status_code == 200
            assert right(user, row, name) < Right.FULL or not opens[address] or role == Role.COLLECTOR
        allowed = {
            (model, name) for model, name in personal_fields() if right(user, model, name) >= Right.FULL
        }
        if role == Role.COLLECTOR:
            # A locked contact person is nobody to be spoken to.
            allowed -= {(ContactPerson, "name")}
        assert tried == allowed, f"{role}: what the table allows can be seen somewhere"


def _revealable(user: User, world: World) -> Iterator[tuple[str, str, Any, str]]:
    """Every value on every page that shows it: key, address, row, field."""
    for model, one in admin.site._registry.items():
        for obj in model._default_manager.order_by("pk") if _ours(one).shows_people else ():
            name = f"admin:{model._meta.app_label}_{model._meta.model_name}_reveal"
            for row in _ours(one).personal_rows(_request(user), obj):
                if row in world.rows:
                    for field_name in spec_of(row).fields:
                        yield key_of(row, field_name), reverse(name, args=(obj.pk,)), row, field_name


def _ours(one: Any) -> BaseModelAdmin:
    assert isinstance(one, BaseModelAdmin)
    return one


def _request(user: User) -> Any:
    request = RequestFactory().get("/")
    request.user = user
    return request


def test_a_collector_reveals_nobody_but_the_borrower_in_hand(world: World) -> None:
    client, _user = signed_in(Role.COLLECTOR, world)
    borrower, friend, number, friends_number, *_others = world.rows
    address = reverse("admin:loans_borrower_reveal", args=(borrower.pk,))
    for row, name, status in (
        (borrower, "mobile", 200),
        (number, "number", 200),
        (borrower, "id_number", 403),
        (friend, "name", 403),
        (friends_number, "number", 403),
    ):
        answer = client.post(address, {"value": key_of(row, name), **PURPOSE}, headers=JSON)
        assert answer.status_code == status, (row, name)


def test_full_values_find_the_people_for_whoever_sees_their_masks(world: World) -> None:
    borrower = world.rows[0]
    found = {}
    for role in (Role.HANDLER, Role.AUDITOR, Role.ADMINISTRATOR):
        client, _user = signed_in(role, world)
        for key, value in world.secrets.items():
            if "address" in key:
                continue
            page = client.post(reverse("admin:search"), {"q": value}).content.decode()
            found[role, key] = borrower.customer_number in page
    assert all(found[Role.HANDLER, key] for _role, key in found if (Role.HANDLER, key) in found)
    assert all(hit for (role, _key), hit in found.items() if role == Role.AUDITOR)
    assert not any(hit for (role, _key), hit in found.items() if role == Role.ADMINISTRATOR)


@pytest.mark.parametrize("accept", ["text/html", "application/json"])
def test_an_error_names_nobody(
    accept: str, world: World, log: Callable[[], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    borrower = world.rows[0]
    mobile = world.secrets[key_of(borrower, "mobile")].removeprefix("+86")

    def broken(*args: Any, **kwargs: Any) -> Any:
        raise ValueError(f"cannot ring {mobile} or {IN_NOTE}")

    client, _user = signed_in(Role.HANDLER, world)
    client.raise_request_exception = False
    if accept == "text/html":
        monkeypatch.setattr(BorrowerAdmin, "page_context", broken)
        answer = client.get(reverse("admin:loans_borrower_change", args=(borrower.pk,)))
        others = [client.get("/admin/nothing/"), client.get(reverse("admin:staff_user_changelist"))]
    else:
        monkeypatch.setattr("complaints.selectors.filed_by", broken)
        machine, secret = api.api_client("complaints:read")
        answer = client.get(
            "/api/v1/complaints/00000000-0000-4000-8000-000000000001", headers=api.bearer(machine, secret)
        )
        others = [client.get("/api/v1/nothing")]
    assert answer.status_code == 500
    hidden = {mobile, IN_NOTE}
    for one in (answer, *others):
        assert seen(one.content, hidden) == set()
    assert "cannot ring" in log()
    assert seen(log().encode(), hidden) == set()


def test_a_partner_without_the_scope_and_its_purpose_gets_masks(world: World) -> None:
    handler = person(Role.COMPLAINT_SUPERVISOR)
    complaint = world.rows[4].complaint
    complaint_desk.verify_identity(
        complaint=complaint, how="call_back", by=handler, at=complaints.NOW + timedelta(minutes=10)
    )
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=handler, about=complaint)
    base = f"/api/partner/v1/referrals/{referral.dossier.uid}"
    for address in ("/api/partner/v1/referrals", base, f"{base}/parties", f"{base}/events"):
        answer = Client().get(address, headers=partner.headers("referrals:read"))
        assert answer.status_code == 200, address
        assert seen(answer.content, world.written() | set(TEXTS)) == set(), address
