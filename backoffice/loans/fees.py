"""What a borrower pays beside interest, and to whom. Pure: no tables, no settings, no clock. Amounts are yuan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from decimal import Decimal
from typing import Literal

from backoffice.core.money import ZERO, to_cents
from backoffice.loans.cost import Payment, YearlyCost, yearly_cost
from backoffice.loans.schedule import PeriodUnit, Row

Basis = Literal["amount", "principal", "balance", "actual"]
Timing = Literal["upfront", "first", "period", "contingent"]
#: What the cost table calls interest.
INTEREST = "interest"


@dataclass(frozen=True, slots=True)
class Fee:
    """One fee of a product. ``name`` is the caller's name for it.

    ``basis``: a fixed ``amount`` of ``value`` yuan; ``value`` as a share of the ``principal`` lent, or of the
    ``balance`` before each instalment; or what it ``actual``-ly cost somebody. ``timing``: when the loan is paid out
    (``upfront``), with the ``first`` instalment, with every one (``period``), or only when something goes wrong
    (``contingent``: no part of the cost of a loan that is kept).
    """

    name: str
    basis: Basis
    timing: Timing
    value: Decimal

    def of(self, *, principal: Decimal, balance: Decimal) -> Decimal:
        """One occasion's amount, half up to the cent."""
        if self.basis == "amount":
            return to_cents(self.value)
        return to_cents(self.value * (principal if self.basis == "principal" else balance))


@dataclass(frozen=True, slots=True)
class Priced:
    """A schedule with its fees in it, what each fee comes to and when, and what the whole costs a year."""

    rows: list[Row]
    items: Mapping[str, Sequence[Payment]]
    cost: YearlyCost

    def upfront(self, disbursed_on: date) -> Decimal:
        """What is paid on the day of payment itself; the instalments do not hold it."""
        paid = (one for payments in self.items.values() for one in payments)
        return sum((yuan for day, yuan in paid if day == disbursed_on), ZERO)


def fee_payments(
    fees: Sequence[Fee], *, principal: Decimal, disbursed_on: date, rows: Sequence[Row]
) -> dict[str, list[Payment]]:
    """The day and amount of every payment of every fee that is due when all goes well."""
    found: dict[str, list[Payment]] = {}
    for fee in fees:
        if fee.timing == "contingent":
            continue
        if fee.timing == "upfront":
            found[fee.name] = [(disbursed_on, fee.of(principal=principal, balance=principal))]
            continue
        due = rows[:1] if fee.timing == "first" else rows
        found[fee.name] = [
            (row.due_on, fee.of(principal=principal, balance=row.balance_after + row.principal))
            for row in due
        ]
    return found


def price(
    rows: Sequence[Row],
    *,
    principal: Decimal,
    disbursed_on: date,
    fees: Sequence[Fee] = (),
    period_unit: PeriodUnit = "month",
    every: int = 1,
    by_days: bool = False,
) -> Priced:
    """Put ``fees`` into a schedule made without any, and tell what the loan costs a year.

    ``by_days``: see ``cost.yearly_cost``. Raises ``cost.NotALoan`` where fees taken at payment leave nothing in use.
    """
    payments = fee_payments(fees, principal=principal, disbursed_on=disbursed_on, rows=rows)
    by_day: dict[date, Decimal] = {}
    for day, yuan in (one for each in payments.values() for one in each):
        by_day[day] = by_day.get(day, ZERO) + yuan
    items = {INTEREST: [(row.due_on, row.interest) for row in rows], **payments}
    cost = yearly_cost(
        principal=principal,
        disbursed_on=disbursed_on,
        repaid=[(row.due_on, row.principal) for row in rows],
        items=items,
        period_unit=period_unit,
        every=every,
        by_days=by_days,
    )
    with_fees = [replace(row, fee=row.fee + by_day.get(row.due_on, ZERO)) for row in rows]
    return Priced(with_fees, items, cost)
