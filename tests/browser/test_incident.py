"""The red button pressed by a collector on a borrower's page, and what the supervisor then finds."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from backoffice.desk.models import Incident
from backoffice.staff.roles import Role
from debt_collections.models import Hold
from tests.browser.conftest import Person
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_a_threat_of_self_harm_from_the_borrowers_page(sign_in: Callable[..., Person]) -> None:
    boss, collector = person(Role.CONDUCT_SUPERVISOR), person(Role.COLLECTOR)
    borrower = make.case(make.collector(user=collector)).borrower
    window = sign_in(collector)
    window.goto(f"/admin/loans/borrower/{borrower.pk}/change/")
    button = window.page.locator("a.report-button")
    button.focus()
    with window.page.expect_navigation():
        window.page.keyboard.press("Enter")
    window.assert_accessible()
    assert window.page.locator("[name=about]").input_value() == borrower.customer_number
    window.fill(kind="self_harm", description="借款人说今晚不想活了")
    window.confirm()
    now = window.page.locator("#content").inner_text()
    assert "12356" in now
    assert boss.display_name in now
    window.assert_accessible()
    window.shot("incident-now")
    assert Hold.objects.get(borrower=borrower).scope == "all"
    window.assert_quiet()

    supervisor = sign_in(boss, width=400, dark=True)
    incident = Incident.objects.get()
    supervisor.page.locator("main a", has_text=incident.number).first.click()
    supervisor.page.wait_for_load_state()
    supervisor.press("take")
    supervisor.confirm()
    supervisor.assert_accessible()
    overflow = supervisor.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 1, "the page itself must not scroll sideways"
    supervisor.assert_quiet()
    incident.refresh_from_db()
    assert incident.owner == boss
