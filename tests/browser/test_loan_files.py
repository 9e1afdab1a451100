"""A loan officer takes in a small file and takes a list along, in a browser, with the console quiet."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from backoffice.loans.models import Repayment
from backoffice.staff.roles import Role
from tests.browser.conftest import Person
from tests.factories.loans import a_loan
from tests.factories.staff import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

FILE = "\n".join(
    [
        "借据号,流水号,入账时间,还款金额,还款方式",
        "L1,A1,2026-11-02 09:00:00,500.00,APP还款",
        "L1,A2,2026-11-02 09:00:00,1.001,APP还款",
        "",
    ]
)


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (390, True)])
def test_a_file_is_tried_confirmed_and_told(
    sign_in: Callable[..., Person], tmp_path: Path, width: int, dark: bool
) -> None:
    a_loan(number="L1", disbursed_on=date(2026, 10, 1))
    path = tmp_path / "还款.csv"
    path.write_bytes(FILE.encode("gb18030"))
    window = sign_in(person(Role.LOAN_OFFICER), width=width, dark=dark)
    window.goto("/admin/loans/repayment/")
    with window.page.expect_navigation():
        window.page.locator(".files-bar a").first.click()
    window.assert_accessible()
    window.page.set_input_files("input[name=file]", path)
    window.confirm()
    shown = window.page.locator("#content").inner_text()
    assert "amount-too-exact" in shown
    assert "500.00" in shown
    assert not Repayment.objects.exists()
    window.assert_accessible()
    overflow = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert window.page.evaluate(overflow) <= 1, "the page itself must not scroll sideways"
    window.confirm()
    assert "/import/" in window.page.url
    assert Repayment.objects.get().external_id == "A1"
    window.assert_accessible()
    window.assert_quiet()


def test_a_list_is_taken_along(sign_in: Callable[..., Person]) -> None:
    a_loan(number="L1", disbursed_on=date(2026, 3, 1))
    window = sign_in(person(Role.LOAN_OFFICER))
    window.goto("/admin/loans/loan/?overdue=yes")
    with window.page.expect_navigation():
        window.page.locator(".files-bar a").last.click()
    assert "overdue=yes" in window.page.url
    window.assert_accessible()
    window.fill(form="csv", purpose="audit")
    with window.page.expect_download() as download:
        window.page.locator("form.desk-form button[type=submit]").click()
    text = Path(download.value.path()).read_text(encoding="utf-8-sig")
    assert text.count("\n") == 2
    assert "L1" in text
    window.assert_quiet()
