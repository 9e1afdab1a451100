"""Products: who may offer them, what the law lets them be, and what stands once loans were made."""

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.loans.services.lending import LimitExceeded
from backoffice.loans.services.offers import ConventionsFixed, FeeTerms
from backoffice.staff.models import User
from backoffice.staff.roles import PERSON_ROLES, Role
from tests.factories.loans import NOW, a_fee, a_loan, a_product
from tests.factories.staff import person
from tests.house.records.cases_loans_offers import SERVICE_FEE, new_product

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


def make(**facts: Any) -> LoanProduct:
    given = new_product()
    given["fees"] = facts.pop("fees", given["fees"])
    given["at"] = facts.pop("at", NOW)
    for name, value in facts.items():
        setattr(given["product"], name, value)
    with entering(EntryPoint.ADMIN):
        return services.create_product(**given)


def change(product: LoanProduct, *, fees: Any = (), by: User, at: Any = NOW, **facts: Any) -> LoanProduct:
    edited = LoanProduct.objects.get(pk=product.pk)
    for name, value in facts.items():
        setattr(edited, name, value)
    with entering(EntryPoint.ADMIN):
        return services.change_product(product=edited, fees=list(fees), by=by, at=at)


@pytest.mark.parametrize("role", [role for role in PERSON_ROLES if role != Role.LOAN_OFFICER])
def test_only_loan_officers_offer_products(role: Role) -> None:
    somebody, product = person(role), a_product()
    with pytest.raises(NotPermitted):
        services.create_product(**{**new_product(), "by": somebody})
    with pytest.raises(NotPermitted):
        change(product, by=somebody, name="x")
    assert not LoanProduct.objects.filter(code="NEW").exists()


def test_a_product_with_its_fees() -> None:
    product = make()
    fee = product.fees.get()
    assert (fee.sequence, fee.label, fee.value) == (1, "服务费", Decimal("5.000000"))
    assert fee.history.count() == product.history.count() == 1


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"annual_rate": Decimal("0.2401"), "fees": []}, "annual_rate"),
        ({"annual_rate": Decimal("0.23")}, "annual_rate"),
        ({"default_multiple": Decimal("1.29")}, "default_multiple"),
        ({"default_multiple": Decimal("1.51")}, "default_multiple"),
        ({"minimum_amount": Decimal("9.99")}, "minimum_amount"),
        ({"maximum_amount": Decimal("200000.01")}, "maximum_amount"),
        ({"minimum_amount": Decimal(5), "fees": []}, "minimum_amount"),
        ({"grace_principal": 12}, "term_months"),
        ({"method": "balloon"}, "method"),
        ({"code": ""}, "code"),
        ({"order_due": "interest"}, "order_due"),
        ({"daily_interest": True}, None),
        ({"fees": [FeeTerms("service", "x", "", "amount", "first", Decimal(5))]}, "fees"),
        ({"fees": [FeeTerms("service", "x", "y", "principal", "first", Decimal(3))]}, "fees"),
        ({"fees": [FeeTerms("service", "x", "y", "actual", "first")]}, "fees"),
        ({"fees": [FeeTerms("enforcing", "x", "y", "amount", "first", Decimal(5))]}, "fees"),
        ({"fees": [FeeTerms("service", "x", "y", "amount", "upfront", Decimal(5000))]}, "principal"),
    ],
    ids=str,
)
def test_what_is_no_product_or_above_the_law_is_refused(wrong: dict[str, Any], field: str | None) -> None:
    with pytest.raises(InputRefused) as refused:
        make(**wrong)
    assert refused.value.field == field
    assert not LoanProduct.objects.exists()
    assert not ProductFee.objects.exists()


def test_the_dearest_loan_decides() -> None:
    """Five yuan on 500 cost 12 % a year over a month, on 5,000 1.2 %."""
    with pytest.raises(LimitExceeded) as refused:
        make(minimum_amount=Decimal(500))
    assert "500.00" in str(refused.value.message)
    assert make().pk


def test_the_cap_is_that_of_the_day() -> None:
    dear = {"annual_rate": Decimal("0.36"), "fees": []}
    assert make(at=start_of_day(date(2025, 11, 30)), **dear).pk
    with pytest.raises(LimitExceeded):
        make(code="AGAIN", at=start_of_day(date(2025, 12, 1)), **dear)
    assert make(code="OFF", active=False, **dear).pk, "what is not offered need not be within the limits"
    four = {"annual_rate": Decimal("0.13"), "fees": []}
    assert make(code="2027", at=start_of_day(date(2027, 12, 31)), **four).pk
    with pytest.raises(LimitExceeded):
        make(code="2028", at=start_of_day(date(2028, 1, 1)), **four)


def test_fees_are_changed_added_and_taken_away(officer: User) -> None:
    product = a_product(minimum_amount=Decimal(5000))
    a_fee(product)
    a_fee(product)
    change(product, by=officer, fees=[SERVICE_FEE])
    assert [(one.sequence, one.kind) for one in product.fees.all()] == [(1, "service")]
    change(product, by=officer, fees=[SERVICE_FEE])
    assert ProductFee.history.filter(id=product.fees.get().pk, history_type="~").count() == 1, (
        "nothing new, no row"
    )
    change(product, by=officer, fees=[SERVICE_FEE, SERVICE_FEE])
    assert product.fees.count() == 2


def test_conventions_stand_once_a_loan_was_made(officer: User) -> None:
    product = a_product()
    fee = a_fee(product)
    a_loan(product=product)
    same = [FeeTerms(fee.kind, fee.label, fee.payee, fee.basis, fee.timing, fee.value)]
    changed = {
        "method": "bullet",
        "day_count": "30/360",
        "rounding": "half_even",
        "grace_principal": 1,
        "surplus": "credit",
        "order_due": "principal,cost,penalty,fee,interest",
    }
    for name, value in changed.items():
        with pytest.raises(ConventionsFixed) as refused:
            change(product, by=officer, fees=same, **{name: value})
        assert refused.value.field == name
    for fees in ([], [*same, SERVICE_FEE], [SERVICE_FEE]):
        with pytest.raises(ConventionsFixed) as refused:
            change(product, by=officer, fees=fees)
        assert refused.value.field == "fees"
    after = change(product, by=officer, fees=same, annual_rate=Decimal("0.1"), active=False)
    after.refresh_from_db()
    assert (after.annual_rate, after.active) == (Decimal("0.1"), False)


def test_a_product_of_more_instalments_than_a_loan_may_have_is_refused(client: Client, officer: User) -> None:
    """Thirty years of daily instalments took half a minute to price."""
    product = a_product(period_unit="day", term_months=360)
    with pytest.raises(InputRefused) as refused:
        change(product, by=officer)
    assert refused.value.field == "term_months"
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    assert "10950" in client.post(url, form_of(product, preview="1")).context["sample_error"]
    long = form_of(a_product(), preview="1", sample_periods="601")
    assert "601" in client.post(url, long).context["sample_error"]
    with pytest.raises(InputRefused) as refused:
        a_loan(product=product, periods=601)
    assert refused.value.field == "periods"
    # One instalment after many days is one.
    change(a_product(period_unit="day", term_months=24, method="bullet"), by=officer)
    change(product, by=officer, active=False)


def form_of(product: LoanProduct, **changed: Any) -> dict[str, Any]:
    """What the browser would send of a product, with two empty rows of fees."""
    from backoffice.loans.admin.product import ProductForm

    form = ProductForm(instance=product)
    values = {name: form[name].value() for name in form.fields}
    data = {name: value for name, value in values.items() if value is not None and value is not False}
    for name in ("order_past_due", "order_due", "order_in_advance"):
        data |= {f"{name}_{place}": part for place, part in enumerate(data.pop(name).split(","))}
    return {
        **{name: "on" if value is True else value for name, value in data.items()},
        "drawn_from": form.drawn_from,
        "fees": "2",
        "sample_principal": "12000",
        "sample_periods": "12",
        "sample_on": "2026-11-23",
        **changed,
    }


FEE = {
    "fee0-kind": "guarantee",
    "fee0-label": "担保费",
    "fee0-payee": "某担保公司",
    "fee0-basis": "principal",
    "fee0-timing": "period",
    "fee0-value": "0.2",
}


def test_the_editor_shows_a_sample_and_writes_nothing_before_it_is_saved(
    client: Client, officer: User
) -> None:
    product = a_product(annual_rate=Decimal("0.12"))
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    text = client.get(url).content.decode()
    assert "12.00%" in text
    assert "888.49" in text, "the instalment of 10,000 over a year"
    preview = client.post(url, form_of(product, preview="1", **FEE))
    text = preview.content.decode()
    assert preview.status_code == 200
    assert "某担保公司" in text
    assert "16.2" in text
    product.refresh_from_db()
    assert (product.fees.count(), product.history.count()) == (0, 1)
    assert client.post(url, form_of(product, **FEE)).status_code == 302
    assert product.fees.get().payee == "某担保公司"


def test_the_editor_says_what_is_wrong_where_it_is(client: Client, officer: User) -> None:
    product = a_product()
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    dear = client.post(url, form_of(product, annual_rate="24.01"))
    assert dear.status_code == 422
    assert dear.context["form"].errors.keys() == {"annual_rate"}
    preview = client.post(url, form_of(product, annual_rate="24.01", preview="1"))
    assert preview.context["worst_refused"]
    for wrong in ({"annual_rate": "viel"}, {"fee0-kind": "service"}, {"order_due_0": "principal"}):
        assert client.post(url, form_of(product, **wrong)).status_code == 422
        assert "sample_error" in client.post(url, form_of(product, preview="1", **wrong)).context
    assert "sample_error" in client.post(url, form_of(product, preview="1", sample_periods="99999")).context
    assert "sample_error" in client.post(url, form_of(product, preview="1", grace_principal="12")).context
    product.refresh_from_db()
    assert product.annual_rate == Decimal("0.146")


def test_the_order_of_payment_is_chosen_in_words(client: Client, officer: User) -> None:
    product = a_product()
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    shown = client.get(url).content.decode()
    assert shown.count('aria-label="第一"') == 3
    twice = client.post(url, form_of(product, order_past_due_0="principal"))
    assert list(twice.context["form"].errors) == ["order_past_due"]
    turned = form_of(product, order_past_due_0="principal", order_past_due_4="cost", once="turned")
    assert client.post(url, turned).status_code == 302
    product.refresh_from_db()
    assert product.order_past_due == "principal,penalty,fee,interest,cost"
    assert product.order_due == "cost,penalty,fee,interest,principal"


def test_a_new_product_in_the_browser(client: Client, officer: User) -> None:
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loanproduct_add")
    assert client.get(url).status_code == 200
    model = a_product()
    data = form_of(model, code="BROWSER", name="新品", once="token-1", **FEE)
    assert client.post(url, data).status_code == 302
    assert client.post(url, data).status_code == 302, "a second click does nothing"
    made = LoanProduct.objects.get(code="BROWSER")
    assert made.fees.count() == 1
    assert client.post(url, {**data, "once": "token-2"}).status_code == 422, "a code is taken once"


def test_with_loans_the_conventions_are_shown_and_stay(client: Client, officer: User) -> None:
    product = a_product()
    a_fee(product)
    a_loan(product=product)
    client.force_login(officer, backend=BACKEND)
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    page = client.get(url)
    assert page.context["form"].fields["method"].disabled
    assert client.post(url, form_of(product, method="bullet", fees="1", name="另名")).status_code == 302
    product.refresh_from_db()
    assert (product.method, product.name, product.fees.count()) == ("equal_instalment", "另名", 1)


def test_who_may_only_look_sees_the_page(client: Client) -> None:
    product = a_product()
    client.force_login(person(Role.AUDITOR), backend=BACKEND)
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    assert client.get(url).status_code == 200
    assert client.post(url, form_of(product)).status_code in {403, 405}
    assert client.get(reverse("admin:loans_loanproduct_add")).status_code == 403


def test_a_loan_is_not_made_under_conventions_that_have_just_changed(officer: User) -> None:
    stale = a_product()
    change(stale, by=officer, method="bullet")
    with pytest.raises(InputRefused) as refused:
        a_loan(product=stale)
    assert refused.value.field == "product"
    assert not stale.loans.exists()
    stale.refresh_from_db()
    assert a_loan(product=stale).method == "bullet"


def test_a_term_within_the_grace_is_refused_in_words() -> None:
    product = a_product(grace_principal=3)
    with pytest.raises(InputRefused) as refused:
        a_loan(product=product, periods=3)
    assert refused.value.field == "periods"
    assert a_loan(product=product, periods=4).pk
