"""What a product calls its conventions, in the words of the pure functions: the one place where names are mapped."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from backoffice.loans import choices
from backoffice.loans.allocation import AllocationRule
from backoffice.loans.fees import Fee
from backoffice.loans.models import LoanProduct, ProductFee
from backoffice.loans.schedule import DayCount

_DAY_COUNTS: dict[str, DayCount] = {
    choices.DayCount.D30_360: "30/360",
    choices.DayCount.ACT_360: "act/360",
    choices.DayCount.ACT_365: "act/365",
    choices.DayCount.EQUAL_PERIODS: "equal",
}


def day_count(stored: str) -> DayCount:
    """The day count of schedules for the stored name."""
    return _DAY_COUNTS[stored]


def allocation_rule(product: LoanProduct) -> AllocationRule:
    """In which order money pays the debts of this product."""
    return AllocationRule(
        past_due=tuple(product.order_past_due.split(",")),
        due=tuple(product.order_due.split(",")),
        in_advance=tuple(product.order_in_advance.split(",")),
        surplus=product.surplus,  # type: ignore[arg-type]
        filling=product.filling,  # type: ignore[arg-type]
    )


def interest_to_period_end(product: LoanProduct) -> bool:
    """Whether settling early takes the interest to the end of the running period, not that to the day."""
    return product.early_repayment == choices.EarlyRepayment.TO_PERIOD_END and not product.daily_interest


def schedule_terms(product: LoanProduct) -> dict[str, Any]:
    """The arguments of ``build_schedule`` that a product decides; amounts, rate and dates are the loan's."""
    return {
        "method": product.method,
        "rounding": product.rounding,
        "instalment_unit": product.instalment_unit,
        "day_count": day_count(product.day_count),
        "period_unit": product.period_unit,
        "every": product.every,
        "month_end": product.month_end,
        "odd_days": product.odd_days,
        "grace_principal": product.grace_principal,
        "grace_interest": product.grace_interest,
    }


def fee_terms(fees: Iterable[ProductFee]) -> list[Fee]:
    """The fees of a product in the words of the pure functions; the cost table knows them by their numbers."""
    return [
        Fee(
            name=f"fee-{one.sequence}",
            basis=one.basis,  # type: ignore[arg-type]
            timing=one.timing,  # type: ignore[arg-type]
            value=one.value,
        )
        for one in sorted(fees, key=lambda one: one.sequence)
    ]


def cost_terms(product: LoanProduct) -> dict[str, Any]:
    """The arguments of ``fees.price`` that a product decides, beside its fees."""
    return {
        "period_unit": product.period_unit,
        "every": product.every,
        "by_days": product.day_count in {choices.DayCount.ACT_360, choices.DayCount.ACT_365},
    }
