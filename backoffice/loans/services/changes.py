"""What was agreed changes: proposed with the difference shown, applied by a second person, never undone in silence."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import Act, act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.models import Dossier
from backoffice.core.money import ZERO
from backoffice.core.time import business_day
from backoffice.loans import workflow
from backoffice.loans.account import derive
from backoffice.loans.change_terms import fingerprint, kind_of_terms, terms_as_data, terms_from_data
from backoffice.loans.changes import ChangeRefused, EarlySettlement, Planned, Terms, plan
from backoffice.loans.choices import ChangeKind, ChangeState
from backoffice.loans.classification import watch_after
from backoffice.loans.conventions import interest_to_period_end
from backoffice.loans.facts import COMPONENTS, Facts, Version
from backoffice.loans.ledger import Ledger, ledger_of
from backoffice.loans.models import Borrower, Instalment, Loan, ScheduleChange, Waiver
from backoffice.loans.policy import decide_by, loan_policy
from backoffice.loans.services.accounts import restate
from backoffice.loans.services.telling import tell
from backoffice.loans.services.write_offs import check_after_write_off
from backoffice.loans.simulation import Difference, simulate
from backoffice.staff.models import User

#: Kinds that ease what somebody in arrears has to pay: then they are a restructuring, whatever they are called.
_EASING = frozenset(
    {ChangeKind.DEFERRAL, ChangeKind.EXTRA_INSTALMENTS, ChangeKind.RESCHEDULE, ChangeKind.RATE_CUT}
)


class AccountChanged(InputRefused):
    """What was shown is no longer what would come of it."""

    code = "account-changed"
    default_message = _(
        "Something happened on the loan since then, and the difference would be another one. Look at it again and "
        "propose it anew."
    )


class AlreadyProposed(InputRefused):
    """One change after the other: the second one would be planned on a schedule that is about to go."""

    code = "already-proposed"
    default_message = _("Another change of this loan awaits a decision.")


class NotPaidOff(InputRefused):
    """An early settlement takes the money that settles."""

    code = "not-paid-off"


def simulated(
    ledger: Ledger, terms: Terms, *, on: date, restructuring: bool
) -> tuple[Planned, Difference, bool]:
    """What the change comes to on ``on``, and whether it is a restructuring. Reads policy, writes nothing.

    Easing what somebody in arrears, or watched after a restructuring, has to pay is one even if nobody says so
    (商业银行金融资产风险分类办法: a concession to a debtor in difficulty). Raises ``InputRefused``.
    """
    facts = ledger.facts()
    settling = isinstance(terms, EarlySettlement)
    # Settled on the day of the write-off everything is paid, whatever came first.
    check_after_write_off(ledger.loan, on=on, field="on" if settling else "", same_day=settling)
    try:
        planned = plan(facts, terms, on=on)
    except ChangeRefused as error:
        raise InputRefused(
            gettext(error.words) % error.facts, field=error.field or None, code="change-refused"
        ) from error
    policy = loan_policy(on=on).ageing
    given: dict[str, Any] = {"on": on, "policy": policy, "restructured_on": ledger.restructured_on}
    difference = simulate(facts, planned, restructuring=restructuring, **given)
    watched = watch_after(ledger.restructured_on, months=policy.watch_months).runs(on)
    in_difficulty = watched or difference.before.days_past_due > 0
    if restructuring or not in_difficulty or kind_of_terms(terms) not in _EASING:
        return planned, difference, restructuring
    return planned, simulate(facts, planned, restructuring=True, **given), True


def propose_change(
    *,
    loan: Loan,
    terms: Terms,
    restructuring: bool = False,
    shown: str = "",
    source: Dossier | None = None,
    by: User,
    at: datetime,
    reason: str,
) -> ScheduleChange:
    """Propose a change of the schedule or a waiver that takes effect today, with the difference as it is shown now.

    ``restructuring`` says that it is a concession to somebody in difficulty, which starts the watch; ``shown`` is the
    ``fingerprint`` of the difference that the proposer saw; ``source`` the case, plan or complaint it comes from.
    Raises ``NotPermitted``, ``TransitionRefused``, ``AlreadyProposed``, ``AccountChanged`` and ``InputRefused``.
    """
    kind = kind_of_terms(terms)
    with act(by=by, at=at, code="change.proposed", reason=reason, dossier=loan.dossier) as frame:
        loan = _locked(loan)
        workflow.loan.check(kind.value, loan, by=by, at=at)
        if ScheduleChange.objects.filter(loan=loan, state=ChangeState.PROPOSED).exists():
            raise AlreadyProposed()
        on = business_day(at)
        planned, difference, eases = simulated(ledger_of(loan), terms, on=on, restructuring=restructuring)
        if shown and shown != fingerprint(difference.as_data()):
            raise AccountChanged()
        change = _change(loan, planned, difference, terms, on=on, by=by, at=at)
        change.restructuring, change.source, change.decide_by = eases, source, decide_by(on=on)
        change.save()
        _tell(frame, "change_proposed", change)
    return change


def apply_change(*, change: ScheduleChange, by: User, at: datetime, reason: str) -> ScheduleChange:
    """Make a proposed change real, as of the day on which it was proposed and exactly as it was shown.

    Raises ``NotPermitted``, ``TransitionRefused`` (after ``decide_by``; for a waiver above the limit for this person)
    and ``AccountChanged`` where it would come to something else by now.
    """
    dossier = change.loan.dossier
    with act(by=by, at=at, code="change.applied", reason=reason, dossier=dossier) as frame:
        loan = _locked(change.loan)
        change = lock(ScheduleChange, change.pk)
        workflow.change.step("apply", change, by=by, at=at)
        ledger = ledger_of(loan)
        planned = as_shown(change, ledger)
        if planned is None:
            raise AccountChanged()
        change.decided_by, change.decided_at = by, at
        _make(frame, loan, change, planned, restructured_on=ledger.restructured_on)
        _tell(frame, "change_applied", change)
    return change


def refuse_change(*, change: ScheduleChange, by: User, at: datetime, reason: str) -> ScheduleChange:
    """Say no to a proposed change. Raises ``NotPermitted`` and ``TransitionRefused``."""
    dossier = change.loan.dossier
    with act(by=by, at=at, code="change.refused", reason=reason, dossier=dossier) as frame:
        change = lock(ScheduleChange, change.pk)
        workflow.change.step("refuse", change, by=by, at=at)
        _decide(frame, "change_refused", change)
    return change


def withdraw_change(*, change: ScheduleChange, by: User, at: datetime, reason: str) -> ScheduleChange:
    """Take one's own proposal back. Raises ``NotPermitted`` and ``TransitionRefused``."""
    dossier = change.loan.dossier
    with act(by=by, at=at, code="change.withdrawn", reason=reason, dossier=dossier) as frame:
        change = lock(ScheduleChange, change.pk)
        workflow.change.step("withdraw", change, by=by, at=at)
        _decide(frame, "change_withdrawn", change)
    return change


def settle_early(*, loan: Loan, on: date, by: User, at: datetime, reason: str = "") -> ScheduleChange:
    """Settle the loan on ``on``, the day on which the money came in: the borrower's right, so one person does it.

    Everything falls due on that day with interest to the day (Civil Code art. 677), or to the end of the running period
    where the product says so. The money must be on the loan; what is more of it becomes credit. Should it turn out not
    to have been paid, the settlement has never held (``account.holding``). Raises ``NotPermitted``,
    ``TransitionRefused``, ``NotPaidOff`` and ``InputRefused``.
    """
    with act(by=by, at=at, code="loan.settled_early", reason=reason, dossier=loan.dossier) as frame:
        loan = _locked(loan)
        workflow.loan.check("settle_early", loan, by=by, at=at)
        if on > business_day(at):
            raise InputRefused(_("The money cannot have come in on a day that is still to come."), field="on")
        ledger = ledger_of(loan)
        terms = EarlySettlement(interest_to_period_end(loan.product))
        planned, difference, _eases = simulated(ledger, terms, on=on, restructuring=False)
        missing = _missing(ledger.facts(), planned, on=on)
        if missing:
            raise NotPaidOff(
                gettext("By the end of %(on)s %(missing)s yuan more would have to be paid in.")
                % {"on": on, "missing": f"{missing:,.2f}"},
                field="on",
            )
        change = _change(loan, planned, difference, terms, on=on, by=by, at=at)
        change.state, change.decided_by, change.decided_at = ChangeState.APPLIED, by, at
        _make(frame, loan, change, planned, restructured_on=ledger.restructured_on)
        _tell(frame, "settled_early", change)
    return change


def _missing(facts: Facts, planned: Planned, *, on: date) -> Decimal:
    """How many yuan are still owed at the end of ``on`` if everything falls due on that day."""
    account = derive(planned.unconditional().on_top_of(facts), on=on)
    return sum((account.owed(name) for name in COMPONENTS), ZERO)


def as_shown(change: ScheduleChange, ledger: Ledger) -> Planned | None:
    """The plan of a proposed change, if it still comes to what was shown and nothing has happened on the loan since.

    Reads policy, writes nothing.
    """
    if ledger.loan.state not in workflow.loan[change.kind].sources:
        return None
    terms, on = terms_from_data(change.kind, change.parameters), change.effective_on
    try:
        planned, difference, _eases = simulated(ledger, terms, on=on, restructuring=change.restructuring)
    except InputRefused:
        return None
    same = difference.as_data() == change.simulation and not _happened_after(ledger.facts(), on)
    return planned if same else None


def _happened_after(facts: Facts, day: date) -> bool:
    """Whether money came, was waived, charged or planned anew after ``day``."""
    days = [version.effective_on for version in facts.versions]
    days += [one.on for one in facts.receipts]
    days += [one.on for one in facts.reliefs]
    days += [one.on for one in facts.costs]
    return max(days) > day


def _locked(loan: Loan) -> Loan:
    lock(Borrower, loan.borrower_id)
    return Loan.objects.select_for_update(of=("self",)).select_related("product").get(pk=loan.pk)


def _change(
    loan: Loan,
    planned: Planned,
    difference: Difference,
    terms: Terms,
    *,
    on: date,
    by: User,
    at: datetime,
) -> ScheduleChange:
    """The unsaved proposal."""
    version = planned.version
    return ScheduleChange(
        loan=loan,
        kind=kind_of_terms(terms),
        effective_on=on,
        parameters=terms_as_data(terms),
        simulation=difference.as_data(),
        annual_rate_before=loan.annual_rate,
        default_rate_before=loan.default_rate,
        annual_rate=loan.annual_rate if version is None else version.annual_rate,
        default_rate=loan.default_rate if version is None else version.default_rate,
        proposed_by=by,
        proposed_at=at,
    )


def _make(
    frame: Act, loan: Loan, change: ScheduleChange, planned: Planned, *, restructured_on: list[date]
) -> None:
    """Write the change and everything that follows from it."""
    version = planned.version
    if version is not None:
        change.version, change.rows_taken_over = version.number, version.taken_over
    change.save()
    for relief in planned.reliefs:
        Waiver.objects.create(
            loan=loan,
            change=change,
            effective_on=relief.on,
            component=relief.component,
            amount=relief.amount,
        )
    instalments: list[Instalment] = []
    if version is not None:
        instalments = _instalments(loan, version)
        loan.schedule_version = version.number
        loan.annual_rate, loan.default_rate = version.annual_rate, version.default_rate
        if change.kind != ChangeKind.EARLY_SETTLEMENT:
            loan.matures_on = version.rows[-1].due_on
    if change.restructuring:
        months = loan_policy(on=business_day(frame.at)).ageing.watch_months
        watch = watch_after([*restructured_on, change.effective_on], months=months)
        loan.watched_until, loan.restructurings_in_watch = watch.until, watch.restructurings
    restate(loan, frame=frame, cause="change", new=instalments, changed=True)


def _instalments(loan: Loan, version: Version) -> list[Instalment]:
    return [
        Instalment(
            loan=loan,
            schedule_version=version.number,
            sequence=row.sequence,
            due_on=row.due_on,
            principal_due=row.principal,
            interest_due=row.interest,
            fee_due=row.fee,
            principal_paid=0,
            interest_paid=0,
            fee_paid=0,
            penalty_carried=row.penalty,
            interest_carried=row.carried,
        )
        for row in version.rows
    ]


def _decide(frame: Act, kind: str, change: ScheduleChange) -> None:
    change.decided_by, change.decided_at = frame.by, frame.at
    change.save()
    _tell(frame, kind, change)


def _tell(frame: Act, kind: str, change: ScheduleChange) -> None:
    tell(frame, kind, change.loan, {"change": change.pk, "kind": change.kind, **change.parameters})
