"""The facts of a loan, and the account that follows from them, as plain data (see ``account.derive``).

Amounts are yuan, rates are per year as fractions, days are Shanghai's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backoffice.core.money import CENT, ZERO
from backoffice.loans.ageing import Due, Paid
from backoffice.loans.allocation import STATUTORY, AllocationRule
from backoffice.loans.schedule import DayCount, Method, PeriodUnit, Rounding

#: The parts of a debt, in the order in which columns and pages show them.
COMPONENTS = ("principal", "interest", "fee", "penalty", "cost")
#: Those that the contract's schedule is made of.
CONTRACT = frozenset({"principal", "interest", "fee"})


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One instalment as a schedule version agreed it. ``penalty`` is default interest carried over into it.

    ``carried`` is the part of its interest that stems from the time before the version took effect: owed whatever
    happens after it, and less than nothing where interest had been paid in advance. In the first version it is the
    row's share of the interest of odd days.
    """

    sequence: int
    due_on: date
    principal: Decimal
    interest: Decimal
    fee: Decimal = ZERO
    penalty: Decimal = ZERO
    carried: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Version:
    """A schedule that was agreed, from ``effective_on`` on (the first one from the day of payment).

    ``if_paid``: it holds only if what came in by the end of that day pays all of it (early settlement). The first
    ``taken_over`` rows are what had been paid when it was made: each keeps its due day, even one to come, so that it is
    owed from its own day on should the money turn out not to have come.
    """

    number: int
    effective_on: date
    rows: tuple[PlanRow, ...]
    annual_rate: Decimal
    default_rate: Decimal
    if_paid: bool = False
    taken_over: int = 0


@dataclass(frozen=True, slots=True)
class Receipt:
    """Money received on ``on``. ``order`` puts those of one day in their order; ``key`` is the caller's name for it."""

    key: int
    on: date
    amount: Decimal
    order: tuple[object, ...] = ()


@dataclass(frozen=True, slots=True)
class Relief:
    """A waiver: so much of a component is no longer asked for from ``on`` on, the oldest instalment first."""

    key: int
    on: date
    component: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Cost:
    """A cost of enforcing, owed from ``on`` on with the oldest unpaid instalment (the last one if all are paid)."""

    key: int
    on: date
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything a loan's account follows from. ``free`` are stretches (first day, last day) without default interest.

    A period is ``every`` units; ``first_due_on`` is the first due date where one was agreed. ``daily_interest``:
    interest by the day on what is really unpaid.
    """

    principal: Decimal
    disbursed_on: date
    method: Method
    day_count: DayCount
    rounding: Rounding
    versions: tuple[Version, ...]
    period_unit: PeriodUnit = "month"
    every: int = 1
    first_due_on: date | None = None
    daily_interest: bool = False
    month_end: bool = False
    instalment_unit: Decimal = CENT
    rule: AllocationRule = STATUTORY
    receipts: tuple[Receipt, ...] = ()
    reliefs: tuple[Relief, ...] = ()
    costs: tuple[Cost, ...] = ()
    free: tuple[tuple[date, date | None], ...] = ()


@dataclass(frozen=True, slots=True)
class PaidPart:
    """So many yuan of a component of an instalment, paid on a day by a receipt."""

    receipt: int
    on: date
    component: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class AccountShare:
    """Where a receipt went when it came: the instalment of the schedule version then in force."""

    receipt: int
    version: int
    sequence: int
    component: str
    amount: Decimal


@dataclass(slots=True)
class AccountRow:
    """One instalment of the version in force: what is due, what was paid (yuan, by component).

    What is due is less what was ``waived`` while that version was in force.
    """

    sequence: int
    due_on: date
    due: dict[str, Decimal]
    paid: dict[str, Decimal]
    parts: list[PaidPart] = field(default_factory=list)
    waived: dict[str, Decimal] = field(default_factory=dict)

    def open(self, component: str) -> Decimal:
        """What is still owed of one component."""
        return self.due[component] - self.paid[component]

    @property
    def contract_due(self) -> Decimal:
        """Principal, interest and fee: what the days past due are counted by."""
        return self.due["principal"] + self.due["interest"] + self.due["fee"]

    @property
    def contract_open(self) -> Decimal:
        return self.open("principal") + self.open("interest") + self.open("fee")


@dataclass(frozen=True, slots=True)
class Account:
    """The loan at the end of ``on``: rows of the version in force, where each receipt went, what is left of it."""

    on: date
    #: What it follows from; equal accounts may follow from facts entered in another order.
    facts: Facts = field(compare=False, repr=False)
    version: Version
    rows: tuple[AccountRow, ...]
    shares: tuple[AccountShare, ...]
    surplus: Mapping[int, Decimal]

    def owed(self, component: str, *, due_by: date | None = None) -> Decimal:
        """What is open of a component, of instalments due by a day if one is given."""
        return sum((row.open(component) for row in self.rows if due_by is None or row.due_on <= due_by), ZERO)

    def dues_and_payments(self) -> tuple[list[Due], list[Paid]]:
        """What the days past due are counted by: principal, interest and fee of the schedule in force."""
        dues = [Due(row.sequence, row.due_on, row.contract_due) for row in self.rows]
        paid = [
            Paid(row.sequence, part.on, part.amount)
            for row in self.rows
            for part in row.parts
            if part.component in CONTRACT
        ]
        return dues, paid

    @property
    def settled(self) -> bool:
        """Nothing is owed any more."""
        return all(row.open(name) == 0 for row in self.rows for name in COMPONENTS)
