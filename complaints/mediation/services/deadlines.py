"""The two clocks of a referral: ``confirm`` (working days) and ``mediation`` (the organisation's period).

Stored days are recomputed from the whole record of acts after every act (``core.deadlines``); the caller holds
the lock of the referral.
"""

from __future__ import annotations

from datetime import date, datetime

from backoffice.core import deadlines
from backoffice.core.choices import DeadlineActKind
from backoffice.core.selectors import business_calendar
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.staff.models import User
from complaints.mediation.models import Referral, ReferralDeadline, ReferralDeadlineAct
from complaints.mediation.policy import MOST_DAYS

CONFIRM = "confirm"
MEDIATION = "mediation"


def terms_of(deadline: ReferralDeadline) -> deadlines.DeadlineTerms:
    """The terms under which a stored clock began."""
    unit = deadlines.Unit.WORKING_DAYS if deadline.working_days else deadlines.Unit.CALENDAR_DAYS
    # Agreed periods and our own targets: no rule lets their last day roll on.
    return deadlines.DeadlineTerms(
        length=deadline.days, unit=unit, start=deadline.started_at, most=_most(deadline), rolls=False
    )


def _most(deadline: ReferralDeadline) -> int | None:
    """The longest a mediation may last, as policy said when it began; an organisation's own period may be longer."""
    if deadline.kind != MEDIATION:
        return None
    return max(deadline.days, int(policy_value(MOST_DAYS, on=business_day(deadline.started_at))))


def act_of(row: ReferralDeadlineAct) -> deadlines.Act:
    match row.kind:
        case DeadlineActKind.EXTENSION:
            return deadlines.Extension(at=row.at, total=row.total_days, reason=row.reason_code)
        case DeadlineActKind.PAUSE:
            return deadlines.Pause(at=row.at, ground=row.reason_code, reason=row.reason_code)
        case DeadlineActKind.RESUMPTION:
            return deadlines.Resumption(at=row.at, ground=row.reason_code, reason=row.reason_code)
        case _:
            return deadlines.Restart(at=row.at, reason=row.reason_code)


def view_of(deadline: ReferralDeadline, *, at: datetime) -> deadlines.DeadlineView:
    """The deadline as it stands at ``at``, with its explanation."""
    acts = [act_of(row) for row in deadline.acts.all()]
    return deadlines.compute(terms_of(deadline), acts, at, business_calendar())


def open_deadline(
    *, referral: Referral, kind: str, days: int, working_days: bool, basis: str, at: datetime
) -> ReferralDeadline:
    """Start a clock; the day of ``at`` is not counted."""
    deadline = ReferralDeadline(
        owner=referral, kind=kind, basis=basis, started_at=at, days=days, working_days=working_days
    )
    return _store(deadline, deadlines.compute(terms_of(deadline), [], at, business_calendar()))


def running_deadline(referral: Referral, kind: str) -> ReferralDeadline | None:
    """The clock of that kind that has been neither met nor cancelled."""
    return referral.deadlines.filter(kind=kind, met_at__isnull=True, cancelled_at__isnull=True).first()


def meet(deadline: ReferralDeadline, *, by_what: str, at: datetime) -> None:
    deadline.met_at, deadline.met_by = at, by_what
    deadline.save()


def cancel_all(referral: Referral, *, at: datetime) -> None:
    """Stop every running clock: the referral has ended otherwise than by meeting it."""
    for deadline in referral.deadlines.filter(met_at__isnull=True, cancelled_at__isnull=True):
        deadline.cancelled_at = at
        deadline.save()


def record_act(
    deadline: ReferralDeadline,
    kind: DeadlineActKind,
    *,
    reason_code: str,
    by: User,
    at: datetime,
    total_days: int | None = None,
) -> deadlines.DeadlineView:
    """Record an act and recompute. Raises ``deadlines.ActRefused`` when it would have no effect."""
    row = ReferralDeadlineAct(
        deadline=deadline, kind=kind, at=at, total_days=total_days, reason_code=reason_code, actor=by
    )
    calendar, terms = business_calendar(), terms_of(deadline)
    earlier = [act_of(one) for one in deadline.acts.all()]
    deadlines.check_act(terms, earlier, act_of(row), calendar)
    row.save()
    view = deadlines.compute(terms, [*earlier, act_of(row)], at, calendar)
    _store(deadline, view)
    return view


def extend_until(
    deadline: ReferralDeadline, until: date, *, by: User, at: datetime
) -> deadlines.DeadlineView:
    """Move the last day to ``until``. Raises ``deadlines.ActRefused`` when that is not later or comes too late."""
    now = view_of(deadline, at=at)
    total = now.length + (until - now.due_on).days
    return record_act(
        deadline,
        DeadlineActKind.EXTENSION,
        reason_code="both_parties_agreed",
        by=by,
        at=at,
        total_days=max(total, 0),
    )


def _store(deadline: ReferralDeadline, view: deadlines.DeadlineView) -> ReferralDeadline:
    deadline.due_on = view.due_on
    deadline.rolled_due_on = view.rolled_due_on
    deadline.provisional = view.provisional
    deadline.paused_since = view.paused_since
    deadline.save()
    return deadline
