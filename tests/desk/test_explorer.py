"""The explorer of the record: rights first, then that it finds all, doubles nothing, masks, and leaves a record."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase as HypothesisCase

from backoffice.audit.models import ReadEvent, RecordEvent
from backoffice.core import context
from backoffice.core.models import PolicyValue
from backoffice.desk import services
from backoffice.desk.explorer import changes, events, moment, scanning
from backoffice.desk.explorer.export import harmless
from backoffice.desk.explorer.merged import Key, read_cursor, write_cursor
from backoffice.desk.models import Task
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import complaints as complaint_factory
from tests.factories import desk as make
from tests.factories.staff import NOW, person
from tests.support import queries_of

pytestmark = pytest.mark.django_db

PAGES = ("changes", "events", "request", "moment", "dossier", "person", "reads", "alerts")


def url(name: str, **query: Any) -> str:
    from django.utils.http import urlencode

    return f"{reverse(f'admin:record_{name}')}?{urlencode(query)}"


def content(response: Any) -> str:
    streamed = b"".join(response.streaming_content) if response.streaming else response.content
    return streamed.decode()


def everything(filters: changes.Filters, viewer: User, size: int) -> list[Key]:
    keys: list[Key] = []
    before = None
    while True:
        found = changes.find(filters, viewer=viewer, before=before, size=size)
        keys += found.keys
        before = found.older
        if before is None:
            return keys


# --- rights -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.HANDLER, Role.COLLECTOR, Role.LOAN_OFFICER, Role.ADMINISTRATOR])
def test_without_the_right_no_page_opens_and_nothing_is_taken_along(client: Client, role: Role) -> None:
    client.force_login(person(role))
    for name in PAGES:
        assert client.get(url(name)).status_code == 403, name
        assert client.post(url(name), {"form": "csv", "purpose": "audit"}).status_code == 403, name
    assert not RecordEvent.objects.filter(kind="record.exported").exists()


def test_nobody_finds_changes_of_what_they_may_not_see() -> None:
    complaint_factory.filed()
    shown = {key.table for key in everything(changes.Filters(), person(Role.COMPLAINT_SUPERVISOR), 200)}
    assert "complaints.complaint" in shown
    # Whoever may not see data subjects or API clients does not find their changes.
    assert shown.isdisjoint({"privacy.datasubject", "api.client"})
    assert "privacy.datasubject" in changes.visible_models(person(Role.AUDITOR))


# --- finding ----------------------------------------------------------------------------------------------


class Paging(HypothesisCase):
    """Whatever the page size and however many rows share a moment: each row once, in one order."""

    @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck))
    @given(
        groups=st.lists(st.integers(1, 6), min_size=1, max_size=5),
        size=st.integers(1, 4),
        scanned=st.booleans(),
    )
    def test_nothing_is_lost_or_doubled(self, groups: list[int], size: int, scanned: bool) -> None:
        from backoffice.core.history import bulk_create_with_history

        boss = person(Role.AUDITOR)
        number = 0
        tasks = []
        for group in groups:
            rows = []
            for _row in range(group):
                number += 1
                rows.append(
                    PolicyValue(
                        code=f"t.{number}", value=number, unit="days", effective_from=NOW.date(), title="T",
                        source="test", legal_force="policy", confidence="inferred",
                    )
                )  # fmt: skip
            with context.acting(by=boss, reason_code="bulk"):
                bulk_create_with_history(PolicyValue, rows)
            tasks.append(make.task(by=boss).pk)
        values = PolicyValue.objects.filter(source="test").values_list("pk", flat=True)
        filters = changes.Filters(
            objects={"core.policyvalue": list(values), "desk.task": tasks}, door="command" if scanned else ""
        )
        keys = everything(filters, boss, size)
        assert len(keys) == len(set(keys)) == number + len(groups)
        assert keys == sorted(keys, reverse=True)


def test_a_cursor_survives_the_address_and_a_foreign_one_is_refused(client: Client) -> None:
    key = Key(NOW, "desk.task", 4, 5, "", "")
    assert read_cursor(write_cursor(key)) == key
    client.force_login(person(Role.AUDITOR))
    for text in ("nonsense", "2026-01-01T00:00:00~desk.task~1~1", "a~b~c~d"):
        assert client.get(url("changes", before=text)).status_code == 404


def test_filters_find_by_person_thing_field_door_act_request_and_time() -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    auditor = person(Role.AUDITOR)
    task, other = make.task(), make.task()
    with context.entering("api", request_id="r-17"):
        services.reassign_task(task=task, by=boss, at=NOW, assigned_to=colleague)
    with context.entering("admin", request_id="r-18"):
        services.complete_task(task=other, by=colleague, at=NOW)

    def found(**given: Any) -> list[tuple[str, int]]:
        keys = changes.find(changes.Filters(**given), viewer=auditor).keys
        return [(key.code, key.group) for key in keys if key.table == "desk.task"]

    assert found(actor_id=boss.pk) == [("task.reassigned", task.pk)]
    assert found(model="desk.task", objects={"desk.task": [other.pk]}) == [
        ("task.done", other.pk),
        ("task.opened", other.pk),
    ]
    assert found(model="desk.task", field="assigned_to") == [("task.reassigned", task.pk)]
    assert found(model="desk.task", field="state")[0] == ("task.done", other.pk)
    assert found(door="api") == [("task.reassigned", task.pk)]
    assert found(code="task.done") == [("task.done", other.pk)]
    assert found(request_id="r-17") == [("task.reassigned", task.pk)]
    assert found(since=timezone.now() + timedelta(minutes=1)) == []
    assert len(found(until=timezone.now() + timedelta(minutes=1))) == 4
    assert changes.find_objects(task.dossier.number, model="", viewer=auditor) == {"desk.task": [task.pk]}
    assert changes.find_objects(str(task.uid), model="desk.task", viewer=auditor) == {"desk.task": [task.pk]}
    assert changes.find_objects("no-such-number", model="", viewer=auditor) == {}


def test_a_rare_filter_stops_at_its_bound_and_says_how_far_it_looked(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scanning, "SCAN_STEP", 5)
    auditor = person(Role.AUDITOR)
    with context.entering("api", request_id="old"):
        rare = make.task()
    for _number in range(6):
        make.task()
    filters = changes.Filters(model="desk.task", door="api")
    first = changes.find(filters, viewer=auditor, budget=5)
    assert first.keys == []
    assert first.searched_to is not None
    second = changes.find(filters, viewer=auditor, before=first.older, budget=5)
    assert [key.group for key in second.keys] == [rare.pk]
    monkeypatch.setattr(changes.find, "__kwdefaults__", {**(changes.find.__kwdefaults__ or {}), "budget": 5})
    client.force_login(auditor)
    page = client.get(url("changes", kind="desk.task", door="api"))
    assert "before=" in content(page)
    assert page.context["found"].searched_to is not None


# --- pages ------------------------------------------------------------------------------------------------


def test_before_and_after_are_shown_and_ciphertext_never(client: Client) -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    task = make.task(detail="请回拨 13800001234")
    with context.entering("admin", request_id="r-19"):
        services.reassign_task(
            task=task, by=boss, at=NOW, assigned_to=colleague, reason="他的电话是13800001234"
        )
    client.force_login(person(Role.AUDITOR))
    text = content(client.get(url("changes", kind="desk.task")))
    assert colleague.display_name in text
    assert "13800001234" not in text
    whole = client.get(url("request", id="r-19"))
    assert "138****1234" in content(whole) or "13800001234" not in content(whole)
    assert "task.reassigned" in content(whole)
    (read,) = ReadEvent.objects.filter(path=reverse("admin:record_changes"))
    assert (read.what, read.listed) == ("history", [task.dossier_id])


def test_a_page_of_thirty_costs_no_more_than_a_page_of_three(client: Client) -> None:
    client.force_login(person(Role.AUDITOR))
    boss = person(Role.COMPLAINT_SUPERVISOR)
    address = url("changes", who=boss.username)

    def more(count: int) -> None:
        for _number in range(count):
            task = make.task()
            with context.entering("command"):
                services.reassign_task(task=task, by=boss, at=NOW, assigned_to=boss, reason="轮换")

    more(3)
    queries_of(client, address)
    few = len(queries_of(client, address))
    more(27)
    assert len(queries_of(client, address)) == few


def test_more_events_cost_no_more(client: Client) -> None:
    client.force_login(person(Role.AUDITOR))
    complaint_factory.filed()
    queries_of(client, url("events"))
    few = len(queries_of(client, url("events")))
    for _number in range(4):
        complaint_factory.filed()
    assert len(queries_of(client, url("events"))) == few


def test_from_a_dossier_to_its_page(client: Client) -> None:
    filed, bare = complaint_factory.filed(), make.dossier()
    client.force_login(person(Role.AUDITOR))
    page = client.get(url("dossier", id=filed.dossier_id))
    assert page["Location"] == reverse("admin:complaints_complaint_change", args=(filed.pk,))
    assert client.get(url("dossier", id=bare.pk))["Location"] == url("changes", thing=bare.number)
    assert client.get(url("dossier", id="x")).status_code == 404


def test_one_request_in_its_order(client: Client) -> None:
    with context.entering("api", request_id="whole-1"):
        complaint = complaint_factory.filed()
    client.force_login(person(Role.AUDITOR))
    page = client.get(url("request", id="whole-1"))
    kinds = [line.entry.model._meta.label_lower for line in page.context["lines"]]
    assert kinds.index("complaints.complaint") < kinds.index("complaints.demand")
    assert [row["event"].kind for row in page.context["events"]] == ["filed"]
    assert complaint.number in content(page)
    assert client.get(url("request", id="unknown")).status_code == 404


def test_an_object_as_it_was(client: Client) -> None:
    boss, colleague = person(Role.COMPLAINT_SUPERVISOR), person(Role.HANDLER)
    before = timezone.now()
    task = make.task(detail="机密")
    first = task.history.get().history_date
    with context.entering("command"):
        services.reassign_task(task=task, by=boss, at=NOW, assigned_to=colleague)
    then = moment.moment_of(Task, task.pk, at=first)
    differing = {one.name for one in then.fields if one.differs}
    assert then.differences == len(differing) == 1
    assert (then.before.code, then.after.code) == ("task.opened", "task.reassigned")  # type: ignore[union-attr]
    (secret,) = [one for one in then.fields if one.secret]
    assert (secret.then, secret.now, secret.held) == ("", "", True)
    assert moment.moment_of(Task, task.pk, at=before).fields == []
    assert moment.moment_of(Task, task.pk, at=timezone.now()).differences == 0
    client.force_login(person(Role.AUDITOR))
    record = reverse("admin:desk_task_history", args=(task.pk,))
    assert "as-it-was" in content(client.get(record))
    for page in (
        client.get(record, {"at": first.isoformat()}),
        client.get(url("moment", kind="desk.task", pk=task.pk, at=first.isoformat())),
    ):
        assert page.context["moment"].differences == 1
        assert "机密" not in content(page)
    assert client.get(url("moment", kind="desk.task", pk="99999999")).status_code == 404
    assert client.get(url("moment", kind="privacy.datakey", pk="1")).status_code == 404


def test_what_is_deleted_had_been_deleted() -> None:
    auditor = person(Role.AUDITOR)
    with context.acting(by=auditor, reason_code="test"):
        row = PolicyValue.objects.create(
            code="t.gone", value=1, unit="days", effective_from=NOW.date(), title="T", source="test",
            legal_force="policy", confidence="inferred",
        )  # fmt: skip
        pk, made = row.pk, timezone.now()
        row.delete()
    assert moment.moment_of(PolicyValue, pk, at=made).fields
    assert moment.moment_of(PolicyValue, pk, at=timezone.now()).deleted


def test_events_of_all_desks_stand_together(client: Client) -> None:
    auditor = person(Role.AUDITOR)
    complaint = complaint_factory.investigated(by=complaint_factory.handler())
    found = events.find(events.EventFilters(), viewer=auditor, size=1)
    rest = events.find(events.EventFilters(), viewer=auditor, before=found.older)
    kinds = {key.code for key in [*found.keys, *rest.keys]}
    assert {"filed", "accepted"} <= kinds
    assert [key.code for key in events.find(events.EventFilters(kind="filed"), viewer=auditor).keys] == [
        "filed"
    ]
    client.force_login(auditor)
    page = client.get(url("events"))
    assert complaint.number in content(page)
    assert "投诉受理" in content(page) or "Complaint accepted" in content(page)


# --- taking it along --------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("name", ["changes", "events", "reads"])
def test_an_export_is_on_record_with_its_purpose(client: Client, name: str, form: str) -> None:
    with context.entering("command"):
        complaint = complaint_factory.filed()
    auditor = person(Role.AUDITOR)
    client.force_login(auditor)
    client.get(reverse("admin:complaints_complaint_change", args=(complaint.pk,)))
    assert client.post(url(name), {"form": form, "purpose": ""}).status_code == 422
    assert client.post(url(name, since="x"), {"form": form, "purpose": "audit"}).status_code == 422
    assert not RecordEvent.objects.filter(kind="record.exported").exists()
    answer = client.post(url(name), {"form": form, "purpose": "audit"})
    assert answer.status_code == 200
    response: Any = answer
    body = b"".join(response.streaming_content) if response.streaming else response.content
    (event,) = RecordEvent.objects.filter(kind="record.exported")
    assert (event.kind, event.actor, event.data["part"]) == ("record.exported", auditor, name)
    (read,) = ReadEvent.objects.filter(what="export")
    assert (read.purpose_code, read.count) == ("audit", event.data["rows"])
    assert complaint.dossier_id in read.listed
    if form == "csv":
        head, *lines = csv.reader(io.StringIO(body.decode("utf-8-sig")))
        assert any(complaint.number in line for line in lines)
        assert all(len(line) == len(head) for line in lines)
    else:
        assert body.startswith(b"PK")


def test_an_export_stops_at_the_limit_of_the_house(client: Client) -> None:
    auditor = person(Role.AUDITOR)
    with context.acting(by=auditor, reason_code="test"):
        PolicyValue.objects.filter(code="record.export_rows").get().delete()
        PolicyValue.objects.create(
            code="record.export_rows", value=2, unit="rows", effective_from=datetime(2020, 1, 1, tzinfo=UTC).date(),
            title="T", source="test", legal_force="policy", confidence="inferred",
        )  # fmt: skip
    client.force_login(auditor)
    lines = content(client.post(url("changes"), {"form": "csv", "purpose": "audit"}))
    (event,) = RecordEvent.objects.filter(kind="record.exported")
    assert (event.data["rows"], event.data["capped"]) == (2, True)
    assert lines


def test_a_spreadsheet_finds_no_formula() -> None:
    assert [harmless(text) for text in ("=1+1", "@x", "-5", "plain")] == ["'=1+1", "'@x", "'-5", "plain"]
