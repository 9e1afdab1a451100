"""Money received."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.history import bulk_update_with_history
from backoffice.core.money import to_cents
from backoffice.core.time import business_day
from backoffice.loans.choices import LoanState
from backoffice.loans.models import (
    Borrower,
    Instalment,
    Loan,
    LoanEvent,
    Repayment,
)
from backoffice.loans.policy import loan_policy
from backoffice.loans.posting import PAID_COLUMNS, post, take_standing
from backoffice.loans.services.allocations import insert_allocations
from backoffice.loans.services.rights import require
from backoffice.loans.signals import repayment_posted
from backoffice.staff.models import User


class ExternalIdReused(InputRefused):
    """The same external id came before with other facts: one of the two is wrong, and neither is guessed."""

    code = "external-id-reused"
    default_message = _("This external id belongs to another repayment.")


class LoanNotOpen(InputRefused):
    """Nothing is owed on this loan any more."""

    code = "loan-not-open"
    default_message = _("This loan takes no repayments.")


#: A written-off debt is still owed to us; one that was settled or assigned is not.
OPEN_STATES = frozenset({LoanState.ACTIVE.value, LoanState.WRITTEN_OFF.value})


def post_repayment(
    *,
    loan: Loan,
    external_id: str,
    amount: Decimal,
    received_at: datetime,
    channel: str,
    by: User,
    at: datetime,
) -> Repayment:
    """Take ``amount`` yuan onto the loan and spread it in the statutory order.

    The same ``external_id`` with the same facts answers the repayment that is there and changes nothing. What
    nothing was owed for stays on the repayment unallocated; the event says how much. Raises ``NotPermitted``,
    ``ExternalIdReused``, ``LoanNotOpen`` and ``InputRefused``.
    """
    require(by, "loans.add_repayment")
    check_payment(amount=amount, received_at=received_at, at=at)
    with act(by=by, at=at, code="repayment.posted") as frame:
        lock(Borrower, loan.borrower_id)
        loan = lock(Loan, loan.pk)
        known = Repayment.objects.filter(external_id=external_id).first()
        if known is not None:
            if (known.loan_id, known.amount, known.received_at) == (loan.pk, amount, received_at):
                return known
            raise ExternalIdReused(field="external_id")
        if loan.state not in OPEN_STATES:
            raise LoanNotOpen()
        try:
            repayment = Repayment.objects.create(
                loan=loan, external_id=external_id, received_at=received_at, amount=amount, channel=channel
            )
        except IntegrityError as error:
            # Another loan's posting used the id a moment ago; this loan's are kept apart by the lock.
            raise ExternalIdReused(field="external_id") from error
        instalments = list(
            Instalment.objects.select_for_update(of=("self",))
            .filter(loan=loan, schedule_version=loan.schedule_version)
            .order_by("sequence")
        )
        posting = post(instalments=instalments, amount=amount, on=business_day(received_at))
        by_sequence = {instalment.sequence: instalment for instalment in instalments}
        insert_allocations([(repayment, by_sequence, posting.shares)], at=at, cause="repayment")
        bulk_update_with_history(Instalment, posting.changed, PAID_COLUMNS)
        day = business_day(at)
        if take_standing(loan, instalments, on=day, policy=loan_policy(on=day)):
            loan.save()
        frame.record(
            LoanEvent,
            "repayment_posted",
            dossier=loan.dossier,
            borrower_id=loan.borrower_id,
            loan=loan,
            data={"repayment": repayment.pk, "amount": str(amount), "surplus": str(posting.surplus)},
        )
        if loan.state == LoanState.SETTLED:
            frame.record(
                LoanEvent, "loan_settled", dossier=loan.dossier, borrower_id=loan.borrower_id, loan=loan
            )
        repayment_posted.send(sender=Loan, loan=loan, repayment=repayment, by=by, at=at)
    return repayment


def check_payment(*, amount: Decimal, received_at: datetime, at: datetime) -> None:
    """Refuse what cannot be a payment. Raises ``InputRefused``."""
    if amount <= 0 or amount != to_cents(amount):
        raise InputRefused(_("A repayment is a positive amount with two places."), field="amount")
    if received_at > at:
        raise InputRefused(_("A repayment cannot have been received in the future."), field="received_at")
