"""Loans with their schedules and everything that was paid on them, set-based, final states written once.

A known loan with the same facts is left alone, so that an import can be run again; with other facts it is refused,
and never overwritten: what it owes follows from its own record. Nothing is signalled and no event is written: these
facts were history when they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal
from functools import partial
from typing import Any

from django.db.models import Max, Q
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act
from backoffice.core.bulk import insert_rows
from backoffice.core.choices import DossierKind
from backoffice.core.errors import DomainError, InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.money import ZERO
from backoffice.core.services import open_dossiers
from backoffice.core.time import business_day, start_of_day
from backoffice.loans.account import Receipt, derive
from backoffice.loans.accrual import Periods
from backoffice.loans.choices import ChangeState, LoanState, TermsState
from backoffice.loans.conventions import fee_terms
from backoffice.loans.fees import Fee
from backoffice.loans.importing import Imported, LoanRow, PaymentRow
from backoffice.loans.ledger import Ledger
from backoffice.loans.models import (
    Borrower,
    Creditor,
    Instalment,
    Loan,
    LoanProduct,
    ProductFee,
    Repayment,
    ScheduleChange,
    TermsVersion,
)
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.pricing import CostPolicy, cost_policy
from backoffice.loans.services.accounts import settle_standing, take_account
from backoffice.loans.services.allocations import Shares, insert_allocations
from backoffice.loans.services.chunks import chunks
from backoffice.loans.services.lending import (
    check_amounts,
    check_first_due,
    instalments_of,
    new_loan,
    owed_by_persons,
    price_loan,
    take_shown,
)
from backoffice.loans.services.repayments import ExternalIdReused, check_payment
from backoffice.loans.services.rights import require
from backoffice.loans.shown import CostTableShown, Shown, check_cost_table, check_terms_shown
from backoffice.staff.models import User


def import_loans(rows: Sequence[LoanRow], *, by: User, at: datetime) -> Imported[Loan]:
    """Loans of borrowers in the book, with their schedules and all that was paid on them; known numbers are left.

    The terms are those of the product in force on the day of payment. Limits of one loan are held; what one person
    owes over all loans and what a loan costs was decided when it was made. One above the cap of its day is stored and
    flagged (``over_person_cap``, ``cost_standing``), for it exists and somebody has to deal with it; its default rate
    is no more than the law lets anybody ask. Missing evidence of terms and cost table shows on the loan.
    A known number with other facts is refused (``LoanDiffers``); payments listed under a known loan are not looked
    at. Raises ``NotPermitted``.
    """
    require(by, "loans.import_loanbook")
    result: Imported[Loan] = Imported()
    with act(by=by, at=at, code="loan.imported"):
        book = _Book(rows)
        batch = _Batch(at=at)
        for position, row in enumerate(rows):
            try:
                if row.number in book.known:
                    check_same(row, book.known[row.number])
                    result.known.append(position)
                    continue
                loan, instalments = _build(row, book, at=at)
            except DomainError as error:
                result.refused.append((position, error))
                continue
            book.known[row.number] = row
            batch.add(loan, instalments, row.payments)
            result.positions.append(position)
        _flag_persons(batch.loans, batch.instalments, book)
        batch.insert()
        result.created = batch.loans
    return result


class LoanDiffers(InputRefused):
    """This loan came before with other facts: one of the two is wrong, and neither is guessed."""

    code = "loan-differs"
    default_message = _(
        "This loan is in the book with another value here. What is in the book stays; correct the file, or the loan."
    )


#: What makes a loan; the rest of a row is left open where the file does not say.
_FACTS = (
    *("customer_number", "product_code", "creditor_name", "principal", "annual_rate", "periods"),
    *("disbursed_on", "first_due_on", "terms_rendered_at", "terms_dwell_seconds", "terms_confirmed_at"),
    *("cost_rendered_at", "cost_dwell_seconds", "cost_confirmed_at", "cost_table_hash"),
)


def check_same(row: LoanRow, known: LoanRow) -> None:
    """Refuse a row that says something else than the loan that is there. Raises ``LoanDiffers``."""
    for name in _FACTS:
        value = getattr(row, name)
        if value is not None and value != getattr(known, name):
            raise LoanDiffers(field=name)


def known_rows(numbers: Sequence[str]) -> dict[str, LoanRow]:
    """The loans with these numbers that are in the book, as they were when they were made."""
    found: dict[str, LoanRow] = {}
    for part in chunks(numbers):
        loans = Loan.objects.filter(number__in=part)
        # A lower rate agreed later is no other loan.
        rates: dict[int, Decimal] = {}
        changes = ScheduleChange.objects.filter(loan__in=loans, state=ChangeState.APPLIED, version=2)
        rates.update(changes.values_list("loan", "annual_rate_before"))
        ends = Max("instalments__due_on", filter=Q(instalments__schedule_version=1))
        for loan in loans.select_related("borrower", "product", "creditor").annotate(first_ends=ends):
            count, first_due = _term_of(loan, loan.first_ends)
            found[loan.number] = LoanRow(
                number=loan.number,
                customer_number=loan.borrower.customer_number,
                product_code=loan.product.code,
                creditor_name=loan.creditor.name,
                principal=loan.principal,
                annual_rate=rates.get(loan.pk, loan.annual_rate),
                periods=count,
                disbursed_on=loan.disbursed_on,
                first_due_on=first_due,
                terms_rendered_at=loan.terms_rendered_at,
                terms_dwell_seconds=loan.terms_dwell_seconds,
                terms_confirmed_at=loan.terms_confirmed_at,
                cost_rendered_at=loan.cost_rendered_at,
                cost_dwell_seconds=loan.cost_dwell_seconds,
                cost_confirmed_at=loan.cost_confirmed_at,
                cost_table_hash=loan.cost_table_hash,
            )
    return found


def _term_of(loan: Loan, ends_on: date) -> tuple[int, date | None]:
    """Over how many periods the loan runs that ends on ``ends_on``, and what first due date makes it: a loan that is
    repaid at once has several periods and one instalment."""
    product = loan.product
    unit: Any = product.period_unit
    rhythm = partial(Periods, unit=unit, every=product.every, month_end=product.month_end)
    periods = rhythm(loan.first_due_on or loan.disbursed_on)
    count = periods.before(ends_on)
    if loan.first_due_on is not None:
        return count + 1, loan.first_due_on
    # Agreed as such, the regular day makes the same loan only where a period before it is the day of payment: neither
    # from the 31st to 28 February, nor from the middle of a month to the end of the next.
    regular = periods.due(1)
    return count, regular if rhythm(regular).due(-1) == loan.disbursed_on else None


class _Book:
    """What the rows refer to, read once; and the policies by day."""

    def __init__(self, rows: Sequence[LoanRow]) -> None:
        #: The loans that are there, as the rows that would have made them.
        self.known = known_rows([row.number for row in rows])
        self.borrowers = {
            one.customer_number: one
            for part in chunks(sorted({row.customer_number for row in rows}))
            for one in Borrower.objects.filter(customer_number__in=part).select_related("subject")
        }
        self.products = {one.code: one for one in LoanProduct.objects.all()}
        self.creditors = {one.name: one for one in Creditor.objects.all()}
        #: The ids of repayments that are taken, by creditor.
        self.payments: set[tuple[int, str]] = set()
        named = [
            self.creditors[name] for name in {row.creditor_name for row in rows} if name in self.creditors
        ]
        for part in chunks([one.external_id for row in rows for one in row.payments]):
            taken = Repayment.objects.filter(creditor__in=named, external_id__in=part)
            self.payments.update(taken.values_list("creditor_id", "external_id"))
        self.terms = list(
            TermsVersion.objects.filter(state__in=[TermsState.PUBLISHED, TermsState.RETIRED]).order_by(
                "number"
            )
        )
        self.fees: dict[int, list[Fee]] = {}
        for fee in ProductFee.objects.order_by("product", "sequence"):
            self.fees.setdefault(fee.product_id, []).extend(fee_terms([fee]))
        self._policies: dict[date, tuple[LoanPolicy, CostPolicy]] = {}

    def policy(self, on: date) -> tuple[LoanPolicy, CostPolicy]:
        if on not in self._policies:
            self._policies[on] = (loan_policy(on=on), cost_policy(on=on))
        return self._policies[on]

    def terms_for(self, product: LoanProduct, on: date) -> TermsVersion:
        for terms in reversed(self.terms):
            if (
                terms.product_id == product.pk
                and terms.effective_from is not None
                and terms.effective_from <= on
            ):
                return terms
        raise InputRefused(_("No terms of this product were in force on that day."), field="disbursed_on")


def _build(row: LoanRow, book: _Book, *, at: datetime) -> tuple[Loan, list[Instalment]]:
    borrower, product = book.borrowers.get(row.customer_number), book.products.get(row.product_code)
    creditor = book.creditors.get(row.creditor_name)
    if borrower is None:
        raise InputRefused(_("No borrower has this customer number."), field="customer_number")
    if product is None:
        raise InputRefused(_("No product has this code."), field="product_code")
    if creditor is None:
        raise InputRefused(_("No creditor has this name."), field="creditor_name")
    if row.disbursed_on > business_day(at):
        raise InputRefused(_("A loan cannot have been paid out in the future."), field="disbursed_on")
    policy, costs = book.policy(row.disbursed_on)
    check_amounts(
        product,
        principal=row.principal,
        annual_rate=row.annual_rate,
        periods=row.periods,
        policy=policy,
    )
    check_first_due(product, disbursed_on=row.disbursed_on, first_due_on=row.first_due_on)
    terms_shown = Shown(row.terms_rendered_at, row.terms_dwell_seconds, row.terms_confirmed_at)
    check_terms_shown(terms_shown, at=at)
    cost_shown = CostTableShown(
        row.cost_rendered_at, row.cost_dwell_seconds, row.cost_confirmed_at, row.cost_table_hash or ""
    )
    check_cost_table(cost_shown, at=at)
    ids = [(creditor.pk, one.external_id) for one in row.payments]
    if len(ids) != len(set(ids)) or not book.payments.isdisjoint(ids):
        raise ExternalIdReused(field="external_id")
    loan = new_loan(
        borrower=borrower,
        product=product,
        terms=book.terms_for(product, row.disbursed_on),
        creditor=creditor,
        number=row.number,
        principal=row.principal,
        annual_rate=row.annual_rate,
        disbursed_on=row.disbursed_on,
        first_due_on=row.first_due_on,
        costs=costs,
    )
    for one in row.payments:
        check_payment(loan=loan, amount=one.amount, received_at=one.received_at, channel=one.channel, at=at)
    take_shown(loan, terms_shown, cost_shown)
    priced = price_loan(loan, periods=row.periods, fees=book.fees.get(product.pk, []), costs=costs)
    book.payments.update(ids)
    return loan, instalments_of(loan, priced.rows)


def _flag_persons(loans: Sequence[Loan], instalments: Sequence[Instalment], book: _Book) -> None:
    """Mark the loans with which their person owes more, over all loans, than was allowed on the day of payment."""
    owed: dict[int, Decimal] = {}
    persons = {loan.number: loan.borrower.subject.same_as_id or loan.borrower.subject_id for loan in loans}
    for part in chunks(sorted(set(persons.values()))):
        owed |= owed_by_persons(part)
    for one in instalments:
        if one.loan.state == LoanState.ACTIVE:
            person = persons[one.loan.number]
            owed[person] = owed.get(person, ZERO) + one.principal_due - one.principal_paid
    for loan in loans:
        cap = book.policy(loan.disbursed_on)[0].person_cap
        loan.over_person_cap = (
            loan.state == LoanState.ACTIVE and cap is not None and owed.get(persons[loan.number], ZERO) > cap
        )


class _Batch:
    """Everything that becomes rows, gathered loan by loan and inserted table by table."""

    def __init__(self, *, at: datetime) -> None:
        self.at = at
        self.day = business_day(at)
        self.policy = loan_policy(on=self.day)
        self.loans: list[Loan] = []
        self.instalments: list[Instalment] = []
        self.repayments: list[Repayment] = []
        self.shares: list[Shares] = []

    def add(self, loan: Loan, instalments: list[Instalment], payments: Sequence[PaymentRow]) -> None:
        """The loan as its payments leave it today, derived as single postings would have done it."""
        repayments = [
            Repayment(
                loan=loan,
                creditor_id=loan.creditor_id,
                external_id=one.external_id,
                received_at=one.received_at,
                amount=one.amount,
                channel=one.channel,
            )
            for one in sorted(payments, key=lambda payment: (payment.received_at, payment.external_id))
        ]
        ledger = Ledger(loan, instalments=instalments)
        receipts = tuple(
            Receipt(key, business_day(one.received_at), one.amount, (key,))
            for key, one in enumerate(repayments)
        )
        facts = replace(ledger.facts(), receipts=receipts)
        account = derive(facts, on=max(self.day, loan.disbursed_on))
        take_account(ledger, account)
        settle_standing(ledger, account, on=self.day, policy=self.policy)
        by_sequence = {one.sequence: one for one in instalments}
        self.shares += [(repayments[one.receipt], by_sequence[one.sequence], one) for one in account.shares]
        self.repayments += repayments
        self.loans.append(loan)
        self.instalments += instalments

    def insert(self) -> None:
        dossiers = open_dossiers(
            kind=DossierKind.LOAN,
            numbers=[loan.number for loan in self.loans],
            ats=[start_of_day(loan.disbursed_on) for loan in self.loans],
        )
        for loan, dossier in zip(self.loans, dossiers, strict=True):
            loan.dossier_id = dossier
        bulk_create_with_history(Loan, self.loans)
        # Their parents have their ids only now.
        for one in self.instalments:
            one.loan_id = one.loan.pk
        bulk_create_with_history(Instalment, self.instalments)
        for repayment in self.repayments:
            repayment.loan_id = repayment.loan.pk
        insert_rows(Repayment, self.repayments)
        insert_allocations(self.shares, at=self.at, cause="import")
