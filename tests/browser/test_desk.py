"""Every role's first minute: home, its lists, the other language, the dark, a narrow screen, the search."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backoffice.staff.roles import PERSON_ROLES, Role
from tests.browser.conftest import Person
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories.staff import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_every_role_finds_its_desk(sign_in: Callable[..., Person]) -> None:
    for role in PERSON_ROLES:
        somebody = sign_in(person(role))
        somebody.assert_accessible()
        lines = somebody.page.locator(".sidebar li a")
        for address in [line.get_attribute("href") for line in lines.all()]:
            assert address is not None
            somebody.goto(address)
        somebody.assert_quiet()


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (800, False), (400, True)])
def test_a_complaint_reads_well_in_the_dark_and_on_a_narrow_screen(
    sign_in: Callable[..., Person], width: int, dark: bool
) -> None:
    handler = person(Role.HANDLER)
    complaint = make.investigated(by=handler, about=floor.case())
    window = sign_in(handler, width=width, dark=dark)
    window.goto(f"/admin/complaints/complaint/{complaint.pk}/change/")
    window.assert_accessible()
    overflow = window.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 1, "the page itself must not scroll sideways"
    window.assert_quiet()


def test_the_language_is_a_switch_away_and_a_number_a_keystroke(sign_in: Callable[..., Person]) -> None:
    handler = person(Role.HANDLER)
    complaint = make.investigated(by=handler, about=floor.case())
    window = sign_in(handler)
    assert window.page.locator("html").get_attribute("lang") == "zh-hans"
    with window.page.expect_navigation():
        window.page.locator(".languages button", has_text="EN").click()
    assert window.page.locator("html").get_attribute("lang") == "en"
    assert "Complaints" in window.page.locator(".sidebar").inner_text()
    window.page.keyboard.press("/")
    window.page.keyboard.type(complaint.number)
    with window.page.expect_navigation():
        window.page.keyboard.press("Enter")
    assert complaint.number in window.page.locator("#content").inner_text()
    assert complaint.number not in window.page.url
    window.assert_quiet()
