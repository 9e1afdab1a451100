"""The site as a whole: who gets in, what the frame shows, language, search, errors."""

from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core import context
from backoffice.desk import search, services, sidebar
from backoffice.desk.registry import HomeTile, Registry, SearchHit, SearchSource, SidebarItem, registries
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories import desk as make
from tests.factories.staff import NOW, PASSWORD, person
from tests.support import queries_of

pytestmark = pytest.mark.django_db

HOME = "/admin/"


def test_only_people_who_work_here_get_in(client: Client, rf: Any) -> None:
    from django.contrib import admin

    request = rf.get(HOME)
    for kind, staff, active, allowed in (
        (User.Kind.PERSON, True, True, True),
        (User.Kind.PERSON, False, True, False),
        (User.Kind.PERSON, True, False, False),
        (User.Kind.MACHINE, True, True, False),
        (User.Kind.SYSTEM, True, True, False),
    ):
        request.user = User(username="x", kind=kind, is_staff=staff, is_active=active)
        assert admin.site.has_permission(request) is allowed, kind
    assert client.get(HOME).status_code == 302


def test_signing_in_and_out(client: Client) -> None:
    somebody = person(Role.HANDLER)
    page = client.get(reverse("admin:login") + "?next=/admin/desk/task/")
    assert "信贷后台" in page.content.decode() or "Backoffice" in page.content.decode()
    answer = client.post(
        reverse("admin:login"),
        {"username": somebody.username, "password": PASSWORD, "next": "/admin/desk/task/"},
        REMOTE_ADDR="127.0.0.1",
    )
    assert answer.status_code == 302
    assert answer["Location"] == "/admin/desk/task/"
    assert client.get(HOME).status_code == 200
    assert client.post(reverse("admin:logout")).status_code == 200
    assert client.get(HOME).status_code == 302


def test_a_wrong_password_is_refused_and_too_many_lock(client: Client) -> None:
    somebody = person(Role.HANDLER)
    wrong = {"username": somebody.username, "password": "wrong-wrong-1"}
    codes = [client.post(reverse("admin:login"), wrong).status_code for _try in range(6)]
    assert codes[0] == 200
    assert codes[-1] == 429
    right = {"username": somebody.username, "password": PASSWORD}
    assert client.post(reverse("admin:login"), right).status_code == 429


def test_the_language_is_switched_by_post_with_a_token(client: Client) -> None:
    client.force_login(person(Role.HANDLER))
    assert client.get(HOME).headers["Content-Language"] == "zh-hans"
    strict = Client(enforce_csrf_checks=True)
    assert strict.post(reverse("set_language"), {"language": "en", "next": HOME}).status_code == 403
    answer = client.post(reverse("set_language"), {"language": "en", "next": HOME})
    assert answer.status_code == 302
    page = client.get(HOME)
    assert page.headers["Content-Language"] == "en"
    assert '<html lang="en"' in page.content.decode()
    client.get(reverse("set_language"), {"language": "zh-hans"})
    assert client.get(HOME).headers["Content-Language"] == "en"


def test_the_browsers_language_counts_for_nothing_until_one_is_chosen() -> None:
    browser, login = Client(headers={"accept-language": "en"}), reverse("admin:login")
    page = browser.get(login)
    assert page.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-hans"' in page.content.decode()
    assert "Accept-Language" not in page.headers["Vary"]
    for cookie, shown in (("tlh", "zh-hans"), ("en", "en"), ("zh-hans", "zh-hans")):
        browser.cookies["django_language"] = cookie
        page = browser.get(login)
        assert page.headers["Content-Language"] == shown
        assert "Cookie" in page.headers["Vary"]


@pytest.fixture
def own_registries(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("sidebar", "home", "search"):
        monkeypatch.setattr(registries, name, Registry())


def line(count: Any, permission: str = "desk.view_task") -> SidebarItem:
    return SidebarItem(
        desk="house",
        title="队列",
        url=lambda: "/admin/desk/task/",
        icon="x",
        permission=permission,
        count=count,
    )


@pytest.mark.usefixtures("own_registries")
def test_lines_and_their_counts_are_for_those_with_the_right(client: Client) -> None:
    def forbidden(user: User) -> int:
        raise AssertionError("counted for somebody without the right")

    registries.sidebar.register("mine", line(lambda user: 7))
    registries.sidebar.register("theirs", line(forbidden, permission="staff.change_user"))
    client.force_login(person(Role.HANDLER))
    (group,) = client.get("/admin/desk/task/").context["desk_groups"]
    (drawn,) = group.lines
    assert (drawn.count, drawn.active) == ("7", True)


@pytest.mark.usefixtures("own_registries")
@pytest.mark.parametrize(
    ("found", "shown"), [(0, ""), (5, "5"), (999, "999"), (1000, "999+"), (1001, "999+")]
)
def test_counts_stop_at_999(rf: Any, found: int, shown: str) -> None:
    registries.sidebar.register("mine", line(lambda user: found))
    request = rf.get(HOME)
    request.user = person(Role.HANDLER)
    assert sidebar.groups(request)[0].lines[0].count == shown


@pytest.mark.usefixtures("own_registries")
def test_counts_are_kept_for_seconds_and_forgotten_after_ones_own_step(rf: Any, settings: Any) -> None:
    settings.SIDEBAR_CACHE_SECONDS = 60
    cache.clear()
    numbers = iter(range(1, 9))
    registries.sidebar.register("mine", line(lambda user: next(numbers)))
    request = rf.get(HOME)
    request.user = person(Role.HANDLER)
    assert [sidebar.groups(request)[0].lines[0].count for _time in range(2)] == ["1", "1"]
    sidebar.forget(request.user)
    assert sidebar.groups(request)[0].lines[0].count == "2"
    cache.clear()


@pytest.mark.usefixtures("own_registries")
def test_home_shows_the_tiles_one_may_see_and_that_have_something(client: Client) -> None:
    def tile(title: str, order: int, *, permission: str = "desk.view_task", empty: bool = False) -> None:
        registries.home.register(
            title,
            HomeTile(
                title=title,
                template="desk/parts/definitions.html",
                context=lambda request: None if empty else {"rows": [("a", title)]},
                permission=permission,
                order=order,
            ),
        )

    client.force_login(person(Role.HANDLER))
    assert client.get(HOME).context["tiles"] == []
    assert "empty" in client.get(HOME).content.decode()
    tile("zweite", 20)
    tile("erste", 10)
    tile("fremde", 5, permission="staff.change_user")
    tile("leere", 1, empty=True)
    assert [one.title for one in client.get(HOME).context["tiles"]] == ["erste", "zweite"]


def test_the_task_tile_shows_what_waits_for_me(client: Client) -> None:
    me = person(Role.HANDLER)
    make.task(assigned_to=me)
    make.task(assigned_to=person(Role.HANDLER))
    client.force_login(me)
    (tile,) = [one for one in client.get(HOME).context["tiles"] if one.template == "desk/tiles/tasks.html"]
    assert len(tile.context["rows"]) == 1


@pytest.mark.usefixtures("own_registries")
def test_search_asks_only_the_sources_one_may_ask(client: Client) -> None:
    def hits(query: str, viewer: User, limit: int) -> list[SearchHit]:
        return [SearchHit(query, "detail", "/x/")]

    def forbidden(query: str, viewer: User, limit: int) -> list[SearchHit]:
        raise AssertionError("asked for somebody without the right")

    registries.search.register("mine", SearchSource("Mine", "desk.view_task", hits))
    registries.search.register("theirs", SearchSource("Theirs", "staff.change_user", forbidden))
    client.force_login(person(Role.HANDLER))
    url = reverse("admin:search")
    (found,) = client.post(url, {"q": " 13800001234 "}).context["results"]
    assert found.hits[0].title == "13800001234"
    for query in ("", "a", "x" * 101):
        assert search.find(query, viewer=person(Role.HANDLER)) == []
    # An address ends up in histories and logs, so a query in one is not even looked at.
    assert client.get(url, {"q": "13800001234"}).context["results"] == []
    client.logout()
    assert client.post(url, {"q": "13800001234"}).status_code == 302


def test_the_frame_costs_little(client: Client) -> None:
    """A page without rows of its own: session, user, rights (two), and the sidebar's counts."""
    client.force_login(person(Role.ADMINISTRATOR))
    queries_of(client, reverse("admin:password_change"))
    assert len(queries_of(client, reverse("admin:password_change"))) <= 5


@pytest.mark.parametrize(("url", "code"), [("/admin/nowhere/", 404), ("/nowhere/", 404)])
def test_error_pages_are_ours(client: Client, url: str, code: int) -> None:
    client.force_login(person(Role.HANDLER))
    answer = client.get(url)
    assert answer.status_code == code
    assert "desk/desk.css" in answer.content.decode()


def test_forbidden_is_ours_and_names_the_request(client: Client) -> None:
    client.force_login(person(Role.ADMINISTRATOR))
    answer = client.get("/admin/desk/task/", headers={"X-Request-ID": "req-42"})
    assert answer.status_code == 403
    assert "desk/desk.css" in answer.content.decode()
    assert "req-42" in answer.content.decode()


def test_ones_own_step_shows_in_the_sidebar_at_once(client: Client, settings: Any) -> None:
    settings.SIDEBAR_CACHE_SECONDS = 60
    cache.clear()
    me = person(Role.HANDLER)
    task = make.task(assigned_to=me)
    client.force_login(me)

    def waiting() -> str:
        groups = client.get(HOME).context["desk_groups"]
        return next(one.count for group in groups for one in group.lines if one.icon == "checklist")

    assert waiting() == "1"
    client.post(reverse("admin:desk_task_transition", args=(task.pk, "complete")), {})
    assert waiting() == ""
    cache.clear()


def test_changing_ones_password(client: Client) -> None:
    me = person(Role.HANDLER)
    client.force_login(me)
    url = reverse("admin:password_change")
    assert client.get(url).status_code == 200
    fresh = "another-tea-in-the-sun-9"
    form = {"old_password": PASSWORD, "new_password1": fresh, "new_password2": fresh}
    assert client.post(url, form).status_code == 302
    me.refresh_from_db()
    assert me.check_password(fresh)


def test_scripts_need_no_inline_permission(client: Client) -> None:
    me = person(Role.HANDLER)
    task = make.task()
    with context.entering("command"):
        services.reassign_task(task=task, by=person(Role.COMPLAINT_SUPERVISOR), at=NOW, assigned_to=me)
    client.force_login(me)
    for url in (HOME, "/admin/desk/task/", f"/admin/desk/task/{task.pk}/change/"):
        page = client.get(url)
        assert "<script>" not in page.content.decode()
        assert "onclick=" not in page.content.decode()
        assert "'unsafe-inline'" not in page.headers["Content-Security-Policy"].split("style-src")[0]


def test_a_search_is_on_record_without_what_was_typed(client: Client) -> None:
    somebody = person(Role.HANDLER)
    client.force_login(somebody)
    client.get(reverse("admin:search"))
    assert not ReadEvent.objects.exists(), "the empty page shows nothing"
    client.post(reverse("admin:search"), {"q": "13800138000"})
    row = ReadEvent.objects.get()
    assert (row.what, row.actor, row.count) == ("search", somebody, 0)
    assert "13800138000" not in row.path
