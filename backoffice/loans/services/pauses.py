"""Payment pauses: days that are not counted, or bear no default interest."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import Act, act, lock
from backoffice.core.bounds import check_years
from backoffice.core.errors import InputRefused
from backoffice.core.models import Dossier
from backoffice.core.time import business_day
from backoffice.loans import workflow
from backoffice.loans.choices import PauseKind
from backoffice.loans.models import Borrower, Loan, PaymentPause
from backoffice.loans.services.accounts import restate
from backoffice.loans.services.telling import tell
from backoffice.loans.services.write_offs import check_after_write_off
from backoffice.staff.models import User

_DAY = timedelta(days=1)


def pause_loan(
    *,
    loan: Loan,
    kind: str,
    from_on: date,
    until: date | None = None,
    stops_count: bool = True,
    stops_default_interest: bool = True,
    source: Dossier | None = None,
    by: User,
    at: datetime,
    reason: str,
) -> PaymentPause:
    """Pause the loan from the end of ``from_on`` until the end of ``until`` (None: until it is ended).

    Days past due by the contract go on. ``from_on`` may lie in the past (a disaster reported late) for the count of
    days; default interest that has run up is money, and forgiving it takes a second person: a waiver. ``source`` is
    the case, hardship request or complaint it comes from. Raises ``NotPermitted``, ``TransitionRefused`` and
    ``InputRefused``.
    """
    with act(by=by, at=at, code="loan.paused", reason=reason, dossier=loan.dossier) as frame:
        loan = _locked(loan)
        workflow.loan.check("pause_loan", loan, by=by, at=at)
        if kind not in PauseKind.values:
            raise InputRefused(_("Say why the loan is paused."), field="kind")
        check_years(from_on, field="from_on")
        check_years(until or from_on, field="until")
        if from_on < loan.disbursed_on:
            raise InputRefused(_("A pause begins after the loan was paid out."), field="from_on")
        if until is not None and until <= from_on:
            raise InputRefused(_("A pause ends on a later day than it begins."), field="until")
        if not (stops_count or stops_default_interest):
            raise InputRefused(
                _("A pause stops the count of days, default interest, or both."), field="stops_count"
            )
        if stops_default_interest and from_on + _DAY < business_day(at):
            raise InputRefused(
                _(
                    "Default interest that has run up is forgiven by two persons: let the pause stop the count alone, "
                    "and propose a waiver."
                ),
                field="stops_default_interest",
            )
        if stops_default_interest:
            # It begins to work when its first day ends, so the day of the write-off itself is late enough.
            check_after_write_off(loan, on=from_on, field="from_on", same_day=True)
        _check_adds_something(
            loan, kind, from_on, until, stops_count=stops_count, stops_default_interest=stops_default_interest
        )
        pause = PaymentPause.objects.create(
            loan=loan,
            kind=kind,
            from_on=from_on,
            until=until,
            stops_count=stops_count,
            stops_default_interest=stops_default_interest,
            source=source,
        )
        restate(loan, frame=frame, cause="pause")
        _tell(frame, "loan_paused", loan, pause, data={"pause_kind": kind, "from_on": from_on.isoformat()})
    return pause


def end_pause(*, pause: PaymentPause, by: User, at: datetime, reason: str) -> PaymentPause:
    """End a running pause today: today still belongs to it. One that has not begun to work yet never does.

    Raises ``NotPermitted``, ``TransitionRefused`` and, for a pause that is over, ``InputRefused``.
    """
    dossier = pause.loan.dossier
    with act(by=by, at=at, code="loan.pause_ended", reason=reason, dossier=dossier) as frame:
        loan = _locked(pause.loan)
        workflow.loan.check("end_pause", loan, by=by, at=at)
        pause = lock(PaymentPause, pause.pk)
        today = business_day(at)
        if pause.until is not None and pause.until <= today:
            raise InputRefused(_("This pause is over already."), field="pause")
        # It begins to work when its first day ends, so one that ends on it takes no day off.
        pause.until = max(today, pause.from_on)
        pause.save()
        restate(loan, frame=frame, cause="pause")
        _tell(frame, "pause_ended", loan, pause, data={"until": pause.until.isoformat()})
    return pause


def _check_adds_something(
    loan: Loan,
    kind: str,
    from_on: date,
    until: date | None,
    *,
    stops_count: bool,
    stops_default_interest: bool,
) -> None:
    """Refuse a pause beside which another of its kind does all it would do."""
    lasting = Q(until__isnull=True) if until is None else Q(until__isnull=True) | Q(until__gte=until)
    found = PaymentPause.objects.filter(lasting, loan=loan, kind=kind, from_on__lte=from_on)
    if stops_count:
        found = found.filter(stops_count=True)
    if stops_default_interest:
        found = found.filter(stops_default_interest=True)
    covering = found.order_by("pk").first()
    if covering is None:
        return
    days = {"from": covering.from_on.isoformat(), "until": covering.until}
    if covering.until is None:
        message = _("A pause of this kind does all of this already: from %(from)s until it is ended.") % days
    else:
        message = _("A pause of this kind does all of this already: from %(from)s to %(until)s.") % days
    raise InputRefused(message, field="from_on")


def _locked(loan: Loan) -> Loan:
    lock(Borrower, loan.borrower_id)
    return lock(Loan, loan.pk)


def _tell(frame: Act, kind: str, loan: Loan, pause: PaymentPause, *, data: dict[str, Any]) -> None:
    tell(frame, kind, loan, {"pause": pause.pk, **data})
