"""核销: off the balance sheet, not forgiven. Asked for by one person, done by another."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import Act, act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day
from backoffice.loans import workflow
from backoffice.loans.account import derive
from backoffice.loans.choices import LoanState, PostingState
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Borrower, Loan, WriteOff
from backoffice.loans.policy import decide_by
from backoffice.loans.services.accounts import restate
from backoffice.loans.services.telling import tell
from backoffice.staff.models import User


class NotWriteable(InputRefused):
    """This loan cannot be written off now."""

    code = "not-to-be-written-off"


def check_after_write_off(loan: Loan, *, on: date, field: str, same_day: bool = False) -> None:
    """Refuse what would change what was owed at the end of the day on which the loan was written off.

    ``on`` is the day as of which something is to hold, ``same_day`` says that the day of the write-off itself is late
    enough, ``field`` names the parameter (or none). Raises ``InputRefused``.
    """
    day = loan.written_off_on
    if day is None or on > day or (same_day and on == day):
        return
    raise InputRefused(
        gettext("The loan was written off on %(day)s, and what was owed by then stays as it is.")
        % {"day": day},
        field=field or None,
        code="before-write-off",
    )


def request_write_off(*, loan: Loan, by: User, at: datetime, reason: str) -> WriteOff:
    """Ask for the write-off of an overdue loan; ``reason`` says what was tried to recover it.

    Raises ``NotPermitted``, ``TransitionRefused`` and ``NotWriteable``.
    """
    with act(by=by, at=at, code="write_off.requested", reason=reason, dossier=loan.dossier) as frame:
        loan = _locked(loan)
        workflow.loan.check("request_write_off", loan, by=by, at=at)
        if WriteOff.objects.filter(loan=loan, state=PostingState.REQUESTED).exists():
            raise NotWriteable(_("A write-off of this loan awaits a decision already."))
        write_off = WriteOff.objects.create(
            loan=loan,
            principal=_principal(loan, at=at),
            requested_by=by,
            requested_at=at,
            decide_by=decide_by(on=business_day(at)),
        )
        _tell(frame, "write_off_requested", write_off)
    return write_off


def approve_write_off(*, write_off: WriteOff, by: User, at: datetime, reason: str) -> WriteOff:
    """Write the loan off today with the principal that is unpaid at the end of the day.

    The borrower owes the same as before: days past due, class and default interest go on, payments are taken. What was
    paid by now is fixed: it can neither be reversed nor, of earlier days, added to; nor can costs, pauses of default
    interest or changes of that time be. Raises ``NotPermitted`` and ``TransitionRefused`` (after ``decide_by``, and
    where nothing is overdue any more, too).
    """
    dossier = write_off.loan.dossier
    with act(by=by, at=at, code="write_off.approved", reason=reason, dossier=dossier) as frame:
        loan = _locked(write_off.loan)
        write_off = lock(WriteOff, write_off.pk)
        write_off.loan = loan
        workflow.write_off.step("approve", write_off, by=by, at=at)
        write_off.principal = _principal(loan, at=at)
        loan.state = LoanState.WRITTEN_OFF
        loan.written_off_on, loan.written_off_principal = business_day(at), write_off.principal
        restate(loan, frame=frame, cause="write_off", changed=True)
        _decide(frame, "loan_written_off", write_off)
    return write_off


def refuse_write_off(*, write_off: WriteOff, by: User, at: datetime, reason: str) -> WriteOff:
    """Say no to a write-off that was asked for. Raises ``NotPermitted`` and ``TransitionRefused``."""
    dossier = write_off.loan.dossier
    with act(by=by, at=at, code="write_off.refused", reason=reason, dossier=dossier) as frame:
        write_off = lock(WriteOff, write_off.pk)
        workflow.write_off.step("refuse", write_off, by=by, at=at)
        _decide(frame, "write_off_refused", write_off)
    return write_off


def withdraw_write_off(*, write_off: WriteOff, by: User, at: datetime, reason: str) -> WriteOff:
    """Take one's own request back. Raises ``NotPermitted`` and ``TransitionRefused``."""
    dossier = write_off.loan.dossier
    with act(by=by, at=at, code="write_off.withdrawn", reason=reason, dossier=dossier) as frame:
        write_off = lock(WriteOff, write_off.pk)
        workflow.write_off.step("withdraw", write_off, by=by, at=at)
        _decide(frame, "write_off_withdrawn", write_off)
    return write_off


def _locked(loan: Loan) -> Loan:
    lock(Borrower, loan.borrower_id)
    return lock(Loan, loan.pk)


def _principal(loan: Loan, *, at: datetime) -> Decimal:
    return derive(ledger_of(loan).facts(), on=business_day(at)).owed("principal")


def _decide(frame: Act, kind: str, write_off: WriteOff) -> None:
    write_off.decided_by, write_off.decided_at = frame.by, frame.at
    write_off.save()
    _tell(frame, kind, write_off)


def _tell(frame: Act, kind: str, write_off: WriteOff) -> None:
    tell(frame, kind, write_off.loan, {"write_off": write_off.pk, "principal": str(write_off.principal)})
