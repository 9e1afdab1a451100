"""Our side of a referral: offer it, recall it, let it expire."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.services import next_number, open_dossier, policy_value
from backoffice.core.time import business_day
from backoffice.staff.models import User
from complaints.mediation import workflow
from complaints.mediation.choices import ENDED_STATES
from complaints.mediation.models import MediationConsent, MediationOrganisation, Referral
from complaints.mediation.services import deadlines
from complaints.mediation.services.changes import end, finish, lock_referral
from complaints.models import Complaint
from complaints.services.changes import lock_complaint

NUMBER_PREFIX = "TJ"
#: The policy row that says how many working days an organisation has to confirm.
CONFIRM_WORKING_DAYS = "mediation.confirm_working_days"


def offer_referral(
    *,
    complaint: Complaint,
    organisation: MediationOrganisation,
    mandate_amount: Decimal,
    mandate_months: int,
    by: User,
    at: datetime,
    reason: str = "",
) -> Referral:
    """Offer a complaint to an organisation; it has the working days of policy to confirm.

    ``mandate_amount`` (yuan) and ``mandate_months`` are the most the mediator may agree to for us without asking.
    Raises ``NotPermitted``, ``TransitionRefused`` (complaint not in a state for it, identity not verified, no
    consent in force, organisation takes none) and ``InputRefused`` (one is already running, no such mandate).
    """
    if mandate_amount < 0:
        raise InputRefused(_("An amount cannot be negative."), field="mandate_amount")
    with act(by=by, at=at, code="mediation.offered", reason=reason, dossier=complaint.dossier) as frame:
        complaint = lock_complaint(complaint.pk)
        referral = draft_for(complaint, organisation, at=at)
        referral.mandate_amount, referral.mandate_months = mandate_amount, mandate_months
        workflow.referral.step("offer", referral, by=by, at=at)
        if running_referral(complaint) is not None:
            raise InputRefused(_("A mediation of this complaint is already running."), field="complaint")
        [referral.number] = next_number(prefix=NUMBER_PREFIX, at=at)
        referral.dossier = open_dossier(kind=DossierKind.REFERRAL, number=referral.number, at=at)
        referral.offered_at = at
        finish(referral, "offered", frame=frame, new=True)
        deadlines.open_deadline(
            referral=referral,
            kind=deadlines.CONFIRM,
            days=int(policy_value(CONFIRM_WORKING_DAYS, on=business_day(at))),
            working_days=True,
            basis=CONFIRM_WORKING_DAYS,
            at=at,
        )
    return referral


def draft_for(complaint: Complaint, organisation: MediationOrganisation, *, at: datetime) -> Referral:
    """An unsaved referral with the consent in force, for asking the table whether it can be offered."""
    consent = (
        MediationConsent.objects.filter(
            complaint=complaint, organisation=organisation, withdrawn_at__isnull=True
        )
        .order_by("-given_at")
        .first()
    )
    return Referral(complaint=complaint, organisation=organisation, consent=consent, updated_at=at)


def running_referral(complaint: Complaint) -> Referral | None:
    """The one referral of a complaint that has not ended, if there is one."""
    return Referral.objects.filter(complaint=complaint).exclude(state__in=ENDED_STATES).first()


def recall_referral(*, referral: Referral, by: User, at: datetime, reason: str = "") -> Referral:
    """Take an unanswered offer back; the organisation keeps a tombstone."""
    return _end_offer(referral, "recall", "recalled", by=by, at=at, reason=reason)


def expire_referral(*, referral: Referral, by: User, at: datetime) -> Referral:
    """Mark an offer that nobody answered in time. Raises ``TransitionRefused`` while there is time left."""
    return _end_offer(referral, "expire", "expired", by=by, at=at, reason="")


def _end_offer(referral: Referral, step: str, kind: str, *, by: User, at: datetime, reason: str) -> Referral:
    with act(by=by, at=at, code=f"mediation.{kind}", reason=reason, dossier=referral.dossier) as frame:
        referral = lock_referral(referral)
        workflow.referral.step(step, referral, by=by, at=at)
        end(referral, reason=None, at=at)
        finish(referral, kind, frame=frame)
    return referral


def expire_referrals(*, by: User, at: datetime) -> int:
    """Mark every offer whose time to confirm is over; answers how many. Safe to run again at any time."""
    late = Referral.objects.filter(
        state="offered",
        deadlines__kind=deadlines.CONFIRM,
        deadlines__met_at__isnull=True,
        deadlines__cancelled_at__isnull=True,
        deadlines__due_on__lt=business_day(at),
    ).order_by("pk")
    count = 0
    for referral in late.select_related("dossier").iterator(chunk_size=200):
        expire_referral(referral=referral, by=by, at=at)
        count += 1
    return count
