"""Loans with their schedules and everything that was paid on them, set-based, final states written once.

Known numbers are left alone, so that an import can be run again. Nothing is signalled and no event is written:
these facts were history when they came.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act
from backoffice.core.bulk import insert_rows
from backoffice.core.choices import DossierKind
from backoffice.core.errors import DomainError, InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.services import open_dossiers
from backoffice.core.time import business_day, start_of_day
from backoffice.loans.account import Receipt, derive
from backoffice.loans.choices import TermsState
from backoffice.loans.importing import Imported, LoanRow, PaymentRow
from backoffice.loans.ledger import Ledger
from backoffice.loans.models import Borrower, Creditor, Instalment, Loan, LoanProduct, Repayment, TermsVersion
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.services.accounts import settle_standing, take_account
from backoffice.loans.services.allocations import Shares, insert_allocations
from backoffice.loans.services.chunks import chunks, present
from backoffice.loans.services.lending import check_amounts, instalments_of, new_loan, schedule_of
from backoffice.loans.services.repayments import ExternalIdReused, check_payment
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


def import_loans(rows: Sequence[LoanRow], *, by: User, at: datetime) -> Imported[Loan]:
    """Loans of borrowers in the book, with their schedules and all that was paid on them; known numbers are left.

    The terms are those of the product in force on the day of payment. Limits of one loan are held; what one
    person owes over all loans was decided when the loans were made. Raises ``NotPermitted``.
    """
    require(by, "loans.add_loan")
    result: Imported[Loan] = Imported()
    with act(by=by, at=at, code="loan.imported"):
        book = _Book(rows)
        batch = _Batch(at=at)
        for position, row in enumerate(rows):
            if row.number in book.numbers:
                result.known += 1
                continue
            try:
                loan, instalments = _build(row, book, at=at)
            except DomainError as error:
                result.refused.append((position, error))
                continue
            book.numbers.add(row.number)
            batch.add(loan, instalments, row.payments)
        batch.insert()
        result.created = batch.loans
    return result


class _Book:
    """What the rows refer to, read once; and the policies by day."""

    def __init__(self, rows: Sequence[LoanRow]) -> None:
        self.numbers = present(Loan, "number", [row.number for row in rows])
        self.payments = present(
            Repayment, "external_id", [one.external_id for row in rows for one in row.payments]
        )
        self.borrowers = {
            one.customer_number: one
            for part in chunks(sorted({row.customer_number for row in rows}))
            for one in Borrower.objects.filter(customer_number__in=part)
        }
        self.products = {one.code: one for one in LoanProduct.objects.all()}
        self.creditors = {one.name: one for one in Creditor.objects.all()}
        self.terms = list(
            TermsVersion.objects.filter(state__in=[TermsState.PUBLISHED, TermsState.RETIRED]).order_by(
                "number"
            )
        )
        self._policies: dict[date, LoanPolicy] = {}

    def policy(self, on: date) -> LoanPolicy:
        if on not in self._policies:
            self._policies[on] = loan_policy(on=on)
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
    check_amounts(
        product,
        principal=row.principal,
        annual_rate=row.annual_rate,
        periods=row.periods,
        policy=book.policy(row.disbursed_on),
    )
    ids = [one.external_id for one in row.payments]
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
    )
    for one in row.payments:
        check_payment(loan=loan, amount=one.amount, received_at=one.received_at, at=at)
    loan.terms_rendered_at = row.terms_rendered_at
    loan.terms_dwell_seconds = row.terms_dwell_seconds
    loan.terms_confirmed_at = row.terms_confirmed_at
    schedule = schedule_of(loan, periods=row.periods)
    loan.matures_on = schedule[-1].due_on
    book.payments.update(ids)
    return loan, instalments_of(loan, schedule)


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
            loan.dossier = dossier
        bulk_create_with_history(Loan, self.loans)
        # Their parents have their ids only now.
        for one in self.instalments:
            one.loan_id = one.loan.pk
        bulk_create_with_history(Instalment, self.instalments)
        for repayment in self.repayments:
            repayment.loan_id = repayment.loan.pk
        insert_rows(Repayment, self.repayments)
        insert_allocations(self.shares, at=self.at, cause="import")
