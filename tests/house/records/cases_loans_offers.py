"""Products put on offer and changed."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backoffice.core.context import EntryPoint
from backoffice.loans import services
from backoffice.loans.models import Loan, LoanProduct
from backoffice.loans.services.offers import FeeTerms
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, a_fee, a_loan, a_product, job
from tests.factories.staff import person
from tests.house.records.case import Case

SERVICE_FEE = FeeTerms("service", "服务费", "测试小贷", "amount", "first", Decimal(5))


def by_officer(**given: Any) -> dict[str, Any]:
    return {"by": person(Role.LOAN_OFFICER), "at": NOW, **given}


def new_product() -> dict[str, Any]:
    product = LoanProduct(
        code="NEW",
        name="新产品",
        minimum_amount=Decimal(5000),
        maximum_amount=Decimal(50_000),
        annual_rate=Decimal("0.146"),
        default_multiple=Decimal("1.5"),
        method="equal_instalment",
        term_months=12,
        day_count="equal_periods",
        rounding="half_up",
    )
    return by_officer(product=product, fees=[SERVICE_FEE])


def changed_product() -> dict[str, Any]:
    """One fee changed, one taken away."""
    product = a_product(minimum_amount=Decimal(5000))
    a_fee(product)
    a_fee(product)
    product.name = "改名"
    return by_officer(product=product, fees=[SERVICE_FEE])


def unpriced() -> dict[str, Any]:
    """A loan that came into the book before its cost was stored."""
    loan = a_loan()
    Loan.objects.filter(pk=loan.pk).update(
        cost_nominal=None, cost_effective=None, cost_convention="", cost_standing=""
    )
    return {"by": job(), "at": NOW}


CASES = [
    # What follows from the contract's own facts: history alone.
    Case(service=services.price_stored_loans, world=unpriced, door=EntryPoint.COMMAND),
    # Reference rows have no dossier, so history alone is the record (0013).
    Case(service=services.create_product, world=new_product),
    Case(service=services.change_product, world=changed_product),
]
