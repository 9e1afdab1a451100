"""Reads of the loan book, each with a name. Amounts in yuan; days are Shanghai's; ``on`` means the end of that day."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import cast

from django.db.models import QuerySet

from backoffice.core.money import ZERO
from backoffice.desk.reach import within_reach
from backoffice.loans import ageing
from backoffice.loans.account import Account, Facts, as_agreed_at_first, derive
from backoffice.loans.ageing import Delinquency, PastDue
from backoffice.loans.choices import Component, LoanState
from backoffice.loans.classification import (
    Bucket,
    Classification,
    Kind,
    OverdueKind,
    bucket_of,
    classify,
    kind_of,
)
from backoffice.loans.ledger import Ledger, ledger_of, ledgers_of
from backoffice.loans.models import (
    Borrower,
    BorrowerNeed,
    ContactConsent,
    ContactPerson,
    Loan,
    PaymentPause,
    PhoneNumber,
    Repayment,
    RepaymentAllocation,
    ScheduleChange,
)
from backoffice.loans.owed import InstalmentStatus, Outstanding, account_and_owed, status_of
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.spells import spells_of
from backoffice.privacy.people import sought, subjects_found
from backoffice.privacy.rights import Holder

#: One number or document never leads to more people than somebody can look through.
FOUND_LIMIT = 50


@dataclass(frozen=True, slots=True)
class LoanSnapshot:
    """A loan as of the end of a day, with the reasons for its day count.

    ``original`` is the count by the contract as it was made, where the schedule was changed since.
    """

    loan: Loan
    on: date
    outstanding: Outstanding
    past_due: PastDue
    delinquency: Delinquency
    overdue: Kind
    spells: int
    classification: Classification
    bucket: Bucket
    instalments: tuple[InstalmentStatus, ...]
    account: Account
    original: PastDue | None
    pauses: tuple[PaymentPause, ...]
    changes: tuple[ScheduleChange, ...]

    @property
    def days_past_due(self) -> int:
        return self.past_due.days

    @property
    def kind(self) -> OverdueKind:
        return self.overdue.value

    @property
    def charged(self) -> bool:
        """Whether any instalment has run up default interest."""
        return any(one.penalty_due for one in self.instalments)

    @property
    def enforced(self) -> bool:
        """Whether any instalment bears costs of enforcing."""
        return any(one.cost_due for one in self.instalments)

    @property
    def annual_rate(self) -> Decimal:
        """Per year, as a fraction."""
        return self.loan.annual_rate


@dataclass(frozen=True, slots=True)
class AllocatedPart:
    """A part of a repayment: so many yuan of ``component`` of instalment ``sequence`` of schedule ``version``.

    Every version numbers its instalments anew. ``earlier``: of a schedule that another one has replaced since.
    """

    version: int
    sequence: int
    due_on: date
    component: str
    amount: Decimal
    earlier: bool

    @property
    def component_label(self) -> str:
        return str(Component(self.component).label)


@dataclass(frozen=True, slots=True)
class RepaymentLine:
    """A repayment with where it went; ``unallocated`` is what nothing was owed for, of one that was not reversed."""

    repayment: Repayment
    parts: tuple[AllocatedPart, ...]
    unallocated: Decimal
    reversed: bool = False


@dataclass(frozen=True, slots=True)
class LoanPage:
    """Everything the loan's page shows."""

    snapshot: LoanSnapshot
    repayments: tuple[RepaymentLine, ...]


@dataclass(frozen=True, slots=True)
class BorrowerPage:
    """Everything the borrower's page shows of the loan book itself; ``owed`` by loan, of those that owe anything."""

    borrower: Borrower
    loans: list[Loan]
    owed: dict[int, Outstanding]
    phone_numbers: list[PhoneNumber]
    contact_persons: list[ContactPerson]
    needs: list[BorrowerNeed]
    consents: list[ContactConsent]


def loan_snapshot(loan_id: int, *, on: date) -> LoanSnapshot:
    """The loan as of the end of ``on``, judged by what had been received by then. Eight queries.

    Raises ``Loan.DoesNotExist``.
    """
    loan = Loan.objects.select_related("borrower", "product", "creditor", "terms").get(pk=loan_id)
    return snapshot_of(ledger_of(loan), on=on, policy=loan_policy(on=on))


def loan_for_page(loan: Loan, *, on: date) -> LoanPage:
    """The loan's page as of the end of ``on``. Eight queries, and one for the product where it is not joined."""
    ledger = ledger_of(loan)
    known = {one.pk: one for one in ledger.repayments}
    undone = {one.reverses_id for one in ledger.repayments if one.reverses_id is not None}
    for one in ledger.repayments:
        if one.reverses_id is not None:
            one.reverses = known[one.reverses_id]
    newest_first = sorted(ledger.repayments, key=lambda one: (one.received_at, one.pk), reverse=True)
    lines = repayment_lines(newest_first, undone=undone)
    return LoanPage(snapshot_of(ledger, on=on, policy=loan_policy(on=on)), tuple(lines))


def borrower_for_page(borrower: Borrower, *, on: date) -> BorrowerPage:
    """The borrower's page as of the end of ``on``. Eleven queries, masks only."""
    loans = list(borrower.loans.select_related("product").order_by("-disbursed_on", "-pk"))
    owing = [one for one in loans if one.state not in {LoanState.SETTLED, LoanState.ASSIGNED}]
    owed = {
        pk: account_and_owed(ledger.loan, ledger.facts(), on=on)[1]
        for pk, ledger in ledgers_of(owing).items()
    }
    return BorrowerPage(
        borrower=borrower,
        loans=loans,
        owed=owed,
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
    any number of their circle. Whoever is recorded as the same person is found too. Those the viewer may know of.

    Each kind is a bounded question to one index per column, so this costs the same whatever the size of the book.
    """
    everybody = Borrower.objects.all()
    found = set(everybody.filter(customer_number=typed.strip()).values_list("pk", flat=True))
    wanted = sought(typed) if not found else None
    if wanted is not None:
        found = borrowers_of(subjects_found(wanted, viewer=viewer))
    return within_reach(everybody.filter(pk__in=found), viewer, borrower="pk")


def borrowers_of(subject_ids: Collection[int]) -> set[int]:
    """The borrowers whom these people are, named as contact persons, or are reached with. Three indexed queries."""
    if not subject_ids:
        return set()
    found = set(Borrower.objects.filter(subject__in=subject_ids).values_list("pk", flat=True))
    for model in (PhoneNumber, ContactPerson):
        rows = model.objects.filter(subject__in=subject_ids).order_by("-pk")
        found.update(rows.values_list("borrower_id", flat=True)[:FOUND_LIMIT])
    return found


def snapshot_of(ledger: Ledger, *, on: date, policy: LoanPolicy) -> LoanSnapshot:
    """A loan as of the end of ``on`` from its ledger; no queries. The product, creditor and terms are joined."""
    loan, facts = ledger.loan, ledger.facts()
    account, outstanding = account_and_owed(loan, facts, on=on)
    dues, paid = account.dues_and_payments()
    past_due = ageing.days_past_due(on=on, schedule=dues, payments=paid)
    spells = spells_of(account)
    return LoanSnapshot(
        loan=loan,
        on=on,
        outstanding=outstanding,
        past_due=past_due,
        delinquency=ageing.delinquent_days(
            on=on,
            since=past_due.since,
            grace_days=policy.ageing.grace_days,
            pauses=ledger.count_pauses,
            frozen_on=loan.delinquency_frozen_at,
        ),
        overdue=kind_of(days=past_due.days, spells=spells, policy=policy.ageing.overdue),
        spells=spells,
        classification=classify(
            on=on,
            days=past_due.days,
            policy=policy.ageing.classes,
            watch=ledger.watch(on=on, months=policy.ageing.watch_months),
        ),
        bucket=bucket_of(past_due.days, policy.ageing.buckets),
        instalments=tuple(status_of(row, on=on) for row in account.rows),
        account=account,
        original=_original(facts, account, on=on),
        pauses=tuple(ledger.pauses),
        changes=tuple(ledger.changes),
    )


def _original(facts: Facts, account: Account, *, on: date) -> PastDue | None:
    if account.version.number == 1:
        return None
    dues, paid = derive(as_agreed_at_first(facts), on=on).dues_and_payments()
    return ageing.days_past_due(on=on, schedule=dues, payments=paid)


def allocation_of(repayment: Repayment) -> RepaymentLine:
    """One repayment with where it went. Two queries."""
    undone = {repayment.pk} if hasattr(repayment, "reversal") else set()
    return repayment_lines([repayment], undone=undone)[0]


def repayment_lines(repayments: Sequence[Repayment], *, undone: Collection[int]) -> list[RepaymentLine]:
    """The repayments with where their money is now, after all that was taken back, in their order; ``undone``: which
    of them were reversed. One query; the loan is joined."""
    where: dict[int, dict[tuple[int, int, date, str], Decimal]] = {one.pk: {} for one in repayments}
    rows = (
        RepaymentAllocation.objects.filter(repayment__in=list(where))
        .order_by("instalment__schedule_version", "instalment__sequence", "pk")
        .values_list(
            *("repayment_id", "instalment__schedule_version", "instalment__sequence"),
            *("instalment__due_on", "component", "amount"),
        )
    )
    for repayment_id, *place, amount in rows:
        parts, key = where[repayment_id], cast("tuple[int, int, date, str]", tuple(place))
        parts[key] = parts.get(key, ZERO) + amount
    return [_line(one, where[one.pk], one.pk in undone) for one in repayments]


def _line(
    repayment: Repayment, where: dict[tuple[int, int, date, str], Decimal], undone: bool
) -> RepaymentLine:
    now = repayment.loan.schedule_version
    parts = tuple(
        AllocatedPart(*place, amount, earlier=place[0] < now) for place, amount in where.items() if amount
    )
    counts = repayment.reverses_id is None and not undone
    rest = repayment.amount - sum((part.amount for part in parts), ZERO) if counts else ZERO
    return RepaymentLine(repayment, parts, rest, undone)
