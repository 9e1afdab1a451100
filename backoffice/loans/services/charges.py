"""What enforcing cost and the borrower owes."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import Act, act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.money import to_cents
from backoffice.core.time import business_day
from backoffice.loans import workflow
from backoffice.loans.models import Borrower, Charge, Loan
from backoffice.loans.services.accounts import restate
from backoffice.loans.services.telling import tell
from backoffice.loans.services.write_offs import check_after_write_off
from backoffice.staff.models import User


def charge_cost(
    *,
    loan: Loan,
    amount: Decimal,
    label: str,
    payee: str,
    charged_on: date,
    by: User,
    at: datetime,
    reason: str,
) -> Charge:
    """Charge ``amount`` yuan that enforcing cost (court fee, notary), owed from ``charged_on`` on, paid to ``payee``.

    Payments pay it before anything else (Civil Code art. 561). Raises ``NotPermitted``, ``TransitionRefused`` and
    ``InputRefused``.
    """
    with act(by=by, at=at, code="cost.charged", reason=reason, dossier=loan.dossier) as frame:
        loan = _locked(loan)
        workflow.loan.check("charge_cost", loan, by=by, at=at)
        if amount <= 0 or amount != to_cents(amount):
            raise InputRefused(_("A cost is a positive amount with two places."), field="amount")
        if not label.strip() or not payee.strip():
            raise InputRefused(_("Say what it was for and who was paid."), field="label")
        if not loan.disbursed_on <= charged_on <= business_day(at):
            raise InputRefused(
                _("A cost is charged after the loan was paid out, and not for days to come."),
                field="charged_on",
            )
        check_after_write_off(loan, on=charged_on, field="charged_on")
        charge = Charge.objects.create(
            loan=loan, charged_on=charged_on, label=label.strip(), payee=payee.strip(), amount=amount
        )
        restate(loan, frame=frame, cause="charge")
        _tell(frame, "cost_charged", loan, charge)
    return charge


def reverse_charge(*, charge: Charge, by: User, at: datetime, reason: str) -> Charge:
    """Take a cost back: it counts as never charged, and everything after it is derived anew.

    One that was owed when the loan was written off stays; it can be waived.
    Raises ``NotPermitted``, ``TransitionRefused`` and ``InputRefused``.
    """
    dossier = charge.loan.dossier
    with act(by=by, at=at, code="cost.reversed", reason=reason, dossier=dossier) as frame:
        loan = _locked(charge.loan)
        workflow.loan.check("reverse_charge", loan, by=by, at=at)
        if charge.reverses_id is not None or Charge.objects.filter(reverses=charge).exists():
            raise InputRefused(_("This cost was taken back already."), field="charge")
        check_after_write_off(loan, on=charge.charged_on, field="charge")
        reversal = Charge.objects.create(
            loan=loan,
            charged_on=business_day(at),
            label=charge.label,
            payee=charge.payee,
            amount=charge.amount,
            reverses=charge,
        )
        restate(loan, frame=frame, cause="charge")
        _tell(frame, "cost_reversed", loan, charge)
    return reversal


def _locked(loan: Loan) -> Loan:
    lock(Borrower, loan.borrower_id)
    return lock(Loan, loan.pk)


def _tell(frame: Act, kind: str, loan: Loan, charge: Charge) -> None:
    tell(frame, kind, loan, {"charge": charge.pk, "amount": str(charge.amount)})
