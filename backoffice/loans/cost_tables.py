"""The cost table of a loan that is there, or of one that a product could make, read from the book."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.loans import disclosure
from backoffice.loans.choices import ChangeKind, ChangeState, FeeKind, FeeTiming
from backoffice.loans.conventions import cost_terms, fee_terms
from backoffice.loans.cost import NotALoan, YearlyCost, quoted, yearly_cost
from backoffice.loans.disclosure import CostItem, CostTable
from backoffice.loans.fees import Priced, fee_payments, price
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


@dataclass(frozen=True, slots=True)
class ChangedCost:
    """What a loan costs a year by the schedule that a change made on ``on``."""

    on: date
    cost: YearlyCost


def cost_as_changed(loan: Loan) -> ChangedCost | None:
    """The yearly cost of the whole loan by its last changed schedule, if it is paid as that says; or None.

    Counted as the contract's own, from the day of payment on: what it costs to have the money longer, or more cheaply.
    Default interest is no part of it. What was waived before the change is not in the rows it made; what is waived
    after it is not taken off. A loan settled early is told by the schedule before. Four queries beside the product, one
    where nothing was changed.
    """
    made = loan.schedule_changes.filter(state=ChangeState.APPLIED, version__isnull=False)
    change = made.exclude(kind=ChangeKind.EARLY_SETTLEMENT).order_by("-version").first()
    if change is None:
        return None
    rows = [one for one in loan.instalments.all() if one.schedule_version == change.version]
    at_payment = [fee for fee in fee_terms(loan.product.fees.all()) if fee.timing == "upfront"]
    upfront = fee_payments(at_payment, principal=loan.principal, disbursed_on=loan.disbursed_on, rows=[])
    try:
        cost = yearly_cost(
            principal=loan.principal,
            disbursed_on=loan.disbursed_on,
            repaid=[(one.due_on, _planned(one, "principal")) for one in rows],
            items={
                disclosure.INTEREST: [(one.due_on, _planned(one, "interest")) for one in rows],
                "fee": [(one.due_on, _planned(one, "fee")) for one in rows],
                **upfront,
            },
            **cost_terms(loan.product),
        )
    except NotALoan:
        return None
    return ChangedCost(change.effective_on, cost)


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
        part, interest = _planned(one, "principal"), _planned(one, "interest")
        balance -= part
        rows.append(Row(one.sequence, one.due_on, part, interest, balance))
    return rows


def _planned(one: Instalment, name: str) -> Decimal:
    """What the schedule said, whatever the days have made of it since."""
    planned = getattr(one, f"planned_{name}")
    return getattr(one, f"{name}_due") if planned is None else planned
