"""The tables of consents and referrals. Only steps that a service takes stand in them.

A mediation organisation acts through its machine user, which needs the right *and* has to be the user of the
client to which the case was offered: the right alone opens nobody else's case.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.core.workflow import Workflow, transition
from backoffice.staff.models import User
from complaints.choices import OPEN_STATES, ComplaintState
from complaints.mediation.choices import ConsentState, ReferralState
from complaints.mediation.models import MediationConsent, Referral

OFFER = "mediation.offer_referral"
ACT = "mediation.act_referral"
EXPIRE = "mediation.expire_referral"

#: While the matter is being investigated, or after the decision; never instead of taking a complaint up.
OFFERABLE_COMPLAINT_STATES = (ComplaintState.INVESTIGATING, ComplaintState.DECIDED, ComplaintState.NOTIFIED)

DRAFT, OFFERED = ReferralState.DRAFT, ReferralState.OFFERED
ACCEPTED, SUSPENDED = ReferralState.ACCEPTED, ReferralState.SUSPENDED


def complaint_can_be_mediated(referral: Referral, by: User, at: datetime) -> Any | None:
    """A complaint goes to mediation while it is investigated or once it is decided."""
    if referral.complaint.state in OFFERABLE_COMPLAINT_STATES:
        return None
    return _("Only a complaint under investigation or decided can go to mediation.")


def identity_was_verified(referral: Referral, by: User, at: datetime) -> Any | None:
    """No loan fact leaves the house before we know who complains."""
    if referral.complaint.identity_verified_at is not None:
        return None
    return _("The complainant's identity has not been verified.")


def consent_is_in_force(referral: Referral, by: User, at: datetime) -> Any | None:
    """Nothing is given to a third party without the person's separate consent (PIPL 23)."""
    if referral.consent_id is not None and referral.consent.withdrawn_at is None:
        return None
    return _("There is no consent of the complainant in force for this organisation.")


def organisation_takes_cases(referral: Referral, by: User, at: datetime) -> Any | None:
    """An organisation that has ended its work with us is offered nothing more."""
    if referral.organisation.active and referral.organisation.client_id is not None:
        return None
    return _("This organisation takes no cases now.")


def acts_for_organisation(referral: Referral, by: User, at: datetime) -> Any | None:
    """The right to act is a right to act for one's own organisation."""
    client = referral.organisation.client
    if client is not None and client.user_id == by.pk:
        return None
    return _("This case was offered to another organisation.")


def nothing_left_to_mediate(referral: Referral, by: User, at: datetime) -> Any | None:
    """We end a mediation only because its consent was withdrawn or its complaint is no more."""
    gone = referral.complaint.state in (ComplaintState.WITHDRAWN, ComplaintState.MERGED)
    if referral.consent.withdrawn_at is not None or gone:
        return None
    return _("The consent is still in force and the complaint goes on.")


def confirmation_period_is_over(referral: Referral, by: User, at: datetime) -> Any | None:
    """An offer expires by time alone, never because somebody would like it to."""
    if confirmation_is_late(referral, at):
        return None
    return _("The time to confirm has not run out.")


def confirmation_period_runs(referral: Referral, by: User, at: datetime) -> Any | None:
    """Accepting and declining end with the time to confirm, even before the offer is marked as expired."""
    if not confirmation_is_late(referral, at):
        return None
    return _("The time to confirm has run out.")


def confirmation_is_late(referral: Referral, at: datetime) -> bool:
    """Whether the last day for confirming is over at ``at`` (24:00 Asia/Shanghai of the stored last day)."""
    today = business_day(at)
    return any(
        deadline.kind == "confirm" and deadline.is_open and deadline.due_on < today
        for deadline in referral.deadlines.all()
    )


def complaint_is_open(consent: MediationConsent, by: User, at: datetime) -> Any | None:
    """A consent is asked for while there is something to mediate."""
    if consent.complaint.state in OPEN_STATES:
        return None
    return _("The complaint is no longer open.")


#: A consent has no state column: whether it is recorded and withdrawn says it all (``MediationConsent.state``).
consent = Workflow(
    "mediation.MediationConsent",
    initial=ConsentState.NOT_RECORDED,
    transitions=[
        transition(
            "record",
            _("Record the complainant's consent"),
            [ConsentState.NOT_RECORDED],
            None,
            OFFER,
            complaint_is_open,
            effect=_("The case can then be offered to this one organisation, with what the consent covers."),
        ),
        transition(
            "withdraw",
            _("Consent withdrawn"),
            [ConsentState.IN_FORCE],
            None,
            OFFER,
            effect=_(
                "The door closes at once: a running mediation ends, the organisation keeps its number only."
            ),
            style="danger",
        ),
    ],
)

referral = Workflow(
    "mediation.Referral",
    initial=DRAFT,
    transitions=[
        transition(
            "offer",
            _("Offer to the organisation"),
            [DRAFT],
            OFFERED,
            OFFER,
            complaint_can_be_mediated,
            identity_was_verified,
            consent_is_in_force,
            organisation_takes_cases,
            effect=_("The organisation sees the case and has the time to confirm."),
            style="primary",
        ),
        transition(
            "recall",
            _("Recall the offer"),
            [OFFERED],
            ReferralState.RECALLED,
            OFFER,
            effect=_("The organisation keeps the number and the state, nothing else."),
            style="danger",
        ),
        transition(
            "expire",
            _("Let the offer expire"),
            [OFFERED],
            ReferralState.EXPIRED,
            EXPIRE,
            confirmation_period_is_over,
        ),
        transition(
            "accept",
            _("Accept the case"),
            [OFFERED],
            ACCEPTED,
            ACT,
            acts_for_organisation,
            confirmation_period_runs,
            effect=_("The decision deadline stands still and all collection is on hold."),
            style="primary",
        ),
        transition(
            "decline",
            _("Decline the case"),
            [OFFERED],
            ReferralState.DECLINED,
            ACT,
            acts_for_organisation,
            confirmation_period_runs,
        ),
        transition("suspend", _("Suspend"), [ACCEPTED], SUSPENDED, ACT, acts_for_organisation),
        transition("resume", _("Resume"), [SUSPENDED], ACCEPTED, ACT, acts_for_organisation),
        transition("extend", _("Extend the period"), [ACCEPTED], None, ACT, acts_for_organisation),
        transition(
            "close",
            _("Close as not settled"),
            [ACCEPTED],
            ReferralState.NOT_SETTLED,
            ACT,
            acts_for_organisation,
            effect=_("The decision deadline runs on and the hold lifts."),
        ),
        transition(
            "withdraw",
            _("Close as withdrawn by a party"),
            [ACCEPTED, SUSPENDED],
            ReferralState.ENDED,
            ACT,
            acts_for_organisation,
            effect=_("The decision deadline runs on and the hold lifts."),
        ),
        transition(
            "end",
            _("End from our side"),
            [OFFERED, ACCEPTED, SUSPENDED],
            ReferralState.ENDED,
            OFFER,
            nothing_left_to_mediate,
            style="danger",
        ),
    ],
)
