"""Rows of the loan book as they come from core banking, a file or the demo data: plain facts, keys as text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

from backoffice.core.errors import DomainError
from backoffice.core.money import ZERO

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PhoneRow:
    """A further number of the borrower: whose (``choices.NumberOwner``; not a contact person's)."""

    number: str
    owner: str
    given_for_contact: bool = False
    invalid_since: date | None = None


@dataclass(frozen=True, slots=True)
class ContactPersonRow:
    name: str
    relation: str
    mobile: str = ""


@dataclass(frozen=True, slots=True)
class NeedRow:
    need: str
    from_on: date
    until: date | None = None


@dataclass(frozen=True, slots=True)
class BorrowerRow:
    customer_number: str
    name: str
    id_number: str
    mobile: str
    registered_at: datetime
    id_type: str = "resident_id"
    email: str = ""
    address: str = ""
    service_address: str = ""
    phones: Sequence[PhoneRow] = ()
    contact_persons: Sequence[ContactPersonRow] = ()
    needs: Sequence[NeedRow] = ()


@dataclass(frozen=True, slots=True)
class PaymentRow:
    """A repayment (yuan) of the loan it is listed under."""

    external_id: str
    received_at: datetime
    amount: Decimal
    channel: str


@dataclass(frozen=True, slots=True)
class LoanRow:
    """A loan with everything that was paid on it so far; product by code, creditor by name."""

    number: str
    customer_number: str
    product_code: str
    creditor_name: str
    principal: Decimal
    annual_rate: Decimal
    periods: int
    disbursed_on: date
    payments: Sequence[PaymentRow] = ()
    first_due_on: date | None = None
    terms_rendered_at: datetime | None = None
    terms_dwell_seconds: int | None = None
    terms_confirmed_at: datetime | None = None
    cost_rendered_at: datetime | None = None
    cost_dwell_seconds: int | None = None
    cost_confirmed_at: datetime | None = None
    cost_table_hash: str | None = None


class RepaymentRow(NamedTuple):
    """A repayment (yuan) of a loan that is in the book already."""

    loan_number: str
    external_id: str
    received_at: datetime
    amount: Decimal
    channel: str


@dataclass(slots=True)
class Money:
    """What an import did to the money (yuan) of which loans (by their ids).

    ``allocated`` is by component; ``surplus`` is by position in the rows given: what nothing was owed for and stays
    the borrower's credit. ``derived_anew`` are loans where something came before what was known.
    """

    loans: set[int] = field(default_factory=set)
    settled: set[int] = field(default_factory=set)
    derived_anew: set[int] = field(default_factory=set)
    allocated: dict[str, Decimal] = field(default_factory=dict)
    surplus: dict[int, Decimal] = field(default_factory=dict)
    credit: Decimal = ZERO

    def add(self, other: Money) -> None:
        """Join what the next batch did; its positions are its own and are left out."""
        self.loans |= other.loans
        self.settled |= other.settled
        self.derived_anew |= other.derived_anew
        for name, amount in other.allocated.items():
            self.allocated[name] = self.allocated.get(name, ZERO) + amount
        self.credit += sum(other.surplus.values(), ZERO)


@dataclass(slots=True)
class Imported(Generic[T]):
    """What became of the rows: ``created`` things, which were ``known`` before, and what was refused, by position
    in the rows given (``positions``: of what was created). One bad row keeps nothing else out."""

    created: list[T] = field(default_factory=list)
    known: list[int] = field(default_factory=list)
    refused: list[tuple[int, DomainError]] = field(default_factory=list)
    positions: list[int] = field(default_factory=list)
    money: Money = field(default_factory=Money)
