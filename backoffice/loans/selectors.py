"""Reads of the loan book, each with a name. Amounts in yuan; days are Shanghai's; ``on`` means the end of that day."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from django.db.models import QuerySet

from backoffice.core.money import ZERO
from backoffice.core.time import business_day
from backoffice.loans import ageing
from backoffice.loans.ageing import Delinquency, Due, OverdueKind, Paid, PastDue
from backoffice.loans.choices import Component, LoanState
from backoffice.loans.models import (
    Borrower,
    BorrowerNeed,
    ContactConsent,
    ContactPerson,
    Instalment,
    Loan,
    PhoneNumber,
    Repayment,
    RepaymentAllocation,
)
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.posting import COLUMNS, due
from backoffice.privacy.people import sought, subjects_found
from backoffice.privacy.rights import Holder

#: One number or document never leads to more people than somebody can look through.
FOUND_LIMIT = 50
#: States of an instalment as the chart and the table show them.
PAID, PART_PAID, OVERDUE, DUE_TODAY, UPCOMING = "paid", "part_paid", "overdue", "due_today", "upcoming"


@dataclass(frozen=True, slots=True)
class Outstanding:
    """What is owed as of a day. Interest and fees are those of instalments that have fallen due by then; the
    principal is the whole of it. ``penalty`` is the default interest charged so far and not paid."""

    principal: Decimal
    interest: Decimal
    fee: Decimal
    penalty: Decimal
    overdue: Decimal

    @property
    def total(self) -> Decimal:
        return self.principal + self.interest + self.fee + self.penalty


@dataclass(frozen=True, slots=True)
class InstalmentStatus:
    """One line of the schedule as of a day."""

    sequence: int
    due_on: date
    principal_due: Decimal
    interest_due: Decimal
    fee_due: Decimal
    paid: Decimal
    state: str
    last_paid_on: date | None

    @property
    def amount(self) -> Decimal:
        return self.principal_due + self.interest_due + self.fee_due

    @property
    def open(self) -> Decimal:
        return self.amount - self.paid


@dataclass(frozen=True, slots=True)
class LoanSnapshot:
    """A loan as of the end of a day, with the reasons for its day count."""

    loan: Loan
    on: date
    outstanding: Outstanding
    past_due: PastDue
    delinquency: Delinquency
    kind: OverdueKind
    spells: int
    instalments: tuple[InstalmentStatus, ...]

    @property
    def days_past_due(self) -> int:
        return self.past_due.days

    @property
    def annual_rate(self) -> Decimal:
        """Per year, as a fraction."""
        return self.loan.annual_rate


@dataclass(frozen=True, slots=True)
class AllocatedPart:
    """A part of a repayment: so many yuan of ``component`` of instalment ``sequence``."""

    sequence: int
    component: str
    amount: Decimal

    @property
    def component_label(self) -> str:
        return str(Component(self.component).label)


@dataclass(frozen=True, slots=True)
class RepaymentLine:
    """A repayment with where it went; ``unallocated`` is what nothing was owed for."""

    repayment: Repayment
    parts: tuple[AllocatedPart, ...]
    unallocated: Decimal


@dataclass(frozen=True, slots=True)
class LoanPage:
    """Everything the loan's page shows."""

    snapshot: LoanSnapshot
    repayments: tuple[RepaymentLine, ...]


@dataclass(frozen=True, slots=True)
class BorrowerPage:
    """Everything the borrower's page shows of the loan book itself."""

    borrower: Borrower
    loans: list[Loan]
    phone_numbers: list[PhoneNumber]
    contact_persons: list[ContactPerson]
    needs: list[BorrowerNeed]
    consents: list[ContactConsent]


def loan_snapshot(loan_id: int, *, on: date) -> LoanSnapshot:
    """The loan as of the end of ``on``, judged by what had been received by then. Four queries.

    Raises ``Loan.DoesNotExist``.
    """
    loan = Loan.objects.select_related("borrower", "product", "creditor", "terms").get(pk=loan_id)
    return _snapshot(loan, _schedule(loan), _allocations(loan), on=on, policy=loan_policy(on=on))


def loan_for_page(loan: Loan, *, on: date) -> LoanPage:
    """The loan's page as of the end of ``on``. Four queries."""
    allocations = _allocations(loan)
    snapshot = _snapshot(loan, _schedule(loan), allocations, on=on, policy=loan_policy(on=on))
    parts: dict[int, list[AllocatedPart]] = {}
    for row in allocations:
        parts.setdefault(row.repayment_id, []).append(
            AllocatedPart(row.instalment.sequence, row.component, row.amount)
        )
    lines = []
    for repayment in loan.repayments.order_by("-received_at", "-pk"):
        where = tuple(parts.get(repayment.pk, ()))
        rest = repayment.amount - sum((part.amount for part in where), ZERO)
        lines.append(RepaymentLine(repayment, where, rest))
    return LoanPage(snapshot, tuple(lines))


def borrower_for_page(borrower: Borrower) -> BorrowerPage:
    """The borrower's page. Five queries, masks only."""
    return BorrowerPage(
        borrower=borrower,
        loans=list(borrower.loans.select_related("product").order_by("-disbursed_on", "-pk")),
        phone_numbers=list(borrower.phone_numbers.defer("number_cipher").order_by("pk")),
        contact_persons=list(borrower.contact_persons.defer("name_cipher").order_by("pk")),
        needs=list(borrower.needs.order_by("-from_on", "-pk")),
        consents=list(borrower.contact_consents.select_related("creditor").order_by("-valid_from", "-pk")),
    )


def stored_days_past_due(loan: Loan, *, on: date) -> int:
    """The days past due at the end of ``on`` from the loan's stored date: for lists, on the present day only."""
    if loan.oldest_unpaid_due_on is None:
        return 0
    return max((on - loan.oldest_unpaid_due_on).days, 0)


def find_borrowers_by(typed: str, *, viewer: Holder) -> QuerySet[Borrower]:
    """Borrowers by one exact identifier typed in full: our customer number, a document, an e-mail address, a name,
    any number of their circle. Whoever is recorded as the same person is found too.

    Each kind is a bounded question to one index per column, so this costs the same whatever the size of the book.
    """
    everybody = Borrower.objects.all()
    found = set(everybody.filter(customer_number=typed.strip()).values_list("pk", flat=True))
    wanted = sought(typed) if not found else None
    if wanted is not None:
        found = borrowers_of(subjects_found(wanted, viewer=viewer))
    return everybody.filter(pk__in=found)


def borrowers_of(subject_ids: Collection[int]) -> set[int]:
    """The borrowers whom these people are, named as contact persons, or are reached with. Three indexed queries."""
    if not subject_ids:
        return set()
    found = set(Borrower.objects.filter(subject__in=subject_ids).values_list("pk", flat=True))
    for model in (PhoneNumber, ContactPerson):
        rows = model.objects.filter(subject__in=subject_ids).order_by("-pk")
        found.update(rows.values_list("borrower_id", flat=True)[:FOUND_LIMIT])
    return found


def _schedule(loan: Loan) -> list[Instalment]:
    return list(
        Instalment.objects.filter(loan=loan, schedule_version=loan.schedule_version).order_by("sequence")
    )


def _allocations(loan: Loan) -> list[RepaymentAllocation]:
    return list(
        RepaymentAllocation.objects.filter(repayment__loan=loan)
        .select_related("repayment", "instalment")
        .order_by("pk")
    )


def _snapshot(
    loan: Loan,
    schedule: list[Instalment],
    allocations: Iterable[RepaymentAllocation],
    *,
    on: date,
    policy: LoanPolicy,
) -> LoanSnapshot:
    rows = [(row, business_day(row.repayment.received_at)) for row in allocations]
    paid = [Paid(row.instalment.sequence, day, row.amount) for row, day in rows]
    dues = [Due(one.sequence, one.due_on, due(one)) for one in schedule]
    parts: dict[tuple[int, str], Decimal] = {}
    last: dict[int, date] = {}
    for row, day in rows:
        if day <= on:
            key = (row.instalment.sequence, row.component)
            parts[key] = parts.get(key, ZERO) + row.amount
            last[key[0]] = max(day, last.get(key[0], day))
    past_due = ageing.days_past_due(on=on, schedule=dues, payments=paid)
    spells = ageing.overdue_spells(on=on, schedule=dues, payments=paid)
    return LoanSnapshot(
        loan=loan,
        on=on,
        outstanding=_outstanding(loan, schedule, parts, on=on),
        past_due=past_due,
        delinquency=ageing.delinquent_days(
            on=on,
            since=past_due.since,
            grace_days=policy.grace_days,
            frozen_on=loan.delinquency_frozen_at,
        ),
        kind=ageing.overdue_kind(days=past_due.days, spells=spells, policy=policy.overdue),
        spells=spells,
        instalments=tuple(_status(one, parts, last.get(one.sequence), on=on) for one in schedule),
    )


def _outstanding(
    loan: Loan, schedule: list[Instalment], parts: dict[tuple[int, str], Decimal], *, on: date
) -> Outstanding:
    left: dict[str, Decimal] = dict.fromkeys(COLUMNS, ZERO)
    overdue = ZERO
    for one in schedule:
        for name, (column, _paid) in COLUMNS.items():
            rest = getattr(one, column) - parts.get((one.sequence, name), ZERO)
            if name == Component.PRINCIPAL or one.due_on <= on:
                left[name] += max(rest, ZERO)
            if one.due_on < on:
                overdue += max(rest, ZERO)
    if loan.disbursed_on > on or loan.state == LoanState.ASSIGNED:
        # Not paid out yet, or owed to somebody else.
        return Outstanding(ZERO, ZERO, ZERO, ZERO, ZERO)
    return Outstanding(
        principal=left[Component.PRINCIPAL],
        interest=left[Component.INTEREST],
        fee=left[Component.FEE],
        # Default interest is charged by the close of day; nothing in this book charges it yet.
        penalty=ZERO,
        overdue=overdue,
    )


def _status(
    one: Instalment, parts: dict[tuple[int, str], Decimal], last_paid_on: date | None, *, on: date
) -> InstalmentStatus:
    paid = sum((parts.get((one.sequence, name), ZERO) for name in COLUMNS), ZERO)
    if paid >= due(one):
        state = PAID
    elif one.due_on < on:
        state = OVERDUE
    elif one.due_on == on:
        state = DUE_TODAY
    else:
        state = PART_PAID if paid else UPCOMING
    return InstalmentStatus(
        sequence=one.sequence,
        due_on=one.due_on,
        principal_due=one.principal_due,
        interest_due=one.interest_due,
        fee_due=one.fee_due,
        paid=paid,
        state=state,
        last_paid_on=last_paid_on,
    )


def allocation_of(repayment: Repayment) -> RepaymentLine:
    """One repayment with where it went. One query."""
    rows = repayment.allocations.select_related("instalment").order_by("pk")
    parts = tuple(AllocatedPart(row.instalment.sequence, row.component, row.amount) for row in rows)
    return RepaymentLine(repayment, parts, repayment.amount - sum((part.amount for part in parts), ZERO))
