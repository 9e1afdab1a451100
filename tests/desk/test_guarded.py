"""A page that was drawn before somebody else saved undoes nothing: it says what changed, and keeps what was typed."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib import admin
from django.test import Client
from django.urls import reverse

from backoffice.core import context
from backoffice.core.models import CalendarDay
from backoffice.desk.checks import _is_read_only
from backoffice.desk.guarded import NAME
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.complaints.test_concurrency import at_once
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(user: User) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(user, backend=BACKEND)
    return client


def a_day(**facts: Any) -> CalendarDay:
    with context.acting(by=system_user("tests"), reason_code="test"):
        return CalendarDay.objects.create(
            **{"date": "2031-05-01", "kind": "rest", "name": "劳动节", "source": "a", **facts}
        )


def url_of(day: CalendarDay) -> str:
    return reverse("admin:core_calendarday_change", args=(day.pk,))


def drawn(client: Client, day: CalendarDay) -> dict[str, Any]:
    """What the browser would send of the page as it stands now."""
    page = client.get(url_of(day))
    form = page.context["adminform"].form
    assert f'name="{NAME}" value="{form.drawn_from}"' in page.content.decode()
    return {NAME: form.drawn_from, **{name: form[name].value() for name in form.fields}}


def test_the_second_is_told_what_the_first_saved_and_undoes_nothing() -> None:
    day = a_day()
    first = person(Role.COMPLIANCE, full_name="甲")
    one, two = signed_in(first), signed_in(person(Role.COMPLIANCE))
    page, other = drawn(one, day), drawn(two, day)
    assert one.post(url_of(day), {**page, "kind": "workday", "source": "b"}).status_code == 302
    refused = two.post(url_of(day), {**other, "name": "五一", "source": "c"})
    day.refresh_from_db()
    assert (day.kind, day.name, day.source) == ("workday", "劳动节", "b")
    assert refused.status_code == 200
    form = refused.context["adminform"].form
    assert first.full_name in str(form.non_field_errors()) or first.username in str(form.non_field_errors())
    assert form.errors.keys() == {"__all__", "kind", "source"}
    assert "b" in form.errors["source"][0]
    assert [form[name].value() for name in ("kind", "name", "source")] == ["workday", "五一", "c"], (
        "what was typed is kept, what was left alone is that of the other"
    )
    again = {NAME: form.drawn_from, **{name: form[name].value() for name in form.fields}}
    assert two.post(url_of(day), again).status_code == 302
    day.refresh_from_db()
    assert (day.kind, day.name, day.source) == ("workday", "五一", "c")


def test_a_page_that_does_not_say_what_it_was_drawn_from_is_refused() -> None:
    day = a_day()
    client = signed_in(person(Role.COMPLIANCE))
    for stamp in ("", "nonsense", "0", "9" * 40):
        refused = client.post(url_of(day), {**drawn(client, day), NAME: stamp, "name": "五一"})
        assert refused.status_code == 200, stamp
        assert refused.context["adminform"].form.errors.keys() == {"__all__", "name"}
    day.refresh_from_db()
    assert day.name == "劳动节"


def test_a_second_click_is_no_quarrel() -> None:
    day = a_day()
    client = signed_in(person(Role.COMPLIANCE))
    sent = {**drawn(client, day), "name": "五一"}
    assert [client.post(url_of(day), sent).status_code for _click in range(2)] == [302, 302]


def test_another_mistake_leaves_the_page_as_old_as_it_is() -> None:
    day = a_day()
    one, two = signed_in(person(Role.COMPLIANCE)), signed_in(person(Role.COMPLIANCE))
    sent = drawn(two, day)
    wrong = two.post(url_of(day), {**sent, "kind": ""})
    assert wrong.context["adminform"].form.drawn_from == sent[NAME]
    assert one.post(url_of(day), {**drawn(one, day), "source": "b"}).status_code == 302
    assert two.post(url_of(day), {**sent, "name": "五一"}).status_code == 200


def test_every_page_with_a_form_carries_it() -> None:
    editable = [one for one in admin.site._registry.values() if not _is_read_only(one)]  # type: ignore[arg-type]
    assert len(editable) > 5
    for one in editable:
        assert hasattr(one.model, "history"), one.model
        assert one.change_form_before_template == "desk/parts/drawn_from.html"


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_one_is_refused() -> None:
    day = a_day()
    clients = [signed_in(person(Role.COMPLIANCE)) for _place in range(2)]
    pages = [drawn(client, day) for client in clients]
    changes: list[dict[str, Any]] = [{"name": "五一"}, {"source": "b"}]
    answers = at_once(
        2, lambda place: clients[place].post(url_of(day), {**pages[place], **changes[place]}).status_code
    )
    assert sorted(answers) == [200, 302]
    day.refresh_from_db()
    assert (day.name == "五一") != (day.source == "b")
