"""Money that another system of the lender reports: once per external id, with a second person from the limit on."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import DomainError
from backoffice.loans.choices import PostingKind, PostingState
from backoffice.loans.models import Borrower, Loan, PostingRequest, Repayment
from backoffice.loans.services.postings import enter_repayment, enter_reversal
from backoffice.loans.services.repayments import ExternalIdReused, is_same, known_repayment
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


class PostingRefused(DomainError):
    """A person has said no to this posting; a machine does not ask again."""

    code = "posting-refused"
    default_message = _(
        "A person refused this posting, or it was withdrawn. If the money is right, a loan officer enters it by hand."
    )


@dataclass(frozen=True, slots=True)
class Reported:
    """What a report led to: what is posted, or the request that awaits a second person.

    ``known``: it was there before this call.
    """

    posting: Repayment | PostingRequest
    known: bool = False


def report_repayment(
    *,
    loan: Loan,
    external_id: str,
    amount: Decimal,
    received_at: datetime,
    channel: str,
    by: User,
    at: datetime,
    reason: str = "",
) -> Reported:
    """Take ``amount`` yuan onto the loan, or from the limit on ask a second person.

    The same ``external_id`` of the loan's creditor with the same loan, amount and moment answers what is there, also
    once the loan is settled; what other creditors call their repayments plays no part.
    Raises ``NotPermitted``, ``ExternalIdReused``, ``PostingRefused`` and what ``enter_repayment`` raises.
    """
    require(by, "loans.post_repayment")
    with act(by=by, at=at, code="repayment.reported", reason=reason, dossier=loan.dossier):
        lock(Borrower, loan.borrower_id)
        loan = lock(Loan, loan.pk)
        known = known_repayment(loan.creditor_id, external_id)
        if known is not None:
            if is_same(known, loan=loan, amount=amount, received_at=received_at):
                return Reported(known, known=True)
            raise ExternalIdReused(field="external_id")
        asked = PostingRequest.objects.filter(external_id=external_id, kind=PostingKind.REPAYMENT)
        request = asked.filter(loan__creditor=loan.creditor_id).order_by("-pk").first()
        if request is not None:
            if (request.loan_id, request.amount, request.received_at) != (loan.pk, amount, received_at):
                raise ExternalIdReused(field="external_id")
            return Reported(_still_asked(request), known=True)
        posting = enter_repayment(
            loan=loan,
            amount=amount,
            received_at=received_at,
            channel=channel,
            external_id=external_id,
            by=by,
            at=at,
            reason=reason,
        )
    return Reported(posting)


def report_reversal(*, repayment: Repayment, by: User, at: datetime, reason: str) -> Reported:
    """Take a repayment back that was not one, or from the limit on ask a second person.

    A repayment that is reversed, or about to be, answers that. Raises ``NotPermitted``, ``TransitionRefused``,
    ``PostingRefused`` and ``NotReversible``.
    """
    require(by, "loans.reverse_repayment")
    loan = repayment.loan
    with act(by=by, at=at, code="repayment.reversal_reported", reason=reason, dossier=loan.dossier):
        lock(Borrower, loan.borrower_id)
        loan = lock(Loan, loan.pk)
        reversal = Repayment.objects.filter(reverses=repayment).first()
        if reversal is not None:
            return Reported(reversal, known=True)
        asked = repayment.posting_requests.filter(kind=PostingKind.REVERSAL).order_by("-pk").first()
        if asked is not None:
            return Reported(_still_asked(asked), known=True)
        return Reported(enter_reversal(repayment=repayment, by=by, at=at, reason=reason))


def _still_asked(request: PostingRequest) -> PostingRequest:
    if request.state != PostingState.REQUESTED:
        raise PostingRefused()
    return request
