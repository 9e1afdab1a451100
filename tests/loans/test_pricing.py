"""What a loan may cost: caps by their day, default interest within the law, fees in the schedule and in the cost."""

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.choices import CostStanding
from backoffice.loans.cost import YearlyCost
from backoffice.loans.fees import Fee, price
from backoffice.loans.models import Loan
from backoffice.loans.pricing import CostPolicy, cost_policy
from backoffice.loans.schedule import build_schedule
from backoffice.loans.services.lending import CostTableNotShown, LimitExceeded
from backoffice.loans.shown import CostTableShown
from tests.factories.loans import NOW, TODAY, a_borrower, a_fee, a_loan, a_product, job
from tests.loans.test_imports import loan_row

LONG = {"disbursed_on": date(2026, 3, 1), "matures_on": date(2027, 3, 1)}
CAPS = CostPolicy(cap=Decimal("0.24"), lpr=Decimal("0.03"), lpr_flagged=Decimal("0.12"))


def a_cost(nominal: str, effective: str = "0.9") -> YearlyCost:
    return YearlyCost(Decimal(effective), Decimal(nominal), "periods", {})


@pytest.mark.parametrize(
    ("nominal", "standing"),
    [
        # CN-15 of the shared sheet: 24.01 % refused, 24.00 % allowed and flagged.
        ("0.240100", CostStanding.ABOVE_CAP),
        ("0.240050", CostStanding.ABOVE_CAP),
        ("0.240049", CostStanding.ABOVE_LPR),
        ("0.240000", CostStanding.ABOVE_LPR),
        ("0.120050", CostStanding.ABOVE_LPR),
        ("0.120049", CostStanding.WITHIN),
        ("0", CostStanding.WITHIN),
    ],
)
def test_where_a_cost_stands(nominal: str, standing: CostStanding) -> None:
    assert CAPS.standing(a_cost(nominal), annual_rate=Decimal("0.1"), **LONG) == standing


def test_the_contract_rate_is_held_against_the_cap_too() -> None:
    assert CAPS.standing(a_cost("0.2"), annual_rate=Decimal("0.2401"), **LONG) == CostStanding.ABOVE_CAP


def test_the_cap_in_lprs_spares_short_loans() -> None:
    later = CostPolicy(
        cap=Decimal("0.24"), lpr_flagged=Decimal("0.12"), lpr_cap=Decimal("0.12"), spares_months=1
    )
    dear, start = a_cost("0.1201"), date(2028, 1, 31)
    terms: dict[str, Any] = {"annual_rate": Decimal("0.1"), "disbursed_on": start}
    assert later.standing(dear, matures_on=date(2028, 3, 1), **terms) == CostStanding.ABOVE_CAP
    assert later.standing(dear, matures_on=date(2028, 2, 29), **terms) == CostStanding.ABOVE_LPR
    assert later.standing(a_cost("0.2401"), matures_on=date(2028, 2, 29), **terms) == CostStanding.ABOVE_CAP


def test_the_compound_rate_counts_where_the_policy_says_so() -> None:
    strict = CostPolicy(cap=Decimal("0.24"), compound=True)
    assert (
        strict.standing(a_cost("0.22", "0.2436"), annual_rate=Decimal("0.22"), **LONG)
        == CostStanding.ABOVE_CAP
    )


@given(
    rate=st.integers(0, 360).map(lambda one: Decimal(one) / 1000),
    multiple=st.integers(100, 200).map(lambda one: Decimal(one) / 100),
)
@settings(max_examples=1000, deadline=None)
def test_the_default_rate_is_never_more_than_the_law_allows(rate: Decimal, multiple: Decimal) -> None:
    law = CostPolicy(
        default_least=Decimal("1.3"),
        default_most=Decimal("1.5"),
        court_line=Decimal("0.24"),
        cap=Decimal("0.24"),
    )
    found = law.default_rate(annual_rate=rate, multiple=multiple)
    assert found == min(rate * min(multiple, Decimal("1.5")), Decimal("0.24"))
    assert CostPolicy().default_rate(annual_rate=rate, multiple=multiple) == rate * multiple
    assert law.multiple_allowed(multiple) == (Decimal("1.3") <= multiple <= Decimal("1.5"))


FEES = st.lists(
    st.builds(
        Fee,
        name=st.uuids().map(str),
        basis=st.sampled_from(["amount", "principal", "balance"]),
        timing=st.sampled_from(["upfront", "first", "period", "contingent"]),
        value=st.integers(1, 100).map(lambda one: Decimal(one) / 10_000),
    ),
    max_size=4,
)


@given(
    fees=FEES,
    periods=st.integers(1, 24),
    principal=st.integers(1_000, 20_000_000).map(lambda cents: Decimal(cents) / 100),
    method=st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"]),
)
@settings(max_examples=1000, deadline=None)
def test_every_fee_is_in_the_rows_or_paid_at_once(
    fees: list[Fee], periods: int, principal: Decimal, method: Any
) -> None:
    start = date(2026, 1, 31)
    rows = build_schedule(
        principal=principal,
        annual_rate=Decimal("0.12"),
        periods=periods,
        method=method,
        disbursed_on=start,
    )
    priced = price(rows, principal=principal, disbursed_on=start, fees=fees)
    in_rows = sum(row.fee for row in priced.rows)
    told = sum(yuan for name, paid in priced.items.items() if name != "interest" for _day, yuan in paid)
    assert in_rows + priced.upfront(start) == told
    assert [(row.principal, row.interest) for row in priced.rows] == [
        (row.principal, row.interest) for row in rows
    ]
    assert sum(priced.cost.parts.values()) == priced.cost.nominal
    assert {fee.name for fee in fees if fee.timing == "contingent"}.isdisjoint(priced.items)


pytestmark = pytest.mark.django_db


def test_the_policy_of_each_day() -> None:
    before, now, later = (cost_policy(on=day) for day in (date(2019, 8, 19), TODAY, date(2028, 1, 1)))
    assert (before.cap, before.lpr, before.lpr_flagged) == (None, None, None)
    assert (now.cap, now.lpr, now.lpr_flagged, now.lpr_cap) == (
        Decimal("0.24"),
        Decimal("0.03"),
        Decimal("0.12"),
        None,
    )
    assert (later.lpr_cap, later.spares_months) == (Decimal("0.12"), 1)
    assert (now.default_least, now.default_most, now.court_line) == (
        Decimal("1.3"),
        Decimal("1.5"),
        Decimal("0.24"),
    )
    assert cost_policy(on=date(2024, 10, 20)).lpr == Decimal("0.0335")
    assert cost_policy(on=date(2024, 10, 21)).lpr == Decimal("0.031")


def test_a_loan_stores_what_it_costs() -> None:
    loan = a_loan()
    # Cents move the sixth place.
    assert (loan.cost_nominal, loan.cost_convention) == (Decimal("0.146001"), "periods")
    assert loan.cost_effective is not None
    assert loan.cost_effective.quantize(Decimal("0.0001")) == Decimal("0.1562")
    assert loan.cost_standing == CostStanding.ABOVE_LPR
    assert a_loan(product=a_product(annual_rate=Decimal("0.12"))).cost_standing == CostStanding.WITHIN


def test_fees_fall_due_and_count() -> None:
    product = a_product(annual_rate=Decimal("0.12"))
    a_fee(product)
    a_fee(product, kind="insurance", label="保险费", basis="amount", timing="upfront", value=Decimal(36))
    a_fee(product, kind="enforcing", label="诉讼费", basis="actual", timing="contingent", value=Decimal(0))
    loan = a_loan(product=product)
    assert set(loan.instalments.values_list("fee_due", flat=True)) == {Decimal("24.00")}
    # 12 % of interest, 2.4 % of the principal a year on a balance of about half of it, 36 yuan at once.
    assert loan.cost_nominal == Decimal("0.168260")
    assert loan.cost_standing == CostStanding.ABOVE_LPR


def test_fees_can_bring_a_loan_above_the_cap() -> None:
    product = a_product(annual_rate=Decimal("0.22"))
    a_fee(product, value=Decimal("0.003"))
    with pytest.raises(LimitExceeded) as refused:
        a_loan(product=product)
    assert refused.value.field == "annual_rate"
    assert a_loan(product=product, disbursed_on=date(2025, 11, 30)).cost_standing == CostStanding.WITHIN


def test_fees_that_leave_nothing_make_no_loan() -> None:
    product = a_product()
    a_fee(product, basis="amount", timing="upfront", value=Decimal(12_000))
    with pytest.raises(InputRefused) as refused:
        a_loan(product=product)
    assert refused.value.field == "principal"


def test_from_2028_the_cap_is_four_lprs() -> None:
    dear, cheap = a_product(annual_rate=Decimal("0.1201")), a_product(annual_rate=Decimal("0.12"))
    at = start_of_day(date(2028, 1, 1)) + timedelta(hours=9)
    a_loan(product=dear, disbursed_on=date(2027, 12, 31), at=at)
    with pytest.raises(LimitExceeded):
        a_loan(product=dear, disbursed_on=date(2028, 1, 1), at=at)
    a_loan(product=cheap, disbursed_on=date(2028, 1, 1), at=at)
    a_loan(product=dear, disbursed_on=date(2028, 1, 1), periods=1, at=at)


def test_default_interest_is_held_within_the_law() -> None:
    assert a_loan(product=a_product(annual_rate=Decimal("0.18"))).default_rate == Decimal("0.24")
    for multiple in ("1.29", "1.51"):
        with pytest.raises(LimitExceeded) as refused:
            a_loan(product=a_product(default_multiple=Decimal(multiple)))
        assert refused.value.field == "product"
    a_loan(product=a_product(default_multiple=Decimal("1.3")))


SHOWN_ON = date(2026, 8, 1)
MORNING = start_of_day(SHOWN_ON) + timedelta(hours=8)
EVIDENCE = CostTableShown(MORNING, 5, MORNING + timedelta(seconds=5), "a" * 64)


@pytest.mark.parametrize(
    "shown",
    [
        None,
        CostTableShown(),
        CostTableShown(MORNING, 5, None, "a" * 64),
        CostTableShown(MORNING, 4, MORNING + timedelta(seconds=5), "a" * 64),
        CostTableShown(MORNING, None, MORNING + timedelta(seconds=5), "a" * 64),
        CostTableShown(MORNING, 5, MORNING + timedelta(seconds=5), ""),
        CostTableShown(MORNING, 5, MORNING + timedelta(days=1), "a" * 64),
    ],
    ids=["none", "empty", "not confirmed", "too short", "no seconds", "which one", "afterwards"],
)
def test_from_its_day_no_loan_without_evidence_of_the_cost_table(shown: CostTableShown | None) -> None:
    product = a_product()
    with pytest.raises(CostTableNotShown):
        a_loan(product=product, disbursed_on=SHOWN_ON, cost_table=shown)
    loan = a_loan(product=product, disbursed_on=SHOWN_ON, cost_table=EVIDENCE)
    assert (loan.cost_dwell_seconds, loan.cost_table_hash) == (5, "a" * 64)
    a_loan(product=product, disbursed_on=date(2026, 7, 31), cost_table=None)


@pytest.mark.parametrize(
    "shown",
    [
        CostTableShown(MORNING, 5, MORNING - timedelta(seconds=1), "a" * 64),
        CostTableShown(table_hash="A" * 64),
    ],
    ids=["confirmed before shown", "no hash"],
)
def test_evidence_that_contradicts_itself_is_refused_on_any_day(shown: CostTableShown) -> None:
    with pytest.raises(InputRefused):
        a_loan(disbursed_on=date(2026, 3, 1), cost_table=shown)


def test_an_import_keeps_and_flags_what_should_not_have_been_lent() -> None:
    product = a_product(annual_rate=Decimal("0.36"), default_multiple=Decimal("2"))
    a_borrower(customer_number="C1")
    old = {"annual_rate": Decimal("0.36")}
    rows = [
        loan_row("BEFORE", product.code, disbursed_on=date(2024, 5, 1), **old),
        loan_row("AFTER", product.code, disbursed_on=date(2026, 9, 1), **old),
        loan_row("CHEAP", product.code, annual_rate=Decimal("0.1")),
        loan_row(
            "SHOWN",
            product.code,
            disbursed_on=SHOWN_ON,
            annual_rate=Decimal("0.1"),
            cost_rendered_at=MORNING,
            cost_dwell_seconds=9,
            cost_confirmed_at=MORNING,
            cost_table_hash="b" * 64,
        ),
        loan_row("WRONG", product.code, cost_rendered_at=NOW, cost_confirmed_at=NOW - timedelta(1)),
    ]
    with entering(EntryPoint.COMMAND):
        result = services.import_loans(rows, by=job(), at=NOW)
        again = services.import_loans(rows[:4], by=job(), at=NOW)
    assert [(position, error.field) for position, error in result.refused] == [(4, "cost_confirmed_at")]
    assert (len(again.known), again.created) == (4, [])
    found = {one.number: one for one in Loan.objects.all()}
    assert {number: one.cost_standing for number, one in found.items()} == {
        "BEFORE": "within",
        "AFTER": "above_cap",
        "CHEAP": "within",
        "SHOWN": "within",
    }
    assert found["BEFORE"].default_rate == found["AFTER"].default_rate == Decimal("0.24")
    assert found["CHEAP"].default_rate == Decimal("0.15")
    assert (found["SHOWN"].cost_dwell_seconds, found["SHOWN"].cost_table_hash) == (9, "b" * 64)


def test_the_worked_examples_of_the_documentation() -> None:
    start = date(2026, 9, 1)

    def cost(rate: str, method: Any, periods: int, *fees: Fee, day_count: Any = "equal") -> list[str]:
        rows = build_schedule(
            principal=Decimal(12_000),
            annual_rate=Decimal(rate),
            periods=periods,
            method=method,
            disbursed_on=start,
            day_count=day_count,
        )
        by_days = day_count.startswith("act")
        found = price(rows, principal=Decimal(12_000), disbursed_on=start, fees=fees, by_days=by_days).cost
        rates = [found.nominal, found.effective, *found.parts.values()]
        return [f"{one * 100:.2f}" for one in rates]

    assert cost("0.24", "equal_instalment", 12)[:2] == ["24.00", "26.82"]
    assert cost("0.12", "bullet", 24)[:2] == ["12.00", "11.36"]
    assert cost("0.24", "equal_instalment", 12, day_count="act/365")[0] == "24.00"
    assert cost("0.24", "equal_instalment", 12, day_count="act/360")[0] == "24.33"
    guarantee = Fee("guarantee", "principal", "period", Decimal("0.002"))
    premium = Fee("premium", "amount", "upfront", Decimal(36))
    found = cost("0.12", "equal_instalment", 12, guarantee, premium)
    assert found == ["16.83", "18.19", "12.00", "4.25", "0.58"]
    small = build_schedule(
        principal=Decimal(10),
        annual_rate=Decimal("0.18"),
        periods=2,
        method="equal_instalment",
        disbursed_on=start,
    )
    assert f"{price(small, principal=Decimal(10), disbursed_on=start).cost.nominal:.4f}" == "0.1835"
