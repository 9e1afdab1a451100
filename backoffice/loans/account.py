"""What a loan owes on a day, derived from its facts. Pure: no tables, no settings, no clock.

``derive`` replays everything that happened by the end of a day, in the order of its dates: schedules as agreed,
repayments, waivers, charges. The same dated facts give the same account in whatever order they were entered,
so that a late back-dated payment re-derives all that came after it. Amounts are yuan, rates are per year.

* A payment counts from the day on which it was received (Shanghai); several of one day in the order of their
  moments, then of their external ids. A reversed payment is no fact any more.
* Default interest (罚息) runs on the unpaid principal of an instalment from the day after its due date, by the day,
  never on interest; it is rounded once per instalment and day asked about, so it does not drift with every posting.
* Loans with daily interest bear interest on what is really unpaid (``rest``); the others on the plan.
* A new schedule version takes over what was paid, component by component, the oldest instalment first.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from backoffice.core.money import ZERO
from backoffice.loans.allocation import STATUTORY, AllocationRule
from backoffice.loans.schedule import DayCount, Method, Rounding

#: The parts of a debt, in the order in which columns and pages show them.
COMPONENTS = ("principal", "interest", "fee", "penalty", "cost")


@dataclass(frozen=True, slots=True)
class PlanRow:
    """One instalment as a schedule version agreed it. ``penalty`` is default interest carried over into it."""

    sequence: int
    due_on: date
    principal: Decimal
    interest: Decimal
    fee: Decimal = ZERO
    penalty: Decimal = ZERO


@dataclass(frozen=True, slots=True)
class Version:
    """A schedule that was agreed, from ``effective_on`` on (the first one from the day of payment)."""

    number: int
    effective_on: date
    rows: tuple[PlanRow, ...]
    annual_rate: Decimal
    default_rate: Decimal


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

    ``daily_interest``: interest by the day on what is really unpaid. ``matures_on`` of a version is its last due date.
    """

    principal: Decimal
    disbursed_on: date
    method: Method
    day_count: DayCount
    rounding: Rounding
    versions: tuple[Version, ...]
    daily_interest: bool = False
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
    """One instalment of the version in force: what is due, what was paid (yuan, by component)."""

    sequence: int
    due_on: date
    due: dict[str, Decimal]
    paid: dict[str, Decimal]
    parts: list[PaidPart] = field(default_factory=list)

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
    version: Version
    rows: tuple[AccountRow, ...]
    shares: tuple[AccountShare, ...]
    surplus: Mapping[int, Decimal]

    def owed(self, component: str, *, due_by: date | None = None) -> Decimal:
        """What is open of a component, of instalments due by a day if one is given."""
        return sum(
            (row.open(component) for row in self.rows if due_by is None or row.due_on <= due_by), ZERO
        )

    @property
    def settled(self) -> bool:
        """Nothing is owed any more."""
        return all(row.open(name) == 0 for row in self.rows for name in COMPONENTS)


def derive(facts: Facts, *, on: date) -> Account:
    """The account at the end of ``on``, from all facts dated up to then.

    Raises ``ValueError`` for a day before the loan was paid out.
    """
    raise NotImplementedError


def payoff(facts: Facts, *, on: date, to_period_end: bool = False) -> Mapping[str, Decimal]:
    """What settles the loan if it is paid on ``on``, by component (yuan).

    Interest runs to the day (Civil Code art. 677; ``to_period_end``: to the end of the running period, where the
    contract says so); nothing is asked for the time after that. Includes default interest to ``on``.
    """
    raise NotImplementedError


__all__: Sequence[str] = [
    "COMPONENTS",
    "Account",
    "AccountRow",
    "AccountShare",
    "Cost",
    "Facts",
    "PaidPart",
    "PlanRow",
    "Receipt",
    "Relief",
    "Version",
    "derive",
    "payoff",
]
