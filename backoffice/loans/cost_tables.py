"""The cost table of a loan that is there, or of one that a product could make, read from the book."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.loans import disclosure
from backoffice.loans.choices import ChangeState, FeeKind, FeeTiming
from backoffice.loans.conventions import cost_terms, fee_terms
from backoffice.loans.cost import quoted
from backoffice.loans.disclosure import CostItem, CostTable
from backoffice.loans.fees import Priced, price
from backoffice.loans.models import Instalment, Loan, ProductFee
from backoffice.loans.schedule import Row


def cost_table(loan: Loan) -> CostTable:
    """The table of the contract as it was made, whatever was changed later. Three queries beside product, creditor
    and borrower."""
    fees = list(loan.product.fees.order_by("sequence"))
    first = loan.instalments.filter(schedule_version=1).order_by("sequence")
    rows = planned_rows(loan.principal, first)
    change = loan.schedule_changes.filter(state=ChangeState.APPLIED, version=2).first()
    priced = price(
        rows,
        principal=loan.principal,
        disbursed_on=loan.disbursed_on,
        fees=fee_terms(fees),
        **cost_terms(loan.product),
    )
    return table_of(
        loan,
        priced,
        fees=fees,
        annual_rate=change.annual_rate_before if change else loan.annual_rate,
        default_rate=change.default_rate_before if change else loan.default_rate,
    )


def table_of(
    loan: Loan,
    priced: Priced,
    *,
    fees: Sequence[ProductFee],
    annual_rate: Decimal,
    default_rate: Decimal,
    customer_number: str | None = None,
) -> CostTable:
    """The table of a priced loan, saved or not."""
    totals = {name: sum((yuan for _day, yuan in paid), ZERO) for name, paid in priced.items.items()}
    yearly = _told(priced)
    creditor = loan.creditor.name
    items = [
        CostItem(
            *(disclosure.INTEREST, "", creditor, "rate", "period", annual_rate),
            *(totals[disclosure.INTEREST], yearly[disclosure.INTEREST]),
        )
    ]
    contingent = [CostItem(disclosure.DEFAULT_INTEREST, "", creditor, "overdue", "contingent", default_rate)]
    for fee, terms in zip(fees, fee_terms(fees), strict=True):
        item = CostItem(fee.kind, fee.label, fee.payee, fee.basis, fee.timing, fee.value)
        if fee.timing == FeeTiming.CONTINGENT:
            contingent.append(item)
        else:
            items.append(replace(item, total=totals[terms.name], yearly=yearly[terms.name]))
    if all(one.kind != FeeKind.ENFORCING for one in fees):
        # Whoever enforces may ask for what it cost (Civil Code art. 561), so the table may not be silent about it.
        contingent.append(CostItem(disclosure.ENFORCING, "", "", "actual", "contingent", Decimal(0)))
    return CostTable(
        loan_number=loan.number,
        customer_number=loan.borrower.customer_number if customer_number is None else customer_number,
        creditor=creditor,
        product=loan.product.code,
        method=loan.method,
        principal=loan.principal,
        received=loan.principal - priced.upfront(loan.disbursed_on),
        instalments=len(priced.rows),
        disbursed_on=loan.disbursed_on,
        matures_on=priced.rows[-1].due_on,
        items=tuple(items),
        nominal=quoted(priced.cost.nominal),
        effective=quoted(priced.cost.effective),
        convention=priced.cost.convention,
        contingent=tuple(contingent),
    )


def _told(priced: Priced) -> dict[str, Decimal]:
    """The items' parts as they are told, adding up to the total as it is told; the greatest takes the difference."""
    parts = {name: quoted(part) for name, part in priced.cost.parts.items()}
    greatest = max(parts, key=lambda name: parts[name])
    parts[greatest] += quoted(priced.cost.nominal) - sum(parts.values(), Decimal(0))
    return parts


def planned_rows(principal: Decimal, instalments: Iterable[Instalment]) -> list[Row]:
    """The rows of the first schedule as they were planned, without their fees."""
    rows, balance = [], principal
    for one in instalments:
        part = one.principal_due if one.planned_principal is None else one.planned_principal
        interest = one.interest_due if one.planned_interest is None else one.planned_interest
        balance -= part
        rows.append(Row(one.sequence, one.due_on, part, interest, balance))
    return rows
