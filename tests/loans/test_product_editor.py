"""The product editor: two who edit at once, rates in per cent, fees that are not lost, slips of the finger."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.loans import services
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.complaints.test_concurrency import at_once
from tests.factories.loans import NOW, a_fee, a_loan, a_product
from tests.factories.staff import person
from tests.house.records.cases_loans_offers import new_product
from tests.loans.test_offers import FEE, form_of

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def signed_in(user: User | None = None) -> Client:
    client = Client()
    client.cookies["django_language"] = "en"
    client.force_login(user or person(Role.LOAN_OFFICER), backend=BACKEND)
    return client


def url_of(product: LoanProduct) -> str:
    return reverse("admin:loans_loanproduct_change", args=(product.pk,))


def fee_fields(number: int, fee: ProductFee, value: str) -> dict[str, Any]:
    names = ("kind", "label", "payee", "basis", "timing")
    return {**{f"fee{number}-{name}": getattr(fee, name) for name in names}, f"fee{number}-value": value}


def test_a_price_that_was_just_saved_is_not_undone_by_a_new_name() -> None:
    product = a_product(annual_rate=Decimal("0.2"))
    one, two = signed_in(), signed_in()
    first, second = form_of(product, annual_rate="10"), form_of(product, name="新名")
    assert f'name="drawn_from" value="{second["drawn_from"]}"' in two.get(url_of(product)).content.decode()
    assert one.post(url_of(product), first).status_code == 302
    refused = two.post(url_of(product), second)
    product.refresh_from_db()
    assert (product.annual_rate, product.name != "新名") == (Decimal("0.1"), True)
    assert refused.status_code == 422
    form = refused.context["form"]
    assert form.errors.keys() == {"__all__", "annual_rate"}
    assert "10.00%" in form.errors["annual_rate"][0]
    assert (form["annual_rate"].value(), form["name"].value()) == (Decimal(10), "新名")
    assert 'value="10"' in str(form["annual_rate"])
    again = {**second, "annual_rate": "10", "drawn_from": form.drawn_from}
    assert two.post(url_of(product), again).status_code == 302
    product.refresh_from_db()
    assert (product.annual_rate, product.name) == (Decimal("0.1"), "新名")


def test_a_fee_that_was_just_added_is_not_taken_away() -> None:
    product = a_product(annual_rate=Decimal("0.12"), minimum_amount=Decimal(5000))
    one, two = signed_in(), signed_in()
    second = form_of(product, name="新名")
    assert one.post(url_of(product), form_of(product, **FEE)).status_code == 302
    refused = two.post(url_of(product), second)
    assert refused.status_code == 422
    assert product.fees.count() == 1
    row = refused.context["editor"].fees[0]
    assert (row["kind"].value(), row["value"].value()) == ("guarantee", Decimal("0.2"))
    assert "payee" in row.errors
    # Typed in the same row by the other one.
    typed = {**second, "fee0-kind": "service", "fee0-label": "服务费", "fee0-payee": "某担保公司"}
    typed |= {"fee0-basis": "amount", "fee0-timing": "upfront", "fee0-value": "5"}
    row = two.post(url_of(product), typed).context["editor"].fees[0]
    assert row.errors.keys() == {"kind", "label", "basis", "timing", "value"}
    assert row["label"].value() == "服务费"


def test_a_preview_says_nothing_and_stays_as_old_as_its_page() -> None:
    product = a_product()
    page = form_of(product)
    assert signed_in().post(url_of(product), form_of(product, annual_rate="10")).status_code == 302
    preview = signed_in().post(url_of(product), {**page, "preview": "1"})
    assert preview.status_code == 200
    assert preview.context["form"].drawn_from == page["drawn_from"]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_of_two_who_save_at_once_one_is_refused() -> None:
    product = a_product(annual_rate=Decimal("0.2"))
    clients = [signed_in(), signed_in()]
    pages = [form_of(product, annual_rate="10"), form_of(product, name="新名")]
    answers = at_once(2, lambda place: clients[place].post(url_of(product), pages[place]).status_code)
    assert sorted(answers) == [302, 422]
    product.refresh_from_db()
    assert (product.annual_rate == Decimal("0.1")) != (product.name == "新名")


def test_rates_are_typed_in_per_cent_and_kept_as_fractions() -> None:
    product = a_product(annual_rate=Decimal("0.2"))
    client = signed_in()
    page = client.get(url_of(product))
    assert 'value="20"' in str(page.context["form"]["annual_rate"])
    preview = client.post(url_of(product), form_of(product, annual_rate="14.6", preview="1"))
    assert preview.context["table_nominal"] == "14.60%"
    assert client.post(url_of(product), form_of(product, annual_rate="14.6")).status_code == 302
    product.refresh_from_db()
    assert product.annual_rate == Decimal("0.146")
    assert "14.60%" in client.get(reverse("admin:loans_loanproduct_changelist")).content.decode()
    last = product.history.latest()
    assert (last.annual_rate, last.prev_record.annual_rate) == (Decimal("0.146"), Decimal("0.2"))
    for wrong in ("-0.1", "100.5", "14.61234", "x"):
        refused = client.post(url_of(product), form_of(product, annual_rate=wrong))
        assert refused.context["form"].errors.keys() == {"annual_rate"}, wrong


def test_shares_are_typed_in_per_cent_and_kept_as_fractions() -> None:
    product = a_product(annual_rate=Decimal("0.12"))
    client = signed_in()
    assert client.post(url_of(product), form_of(product, **FEE)).status_code == 302
    assert product.fees.get().value == Decimal("0.002")
    page = client.get(url_of(product))
    assert page.context["editor"].fees[0]["value"].value() == Decimal("0.2")
    for wrong in ("100", "0.00001", "", "0"):
        refused = client.post(url_of(product), form_of(product, **{**FEE, "fee0-value": wrong}))
        assert refused.context["editor"].fees[0].errors.keys() == {"value"}, wrong


def test_a_fee_without_its_kind_is_refused_and_not_dropped() -> None:
    product = a_product()
    client = signed_in()
    for part in ({"fee0-label": "服务费", "fee0-value": "5"}, {"fee1-payee": "某公司"}, {"fee0-value": "0"}):
        refused = client.post(url_of(product), form_of(product, **part))
        assert refused.status_code == 422, part
        assert [sorted(one.errors) for one in refused.context["editor"].fees if one.errors] == [["kind"]]
    fee = a_fee(product)
    emptied = form_of(product, fees="1", **{**fee_fields(0, fee, "0.2"), "fee0-kind": ""})
    assert client.post(url_of(product), emptied).status_code == 302
    assert product.fees.count() == 0, "emptying the kind of a stored one takes it away"


@pytest.mark.parametrize("code", ["测试 空格", "A B", "A/B", "Ａ１", "A\n"])
def test_a_code_is_one_that_files_and_addresses_can_carry(code: str) -> None:
    product = new_product()["product"]
    product.code = code
    with entering(EntryPoint.ADMIN), pytest.raises(InputRefused) as refused:
        services.create_product(**{**new_product(), "product": product})
    assert refused.value.field == "code"


def test_what_was_stored_before_the_rules_may_stay() -> None:
    product = a_product(code="旧 代码", term_months=240)
    product.name = "新名"
    with entering(EntryPoint.ADMIN):
        services.change_product(product=product, fees=[], by=person(Role.LOAN_OFFICER), at=NOW)
    product.refresh_from_db()
    assert product.name == "新名"
    product.term_months = 600
    with entering(EntryPoint.ADMIN), pytest.raises(InputRefused) as refused:
        services.change_product(product=product, fees=[], by=person(Role.LOAN_OFFICER), at=NOW)
    assert refused.value.field == "term_months"


def test_a_sample_outside_the_limits_says_so() -> None:
    product = a_product(minimum_amount=Decimal(1000), maximum_amount=Decimal(50000), term_months=12)
    client = signed_in()
    outside = ({"sample_principal": "999"}, {"sample_principal": "50000.01"}, {"sample_periods": "13"})
    for asked in outside:
        assert client.post(url_of(product), form_of(product, preview="1", **asked)).context["sample_outside"]
    assert not client.post(url_of(product), form_of(product, preview="1")).context["sample_outside"]


def test_what_is_locked_looks_locked_and_says_why() -> None:
    product = a_product()
    a_fee(product)
    client = signed_in()
    assert "product-locked" not in client.get(url_of(product)).content.decode()
    a_loan(product=product)
    assert client.get(url_of(product)).content.decode().count("product-locked") == 3
