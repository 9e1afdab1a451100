"""A loan that a product could make, computed and not saved: its schedule, its cost table and where its cost stands."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.conf import settings

from backoffice.loans.choices import CostStanding
from backoffice.loans.conventions import fee_terms
from backoffice.loans.cost_tables import table_of
from backoffice.loans.disclosure import CostTable
from backoffice.loans.models import Creditor, Loan, LoanProduct, ProductFee
from backoffice.loans.pricing import CostPolicy
from backoffice.loans.schedule import Row
from backoffice.loans.services.lending import (
    check_count,
    check_first_due,
    longest_term,
    new_loan,
    price_loan,
)

#: Terms up to this are all looked at for the dearest loan, longer ones by the twelfth.
_EVERY_TERM_TO = 24


@dataclass(frozen=True, slots=True)
class Sample:
    """``measured`` is the yearly cost that is held against the caps."""

    loan: Loan
    rows: tuple[Row, ...]
    table: CostTable
    measured: Decimal
    standing: CostStanding

    @property
    def periods(self) -> int:
        return self.table.instalments


def sample(
    product: LoanProduct,
    fees: Sequence[ProductFee],
    *,
    principal: Decimal,
    periods: int,
    on: date,
    costs: CostPolicy,
    annual_rate: Decimal | None = None,
    creditor: Creditor | None = None,
    customer_number: str = "",
    first_due_on: date | None = None,
) -> Sample:
    """The loan of ``principal`` yuan over ``periods`` periods paid out on ``on``, at the product's rate unless given.

    Product and fees may be unsaved. Raises ``InputRefused`` for a term that gives no schedule, a first due date that
    no first period leads to, or fees that leave nothing. No query.
    """
    check_count(product, periods)
    check_first_due(product, disbursed_on=on, first_due_on=first_due_on)
    fees = sorted(fees, key=lambda one: one.sequence)
    loan = new_loan(
        borrower=None,  # type: ignore[arg-type]
        product=product,
        terms=None,  # type: ignore[arg-type]
        creditor=creditor or Creditor(name=settings.LENDER["name"]),
        number="",
        principal=principal,
        annual_rate=product.annual_rate if annual_rate is None else annual_rate,
        disbursed_on=on,
        first_due_on=first_due_on,
        costs=costs,
    )
    priced = price_loan(loan, periods=periods, fees=fee_terms(fees), costs=costs)
    table = table_of(
        loan,
        priced,
        fees=fees,
        annual_rate=loan.annual_rate,
        default_rate=loan.default_rate,
        customer_number=customer_number,
    )
    measured = max(costs.measured(priced.cost), loan.annual_rate)
    return Sample(loan, tuple(priced.rows), table, measured, CostStanding(loan.cost_standing))


def dearest(
    product: LoanProduct, fees: Sequence[ProductFee], *, on: date, costs: CostPolicy
) -> Sample | None:
    """The loan of the product that costs most a year; None when no term gives a schedule.

    A fixed fee weighs most on the smallest loan, one at payment on the shortest and one on the principal lent on the
    longest, so the smallest and the largest loan over all short terms and a choice of long ones are looked at. The
    product's cap is a first net: every single loan is held against it again. Raises ``InputRefused`` when the fees
    leave nothing of the smallest loan, or the longest one has more instalments than a loan may have.
    """
    check_count(product, longest_term(product), field="term_months")
    worst: Sample | None = None
    for principal in {product.minimum_amount, product.maximum_amount}:
        for periods in _terms(product):
            one = sample(product, fees, principal=principal, periods=periods, on=on, costs=costs)
            if worst is None or _rank(one) > _rank(worst):
                worst = one
    return worst


def _rank(one: Sample) -> tuple[bool, Decimal]:
    # Short loans may be spared by a cap that others break.
    return one.standing == CostStanding.ABOVE_CAP, one.measured


def _terms(product: LoanProduct) -> Iterator[int]:
    longest = longest_term(product)
    first = max(product.grace_principal, product.grace_interest) + 1
    wanted = {*range(1, _EVERY_TERM_TO + 1), *(longest * part // 12 for part in range(1, 13))}
    yield from sorted(one for one in wanted if first <= one <= longest)
