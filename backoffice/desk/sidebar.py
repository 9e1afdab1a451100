"""The sidebar: what the registries offer, grouped by desk, with what waits there for this person."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from backoffice.desk.paging import COUNT_LIMIT
from backoffice.desk.registry import SidebarItem, registries

DESKS: dict[str, Any] = {
    # Drawn without a heading, right under the home page.
    "mine": "",
    "complaints": _("Complaints"),
    "collections": _("Collections"),
    "conduct": _("Conduct"),
    "loans": _("Loans"),
    "record": _("Record"),
    "house": _("House"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One drawn line: ``count`` and ``urgent`` are texts (“12”, “999+”), empty when there is nothing to say."""

    title: Any
    url: str
    icon: str
    active: bool
    count: str = ""
    urgent: str = ""


@dataclass(frozen=True, slots=True)
class Group:
    title: Any
    lines: list[Line]


def groups(request: HttpRequest) -> list[Group]:
    """The desks and lines the person may use, counts included. Counts are cached for a few seconds."""
    user = request.user
    entries = [
        (name, item, item.url())
        for name, item in registries.sidebar.items()
        if user.has_perm(item.permission)
    ]
    current = _current([url for _name, _item, url in entries], request)
    numbers = _numbers(user, [(name, item) for name, item, _url in entries])
    result = []
    for desk, title in DESKS.items():
        here = sorted((entry for entry in entries if entry[1].desk == desk), key=lambda entry: entry[1].order)
        lines = [Line(item.title, url, item.icon, url == current, *numbers[name]) for name, item, url in here]
        if lines:
            result.append(Group(title, lines))
    return result


def forget(user: Any) -> None:
    """Count anew for this person: called after each step they take, so that they see its effect at once."""
    cache.delete(_key(user))


def _key(user: Any) -> str:
    return f"desk.sidebar.{user.pk}"


def _numbers(user: Any, entries: list[tuple[str, SidebarItem]]) -> dict[str, tuple[str, str]]:
    seconds = settings.SIDEBAR_CACHE_SECONDS
    known: dict[str, tuple[str, str]] = (cache.get(_key(user)) or {}) if seconds else {}
    if all(name in known for name, _item in entries):
        return known
    fresh = {name: (_ask(item.count, user), _ask(item.urgent, user)) for name, item in entries}
    if seconds:
        cache.set(_key(user), fresh, seconds)
    return fresh


def _ask(count: Callable[[Any], int] | None, user: Any) -> str:
    found = count(user) if count is not None else 0
    if found >= COUNT_LIMIT:
        return f"{COUNT_LIMIT - 1}+"
    return str(found) if found else ""


def _current(urls: list[str], request: HttpRequest) -> str:
    """The line the present page belongs to: the whole address first, then the longest path above it."""
    if request.get_full_path() in urls:
        return request.get_full_path()
    index = reverse("admin:index")
    paths = [url for url in urls if "?" not in url and url != index and request.path.startswith(url)]
    return max(paths, key=len, default=index if request.path == index else "")
