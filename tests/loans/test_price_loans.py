"""Loans that came before their cost was stored get it later, as if it had been stored then."""

from datetime import date
from decimal import Decimal
from io import StringIO

import pytest
from django.core.management import call_command

from backoffice.core.context import EntryPoint, acting, entering
from backoffice.core.errors import NotPermitted
from backoffice.loans.models import Loan
from backoffice.loans.services.lending import COST_COLUMNS
from backoffice.loans.services.pricing_stored import price_stored_loans
from backoffice.staff.roles import PERSON_ROLES, Role
from tests.factories.loans import NOW, a_fee, a_loan, a_product, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
UNKNOWN = {"cost_nominal": None, "cost_effective": None, "cost_convention": "", "cost_standing": ""}


def costs() -> list[tuple[object, ...]]:
    return list(Loan.objects.order_by("pk").values_list(*COST_COLUMNS))


def forget(*loans: Loan) -> None:
    """As the book was before."""
    Loan.objects.filter(pk__in=[one.pk for one in loans]).update(**UNKNOWN)


@pytest.mark.parametrize("role", [role for role in PERSON_ROLES if role != Role.LOAN_OFFICER])
def test_only_who_may_import_may_do_it(role: Role) -> None:
    with pytest.raises(NotPermitted):
        price_stored_loans(by=person(role), at=NOW)


def test_the_cost_is_that_of_the_contract_whatever_happened_since() -> None:
    fees = a_product(annual_rate=Decimal("0.12"))
    a_fee(fees)
    a_fee(fees, basis="amount", timing="upfront", value=Decimal(36))
    daily = a_product(daily_interest=True, day_count="ACT/365")
    loans = [
        a_loan(product=fees),
        a_loan(product=daily),
        a_loan(product=a_product(annual_rate=Decimal("0.1"), method="bullet")),
        a_loan(product=a_product(annual_rate=Decimal("0.36")), disbursed_on=date(2025, 11, 30)),
    ]
    a_repayment(loans[1], "3000.00", on=date(2026, 3, 20))
    before = costs()
    forget(*loans[:3])
    with entering(EntryPoint.COMMAND):
        first = price_stored_loans(limit=2, by=job(), at=NOW)
        second = price_stored_loans(after=first.last or 0, limit=2, by=job(), at=NOW)
        third = price_stored_loans(after=second.last or 0, limit=2, by=job(), at=NOW)
    assert [(one.done, one.seen, one.last) for one in (first, second, third)] == [
        (2, 2, loans[1].pk),
        (1, 1, loans[2].pk),
        (0, 0, None),
    ]
    assert costs() == before
    assert loans[2].history.filter(history_change_reason="loan.priced").count() == 1


def test_one_above_the_cap_of_its_day_is_flagged() -> None:
    loan = a_loan()
    # A rate no service would take.
    Loan.objects.filter(pk=loan.pk).update(annual_rate=Decimal("0.2401"))
    forget(loan)
    out = StringIO()
    call_command("price_loans", stdout=out)
    assert out.getvalue() == "1 loans priced\n"
    loan.refresh_from_db()
    assert loan.cost_standing == "above_cap"
    call_command("price_loans", stdout=out)
    assert out.getvalue().endswith("0 loans priced\n")


def test_a_loan_without_a_schedule_has_no_cost_and_stops_nothing() -> None:
    empty, other = a_loan(), a_loan()
    with entering(EntryPoint.COMMAND), acting(by=job(), reason_code="test"):
        empty.instalments.all().delete()
    forget(empty, other)
    out = StringIO()
    call_command("price_loans", stdout=out)
    assert "1 loans priced" in out.getvalue()
    assert "1 loans have no cost" in out.getvalue()
