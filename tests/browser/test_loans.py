"""A loan officer's work on a loan, in Chinese: a deferral for two, a payment taken back, a quote handed out."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone

from backoffice.core.time import business_day
from backoffice.loans.models import Loan, Repayment, ScheduleChange
from backoffice.staff.roles import Role
from tests.browser.conftest import Person
from tests.factories.loans import a_loan, a_repayment
from tests.factories.staff import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def a_loan_of(days: int) -> Loan:
    """Paid out so many days ago."""
    now = timezone.now()
    return a_loan(disbursed_on=business_day(now) - timedelta(days=days), at=now)


def page_of(loan: Loan) -> str:
    return f"/admin/loans/loan/{loan.pk}/change/"


def test_a_deferral_is_proposed_by_one_and_applied_by_another(sign_in: Callable[..., Person]) -> None:
    loan = a_loan_of(80)
    first, second = (sign_in(person(Role.LOAN_OFFICER)) for _number in range(2))
    first.goto(page_of(loan))
    assert "逾期" in first.page.locator(".page-head").inner_text()
    first.press("deferral")
    first.fill(periods="3", reason="暂时失业，已核实收入证明")
    with first.page.expect_navigation():
        first.page.get_by_role("button", name="试算变更结果").click()
    # Both schedules beside each other, and it says that it makes the loan a watched one.
    assert first.page.locator(".beside table").count() == 2
    assert "本次变更属于重组" in first.page.locator("#content").inner_text()
    first.assert_accessible()
    first.shot("deferral")
    with first.page.expect_navigation():
        first.page.get_by_role("button", name="按所示结果提出申请").click()
    change = ScheduleChange.objects.get()
    assert change.state == "proposed"
    assert "已提出" in first.page.locator("#content").inner_text()

    second.goto(f"/admin/loans/schedulechange/{change.pk}/change/")
    assert second.page.locator(".beside table").count() == 2
    second.assert_accessible()
    second.press("apply")
    second.fill(reason="同意展期")
    second.confirm()
    loan.refresh_from_db()
    assert (loan.schedule_version, loan.oldest_unpaid_due_on) == (2, None)
    second.goto(page_of(loan))
    head = second.page.locator(".page-head").inner_text()
    assert "未逾期" in head
    assert "观察期至" in second.page.locator("#content").inner_text()
    first.assert_quiet()
    second.assert_quiet()


def test_a_payment_is_taken_back(sign_in: Callable[..., Person]) -> None:
    loan = a_loan_of(80)
    paid = a_repayment(
        loan, "1500.00", on=business_day(timezone.now()) - timedelta(days=2), at=timezone.now()
    )
    officer = sign_in(person(Role.LOAN_OFFICER))
    officer.goto(page_of(loan))
    officer.press("reverse_repayment")
    officer.fill(repayment=str(paid.pk), reason="扣款被银行退回")
    officer.confirm()
    assert Repayment.objects.get(reverses=paid).amount == paid.amount
    assert "还款已冲正" in officer.page.locator("#content").inner_text()
    officer.assert_accessible()
    officer.assert_quiet()


@pytest.mark.parametrize(("width", "dark"), [(1440, False), (400, True)])
def test_a_quote_is_shown_and_fetched(sign_in: Callable[..., Person], width: int, dark: bool) -> None:
    loan = a_loan_of(20)
    officer = sign_in(person(Role.LOAN_OFFICER), width=width, dark=dark)
    officer.goto(page_of(loan))
    with officer.page.expect_navigation():
        officer.page.get_by_role("link", name="结清试算").click()
    amount = officer.page.locator(".quote-total").inner_text()
    assert amount.endswith("元")
    tomorrow = business_day(timezone.now()) + timedelta(days=1)
    officer.page.fill("input[name=on]", tomorrow.isoformat())
    with officer.page.expect_navigation():
        officer.page.get_by_role("button", name="查看").click()
    assert officer.page.locator(".quote-total").inner_text() != amount
    officer.assert_accessible()
    overflow = officer.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 1
    with officer.page.expect_download() as fetched:
        officer.page.get_by_role("link", name="下载试算单").click()
    assert fetched.value.suggested_filename == f"{loan.number}-{tomorrow.isoformat()}.pdf"
    assert fetched.value.path().read_bytes().startswith(b"%PDF-")
    officer.shot(f"quote-{width}")
    officer.assert_quiet()


@pytest.mark.parametrize(("width", "dark"), [(800, False), (400, True)])
def test_both_schedules_read_well_on_a_narrow_screen(
    sign_in: Callable[..., Person], width: int, dark: bool
) -> None:
    loan = a_loan_of(80)
    officer = sign_in(person(Role.LOAN_OFFICER), width=width, dark=dark)
    officer.goto(f"/admin/loans/loan/{loan.pk}/transition/extra_instalments/")
    officer.fill(extra="6", reason="收入减少")
    with officer.page.expect_navigation():
        officer.page.get_by_role("button", name="试算变更结果").click()
    officer.assert_accessible()
    overflow = officer.page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert overflow <= 1, "the page itself must not scroll sideways"
    officer.shot(f"extra-{width}")
    officer.assert_quiet()
