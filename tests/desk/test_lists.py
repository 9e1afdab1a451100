"""Lists that cost the same at any size, and rights that lists must not widen."""

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.test import Client, RequestFactory
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import ReadEvent
from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.core.models import PolicyValue
from backoffice.desk import paging
from backoffice.desk.models import Task
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import desk as make
from tests.factories.staff import person
from tests.support import assert_same_queries_3_and_30, queries_of

pytestmark = pytest.mark.django_db


def tasks(count: int) -> None:
    for _number in range(count):
        make.task()


def reads(count: int, by: User) -> None:
    with context.entering("command", actor=by):
        for _number in range(count):
            log_read(what="page", at=timezone.now(), path="/x/", dossier=make.dossier())


def test_3_and_30_tasks_cost_the_same(client: Client) -> None:
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    assert_same_queries_3_and_30(tasks, client, reverse("admin:desk_task_changelist") + "?whose=all")


def test_3_and_30_reads_cost_the_same(client: Client) -> None:
    auditor = person(Role.AUDITOR)
    client.force_login(auditor)
    assert_same_queries_3_and_30(
        lambda count: reads(count, auditor), client, reverse("admin:audit_readevent_changelist")
    )


def test_the_task_list_itemised(client: Client) -> None:
    """Session, user, rights; bounded count; the page with its joins. Sidebar: one count per line with one."""
    client.force_login(person(Role.LOAN_OFFICER))
    tasks(3)
    url = reverse("admin:desk_task_changelist") + "?whose=all"
    queries_of(client, url)
    statements = [sql for sql in queries_of(client, url) if "desk_task" in sql]
    counts = [sql for sql in statements if "COUNT(" in sql]
    assert all("LIMIT" in sql for sql in counts), counts
    assert not any("DISTINCT" in sql for sql in statements)
    (page,) = [sql for sql in statements if "COUNT(" not in sql]
    assert "detail_cipher" not in page
    assert page.count("JOIN") == 3


def test_the_count_is_bounded_and_says_so(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paging, "COUNT_LIMIT", 60)
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    tasks(65)
    url = reverse("admin:desk_task_changelist") + "?whose=all"
    page = client.get(url)
    assert page.context["cl"].result_count == 60
    assert "60+" in page.content.decode()
    # Beyond the bound there is no page, so nobody can ask for a deep OFFSET.
    assert client.get(url + "&p=3").status_code == 302


def test_bounded_count_of_many_rows_is_a_limited_subquery() -> None:
    tasks(4)
    assert paging.bounded_count(Task.objects.all(), limit=2) == 3
    assert paging.bounded_count(Task.objects.all(), limit=9) == 4


def test_logs_are_paged_by_key_without_count_or_offset(client: Client) -> None:
    auditor = person(Role.AUDITOR)
    client.force_login(auditor)
    reads(120, auditor)
    url = reverse("admin:audit_readevent_changelist")
    seen: list[int] = []
    query = ""
    for _page in range(4):
        response = client.get(url + query)
        seen += [row.pk for row in response.context["cl"].result_list]
        query = response.context["cl"].paginator.older
        if not query:
            break
    # What was looked at while paging stands above the first page, not within the pages below.
    looked = ReadEvent.objects.filter(path=url).values_list("pk", flat=True)
    assert seen == list(ReadEvent.objects.exclude(pk__in=looked).order_by("-pk").values_list("pk", flat=True))
    assert len(seen) == 120
    back = client.get(f"{url}?after={seen[70]}").context["cl"]
    assert [row.pk for row in back.result_list] == seen[20:70]
    statements = [sql for sql in queries_of(client, url) if 'FROM "audit_readevent"' in sql]
    assert len(statements) == 1
    assert "COUNT(" not in statements[0]
    assert "OFFSET" not in statements[0]


def test_search_is_exact_or_by_beginning_never_contains(client: Client) -> None:
    client.force_login(person(Role.COMPLIANCE))
    code = PolicyValue.objects.values_list("code", flat=True).first()
    assert code
    url = reverse("admin:core_policyvalue_changelist")
    found = client.get(url, {"q": code[:6]}).context["cl"].result_list
    assert code in {row.code for row in found}
    assert not client.get(url, {"q": code[1:]}).context["cl"].result_list
    statements = [sql for sql in queries_of(client, f"{url}?q={code}") if "core_policyvalue" in sql]
    assert not any(f"%{code}%" in sql or "UPPER(" in sql for sql in statements)


def test_nothing_can_be_deleted(client: Client) -> None:
    task = make.task()
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    delete = reverse("admin:desk_task_delete", args=(task.pk,))
    assert client.post(delete, {"post": "yes"}).status_code == 403
    client.post(
        reverse("admin:desk_task_changelist"),
        {"action": "delete_selected", "_selected_action": task.pk, "post": "yes"},
    )
    assert Task.objects.filter(pk=task.pk).exists()


def test_an_action_without_permissions_is_not_offered(rf: RequestFactory) -> None:
    """The framework runs such an action for everybody who may see the list."""

    class Careless(type(admin.site._registry[Task])):  # type: ignore[misc]
        actions = ("wipe",)

        def wipe(self, request: HttpRequest, queryset: object) -> None:
            raise AssertionError("must never run")

    request = rf.get("/")
    request.user = person(Role.COMPLAINT_SUPERVISOR)
    names = set(Careless(Task, admin.site).get_actions(request))
    assert names == {"transition_complete", "transition_reassign"}


def test_evidence_has_no_form(client: Client) -> None:
    task = make.task()
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    page = reverse("admin:desk_task_change", args=(task.pk,))
    assert client.post(page, {"state": "done"}).status_code == 405
    assert client.get(reverse("admin:desk_task_add")).status_code == 403


def autocomplete(client: Client, field: str, term: str) -> int:
    query = {"app_label": "desk", "model_name": "task", "field_name": field, "term": term}
    return client.get(reverse("admin:autocomplete"), query).status_code


def test_autocomplete_asks_for_the_form_the_field_stands_in(client: Client) -> None:
    """The framework answers whoever may see the target: an administrator sees users, but no tasks."""
    client.force_login(person(Role.COMPLAINT_SUPERVISOR))
    assert autocomplete(client, "assigned_to", "p") == 200
    client.force_login(person(Role.ADMINISTRATOR))
    assert autocomplete(client, "assigned_to", "p") == 403


def test_pages_of_libraries_are_not_there() -> None:
    labels = {model._meta.label for model in admin.site._registry}
    assert not {label for label in labels if label.startswith(("auth.", "oauth2_provider.", "axes."))}


def test_reference_rows_are_saved_on_record(client: Client) -> None:
    officer = person(Role.COMPLIANCE)
    client.force_login(officer)
    form = {"date": "2027-01-01", "kind": "rest", "name": "元旦", "source": "国务院办公厅"}
    response = client.post(reverse("admin:core_calendarday_add"), form)
    assert response.status_code == 302, response.context["adminform"].errors
    from backoffice.core.models import CalendarDay

    row = CalendarDay.objects.get(date="2027-01-01").history.get()
    assert (row.history_user, row.history_change_reason) == (officer, "core.calendarday.added")
