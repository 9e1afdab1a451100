"""What is owed on a loan and on each instalment, as pages, files and the API tell it. Reads only.

Amounts in yuan; days are Shanghai's; ``on`` means the end of that day. Every figure has one meaning everywhere: what is
open of an instalment includes its default interest and costs, what was paid of it includes those paid.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.loans.account import Account, AccountRow, Facts, with_payoff
from backoffice.loans.choices import LoanState
from backoffice.loans.conventions import interest_to_period_end
from backoffice.loans.facts import COMPONENTS
from backoffice.loans.models import Loan

#: States of an instalment as the chart and the table show them.
PAID, PART_PAID, OVERDUE, DUE_TODAY, UPCOMING = "paid", "part_paid", "overdue", "due_today", "upcoming"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is owed as of a day, so that it settles the loan on that day.

    The principal is the whole of it, interest and fees those of instalments that have fallen due; ``penalty`` is the
    default interest run up by the end of the day and not paid. ``accrued`` is the interest that settling on that day
    takes beside what has fallen due, less than nothing where more was paid in advance; ``credit`` is money received
    that nothing was owed for. ``overdue`` is what would have to be paid so that nothing is overdue: all that is open of
    the instalments past their due date, default interest included, and the costs of enforcing.
    """

    principal: Decimal = ZERO
    interest: Decimal = ZERO
    fee: Decimal = ZERO
    penalty: Decimal = ZERO
    cost: Decimal = ZERO
    accrued: Decimal = ZERO
    credit: Decimal = ZERO
    overdue: Decimal = ZERO

    @property
    def total(self) -> Decimal:
        """The sum of the parts, before the credit is taken off."""
        return self.principal + self.interest + self.fee + self.penalty + self.cost + self.accrued

    @property
    def settles(self) -> Decimal:
        """What has to be paid in to settle the loan: the total of the quote for that day."""
        return max(self.total - self.credit, ZERO)


@dataclass(frozen=True, slots=True)
class InstalmentStatus:
    """One line of the schedule as of a day. ``paid`` and ``amount`` are of all components, ``state`` goes by principal,
    interest and fee as the days past due do. What is due is less ``waived``: component and amount."""

    sequence: int
    due_on: date
    principal_due: Decimal
    interest_due: Decimal
    fee_due: Decimal
    paid: Decimal
    state: str
    last_paid_on: date | None
    penalty_due: Decimal = ZERO
    penalty_paid: Decimal = ZERO
    cost_due: Decimal = ZERO
    cost_paid: Decimal = ZERO
    waived: tuple[tuple[str, Decimal], ...] = ()

    @property
    def amount(self) -> Decimal:
        return self.principal_due + self.interest_due + self.fee_due + self.penalty_due + self.cost_due

    @property
    def open(self) -> Decimal:
        return self.amount - self.paid


def account_and_owed(loan: Loan, facts: Facts, *, on: date) -> tuple[Account, Outstanding]:
    """The loan's account at the end of ``on`` and what is owed by it; no queries. The product is joined.

    Before the loan was paid out nothing was owed; its account is then as it was going to be.
    """
    account, parts = with_payoff(
        facts, on=max(on, loan.disbursed_on), to_period_end=interest_to_period_end(loan.product)
    )
    if loan.disbursed_on > on or loan.state == LoanState.ASSIGNED:
        # Not paid out yet, or owed to somebody else.
        return account, Outstanding()
    due = account.owed("interest", due_by=on)
    return account, Outstanding(
        principal=parts["principal"],
        interest=due,
        fee=parts["fee"],
        penalty=parts["penalty"],
        cost=parts["cost"],
        # Where nothing is owed any more there is nothing left to settle.
        accrued=ZERO if account.settled else parts["interest"] - due,
        credit=sum(account.surplus.values(), ZERO),
        overdue=_arrears(account, on=on),
    )


def _arrears(account: Account, *, on: date) -> Decimal:
    """Costs are due from their day on, whichever instalment they stand with."""
    late = (row for row in account.rows if row.due_on < on)
    return account.owed("cost") + sum(
        (row.open(name) for row in late for name in COMPONENTS if name != "cost"), ZERO
    )


def status_of(row: AccountRow, *, on: date) -> InstalmentStatus:
    """An instalment of the account at the end of ``on``."""
    if row.contract_open == 0:
        state = PAID
    elif row.due_on < on:
        state = OVERDUE
    elif row.due_on == on:
        state = DUE_TODAY
    else:
        state = PART_PAID if row.contract_open < row.contract_due else UPCOMING
    return InstalmentStatus(
        sequence=row.sequence,
        due_on=row.due_on,
        principal_due=row.due["principal"],
        interest_due=row.due["interest"],
        fee_due=row.due["fee"],
        paid=sum(row.paid.values(), ZERO),
        state=state,
        last_paid_on=max((part.on for part in row.parts), default=None),
        penalty_due=row.due["penalty"],
        penalty_paid=row.paid["penalty"],
        cost_due=row.due["cost"],
        cost_paid=row.paid["cost"],
        waived=tuple((name, row.waived[name]) for name in COMPONENTS if row.waived.get(name)),
    )
