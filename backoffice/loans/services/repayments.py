"""Money received, and money that turned out not to have been."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.db import IntegrityError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.bounds import check_years
from backoffice.core.errors import InputRefused
from backoffice.core.money import ZERO, is_amount
from backoffice.core.time import business_day
from backoffice.loans.account import Facts, Receipt, anything_owed
from backoffice.loans.choices import LoanState, RepaymentChannel
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Borrower, Loan, LoanEvent, Repayment
from backoffice.loans.services.accounts import restate
from backoffice.loans.services.rights import require
from backoffice.loans.signals import repayment_posted, repayment_reversed
from backoffice.staff.models import User


class ExternalIdReused(InputRefused):
    """The same external id came before with other facts: one of the two is wrong, and neither is guessed."""

    code = "external-id-reused"
    default_message = _("This external id belongs to another repayment.")


class LoanNotOpen(InputRefused):
    """Nothing is owed on this loan any more."""

    code = "loan-not-open"
    default_message = _("This loan takes no repayments.")


#: The name in an account of a repayment that is not in the book.
_COMING = -1


class NotReversible(InputRefused):
    """This repayment cannot be taken back, or not any more."""

    code = "not-reversible"


def post_repayment(
    *,
    loan: Loan,
    external_id: str,
    amount: Decimal,
    received_at: datetime,
    channel: str,
    by: User,
    at: datetime,
    reason: str = "",
    right: str = "loans.post_repayment",
) -> Repayment:
    """Take ``amount`` yuan onto the loan and spread it in the order of its product, as of the day of ``received_at``.

    A payment that comes to be known late is put where it belongs: everything after it is derived anew. The same
    ``external_id`` of the same creditor with the same facts answers the repayment that is there and changes nothing.
    What nothing was owed for stays the borrower's credit; the event says how much. A loan that is settled by now takes
    only money that came while something was owed. ``right`` is what it is done with: another one where a second person
    lets a request through. Raises ``NotPermitted``, ``ExternalIdReused``, ``LoanNotOpen`` and ``InputRefused``.
    """
    require(by, right)
    with act(by=by, at=at, code="repayment.posted", reason=reason, dossier=loan.dossier) as frame:
        lock(Borrower, loan.borrower_id)
        loan = lock(Loan, loan.pk)
        known = known_repayment(loan.creditor_id, external_id)
        if known is not None:
            if is_same(known, loan=loan, amount=amount, received_at=received_at):
                return known
            raise ExternalIdReused(field="external_id")
        check_payment(loan=loan, amount=amount, received_at=received_at, channel=channel, at=at)
        try:
            repayment = Repayment.objects.create(
                loan=loan,
                creditor_id=loan.creditor_id,
                external_id=external_id,
                received_at=received_at,
                amount=amount,
                channel=channel,
            )
        except IntegrityError as error:
            # Another loan's posting used the id a moment ago; this loan's are kept apart by the lock.
            raise ExternalIdReused(field="external_id") from error
        account = restate(loan, frame=frame, cause="repayment")
        surplus = account.surplus.get(repayment.pk, ZERO)
        if account.settled and surplus == amount:
            [receipt] = [one for one in account.facts.receipts if one.key == repayment.pk]
            _check_owed(account.facts, receipt)
        frame.record(
            LoanEvent,
            "repayment_posted",
            dossier=loan.dossier,
            borrower_id=loan.borrower_id,
            loan=loan,
            data={"repayment": repayment.pk, "amount": str(amount), "surplus": str(surplus)},
        )
        repayment_posted.send(sender=Loan, loan=loan, repayment=repayment, by=by, at=at)
    return repayment


def reverse_repayment(
    *,
    repayment: Repayment,
    external_id: str,
    by: User,
    at: datetime,
    reason: str,
    right: str = "loans.reverse_repayment",
) -> Repayment:
    """Take a repayment back that was not one (bounced debit, wrong loan): it counts as never received.

    The reversal is a row of its own that points at it; everything after it is derived anew. The same ``external_id``
    for the same repayment answers the reversal that is there. ``right`` as in ``post_repayment``. Raises
    ``NotPermitted``, ``NotReversible`` and ``ExternalIdReused``.
    """
    require(by, right)
    loan = repayment.loan
    with act(by=by, at=at, code="repayment.reversed", reason=reason, dossier=loan.dossier) as frame:
        lock(Borrower, loan.borrower_id)
        loan = lock(Loan, loan.pk)
        known = known_repayment(repayment.creditor_id, external_id)
        if known is not None:
            if known.reverses_id == repayment.pk:
                return known
            raise ExternalIdReused(field="external_id")
        refusal = why_not_reversible(repayment, loan=loan)
        if refusal is not None:
            raise NotReversible(refusal)
        reversal = Repayment.objects.create(
            loan=loan,
            creditor_id=repayment.creditor_id,
            external_id=external_id,
            received_at=at,
            amount=repayment.amount,
            channel=repayment.channel,
            reverses=repayment,
        )
        restate(loan, frame=frame, cause="reversal")
        frame.record(
            LoanEvent,
            "repayment_reversed",
            dossier=loan.dossier,
            borrower_id=loan.borrower_id,
            loan=loan,
            data={"repayment": repayment.pk, "reversal": reversal.pk, "amount": str(repayment.amount)},
        )
        repayment_reversed.send(sender=Loan, loan=loan, repayment=repayment, reversal=reversal, by=by, at=at)
    return reversal


def why_not_reversible(repayment: Repayment, *, loan: Loan) -> str | None:
    """Why this repayment cannot be reversed now, in words; None when it can."""
    if repayment.reverses_id is not None:
        return gettext("A reversal cannot be reversed; enter the repayment again.")
    if Repayment.objects.filter(reverses=repayment).exists():
        return gettext("This repayment was reversed already.")
    if loan.state == LoanState.ASSIGNED:
        return gettext("The loan is owed to somebody else now.")
    if loan.written_off_on is not None and not _came_after_write_off(repayment, loan):
        return gettext("The loan was written off on what had been paid by then.")
    return None


def _came_after_write_off(repayment: Repayment, loan: Loan) -> bool:
    """Whether the write-off was decided without this money: received on a later day, or posted later on its day."""
    day = business_day(repayment.received_at)
    if loan.written_off_on is None or day != loan.written_off_on:
        return loan.written_off_on is None or day > loan.written_off_on
    events = LoanEvent.objects.filter(loan=loan)
    decided = events.filter(kind="loan_written_off").order_by("-pk").values_list("pk", flat=True).first()
    posted = events.filter(kind="repayment_posted", data__repayment=repayment.pk)
    return decided is not None and posted.filter(pk__gt=decided).exists()


def known_repayment(creditor_id: int, external_id: str) -> Repayment | None:
    """The repayment that a creditor knows by this id, on whichever of its loans. One query."""
    return Repayment.objects.filter(creditor=creditor_id, external_id=external_id).first()


def check_owed(*, loan: Loan, amount: Decimal, received_at: datetime) -> None:
    """Refuse money that came when nothing was owed any more. Raises ``LoanNotOpen``."""
    if loan.state != LoanState.SETTLED:
        return
    _check_owed(
        ledger_of(loan).facts(), Receipt(_COMING, business_day(received_at), amount, (received_at, ""))
    )


def _check_owed(facts: Facts, receipt: Receipt) -> None:
    if not anything_owed(facts, receipt):
        raise LoanNotOpen()


def is_same(known: Repayment, *, loan: Loan, amount: Decimal, received_at: datetime) -> bool:
    """Whether a repayment that is there is the one that came again."""
    return known.reverses_id is None and (known.loan_id, known.amount, known.received_at) == (
        loan.pk,
        amount,
        received_at,
    )


def check_payment(*, loan: Loan, amount: Decimal, received_at: datetime, channel: str, at: datetime) -> None:
    """Refuse what cannot be a payment on this loan. Raises ``LoanNotOpen`` and ``InputRefused``.

    Whether anything was owed when it came to a loan that is settled by now, only its account says.
    """
    check_amount(amount=amount, received_at=received_at, channel=channel, at=at)
    if loan.state == LoanState.ASSIGNED:
        raise LoanNotOpen()
    day = business_day(received_at)
    if day < loan.disbursed_on:
        raise InputRefused(
            _("The loan was paid out on %(day)s; a repayment cannot have been received before.")
            % {"day": loan.disbursed_on},
            field="received_at",
            code="before-disbursement",
        )
    if loan.written_off_on is not None and day < loan.written_off_on:
        raise InputRefused(
            _("The loan was written off on %(day)s on what had been paid by then.")
            % {"day": loan.written_off_on},
            field="received_at",
            code="before-write-off",
        )


def check_amount(*, amount: Decimal, received_at: datetime, channel: str, at: datetime) -> None:
    """Refuse what cannot be a payment on any loan. Raises ``InputRefused``."""
    if not is_amount(amount) or amount <= 0:
        raise InputRefused(_("A repayment is a positive amount with two places."), field="amount")
    if channel not in RepaymentChannel.values:
        raise InputRefused(_("There is no such channel of payment."), field="channel")
    check_years(received_at, field="received_at")
    if received_at > at:
        raise InputRefused(_("A repayment cannot have been received in the future."), field="received_at")
