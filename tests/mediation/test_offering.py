"""Organisations, consents and offers: the right first, then what it does, then what is refused."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse

from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.staff.roles import Role
from complaints import services as complaint_services
from complaints import timing
from complaints.mediation import services
from complaints.mediation.models import MediationEvent, Referral
from complaints.mediation.services.deadlines import running_deadline
from debt_collections.models import Hold
from tests.factories import complaints as complaint_factory
from tests.factories import mediation
from tests.factories.api import api_client
from tests.factories.mediation import ACCEPTED, NOW, OFFERED
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


def live_holds(referral: Referral) -> list[Hold]:
    return list(Hold.objects.filter(source=referral.dossier, lifted_at__isnull=True))


def decision_due(referral: Referral) -> date:
    deadline = timing.decision_deadline(referral.complaint)
    assert deadline is not None
    return deadline.due_on


# -- organisations and consents ---------------------------------------------------------------------------


def test_only_compliance_registers_an_organisation() -> None:
    with pytest.raises(NotPermitted):
        services.register_organisation(name="甲", client=None, by=complaint_factory.handler(), at=NOW)
    made = services.register_organisation(name="甲", client=None, by=person(Role.COMPLIANCE), at=NOW)
    assert (made.period_days, made.access_days_after_end) == (30, 30)


def test_a_period_of_no_days_is_refused() -> None:
    with pytest.raises(InputRefused):
        services.register_organisation(
            name="甲", client=None, period_days=0, by=person(Role.COMPLIANCE), at=NOW
        )


def test_an_organisation_takes_no_client_of_the_house() -> None:
    house, compliance = api_client("loans:read")[0], person(Role.COMPLIANCE)
    with pytest.raises(InputRefused) as refusal:
        services.register_organisation(name="甲", client=house, by=compliance, at=NOW)
    assert refusal.value.field == "client"
    browser = Browser()
    browser.force_login(compliance)
    given = {"name": "甲", "client": house.pk, "period_days": 30, "access_days_after_end": 30, "active": "on"}
    add = reverse("admin:mediation_mediationorganisation_add")
    assert set(browser.post(add, given).context["adminform"].form.errors) == {"client"}
    given["client"] = api_client("referrals:read", name="调解系统")[0].pk
    assert browser.post(add, given).status_code == 302


def test_consent_needs_the_right() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    with pytest.raises(NotPermitted):
        mediation.consent(about=complaint, to=partner, by=person(Role.CONDUCT_SUPERVISOR))


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"covers": []}, "covers"),
        ({"covers": ["bank"]}, "covers"),
        ({"evidence_reference": ""}, "evidence_reference"),
        ({"given_at": NOW + timedelta(days=3)}, "given_at"),
    ],
)
def test_consent_without_substance_is_refused(changed: dict[str, object], field: str) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    given: dict[str, object] = {
        "complaint": mediation.complaint(by=handler),
        "organisation": partner.organisation,
        "covers": ["loan"],
        "text_version": "2026-1",
        "given_at": NOW,
        "evidence_reference": "REC-1",
        "by": handler,
        "at": NOW + timedelta(hours=1),
    }
    with pytest.raises(InputRefused) as refused:
        services.record_consent(**{**given, **changed})  # type: ignore[arg-type]
    assert refused.value.field == field


def test_one_consent_per_organisation_is_in_force() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    first = mediation.consent(about=complaint, to=partner, by=handler)
    with pytest.raises(InputRefused):
        mediation.consent(about=complaint, to=partner, by=handler)
    first.pk, first.uid = None, complaint.dossier.uid
    with pytest.raises(IntegrityError), transaction.atomic(), context.acting(by=handler, reason_code="test"):
        first.save(force_insert=True)


def test_a_withdrawn_consent_is_not_withdrawn_again() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    consent = mediation.consent(about=mediation.complaint(by=handler), to=partner, by=handler)
    with pytest.raises(NotPermitted):
        services.withdraw_consent(consent=consent, by=partner.user, at=OFFERED)
    services.withdraw_consent(consent=consent, by=handler, at=OFFERED, reason="本人来电撤回")
    with pytest.raises(TransitionRefused):
        services.withdraw_consent(consent=consent, by=handler, at=ACCEPTED)


# -- offering ---------------------------------------------------------------------------------------------


def test_offering_needs_the_right() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    mediation.consent(about=complaint, to=partner, by=handler)
    with pytest.raises(NotPermitted):
        services.offer_referral(
            complaint=complaint,
            organisation=partner.organisation,
            mandate_amount=Decimal(0),
            mandate_months=1,
            by=person(Role.COLLECTOR),
            at=OFFERED,
        )


def test_an_offer_opens_a_dossier_and_the_clock_of_three_working_days() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    assert (referral.state, referral.version, referral.number) == ("offered", 1, "TJ20261123-000001")
    assert referral.dossier.kind == "referral"
    clock = running_deadline(referral, "confirm")
    assert clock is not None
    assert (clock.due_on, clock.days, clock.working_days) == (date(2026, 11, 26), 3, True)
    event = MediationEvent.objects.get(referral=referral)
    assert (event.kind, event.sequence, event.actor) == ("offered", 1, handler)
    # Nothing stands still and nothing is on hold before the organisation has accepted.
    assert decision_due(referral) == date(2026, 12, 8)
    assert live_holds(referral) == []


def offer_again(referral: Referral, *, by: object) -> Referral:
    return services.offer_referral(
        complaint=referral.complaint,
        organisation=referral.organisation,
        mandate_amount=Decimal(0),
        mandate_months=1,
        by=by,  # type: ignore[arg-type]
        at=ACCEPTED,
    )


def test_one_referral_runs_at_a_time() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    with pytest.raises(InputRefused):
        offer_again(referral, by=handler)
    services.recall_referral(referral=referral, by=handler, at=OFFERED + timedelta(hours=1))
    assert offer_again(referral, by=handler).state == "offered"


def test_the_database_refuses_a_second_running_referral() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    first = mediation.offered(to=partner, by=handler)
    first.pk, first.number, first.dossier = None, "TJ-2", first.complaint.dossier
    with pytest.raises(IntegrityError), transaction.atomic(), context.acting(by=handler, reason_code="test"):
        first.save(force_insert=True)


def test_no_offer_without_consent() -> None:
    handler, partner, other = complaint_factory.handler(), mediation.partner(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    mediation.consent(about=complaint, to=other, by=handler)
    with pytest.raises(TransitionRefused):
        services.offer_referral(
            complaint=complaint,
            organisation=partner.organisation,
            mandate_amount=Decimal(0),
            mandate_months=1,
            by=handler,
            at=OFFERED,
        )


def test_no_offer_before_the_complaint_is_investigated() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    filed = complaint_factory.filed()
    complaint_services.verify_identity(complaint=filed, how="call_back", by=handler, at=NOW)
    with pytest.raises(TransitionRefused):
        mediation.offered(to=partner, by=handler, about=filed)


def test_no_offer_before_we_know_who_complains() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    with pytest.raises(TransitionRefused):
        mediation.offered(to=partner, by=handler, about=complaint_factory.investigated(by=handler))


def test_no_offer_to_an_organisation_that_takes_none() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    with context.acting(by=handler, reason_code="test"):
        partner.organisation.active = False
        partner.organisation.save()
    with pytest.raises(TransitionRefused):
        mediation.offered(to=partner, by=handler)


def test_recalling_is_ours_and_only_before_the_answer() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    with pytest.raises(NotPermitted):
        services.recall_referral(referral=referral, by=partner.user, at=OFFERED)
    recalled = services.recall_referral(referral=referral, by=handler, at=OFFERED, reason="投诉人要求")
    assert (recalled.state, recalled.ended_at, recalled.version) == ("recalled", OFFERED, 2)
    assert running_deadline(recalled, "confirm") is None
    accepted = mediation.accepted(to=partner, by=handler)
    with pytest.raises(TransitionRefused):
        services.recall_referral(referral=accepted, by=handler, at=ACCEPTED)
