"""Making a loan."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.money import ZERO, to_cents
from backoffice.core.services import open_dossier
from backoffice.core.time import business_day
from backoffice.loans.choices import LoanState, PeriodUnit, TermsState
from backoffice.loans.conventions import schedule_terms
from backoffice.loans.models import Borrower, Creditor, Instalment, Loan, LoanEvent, LoanProduct, TermsVersion
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.posting import take_standing
from backoffice.loans.schedule import Row, build_schedule
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


class LimitExceeded(InputRefused):
    """More than the product or the law lets one person owe."""

    code = "limit-exceeded"


class TermsNotInForce(InputRefused):
    """A loan is made under published terms of its own product, which the borrower was shown."""

    code = "terms-not-in-force"


def create_loan(
    *,
    borrower: Borrower,
    product: LoanProduct,
    terms: TermsVersion,
    creditor: Creditor,
    number: str,
    principal: Decimal,
    annual_rate: Decimal,
    periods: int,
    disbursed_on: date,
    terms_rendered_at: datetime,
    terms_dwell_seconds: int,
    terms_confirmed_at: datetime,
    by: User,
    at: datetime,
) -> Loan:
    """A loan of ``principal`` yuan at ``annual_rate`` (0.146 = 14.6 % a year), repaid over ``periods`` months.

    The three facts about the terms are the evidence that they were shown: when they were rendered, how many
    seconds they stayed on the screen, when they were confirmed. Raises ``NotPermitted``, ``LimitExceeded``
    (smallest loan, product, one person's balance, cost cap), ``TermsNotInForce`` and ``InputRefused``.
    """
    require(by, "loans.add_loan")
    policy = loan_policy(on=disbursed_on)
    _check_terms(product, terms, disbursed_on, rendered_at=terms_rendered_at, confirmed_at=terms_confirmed_at)
    check_amounts(product, principal=principal, annual_rate=annual_rate, periods=periods, policy=policy)
    if Loan.objects.filter(number=number).exists():
        raise InputRefused(_("A loan with this number exists."), field="number", code="already-registered")
    with act(by=by, at=at, code="loan.created") as frame:
        borrower = lock(Borrower, borrower.pk)
        _check_person(borrower, product, principal=principal, policy=policy)
        loan = new_loan(
            borrower=borrower,
            product=product,
            terms=terms,
            creditor=creditor,
            number=number,
            principal=principal,
            annual_rate=annual_rate,
            disbursed_on=disbursed_on,
        )
        loan.terms_rendered_at = terms_rendered_at
        loan.terms_dwell_seconds = terms_dwell_seconds
        loan.terms_confirmed_at = terms_confirmed_at
        rows = schedule_of(loan, periods=periods)
        loan.matures_on = rows[-1].due_on
        loan.dossier = open_dossier(kind=DossierKind.LOAN, number=number, at=at)
        instalments = instalments_of(loan, rows)
        today = business_day(at)
        # A loan entered late: whatever has fallen due since is unpaid.
        overdue = any(one.due_on < today for one in instalments)
        take_standing(loan, instalments, on=today, policy=policy, spells=int(overdue))
        loan.save()
        for instalment in instalments:
            instalment.loan = loan
        bulk_create_with_history(Instalment, instalments)
        frame.record(
            LoanEvent,
            "loan_created",
            dossier=loan.dossier,
            borrower=borrower,
            loan=loan,
            data={"principal": str(principal), "periods": periods},
        )
    return loan


def new_loan(
    *,
    borrower: Borrower,
    product: LoanProduct,
    terms: TermsVersion,
    creditor: Creditor,
    number: str,
    principal: Decimal,
    annual_rate: Decimal,
    disbursed_on: date,
) -> Loan:
    """The unsaved loan with what it takes from its product, without file, schedule and standing."""
    return Loan(
        borrower=borrower,
        product=product,
        terms=terms,
        creditor=creditor,
        number=number,
        principal=principal,
        annual_rate=annual_rate,
        default_rate=(annual_rate * product.default_multiple).quantize(Decimal("0.000001")),
        method=product.method,
        day_count=product.day_count,
        rounding=product.rounding,
        disbursed_on=disbursed_on,
    )


def schedule_of(loan: Loan, *, periods: int) -> list[Row]:
    """The schedule that follows from the loan's own facts and the conventions of its product."""
    return build_schedule(
        principal=loan.principal,
        annual_rate=loan.annual_rate,
        periods=periods,
        disbursed_on=loan.disbursed_on,
        **schedule_terms(loan.product),
    )


def instalments_of(loan: Loan, rows: list[Row]) -> list[Instalment]:
    """The unsaved instalments of the loan's present schedule version."""
    return [
        Instalment(
            loan=loan,
            schedule_version=loan.schedule_version,
            sequence=row.sequence,
            due_on=row.due_on,
            principal_due=row.principal,
            interest_due=row.interest,
            fee_due=ZERO,
            principal_paid=ZERO,
            interest_paid=ZERO,
            fee_paid=ZERO,
        )
        for row in rows
    ]


def check_amounts(
    product: LoanProduct, *, principal: Decimal, annual_rate: Decimal, periods: int, policy: LoanPolicy
) -> None:
    """Refuse what the product or the law does not allow for one loan. Raises ``InputRefused``."""
    if principal != to_cents(principal):
        raise InputRefused(_("An amount has two places after the point."), field="principal")
    if principal < max(policy.minimum_amount, product.minimum_amount):
        raise LimitExceeded(_("The amount is below the smallest loan."), field="principal")
    if principal > product.maximum_amount or (
        policy.person_cap is not None and principal > policy.person_cap
    ):
        raise LimitExceeded(_("The amount is above the largest loan."), field="principal")
    if annual_rate < 0 or (policy.cost_cap is not None and annual_rate > policy.cost_cap):
        raise LimitExceeded(_("The rate is above the cap on the cost of a loan."), field="annual_rate")
    if not 1 <= periods <= longest_term(product):
        raise InputRefused(_("The product does not offer this term."), field="periods")


def longest_term(product: LoanProduct) -> int:
    """How many periods fit into the longest term of the product."""
    if product.period_unit == PeriodUnit.MONTH:
        return product.term_months // product.every
    # A year of months is one of 365 days or of 52 weeks.
    days = product.term_months * 365 // 12
    return days // (product.every * (7 if product.period_unit == PeriodUnit.WEEK else 1))


def _check_terms(
    product: LoanProduct, terms: TermsVersion, on: date, *, rendered_at: datetime, confirmed_at: datetime
) -> None:
    if (
        terms.product_id != product.pk
        or terms.state != TermsState.PUBLISHED
        or terms.effective_from is None
        or terms.effective_from > on
    ):
        raise TermsNotInForce(_("These terms are not in force for this product."), field="terms")
    if confirmed_at < rendered_at:
        raise TermsNotInForce(
            _("The terms were confirmed before they were shown."), field="terms_confirmed_at"
        )


def _check_person(
    borrower: Borrower, product: LoanProduct, *, principal: Decimal, policy: LoanPolicy
) -> None:
    """All loans of the person count, those under another name of the same person included."""
    subject = borrower.subject
    root = subject.same_as_id or subject.pk
    owed = Instalment.objects.filter(
        Q(loan__borrower__subject=root) | Q(loan__borrower__subject__same_as=root),
        loan__state=LoanState.ACTIVE,
        schedule_version=F("loan__schedule_version"),
    ).aggregate(due=Sum("principal_due"), paid=Sum("principal_paid"))
    balance = to_cents((owed["due"] or ZERO) - (owed["paid"] or ZERO)) + principal
    if balance > product.maximum_amount or (policy.person_cap is not None and balance > policy.person_cap):
        raise LimitExceeded(
            _("With this loan the person would owe more than one person may."), field="principal"
        )
