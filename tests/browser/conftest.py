"""Chromium, one person at a time: sign in, click, and prove that the console stayed clean."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.db import connection
from playwright.sync_api import Browser, ConsoleMessage, Page, sync_playwright

from tests.factories.staff import PASSWORD

# Playwright's loop makes Django believe that it runs asynchronously; the tests themselves do not.
os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "true"

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
#: Where a failing or curious run leaves its pictures.
SHOTS = Path(os.environ.get("SCREENSHOTS", "var/screenshots"))


@pytest.fixture(scope="session", autouse=True)
def _no_session_left(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """A request that Chromium broke off may leave its session open, and then the database cannot be dropped."""
    yield
    if connection.vendor == "postgresql":
        with django_db_blocker.unblock(), connection.cursor() as cursor:
            cursor.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )


@pytest.fixture(scope="session")
def chromium(chromium_path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium_path, headless=True, args=ARGUMENTS)
        yield browser
        browser.close()


class Person:
    """A signed-in member of staff with a window of their own."""

    def __init__(self, page: Page, base: str) -> None:
        self.page = page
        self.base = base
        self.noise: list[str] = []
        page.on("console", self._heard)
        page.on("pageerror", lambda error: self.noise.append(str(error)))

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.noise.append(f"{message.type}: {message.text}")

    def goto(self, path: str) -> None:
        answer = self.page.goto(self.base + path)
        assert answer is not None
        assert answer.ok, f"{path}: {answer.status}"

    def press(self, name: str, *, at: int = 0) -> None:
        """Click the button of the step ``name``, opening the menu it may stand in."""
        button = self.page.locator(f'a[href*="/transition/{name}/"]').nth(at)
        if not button.is_visible():
            self.page.locator("details.menu:not([open]) > summary", has_text="").last.click()
        with self.page.expect_navigation():
            button.click()

    def fill(self, **fields: str) -> None:
        """Fill the form shown, field by field, by the fields' names."""
        for name, value in fields.items():
            field = self.page.locator(f'form.desk-form [name="{name}"]')
            kind = field.first.get_attribute("type")
            if field.first.evaluate("one => one.tagName") == "SELECT":
                field.select_option(value)
            elif kind in {"radio", "checkbox"}:
                for one in value.split(","):
                    self.page.locator(f'form.desk-form [name="{name}"][value="{one}"]').check()
            else:
                field.fill(value)

    def confirm(self) -> None:
        """Send the form that is shown."""
        with self.page.expect_navigation():
            self.page.locator("form.desk-form button[type=submit]").click()

    def shot(self, name: str) -> None:
        SHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SHOTS / f"{name}.png", full_page=True)

    def assert_quiet(self) -> None:
        assert self.noise == []

    def assert_accessible(self) -> None:
        """axe finds nothing serious or critical on the page shown."""
        found = Axe().run(self.page).response["violations"]
        grave = [
            f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
            for one in found
            if one["impact"] in {"serious", "critical"}
        ]
        assert grave == []


@pytest.fixture
def sign_in(chromium: Browser, live_server: object) -> Iterator[Callable[..., Person]]:
    """``sign_in(user, language="zh-hans")`` opens a fresh profile and signs the person in by the form."""
    contexts = []

    def open_window(
        user: object, *, language: str = "zh-hans", width: int = 1440, dark: bool = False
    ) -> Person:
        context = chromium.new_context(
            viewport={"width": width, "height": 900},
            locale="zh-CN" if language == "zh-hans" else "en-GB",
            timezone_id="Asia/Shanghai",
            color_scheme="dark" if dark else "light",
        )
        contexts.append(context)
        base = str(live_server)
        context.add_cookies([{"name": "django_language", "value": language, "url": base}])
        person = Person(context.new_page(), base)
        person.goto("/admin/login/")
        person.page.fill("input[name=username]", user.username)  # type: ignore[attr-defined]
        person.page.fill("input[name=password]", PASSWORD)
        with person.page.expect_navigation():
            person.page.locator("button[type=submit]").click()
        assert "/login/" not in person.page.url
        return person

    yield open_window
    for context in contexts:
        context.close()
