"""A loan with an agreed first due date: schedule, what settles it, what it costs, how it comes into the book."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any, get_args

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.core.money import ZERO
from backoffice.loans.account import Facts, PlanRow, Version, derive, payoff
from backoffice.loans.changes import RateCut, plan
from backoffice.loans.cost import quoted
from backoffice.loans.cost_tables import cost_table
from backoffice.loans.importing import LoanRow
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan, LoanProduct
from backoffice.loans.schedule import DayCount, Method, OddDays, build_schedule, step
from backoffice.loans.selectors import loan_for_page
from backoffice.loans.services import import_loans
from backoffice.loans.services.lending import LimitExceeded
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_borrower, a_creditor, a_loan, a_product, job
from tests.factories.staff import person
from tests.loans.test_offers import form_of

pytestmark = pytest.mark.django_db
BACKEND = "django.contrib.auth.backends.ModelBackend"


def facts_of(terms: dict[str, Any], *, daily_interest: bool = False) -> Facts:
    """A loan without payments."""
    rows = tuple(
        PlanRow(row.sequence, row.due_on, row.principal, row.interest, carried=row.odd)
        for row in build_schedule(**terms)
    )
    version = Version(1, terms["disbursed_on"], rows, terms["annual_rate"], Decimal(0))
    names = ("principal", "disbursed_on", "method", "day_count", "period_unit", "every", "month_end")
    return Facts(
        **{name: terms[name] for name in names},
        first_due_on=terms["first_due_on"],
        rounding="half_up",
        versions=(version,),
        daily_interest=daily_interest,
    )


TERMS = st.fixed_dictionaries(
    {
        "principal": st.decimals(min_value=100, max_value=200_000, places=2),
        "annual_rate": st.decimals(min_value="0.01", max_value="0.24", places=4),
        "periods": st.integers(1, 8),
        "method": st.sampled_from(get_args(Method)),
        "day_count": st.sampled_from(get_args(DayCount)),
        "period_unit": st.sampled_from(["month", "week"]),
        "every": st.integers(1, 3),
        "month_end": st.just(False),
        "odd_days": st.sampled_from(get_args(OddDays)),
        "disbursed_on": st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    }
)


@settings(max_examples=300, deadline=None)
@given(
    terms=TERMS, wait=st.integers(1, 120), when=st.floats(0, 1), grace=st.integers(0, 7), daily=st.booleans()
)
def test_what_settles_the_loan_grows_day_by_day(
    terms: dict[str, Any], wait: int, when: float, grace: int, daily: bool
) -> None:
    start, periods = terms["disbursed_on"], terms["periods"]
    latest = step(start, 2, period_unit=terms["period_unit"], every=terms["every"])
    terms["first_due_on"] = min(start + timedelta(days=wait), latest)
    terms["grace_interest"] = grace % periods
    daily = daily and terms["day_count"] != "equal" and terms["odd_days"] == "first"
    facts = facts_of(terms, daily_interest=daily)
    rows = facts.versions[0].rows
    last = rows[-1].due_on
    day = start + timedelta(days=1 + int(when * ((last - start).days - 1)))
    cents = Decimal("0.01") * (2 * periods + 2)
    # A day of equal periods or of months of thirty days weighs most in a short period.
    a_day = (
        terms["principal"] * terms["annual_rate"] / 12 / 27 * (1 + int(terms["day_count"] == "30/360") * 3)
    )
    for one in {day, terms["first_due_on"], last}:
        before, after = (payoff(facts, on=one - timedelta(days=back))["interest"] for back in (1, 0))
        assert -cents <= after - before <= a_day + cents, one
    assert sum(row.principal for row in rows) == terms["principal"]
    if not daily:
        assert payoff(facts, on=last)["interest"] == sum(row.interest for row in rows)
        assert derive(facts, on=last).owed("interest") == payoff(facts, on=last)["interest"]


@pytest.mark.parametrize("odd_days", get_args(OddDays))
@pytest.mark.parametrize("day_count", get_args(DayCount))
@pytest.mark.parametrize("first_due_on", [date(2026, 3, 5), date(2026, 2, 5)])
@pytest.mark.parametrize("method", ["equal_principal", "bullet"])
def test_a_change_makes_no_interest_of_odd_days_and_loses_none(
    method: Method, first_due_on: date, day_count: DayCount, odd_days: OddDays
) -> None:
    facts = facts_of(
        {
            "principal": Decimal(12_000),
            "annual_rate": Decimal("0.12"),
            "periods": 6,
            "method": method,
            "day_count": day_count,
            "period_unit": "month",
            "every": 1,
            "month_end": False,
            "odd_days": odd_days,
            "disbursed_on": date(2026, 1, 20),
            "first_due_on": first_due_on,
        }
    )
    before = sum((row.interest for row in facts.versions[0].rows), ZERO)
    for days in (3, 10, 20, 40, 60):
        changed = plan(facts, RateCut(Decimal("0.119999")), on=date(2026, 1, 20) + timedelta(days=days))
        assert changed.version is not None
        after = sum((row.interest for row in changed.version.rows), ZERO)
        assert abs(after - before) <= Decimal("0.08"), days


def fixed_day(**facts: Any) -> LoanProduct:
    return a_product(day_count="ACT/365", annual_rate=Decimal("0.145"), **facts)


def test_a_loan_with_a_fixed_day_of_repayment_from_one_end_to_the_other() -> None:
    # V25, a thousand yuan for a hundred thousand: two odd days before a regular month.
    product = fixed_day()
    loan = a_loan(
        product=product,
        principal=Decimal("100000.00"),
        disbursed_on=date(2026, 4, 3),
        first_due_on=date(2026, 5, 5),
    )
    loan = Loan.objects.get(pk=loan.pk)
    rows = list(loan.instalments.order_by("sequence"))
    assert (rows[0].interest_due, rows[0].due_on, rows[1].due_on) == (
        Decimal("1271.23"),
        date(2026, 5, 5),
        date(2026, 6, 5),
    )
    assert (loan.first_due_on, loan.matures_on) == (date(2026, 5, 5), date(2027, 4, 5))
    # ACT/365 without fees costs its rate, odd days or not; and the table tells the interest that is in the schedule.
    table = cost_table(loan)
    assert table.nominal == Decimal("0.1450")
    assert table.total == sum(row.interest_due for row in rows)
    facts = ledger_of(loan).facts()
    assert payoff(facts, on=date(2026, 4, 5))["interest"] == Decimal("79.45")
    assert payoff(facts, on=date(2026, 5, 5))["interest"] == Decimal("1271.23")
    whole = payoff(facts, on=date(2026, 4, 4), to_period_end=True)["interest"]
    assert whole == Decimal("1271.23"), "the odd days are of the first period"


def test_odd_interest_that_is_spread_is_owed_on_settling_early() -> None:
    loan = a_loan(
        product=fixed_day(odd_days="spread"),
        principal=Decimal("100000.00"),
        disbursed_on=date(2026, 4, 3),
        first_due_on=date(2026, 5, 5),
    )
    rows = list(Loan.objects.get(pk=loan.pk).instalments.order_by("sequence"))
    assert (rows[0].interest_due, rows[0].interest_carried) == (Decimal("1198.40"), Decimal("6.62"))
    facts = ledger_of(loan).facts()
    assert payoff(facts, on=date(2026, 4, 4))["interest"] == Decimal("39.73")  # half of 79.46
    spread = sum(row.interest_carried for row in rows)
    assert payoff(facts, on=date(2026, 4, 5))["interest"] == spread
    assert payoff(facts, on=date(2026, 5, 5))["interest"] == Decimal("1191.78") + spread


def test_equal_periods_with_an_odd_one_cost_by_days() -> None:
    product = a_product(annual_rate=Decimal("0.24"))
    dates = {"disbursed_on": date(2026, 1, 20), "first_due_on": date(2026, 3, 5)}
    with pytest.raises(LimitExceeded):
        a_loan(product=product, **dates)
    loan = a_loan(product=product, annual_rate=Decimal("0.23"), **dates)
    assert loan.cost_convention == "days"
    assert loan.cost_nominal is not None
    assert Decimal("0.23") < loan.cost_nominal <= Decimal("0.24")
    table = cost_table(Loan.objects.get(pk=loan.pk))
    assert table.nominal == quoted(loan.cost_nominal)


@pytest.mark.parametrize("first_due_on", [date(2026, 4, 3), date(2026, 4, 2), date(2026, 6, 4)])
def test_a_first_due_date_that_no_first_period_leads_to_is_refused(first_due_on: date) -> None:
    with pytest.raises(InputRefused) as refused:
        a_loan(disbursed_on=date(2026, 4, 3), first_due_on=first_due_on)
    assert refused.value.field == "first_due_on"


def test_a_product_due_on_month_ends_is_so_the_first_time_too() -> None:
    product = a_product(month_end=True)
    with pytest.raises(InputRefused):
        a_loan(product=product, disbursed_on=date(2026, 4, 3), first_due_on=date(2026, 5, 30))
    loan = a_loan(product=product, disbursed_on=date(2026, 4, 3), first_due_on=date(2026, 4, 30))
    dues = loan.instalments.order_by("sequence").values_list("due_on", flat=True)
    assert list(dues[:2]) == [date(2026, 4, 30), date(2026, 5, 31)]


def test_no_interest_is_taken_off_the_money_paid_out() -> None:
    product = a_product()
    for wrong in ({"odd_days": "upfront"}, {"odd_days": "spread", "daily_interest": True}):
        with transaction.atomic(), pytest.raises(IntegrityError):
            LoanProduct.objects.filter(pk=product.pk).update(day_count="ACT/365", **wrong)
    product.odd_days, product.daily_interest, product.day_count = "spread", True, "ACT/365"
    with pytest.raises(ValidationError):
        product.full_clean()


# --- imports -----------------------------------------------------------------------------------------------


def a_row(product: LoanProduct, **facts: Any) -> LoanRow:
    return LoanRow(
        **{
            "number": "JB-ODD",
            "customer_number": facts.pop("customer_number", None) or a_borrower().customer_number,
            "product_code": product.code,
            "creditor_name": a_creditor().name,
            "principal": Decimal("12000.00"),
            "annual_rate": product.annual_rate,
            "periods": 3,
            "disbursed_on": date(2026, 4, 20),
            **facts,
        }
    )


def take_in(row: LoanRow) -> Any:
    with entering(EntryPoint.COMMAND):
        return import_loans([row], by=job(), at=NOW)


def refused_field(row: LoanRow) -> str | None:
    [(_position, error)] = take_in(row).refused
    return error.field


@pytest.mark.parametrize("method", get_args(Method))
@pytest.mark.parametrize("first_due_on", [None, date(2026, 5, 5), date(2026, 6, 5)])
def test_an_imported_loan_is_known_again_by_its_term(method: Method, first_due_on: date | None) -> None:
    product = a_product(method=method)
    number = a_borrower().customer_number
    facts: dict[str, Any] = {"customer_number": number, "first_due_on": first_due_on}
    assert len(take_in(a_row(product, **facts)).created) == 1
    assert take_in(a_row(product, **facts)).known == [0]
    assert refused_field(a_row(product, **facts, periods=1)) == "periods"
    other = date(2026, 5, 6)
    assert refused_field(a_row(product, **{**facts, "first_due_on": other})) == "first_due_on"
    # What the file does not say is no difference, nor the day that follows from the day of payment.
    assert take_in(a_row(product, **{**facts, "first_due_on": None})).known == [0]
    if first_due_on is None:
        assert take_in(a_row(product, **{**facts, "first_due_on": date(2026, 5, 20)})).known == [0]


def test_an_impossible_first_due_date_is_refused_row_by_row() -> None:
    assert refused_field(a_row(a_product(), first_due_on=date(2026, 4, 19))) == "first_due_on"
    assert refused_field(a_row(a_product(), first_due_on=date(2026, 7, 1))) == "first_due_on"


# --- pages -------------------------------------------------------------------------------------------------


def test_the_product_editor_shows_a_sample_with_its_first_due_date(client: Client) -> None:
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    product = fixed_day()
    url = reverse("admin:loans_loanproduct_change", args=(product.pk,))
    form = form_of(product, preview="1", sample_on="2026-04-03", sample_first_due="2026-05-05")
    page = client.post(url, form)
    assert page.context["sample"].rows[0].due_on == date(2026, 5, 5)
    late = client.post(url, {**form, "sample_first_due": "2026-09-05"})
    assert "sample" not in late.context
    assert late.context["sample_error"]


def test_the_loan_page_and_the_api_tell_the_first_due_date(client: Client) -> None:
    client.force_login(person(Role.LOAN_OFFICER), backend=BACKEND)
    loan = a_loan(disbursed_on=date(2026, 4, 3), first_due_on=date(2026, 5, 5))
    page = client.get(reverse("admin:loans_loan_change", args=(loan.pk,)))
    assert b"2026-05-05" in page.content
    facts = loan_for_page(Loan.objects.get(pk=loan.pk), on=TODAY)
    assert facts.snapshot.instalments[0].due_on == date(2026, 5, 5)
