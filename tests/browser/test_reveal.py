"""A value in full for a minute: asked for, shown under the person's own name, and gone again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import expect

from backoffice.audit.models import ReadEvent
from backoffice.staff.roles import Role
from tests.factories.loans import a_borrower
from tests.factories.staff import person

pytestmark = pytest.mark.django_db(transaction=True)


def test_shown_for_a_minute_under_ones_own_name_and_hidden_again(sign_in: Callable[..., Any]) -> None:
    borrower = a_borrower(mobile="+8610012345678", name="张三丰", email="zsf@example.com")
    user = person(Role.HANDLER)
    handler = sign_in(user, language="en")
    page = handler.page
    page.clock.install()
    handler.goto(reverse("admin:loans_borrower_change", args=(borrower.pk,)))
    key = f"loans.borrower.{borrower.pk}.mobile"
    value, control = (
        page.locator(f'[data-personal="{key}"]').first,
        page.locator(f'[data-reveal="{key}"]').first,
    )
    mail = page.locator(f'[data-personal="loans.borrower.{borrower.pk}.email"]').first
    expect(value).to_have_text("100****5678")

    # By keyboard alone: the control, the dialog, a reason that will not do, one that will.
    control.focus()
    page.keyboard.press("Space")
    dialog = page.locator("#reveal-dialog")
    expect(dialog).to_be_visible()
    handler.assert_accessible()
    page.locator("#reveal-purpose").select_option("call_back")
    page.locator("#reveal-reason").fill("ring 13800138000")
    page.keyboard.press("Enter")
    expect(dialog.locator("[role=alert]")).to_be_visible()
    expect(value).to_have_text("100****5678")
    page.locator("#reveal-reason").fill("ring back about the plan")
    page.keyboard.press("Enter")
    expect(value).to_have_text("10012345678")
    expect(dialog).to_be_hidden()
    mark = page.locator(".reveal-watermark span").first
    assert user.display_name in (mark.get_attribute("data-mark") or "")
    expect(page.locator("#reveal-status")).to_contain_text("10012345678")
    expect(control).to_be_focused()
    handler.assert_accessible()

    # The next one asks nothing, and is on record all the same.
    page.locator(f'[data-reveal="loans.borrower.{borrower.pk}.email"]').click()
    expect(mail).to_have_text("zsf@example.com")
    assert ReadEvent.objects.filter(what="reveal", purpose="ring back about the plan").count() == 2

    page.clock.run_for(55_000)
    expect(value).to_have_text("10012345678")
    page.clock.run_for(8_000)
    expect(value).to_have_text("100****5678")
    expect(mail).to_have_text("z***@example.com")
    expect(page.locator(".reveal-watermark")).to_have_count(0)
    expect(page.locator("#reveal-status")).to_have_text("Hidden again")

    # Another tab in front of it hides at once; so does leaving.
    control.click()
    expect(value).to_have_text("10012345678")
    page.evaluate("dispatchEvent(new Event('pagehide'))")
    expect(value).to_have_text("100****5678")
    # 422 is what the browser complains of; everything else would be ours.
    assert [line for line in handler.noise if "422" not in line] == []
