"""The log of reads is complete: whatever shows somebody's data writes one row, and says whose it was."""

from __future__ import annotations

import itertools
from datetime import timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import connection
from django.db.models import Q
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.api import paging
from backoffice.audit import reads
from backoffice.audit.models import Purpose, ReadEvent
from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.core.models import Dossier
from backoffice.desk import checks, people
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.models import Task
from backoffice.privacy.services import create_subjects
from backoffice.staff.models import Team, User
from backoffice.staff.roles import PERSON_ROLES, Role
from complaints.models import Complaint
from tests.desk.things import THINGS
from tests.factories import collections as collection
from tests.factories import complaints as complaint
from tests.factories import desk as make
from tests.factories import lenders, loans, mediation
from tests.factories.api import api_client, bearer
from tests.factories.staff import NOW, one_of_each, person
from tests.house.test_urls_by_role import ADMIN, API, Rights, arguments_of, model_admin_of

pytestmark = pytest.mark.django_db

LOGGED = {
    model._meta.label_lower: one
    for model, one in admin.site._registry.items()
    if isinstance(one, BaseModelAdmin) and one.logs_reads
}
#: Addresses of these kinds that show nobody's data, each with its reason.
SHOWS_NOBODY = {
    "audit_evidencebundle_status": "how far the making of a bundle has come",
    "audit_evidencebundle_make": "an empty form",
    "audit_legalhold_add": "an empty form",
    "desk_incident_add": "an empty form",
    "complaints_complaint_add": "an empty form",
    # Rows and codes of a file, never what stands in them; the export answers a file that is on record (tests/loans).
    **{
        f"loans_{one}_{page}": page
        for one in ("loan", "repayment")
        for page in ("import", "import_result", "export")
    },
}


def readers() -> dict[Role, User]:
    """One of each role; the handler and the supervisor in one team."""
    return one_of_each()


def test_every_kind_about_people_is_logged_and_has_a_thing_here() -> None:
    assert set(LOGGED) - set(THINGS) == set()
    silent = [
        one
        for model, one in admin.site._registry.items()
        if checks.about_people(model) and not getattr(one, "logs_reads", False)
    ]
    assert all(getattr(one, "not_logged_because", "") for one in silent)


def test_a_silent_page_about_people_is_an_error() -> None:
    class Silent(BaseModelAdmin):
        list_display = ("number",)

    class Excused(Silent):
        not_logged_because = "for the test"

    codes = {message.id for message in checks.check_admin(Silent(Complaint, admin.site))}
    assert "desk.E009" in codes
    assert not checks.about_people(Team)
    assert "desk.E009" not in {message.id for message in checks.check_admin(Excused(Complaint, admin.site))}


@pytest.mark.parametrize("label", sorted(LOGGED))
def test_every_address_of_a_thing_writes_one_row(client: Client, label: str) -> None:
    one = LOGGED[label]
    thing = THINGS[label]()
    seen = set()
    who = readers()
    for path, address in ADMIN:
        if model_admin_of(path) is not one or address.name in SHOWS_NOBODY or address.name is None:
            continue
        is_step = "name" in arguments_of(address)
        steps = [operation.name for operation in one.operations] if is_step else [""]
        for step, role in itertools.product(steps, PERSON_ROLES):
            if not Rights(role, one.model).sees:
                continue
            given = {**arguments_of(address, step)}
            if "object_id" in given:
                given["object_id"] = quote(thing.pk)
            client.force_login(who[role])
            before = set(ReadEvent.objects.values_list("pk", flat=True))
            answer = client.get(reverse(f"admin:{address.name}", kwargs=given))
            if answer.status_code not in {200, 409}:
                continue
            rows = list(ReadEvent.objects.exclude(pk__in=before))
            assert len(rows) == 1, (path, step, role, len(rows))
            (row,) = rows
            assert row.actor == who[role]
            if "object_id" in given:
                assert row.dossier_id or row.subject_id, (path, step, role)
            elif label != "privacy.datasubject":
                wanted = one.dossier_id_of(thing)
                assert wanted is None or wanted in row.listed or row.count == 0, (path, role)
            seen.add(address.name)
            break
    opts = one.model._meta
    assert f"{opts.app_label}_{opts.model_name}_changelist" in seen
    assert f"{opts.app_label}_{opts.model_name}_change" in seen


def test_the_search_the_home_page_and_the_choices_of_a_form_are_logged(client: Client) -> None:
    filed = complaint.filed()
    handler = complaint.handler()
    client.force_login(handler)
    client.post(reverse("admin:search"), {"q": filed.number})
    (row,) = ReadEvent.objects.all()
    assert (row.what, row.listed) == ("search", [filed.dossier_id])

    with context.entering("command"):
        task = make.task(assigned_to=handler)
    client.get(reverse("admin:index"))
    home = ReadEvent.objects.latest("pk")
    assert (home.what, home.path) == ("list", reverse("admin:index"))
    assert task.dossier_id in home.listed


def test_choices_of_a_form_are_logged(rf: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No form of ours offers people to choose from; should one, what it showed is on record."""
    from backoffice.desk.site import SourceCheckedAutocomplete

    task = make.task()
    monkeypatch.setattr(SourceCheckedAutocomplete, "has_perm", lambda self, request, obj=None: True)
    monkeypatch.setattr(
        SourceCheckedAutocomplete,
        "process_request",
        lambda self, request: ("x", LOGGED["desk.task"], Task._meta.get_field("dossier"), "id"),
    )
    monkeypatch.setattr(SourceCheckedAutocomplete, "get_queryset", lambda self: Task.objects.order_by("pk"))
    request = rf.get("/admin/autocomplete/")
    request.user = person(Role.HANDLER)
    with context.entering("admin", actor=request.user):
        SourceCheckedAutocomplete.as_view(admin_site=admin.site)(request)
    (row,) = ReadEvent.objects.all()
    assert (row.what, row.listed) == ("search", [task.dossier_id])


def test_every_endpoint_that_answers_about_people_is_logged(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    # All of it lies in one open transaction, of which a feed tells nothing certain.
    monkeypatch.setattr(paging, "finished_rows", Q)
    to = mediation.partner()
    referral = mediation.offered(to=to, by=complaint.handler())
    lender, secret = api_client("complaints:read", "complaints:write")
    filed = complaint.filed(client=lender)
    core, loan = lenders.lender(), loans.a_loan()
    paid = loans.a_repayment(loan, "10.00", on=loans.TODAY)
    #: By the beginning of the path: the machine that asks, and the dossier it will read.
    sides = {
        "partner": (to.headers(), referral.dossier),
        "complaints": (bearer(lender, secret), filed.dossier),
        "loans": (core.headers, loan.dossier),
        "repayments": (core.headers, loan.dossier),
    }
    asked = 0
    for path, address in API:
        version, thing = path.split("/")[1:3]
        endpoint = address.callback.cls  # type: ignore[attr-defined]
        if not hasattr(endpoint, "get") or "audit" in path:  # seals are about nobody
            continue
        before = set(ReadEvent.objects.values_list("pk", flat=True))
        headers, dossier = sides["partner" if version == "partner" else thing]
        concrete = path.replace("<uuid:uid>", str(dossier.uid)).replace("<str:external_id>", paid.external_id)
        answer = client.get("/" + concrete, headers=headers)
        assert answer.status_code == 200, (path, answer.content)
        (row,) = ReadEvent.objects.exclude(pk__in=before)
        assert dossier.pk in [row.dossier_id, *row.listed], path
        assert row.entry_point == "api"
        asked += 1
    assert asked >= 11


# --- who saw this person ----------------------------------------------------------------------------------


def _look(user: User, **given: Any) -> ReadEvent:
    with context.acting(by=user, reason_code="test"):
        return log_read(**{"what": "page", "at": timezone.now(), "path": "/", **given})


def test_lists_are_searched_by_what_they_showed() -> None:
    reader = person(Role.HANDLER)
    folders = [make.dossier() for _number in range(3)]
    _look(reader, what="list", listed=[folders[0].pk, folders[1].pk], count=2)
    _look(reader, what="list", listed=[folders[2].pk])
    _look(reader, what="list", listed=[])
    found = ReadEvent.objects.filter(listed__lists=[folders[1].pk, folders[2].pk])
    assert found.count() == 2
    # One number is no part of another.
    assert not ReadEvent.objects.filter(listed__lists=[int(f"{folders[0].pk}999")]).exists()


@pytest.mark.postgres
def test_an_index_knows_who_was_listed() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    plan = ReadEvent.objects.filter(listed__lists=[1, 2]).order_by().explain()
    assert "audit_read_listed" in plan


def test_who_saw_a_person_knows_aliases_dossiers_and_lists(client: Client) -> None:
    about = collection.case()
    borrower = about.borrower
    with context.acting(by=collection.system(), reason_code="test"):
        [alias] = create_subjects(1)
        alias.same_as = borrower.subject
        alias.save()
    stranger = make.dossier()
    reader, other = person(Role.HANDLER), person(Role.COLLECTOR)
    wanted = {
        _look(reader, subject_id=borrower.subject_id).pk,
        _look(
            reader, subject_id=alias.pk, what="reveal", fields=["mobile"], purpose_code=Purpose.CALL_BACK
        ).pk,
        _look(other, dossier=about.dossier).pk,
        _look(other, what="list", listed=[stranger.pk, borrower.dossier_id], count=2).pk,
    }
    _look(reader, dossier=stranger)
    _look(reader, what="list", listed=[stranger.pk])
    auditor = person(Role.AUDITOR)
    client.force_login(person(Role.HANDLER))
    address = reverse("admin:record_person")
    assert client.get(address, {"subject": borrower.subject_id}).status_code == 403
    client.force_login(auditor)
    page = client.get(address, {"subject": borrower.subject_id})
    assert {row["read"].pk for row in page.context["rows"]} == wanted
    assert [row["in_list"] for row in page.context["rows"]] == [True, False, False, False]
    totals = {one.actor_id: one for one, _purposes in page.context["totals"]}
    assert (totals[reader.pk].revealed, totals[reader.pk].opened) == (1, 1)
    assert totals[reader.pk].purposes == ((Purpose.CALL_BACK, 1),)
    assert totals[other.pk].listed == 1
    own = ReadEvent.objects.latest("pk")
    assert (own.actor, own.subject_id) == (auditor, borrower.subject_id)
    for name, value, number in (
        ("who", other.username, 2),
        ("what", "reveal", 1),
        ("purpose", "call_back", 1),
    ):
        found = client.get(address, {"subject": str(borrower.subject_id), name: value})
        assert len(found.context["rows"]) == number, name
    assert client.get(address, {"subject": alias.pk}).status_code == 200
    assert client.get(address, {"dossier": stranger.pk}).status_code == 200
    # From a folder the way leads on to the people in it.
    concerned = client.get(address, {"dossier": about.dossier_id}).context["concerned"]
    assert borrower.subject_id in {subject_id for subject_id, _known in concerned}
    assert client.get(address).status_code == 404
    assert client.get(address, {"subject": "999999999"}).status_code == 404
    export = client.post(f"{address}?subject={borrower.subject_id}", {"form": "csv", "purpose": "rights"})
    lines = b"".join(export.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) > len(wanted)
    taken = ReadEvent.objects.filter(what="export").get()
    assert (taken.subject_id, taken.purpose_code) == (borrower.subject_id, "rights")


def test_pages_of_reads_lose_nothing_when_moments_are_equal(monkeypatch: pytest.MonkeyPatch) -> None:
    reader = person(Role.HANDLER)
    for number in range(7):
        _look(reader, at=NOW + timedelta(minutes=number // 4))
    rows = reads.by_user(reader.pk, reads.Period())
    seen, before = [], None
    while True:
        found, before = reads.page(rows, before=before, size=2)
        seen += [one.pk for one in found]
        if before is None:
            break
    assert len(seen) == len(set(seen)) == 7
    assert [one.pk for one in reads.walk(rows, limit=100, step=3)] == seen
    assert len(list(reads.walk(rows, limit=4, step=3))) == 4


def test_what_a_user_saw_day_by_day(client: Client) -> None:
    reader = person(Role.HANDLER)
    now = timezone.now()
    _look(reader, at=now)
    _look(reader, at=now, what="list", count=50)
    _look(reader, at=now, what="reveal")
    _look(reader, at=now - timedelta(days=3), what="file")
    _look(reader, at=now - timedelta(days=400))
    client.force_login(person(Role.AUDITOR))
    page = client.get(reverse("admin:record_reads"), {"who": reader.username})
    newest, older = page.context["days"]
    assert (newest.pages, newest.lists, newest.shown, newest.reveals) == (1, 1, 50, 1)
    assert older.files == 1
    assert len(page.context["rows"]) == 4
    assert len(client.get(reverse("admin:record_reads")).context["rows"]) >= 4
    assert client.get(reverse("admin:record_reads"), {"who": "nobody-at-all"}).context["rows"] == []


def test_the_way_from_a_page_to_who_looked(client: Client) -> None:
    task = make.task()
    page = reverse("admin:desk_task_change", args=(task.pk,))
    client.force_login(person(Role.HANDLER))
    assert "record/person" not in client.get(page).content.decode()
    client.force_login(person(Role.AUDITOR))
    assert f"{reverse('admin:record_person')}?dossier={task.dossier_id}" in client.get(page).content.decode()
    reader = person(Role.HANDLER)
    user_page = client.get(reverse("admin:staff_user_change", args=(reader.pk,))).content.decode()
    assert f"{reverse('admin:record_reads')}?who={reader.username}" in user_page


def test_people_have_dossiers_on_every_desk() -> None:
    about = collection.case()
    filed = complaint.filed(about=about)
    found = people.dossiers_of({about.borrower.subject_id})
    assert {about.borrower.dossier_id, about.dossier_id, filed.dossier_id} <= found
    assert Dossier.objects.filter(pk__in=found).count() == len(found)
