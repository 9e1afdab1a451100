"""What a person owes one creditor on several loans, as the rule of Civil Code art. 560 asks for it."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from django.db.models import Q, QuerySet

from backoffice.core.money import ZERO
from backoffice.loans.account import COMPONENTS, Account, derive
from backoffice.loans.choices import FeeKind, LoanState
from backoffice.loans.ledger import ledgers_of
from backoffice.loans.models import Loan, ProductFee
from backoffice.loans.several import Debt, Proposal, distribute


def _together(loan: Loan) -> QuerySet[Loan]:
    """The running loans of the person at this loan's creditor, those under another name included."""
    subject = loan.borrower.subject
    root = subject.same_as_id or subject.pk
    return Loan.objects.filter(
        Q(borrower__subject=root) | Q(borrower__subject__same_as=root),
        creditor=loan.creditor_id,
        # A written-off debt is owed as before.
        state__in=(LoanState.ACTIVE, LoanState.WRITTEN_OFF),
    )


def owes_on_several(loan: Loan) -> bool:
    """Whether the person owes this loan's creditor on other running loans too. Two queries."""
    return _together(loan).exclude(pk=loan.pk).exists()


def proposal(loan: Loan, *, amount: Decimal, on: date) -> Proposal:
    """Where ``amount`` yuan, received on ``on`` for no loan in particular, go among the person's loans."""
    loans = list(
        _together(loan).filter(disbursed_on__lte=on).select_related("product", "borrower").order_by("pk")
    )
    secured = set(
        ProductFee.objects.filter(
            product__in={one.product_id for one in loans}, kind=FeeKind.GUARANTEE
        ).values_list("product", flat=True)
    )
    ledgers = ledgers_of(loans)
    debts = []
    for one in loans:
        account = derive(ledgers[one.pk].facts(), on=on)
        debts.append(
            Debt(
                key=one.number,
                due=sum((account.owed(name, due_by=on) for name in COMPONENTS), ZERO),
                due_since=_due_since(account, on),
                secured=one.product_id in secured,
                rate=one.default_rate,
            )
        )
    return distribute(amount, debts)


def _due_since(account: Account, on: date) -> date | None:
    open_rows = (
        row for row in account.rows if row.due_on <= on and any(row.open(name) for name in COMPONENTS)
    )
    return min((row.due_on for row in open_rows), default=None)
