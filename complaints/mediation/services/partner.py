"""The organisation's side of a referral: accept, decline, suspend, resume, extend, close.

Every function raises ``NotPermitted`` and ``TransitionRefused`` as the table says. Whether the caller has seen the
present version is asked by the API, under the same locks.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act
from backoffice.core.choices import DeadlineActKind
from backoffice.core.deadlines import ActRefused, ExtensionTooLate, PauseTooLate
from backoffice.core.errors import InputRefused
from backoffice.staff.models import User
from complaints.mediation import workflow
from complaints.mediation.choices import (
    PARTNER_END_REASONS,
    ConsentingParty,
    DeclineReason,
    EndReason,
    ReferralState,
    SuspensionReason,
)
from complaints.mediation.errors import DeadlinePassed, ExtensionWithoutConsent
from complaints.mediation.models import Referral, ReferralDeadline
from complaints.mediation.services import deadlines, effects
from complaints.mediation.services.changes import end, finish, lock_referral


def accept_referral(
    *,
    referral: Referral,
    mediator_name: str,
    mediator_licence: str,
    by: User,
    at: datetime,
) -> Referral:
    """The organisation takes the case: its period begins, our decision deadline stands, collection is on hold.

    Raises ``DeadlinePassed`` when the time to confirm is over, ``InputRefused`` without a mediator.
    """
    with act(by=by, at=at, code="mediation.accepted", dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        _refuse_late_answer(referral, by=by, at=at)
        workflow.referral.step("accept", referral, by=by, at=at)
        if not mediator_name or not mediator_licence:
            raise InputRefused(_("Name the mediator and the licence."), field="mediator")
        referral.mediator_name, referral.mediator_licence = mediator_name, mediator_licence
        referral.accepted_at = at
        _meet_confirmation(referral, "accepted", at=at)
        deadlines.open_deadline(
            referral=referral,
            kind=deadlines.MEDIATION,
            days=referral.organisation.period_days,
            working_days=False,
            basis="mediation.organisation.period_days",
            at=at,
        )
        effects.begin(referral=referral, by=by, at=at)
        finish(referral, "accepted", frame=frame)
    return referral


def decline_referral(
    *,
    referral: Referral,
    reason_code: str,
    by: User,
    at: datetime,
    reason: str = "",
) -> Referral:
    """The organisation does not take the case; ``reason`` is its words. Raises ``DeadlinePassed`` as accepting does."""
    _check_code(reason_code, DeclineReason.values)
    with act(by=by, at=at, code="mediation.declined", reason=reason, dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        _refuse_late_answer(referral, by=by, at=at)
        workflow.referral.step("decline", referral, by=by, at=at)
        _meet_confirmation(referral, "declined", at=at)
        end(referral, reason=None, at=at)
        finish(referral, "declined", frame=frame, data={"reason_code": reason_code})
    return referral


def suspend_referral(
    *,
    referral: Referral,
    reason_code: str,
    by: User,
    at: datetime,
) -> Referral:
    """The mediation period stands still from here on. Raises ``DeadlinePassed`` when it is over already."""
    _check_code(reason_code, SuspensionReason.values)
    with act(by=by, at=at, code="mediation.suspended", dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        workflow.referral.step("suspend", referral, by=by, at=at)
        try:
            deadlines.record_act(
                _mediation_clock(referral), DeadlineActKind.PAUSE, reason_code="suspension", by=by, at=at
            )
        except PauseTooLate as late:
            raise DeadlinePassed from late
        finish(referral, "suspended", frame=frame, data={"reason_code": reason_code})
    return referral


def resume_referral(*, referral: Referral, by: User, at: datetime) -> Referral:
    """The mediation period runs on with what was left of it."""
    with act(by=by, at=at, code="mediation.resumed", dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        workflow.referral.step("resume", referral, by=by, at=at)
        view = deadlines.record_act(
            _mediation_clock(referral), DeadlineActKind.RESUMPTION, reason_code="suspension", by=by, at=at
        )
        finish(referral, "resumed", frame=frame, data={"due_on": view.due_on.isoformat()})
    return referral


def extend_referral(
    *,
    referral: Referral,
    until: date,
    consented_by: Collection[str],
    by: User,
    at: datetime,
) -> Referral:
    """Move the last day of the mediation period to ``until``. Raises ``ExtensionWithoutConsent`` unless creditor
    and consumer agreed, ``DeadlinePassed`` after the last day, ``InputRefused`` when ``until`` is not later."""
    if not set(ConsentingParty.values) <= set(consented_by):
        raise ExtensionWithoutConsent
    with act(by=by, at=at, code="mediation.extended", dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        workflow.referral.step("extend", referral, by=by, at=at)
        try:
            deadlines.extend_until(_mediation_clock(referral), until, by=by, at=at)
        except ExtensionTooLate as late:
            raise DeadlinePassed from late
        except ActRefused as refused:
            raise InputRefused(refused.message, field="until") from refused
        finish(referral, "extended", frame=frame, data={"until": until.isoformat()})
    return referral


def close_referral(
    *,
    referral: Referral,
    reason_code: str,
    by: User,
    at: datetime,
    reason: str = "",
) -> Referral:
    """The mediation ends without a settlement: our deadline runs on, the hold lifts.

    ``withdrawn_by_party`` ends it, every other reason leaves it not settled. An agreement is a settlement and is
    refused here (``InputRefused``).
    """
    _check_code(reason_code, PARTNER_END_REASONS)
    step = "withdraw" if reason_code == EndReason.WITHDRAWN_BY_PARTY else "close"
    with act(by=by, at=at, code="mediation.closed", reason=reason, dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        workflow.referral.step(step, referral, by=by, at=at)
        end(referral, reason=EndReason(reason_code), at=at)
        effects.undo(referral=referral, by=by, at=at)
        finish(referral, "closed", frame=frame, data={"reason_code": reason_code})
    return referral


def _refuse_late_answer(referral: Referral, *, by: User, at: datetime) -> None:
    """Too late is told apart from everything else that stands in the way, but only to those who may act at all."""
    expired = referral.state == ReferralState.EXPIRED
    if not expired and not (
        referral.state == ReferralState.OFFERED and workflow.confirmation_is_late(referral, at)
    ):
        return
    if by.has_perm(workflow.ACT) and workflow.acts_for_organisation(referral, by, at) is None:
        raise DeadlinePassed


def _meet_confirmation(referral: Referral, by_what: str, *, at: datetime) -> None:
    clock = deadlines.running_deadline(referral, deadlines.CONFIRM)
    if clock is not None:
        deadlines.meet(clock, by_what=by_what, at=at)


def _mediation_clock(referral: Referral) -> ReferralDeadline:
    clock = deadlines.running_deadline(referral, deadlines.MEDIATION)
    if clock is None:
        raise LookupError(f"referral {referral.pk} is under way without a clock")
    return clock


def _check_code(code: str, known: Collection[str]) -> None:
    if code not in known:
        raise InputRefused(_("This reason is not known here."), field="reason_code")
