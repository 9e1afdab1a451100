"""Postings by hand: at once up to a limit, above it only when a second person approves."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import Act, act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.services import next_number, policy_value
from backoffice.core.time import business_day
from backoffice.loans import workflow
from backoffice.loans.changed import pending_postings
from backoffice.loans.choices import PostingKind, PostingState
from backoffice.loans.models import Borrower, Loan, PostingRequest, Repayment
from backoffice.loans.policy import FOUR_EYES_FROM
from backoffice.loans.services.repayments import (
    ExternalIdReused,
    NotReversible,
    check_amount,
    check_owed,
    check_payment,
    known_repayment,
    post_repayment,
    reverse_repayment,
    why_not_reversible,
)
from backoffice.loans.services.rights import require
from backoffice.loans.services.telling import tell
from backoffice.staff.models import User

#: How postings by hand are numbered; those of other systems bring their own ids along.
PREFIX = "HK"


class AlikeAwaits(InputRefused):
    """Money of the same amount awaits a second person on this loan, and nobody said that this is another payment."""

    code = "alike-awaits"
    default_message = _(
        "The same amount on this loan awaits a second person already. If this is another payment, say so."
    )


def enter_repayment(
    *,
    loan: Loan,
    amount: Decimal,
    received_at: datetime,
    channel: str,
    external_id: str = "",
    another: bool = True,
    by: User,
    at: datetime,
    reason: str = "",
) -> Repayment | PostingRequest:
    """Take ``amount`` yuan onto the loan by hand: a repayment, or from the limit on a request for a second person.

    Without an ``external_id`` (the bank's reference) it gets a number of ours. ``another`` says that it is not the
    money of the same amount for which a request waits already; without it that is refused. Raises ``NotPermitted``,
    ``TransitionRefused``, ``ExternalIdReused``, ``AlikeAwaits``, ``LoanNotOpen`` and ``InputRefused``.
    """
    with act(by=by, at=at, code="repayment.entered", reason=reason, dossier=loan.dossier) as frame:
        workflow.loan.check("post_repayment", loan, by=by, at=at)
        # Before it is compared: what is no number is neither below the limit nor above it.
        check_amount(amount=amount, received_at=received_at, channel=channel, at=at)
        if external_id and _asked_for(external_id, creditor_id=loan.creditor_id):
            raise ExternalIdReused(
                _("A posting with this reference awaits a second person."), field="external_id"
            )
        external_id = external_id or next_number(prefix=PREFIX, at=at)[0]
        known = known_repayment(loan.creditor_id, external_id)
        if known is not None and Repayment.objects.filter(reverses=known).exists():
            raise ExternalIdReused(
                _("The repayment with this reference was reversed: enter it again under another one."),
                field="external_id",
            )
        if amount < _limit(at):
            return post_repayment(
                loan=loan,
                external_id=external_id,
                amount=amount,
                received_at=received_at,
                channel=channel,
                by=by,
                at=at,
                reason=reason,
            )
        loan = _locked(loan)
        check_payment(loan=loan, amount=amount, received_at=received_at, channel=channel, at=at)
        check_owed(loan=loan, amount=amount, received_at=received_at)
        if known is not None:
            raise ExternalIdReused(field="external_id")
        if not another and pending_postings(loan).filter(kind=PostingKind.REPAYMENT, amount=amount).exists():
            raise AlikeAwaits(field="another")
        request = PostingRequest.objects.create(
            loan=loan,
            kind=PostingKind.REPAYMENT,
            amount=amount,
            external_id=external_id,
            received_at=received_at,
            channel=channel,
            requested_by=by,
            requested_at=at,
        )
        _tell(frame, "posting_requested", request)
    return request


def enter_reversal(
    *, repayment: Repayment, by: User, at: datetime, reason: str
) -> Repayment | PostingRequest:
    """Take a repayment back by hand: at once, or from the limit on with a second person.

    Raises ``NotPermitted``, ``TransitionRefused`` and ``NotReversible``.
    """
    loan = repayment.loan
    require(by, workflow.loan["reverse_repayment"].permission)
    with act(by=by, at=at, code="repayment.reversal_entered", reason=reason, dossier=loan.dossier) as frame:
        loan = _locked(loan)
        # First what keeps this one from being reversed: it says more than that there is none that could be.
        refusal = why_not_reversible(repayment, loan=loan)
        if refusal is not None:
            raise NotReversible(refusal, field="repayment")
        if repayment.posting_requests.filter(state=PostingState.REQUESTED).exists():
            raise NotReversible(_("Its reversal awaits a second person already."), field="repayment")
        workflow.loan.check("reverse_repayment", loan, by=by, at=at)
        if repayment.amount < _limit(at):
            return reverse_repayment(
                repayment=repayment, external_id=_reversal_id(repayment, at=at), by=by, at=at, reason=reason
            )
        request = PostingRequest.objects.create(
            loan=loan,
            kind=PostingKind.REVERSAL,
            amount=repayment.amount,
            repayment=repayment,
            requested_by=by,
            requested_at=at,
        )
        _tell(frame, "posting_requested", request)
    return request


def approve_posting(*, request: PostingRequest, by: User, at: datetime, reason: str) -> Repayment:
    """Do what another person asked for. Raises ``NotPermitted``, ``TransitionRefused`` and what the posting raises."""
    loan = request.loan
    with act(by=by, at=at, code="posting.approved", reason=reason, dossier=loan.dossier) as frame:
        _locked(loan)
        request = lock(PostingRequest, request.pk)
        workflow.posting.step("approve", request, by=by, at=at)
        if request.kind == PostingKind.REPAYMENT and request.received_at is not None:
            done = post_repayment(
                loan=loan,
                external_id=request.external_id,
                amount=request.amount,
                received_at=request.received_at,
                channel=request.channel,
                by=by,
                at=at,
                reason=reason,
                right=workflow.APPROVE_POSTING,
            )
        else:
            repayment = Repayment.objects.get(posting_requests=request)
            done = reverse_repayment(
                repayment=repayment,
                external_id=_reversal_id(repayment, at=at),
                by=by,
                at=at,
                reason=reason,
                right=workflow.APPROVE_POSTING,
            )
        request.result = done
        _decide(frame, "posting_approved", request)
    return done


def refuse_posting(*, request: PostingRequest, by: User, at: datetime, reason: str) -> PostingRequest:
    """Say no to what another person asked for. Raises ``NotPermitted`` and ``TransitionRefused``."""
    with act(by=by, at=at, code="posting.refused", reason=reason, dossier=request.loan.dossier) as frame:
        request = lock(PostingRequest, request.pk)
        workflow.posting.step("refuse", request, by=by, at=at)
        _decide(frame, "posting_refused", request)
    return request


def withdraw_posting(*, request: PostingRequest, by: User, at: datetime, reason: str) -> PostingRequest:
    """Take one's own request back. Raises ``NotPermitted`` and ``TransitionRefused``."""
    with act(by=by, at=at, code="posting.withdrawn", reason=reason, dossier=request.loan.dossier) as frame:
        request = lock(PostingRequest, request.pk)
        workflow.posting.step("withdraw", request, by=by, at=at)
        _decide(frame, "posting_withdrawn", request)
    return request


def _asked_for(external_id: str, *, creditor_id: int) -> bool:
    """Whether money that a creditor knows by this id awaits a second person, on whichever of its loans."""
    asked = PostingRequest.objects.filter(external_id=external_id, state=PostingState.REQUESTED)
    return asked.filter(loan__creditor=creditor_id).exists()


def _limit(at: datetime) -> Decimal:
    return policy_value(FOUR_EYES_FROM, on=business_day(at))


def _locked(loan: Loan) -> Loan:
    lock(Borrower, loan.borrower_id)
    return lock(Loan, loan.pk)


def _reversal_id(repayment: Repayment, *, at: datetime) -> str:
    """Tells what it takes back; a number of ours where somebody else's money has that id already."""
    number = f"{repayment.external_id[:62]}-R"
    known = known_repayment(repayment.creditor_id, number)
    return number if known is None else next_number(prefix=PREFIX, at=at)[0]


def _decide(frame: Act, kind: str, request: PostingRequest) -> None:
    request.decided_by, request.decided_at = frame.by, frame.at
    request.save()
    _tell(frame, kind, request)


def _tell(frame: Act, kind: str, request: PostingRequest) -> None:
    tell(
        frame,
        kind,
        request.loan,
        {"request": request.pk, "posting": request.kind, "amount": str(request.amount)},
    )
