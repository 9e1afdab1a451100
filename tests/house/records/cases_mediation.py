"""Mediation: our side's steps and the organisation's."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from backoffice.core import context
from backoffice.core.context import EntryPoint
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints.mediation import services
from complaints.mediation.choices import EndReason
from complaints.mediation.services.effects import end_early
from tests.factories import complaints, mediation
from tests.factories.mediation import ACCEPTED, EVERYTHING, NOW, OFFERED
from tests.factories.staff import person
from tests.house.records.case import Case

LATER = ACCEPTED + timedelta(days=3)


def consented() -> dict[str, Any]:
    by, to = complaints.handler(), mediation.partner()
    about = mediation.complaint(by=by)
    mediation.consent(about=about, to=to, by=by)
    return {
        "complaint": about,
        "organisation": to.organisation,
        "mandate_amount": Decimal("500.00"),
        "mandate_months": 12,
        "by": by,
        "at": OFFERED,
    }


def consent() -> dict[str, Any]:
    given = consented()
    return {
        "consent": given["complaint"].mediation_consents.get(),
        "by": given["by"],
        "at": OFFERED,
    }


def consent_of_a_running_one() -> dict[str, Any]:
    by, to = complaints.handler(), mediation.partner()
    referral = mediation.accepted(to=to, by=by)
    return {"consent": referral.consent, "by": by, "at": LATER}


def new_consent() -> dict[str, Any]:
    by = complaints.handler()
    return {
        "complaint": mediation.complaint(by=by),
        "organisation": mediation.partner().organisation,
        "covers": EVERYTHING,
        "text_version": "2026-1",
        "given_at": OFFERED,
        "evidence_reference": "REC-20261123-7",
        "by": by,
        "at": OFFERED,
    }


def offered(**given: Any) -> dict[str, Any]:
    by = complaints.handler()
    return {"referral": mediation.offered(to=mediation.partner(), by=by), "by": by, "at": ACCEPTED, **given}


def answering(**given: Any) -> dict[str, Any]:
    """An offer, and the organisation that answers it."""
    to = mediation.partner()
    referral = mediation.offered(to=to, by=complaints.handler())
    return {"referral": referral, "by": to.user, "at": ACCEPTED, **given}


def under_way(**given: Any) -> dict[str, Any]:
    to = mediation.partner()
    referral = mediation.accepted(to=to, by=complaints.handler())
    return {"referral": referral, "by": to.user, "at": LATER, **given}


def suspended() -> dict[str, Any]:
    given = under_way(reason_code="appraisal")
    referral = services.suspend_referral(**given)
    return {"referral": referral, "by": given["by"], "at": LATER + timedelta(days=2)}


def late() -> dict[str, Any]:
    return offered(by=system_user("deadlines"), at=OFFERED + timedelta(days=10))


def late_ones() -> dict[str, Any]:
    offered()
    given = late()
    return {"by": given["by"], "at": given["at"]}


def without_consent() -> dict[str, Any]:
    """A mediation still under way though its consent has been withdrawn."""
    by, to = complaints.handler(), mediation.partner()
    referral = mediation.accepted(to=to, by=by)
    with context.acting(by=by, reason_code="mediation.consent_withdrawn"):
        referral.consent.withdrawn_at = LATER
        referral.consent.save()
    return {"referral": referral, "because": EndReason.CONSENT_WITHDRAWN, "by": by, "at": LATER}


CASES = [
    Case(
        service=services.register_organisation,
        world=lambda: {
            "name": "新调解中心",
            "client": None,
            "by": person(Role.COMPLIANCE),
            "at": NOW,
        },
    ),
    Case(service=services.record_consent, world=new_consent, events=("mediation_consent_recorded",)),
    Case(service=services.withdraw_consent, world=consent, events=("mediation_consent_withdrawn",)),
    Case(
        service=services.withdraw_consent,
        world=consent_of_a_running_one,
        events=("mediation_consent_withdrawn", "ended", "deadline_resumed", "hold_lifted"),
        variant="a mediation is under way",
    ),
    Case(
        service=end_early,
        world=without_consent,
        events=("ended", "deadline_resumed", "hold_lifted"),
    ),
    Case(service=services.offer_referral, world=consented, events=("offered",)),
    Case(service=services.recall_referral, world=offered, events=("recalled",)),
    Case(service=services.expire_referral, world=late, events=("expired",), door=EntryPoint.TASK),
    Case(
        service=services.expire_referrals,
        world=late_ones,
        events=("expired", "expired"),
        door=EntryPoint.TASK,
    ),
    Case(
        service=services.accept_referral,
        world=lambda: answering(mediator_name="赵清", mediator_licence="TJ-2041"),
        events=("accepted", "deadline_paused", "note_added", "hold_placed"),
        door=EntryPoint.API,
    ),
    Case(
        service=services.decline_referral,
        world=lambda: answering(reason_code="no_capacity"),
        events=("declined",),
        door=EntryPoint.API,
    ),
    Case(
        service=services.suspend_referral,
        world=lambda: under_way(reason_code="appraisal"),
        events=("suspended",),
        door=EntryPoint.API,
    ),
    Case(service=services.resume_referral, world=suspended, events=("resumed",), door=EntryPoint.API),
    Case(
        service=services.extend_referral,
        world=lambda: under_way(
            until=(LATER + timedelta(days=40)).date(), consented_by=["creditor", "consumer"]
        ),
        events=("extended",),
        door=EntryPoint.API,
    ),
    Case(
        service=services.close_referral,
        world=lambda: under_way(reason_code="too_far_apart"),
        events=("closed", "deadline_resumed", "hold_lifted"),
        door=EntryPoint.API,
    ),
]
