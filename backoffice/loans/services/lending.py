"""Making a loan."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal

from django.db.models import F, Q, Sum
from django.db.models.functions import Coalesce
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.bounds import check_years
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.money import ZERO, is_amount, to_cents
from backoffice.core.services import open_dossier
from backoffice.core.time import business_day
from backoffice.loans.choices import CostStanding, LoanState, Method, PeriodUnit, TermsState
from backoffice.loans.conventions import cost_terms, fee_terms, schedule_terms
from backoffice.loans.cost import NotALoan, YearlyCost
from backoffice.loans.fees import Fee, Priced, price
from backoffice.loans.models import Borrower, Creditor, Instalment, Loan, LoanEvent, LoanProduct, TermsVersion
from backoffice.loans.policy import LoanPolicy, loan_policy
from backoffice.loans.posting import take_standing
from backoffice.loans.pricing import CostPolicy, cost_policy
from backoffice.loans.schedule import MOST_INSTALMENTS, Row, build_schedule, step
from backoffice.loans.services.rights import require
from backoffice.loans.shown import (
    CostTableShown,
    Shown,
    check_cost_table,
    check_terms_shown,
    what_is_missing,
    what_terms_lack,
)
from backoffice.privacy.models import DataSubject
from backoffice.staff.models import User

#: The column of a rate has one digit before the point.
_RATE_TOO_LONG = 10


class LimitExceeded(InputRefused):
    """More than the product or the law lets one person owe."""

    code = "limit-exceeded"


class TermsNotInForce(InputRefused):
    """A loan is made under published terms of its own product, which the borrower was shown."""

    code = "terms-not-in-force"


class CostTableNotShown(InputRefused):
    """No loan is made without evidence that its cost table was shown, read and confirmed before."""

    code = "cost-table-not-shown"


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
    cost_table: CostTableShown | None = None,
    first_due_on: date | None = None,
) -> Loan:
    """A loan of ``principal`` yuan at ``annual_rate`` (0.146 = 14.6 % a year), repaid over ``periods`` periods.

    The first instalment falls due on ``first_due_on``, without one a period after the day of payment. The three
    facts about the terms are the evidence that they were shown: when they were rendered, how many seconds they
    stayed on the screen, when they were confirmed; ``cost_table`` is the same of the cost table (综合融资成本明示表),
    demanded from the day the law demands it. What the loan costs a year all in is stored with it. Raises
    ``NotPermitted``, ``LimitExceeded`` (smallest loan, product, one person's balance, cost cap),
    ``TermsNotInForce``, ``CostTableNotShown`` and ``InputRefused``.
    """
    require(by, "loans.add_loan")
    check_years(disbursed_on, field="disbursed_on")
    policy, costs = loan_policy(on=disbursed_on), cost_policy(on=disbursed_on)
    if not product.active:
        raise InputRefused(_("This product is not offered any more."), field="product")
    terms_shown = Shown(terms_rendered_at, terms_dwell_seconds, terms_confirmed_at)
    _check_terms(product, terms, disbursed_on, shown=terms_shown, at=at)
    check_amounts(product, principal=principal, annual_rate=annual_rate, periods=periods, policy=policy)
    check_first_due(product, disbursed_on=disbursed_on, first_due_on=first_due_on)
    check_cost_table(cost_table, at=at)
    for missing in what_is_missing(cost_table, disbursed_on=disbursed_on, costs=costs):
        raise CostTableNotShown(missing, field="cost_table")
    if not costs.multiple_allowed(product.default_multiple):
        raise LimitExceeded(
            _("The default interest of this product is outside the lawful range."), field="product"
        )
    if Loan.objects.filter(number=number).exists():
        raise InputRefused(_("A loan with this number exists."), field="number", code="already-registered")
    with act(by=by, at=at, code="loan.created") as frame:
        root = _lock_person(borrower)
        borrower = lock(Borrower, borrower.pk)
        _check_person(root, product, principal=principal, policy=policy)
        loan = new_loan(
            borrower=borrower,
            product=product,
            terms=terms,
            creditor=creditor,
            number=number,
            principal=principal,
            annual_rate=annual_rate,
            disbursed_on=disbursed_on,
            first_due_on=first_due_on,
            costs=costs,
        )
        take_shown(loan, terms_shown, cost_table)
        fees = fee_terms(product.fees.all())
        priced = price_loan(loan, periods=periods, fees=fees, costs=costs)
        if loan.cost_standing == CostStanding.ABOVE_CAP:
            raise LimitExceeded(_("The rate is above the cap on the cost of a loan."), field="annual_rate")
        rows = priced.rows
        loan.dossier = open_dossier(kind=DossierKind.LOAN, number=number, at=at)
        instalments = instalments_of(loan, rows)
        today = business_day(at)
        # A loan entered late: whatever has fallen due since is unpaid.
        overdue = any(one.due_on < today for one in instalments)
        take_standing(loan, instalments, on=today, policy=policy, spells=int(overdue))
        loan.save()
        check_unchanged(product, fees)
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
    costs: CostPolicy,
    first_due_on: date | None = None,
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
        default_rate=costs.default_rate(annual_rate=annual_rate, multiple=product.default_multiple),
        method=product.method,
        day_count=product.day_count,
        rounding=product.rounding,
        disbursed_on=disbursed_on,
        first_due_on=first_due_on,
    )


def price_loan(loan: Loan, *, periods: int, fees: Sequence[Fee], costs: CostPolicy) -> Priced:
    """The schedule that follows from the loan's own facts and the conventions of its product, with its fees; sets on
    the loan when it matures, what it costs a year, and where that stands. Nothing is saved, nothing is refused but
    a loan of which the fees leave nothing (``InputRefused``)."""
    product = loan.product
    try:
        rows = build_schedule(
            principal=loan.principal,
            annual_rate=loan.annual_rate,
            periods=periods,
            disbursed_on=loan.disbursed_on,
            first_due_on=loan.first_due_on,
            **schedule_terms(product),
        )
    except ValueError:
        # A grace that lasts as long as the loan.
        raise InputRefused(_("The product does not offer this term."), field="periods") from None
    try:
        priced = price(
            rows,
            principal=loan.principal,
            disbursed_on=loan.disbursed_on,
            fees=fees,
            **cost_terms(product),
        )
    except NotALoan:
        raise InputRefused(_("The fees leave nothing of this loan."), field="principal") from None
    loan.matures_on = rows[-1].due_on
    take_cost(loan, priced.cost, costs=costs, annual_rate=loan.annual_rate, matures_on=loan.matures_on)
    return priced


#: What a loan stores of its cost.
COST_COLUMNS = ("cost_effective", "cost_nominal", "cost_convention", "cost_standing")


def take_cost(
    loan: Loan, cost: YearlyCost, *, costs: CostPolicy, annual_rate: Decimal, matures_on: date
) -> None:
    """Set what the loan costs and where that stood on the day of payment. Nothing is saved."""
    loan.cost_effective, loan.cost_nominal = cost.effective, cost.nominal
    loan.cost_convention = cost.convention
    loan.cost_standing = costs.standing(
        cost, annual_rate=annual_rate, disbursed_on=loan.disbursed_on, matures_on=matures_on
    )


def check_unchanged(product: LoanProduct, fees: Sequence[Fee]) -> None:
    """Refuse a loan whose product was changed while it was being made. From the loan's row on nobody can change it:
    whoever tries waits for this transaction and then finds the loan. Raises ``InputRefused``."""
    now = LoanProduct.objects.get(pk=product.pk)
    if fee_terms(now.fees.all()) != list(fees) or any(
        getattr(now, name) != getattr(product, name) for name in LoanProduct.CONVENTIONS
    ):
        raise InputRefused(_("The product has just been changed. Please try again."), field="product")


def take_shown(loan: Loan, terms: Shown, cost_table: CostTableShown | None) -> None:
    """Set the evidence on the loan. Nothing is saved."""
    loan.terms_rendered_at, loan.terms_confirmed_at = terms.rendered_at, terms.confirmed_at
    loan.terms_dwell_seconds = terms.dwell_seconds
    if cost_table is not None:
        loan.cost_rendered_at, loan.cost_confirmed_at = cost_table.rendered_at, cost_table.confirmed_at
        loan.cost_dwell_seconds, loan.cost_table_hash = cost_table.dwell_seconds, cost_table.table_hash


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
            interest_carried=row.odd,
            fee_due=row.fee,
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
    if not is_amount(principal):
        raise InputRefused(_("An amount has two places after the point."), field="principal")
    if principal < max(policy.minimum_amount, product.minimum_amount):
        raise LimitExceeded(_("The amount is below the smallest loan."), field="principal")
    if principal > product.maximum_amount or (
        policy.person_cap is not None and principal > policy.person_cap
    ):
        raise LimitExceeded(_("The amount is above the largest loan."), field="principal")
    if not annual_rate.is_finite() or not 0 <= annual_rate < _RATE_TOO_LONG:
        raise LimitExceeded(_("A rate is a fraction such as 0.146, and not negative."), field="annual_rate")
    if not 1 <= periods <= longest_term(product):
        raise InputRefused(_("The product does not offer this term."), field="periods")
    check_count(product, periods)


def check_count(product: LoanProduct, periods: int, *, field: str = "periods") -> None:
    """Refuse a term of more instalments than a loan may have. Raises ``InputRefused``."""
    if product.method != Method.BULLET and periods > MOST_INSTALMENTS:
        raise InputRefused(
            _("These are %(count)s instalments; a loan has at most %(most)s.")
            % {"count": periods, "most": MOST_INSTALMENTS},
            field=field,
        )


def check_first_due(product: LoanProduct, *, disbursed_on: date, first_due_on: date | None) -> None:
    """Refuse a first due date that no first period leads to. Raises ``InputRefused``."""
    if first_due_on is None:
        return
    latest = step(
        disbursed_on,
        2,
        period_unit=product.period_unit,  # type: ignore[arg-type]
        every=product.every,
        month_end=product.month_end,
    )
    if not disbursed_on < first_due_on <= latest:
        raise InputRefused(
            _("The first due date lies after the day of payment, two periods (%(latest)s) at the latest.")
            % {"latest": latest},
            field="first_due_on",
        )
    if product.month_end and (first_due_on + timedelta(days=1)).day != 1:
        raise InputRefused(
            _("This product is due on the last day of a month, the first time too."), field="first_due_on"
        )


def longest_term(product: LoanProduct) -> int:
    """How many periods fit into the longest term of the product."""
    if product.period_unit == PeriodUnit.MONTH:
        return product.term_months // product.every
    # A year of months is one of 365 days or of 52 weeks.
    days = product.term_months * 365 // 12
    return days // (product.every * (7 if product.period_unit == PeriodUnit.WEEK else 1))


def _check_terms(product: LoanProduct, terms: TermsVersion, on: date, *, shown: Shown, at: datetime) -> None:
    if (
        terms.product_id != product.pk
        or terms.state != TermsState.PUBLISHED
        or terms.effective_from is None
        or terms.effective_from > on
    ):
        raise TermsNotInForce(_("These terms are not in force for this product."), field="terms")
    try:
        check_terms_shown(shown, at=at)
    except InputRefused as error:
        raise TermsNotInForce(error.message, field=error.field) from None
    for missing in what_terms_lack(shown, disbursed_on=on):
        raise TermsNotInForce(missing, field="terms")


def _lock_person(borrower: Borrower) -> int:
    """The id of the first of the person's names, its row locked: of two loans at once, perhaps under two names, the
    second sees the first. Persons before borrowers, as erasure does; without their key, so that reads go on being
    recorded about them."""
    subject = DataSubject.objects.get(borrower=borrower)
    root = subject.same_as_id or subject.pk
    DataSubject.objects.select_for_update(no_key=True).get(pk=root)
    return root


def _check_person(root: int, product: LoanProduct, *, principal: Decimal, policy: LoanPolicy) -> None:
    """All loans of the person count, those under another name of the same person included."""
    balance = owed_by_persons([root]).get(root, ZERO) + principal
    if balance > product.maximum_amount or (policy.person_cap is not None and balance > policy.person_cap):
        raise LimitExceeded(
            _("With this loan the person would owe more than one person may."), field="principal"
        )


def owed_by_persons(roots: Collection[int]) -> dict[int, Decimal]:
    """The principal open on all loans of each person (yuan), by the first of their names; who owes nothing is left out.

    What was written off is still owed.
    """
    person = Coalesce("loan__borrower__subject__same_as", "loan__borrower__subject")
    rows = (
        Instalment.objects.filter(
            Q(loan__borrower__subject__in=roots) | Q(loan__borrower__subject__same_as__in=roots),
            loan__state__in=(LoanState.ACTIVE, LoanState.WRITTEN_OFF),
            schedule_version=F("loan__schedule_version"),
        )
        .annotate(person=person)
        .values("person")
        .annotate(due=Sum("principal_due"), paid=Sum("principal_paid"))
        .order_by("person")
    )
    return {row["person"]: to_cents(row["due"] - row["paid"]) for row in rows}
