"""The product editor with its sample, and the cost table of a loan."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from backoffice.loans.models import LoanProduct
from backoffice.staff.roles import Role
from tests.browser.conftest import Person
from tests.factories.loans import a_fee, a_loan, a_product
from tests.factories.staff import person

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
SIDEWAYS = "document.documentElement.scrollWidth - document.documentElement.clientWidth"


def test_the_sample_follows_what_is_typed_and_only_saving_writes(sign_in: Callable[..., Person]) -> None:
    product = a_product(annual_rate=Decimal("0.12"))
    window = sign_in(person(Role.LOAN_OFFICER))
    window.goto(f"/admin/loans/loanproduct/{product.pk}/change/")
    window.assert_accessible()
    sample = window.page.locator("[data-sample]")
    assert "12.00%" in sample.inner_text()
    window.page.fill("[name=annual_rate]", "18")
    window.page.locator(".product-cost", has_text="18.00%").wait_for()
    window.page.fill("[name=annual_rate]", "25")
    window.page.locator("[data-sample] .note-bad").wait_for()
    with window.page.expect_response(lambda answer: answer.request.method == "POST"):
        window.page.fill("[name=annual_rate]", "15")
    assert LoanProduct.objects.get().annual_rate == Decimal("0.12")
    with window.page.expect_navigation():
        window.page.locator("form[data-product] .btn-primary").click()
    assert LoanProduct.objects.get().annual_rate == Decimal("0.15")
    window.assert_quiet()


@pytest.mark.parametrize(("width", "dark"), [(1440, True), (400, False)])
def test_cost_pages_read_well_in_the_dark_and_on_a_narrow_screen(
    sign_in: Callable[..., Person], width: int, dark: bool
) -> None:
    product = a_product(annual_rate=Decimal("0.12"))
    a_fee(product)
    loan = a_loan(product=product)
    window = sign_in(person(Role.LOAN_OFFICER), width=width, dark=dark)
    for address in (f"loan/{loan.pk}/cost/", f"loan/{loan.pk}/change/", f"loanproduct/{product.pk}/change/"):
        window.goto(f"/admin/loans/{address}")
        window.assert_accessible()
        assert window.page.evaluate(SIDEWAYS) <= 1, "the page itself must not scroll sideways"
    window.assert_quiet()
