"""A referral in the hands of its organisation, and its end: the right, what it does, what is refused."""

from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db import IntegrityError, transaction

from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.staff.services import system_user
from complaints import services as complaint_services
from complaints import timing
from complaints.mediation import services
from complaints.mediation.choices import ConsentCover, EndReason
from complaints.mediation.errors import DeadlinePassed, ExtensionWithoutConsent
from complaints.mediation.models import MediationOrganisation, Referral
from complaints.mediation.services.deadlines import running_deadline
from debt_collections.models import Hold
from tests.factories import complaints as complaint_factory
from tests.factories import mediation
from tests.factories.mediation import ACCEPTED, NOW

pytestmark = pytest.mark.django_db


def live_holds(referral: Referral) -> list[Hold]:
    return list(Hold.objects.filter(source=referral.dossier, lifted_at__isnull=True))


def decision_due(referral: Referral) -> date:
    deadline = timing.decision_deadline(referral.complaint)
    assert deadline is not None
    return deadline.due_on


# -- the answer of the organisation -----------------------------------------------------------------------


def test_accepting_stops_the_decision_deadline_and_all_collection() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    assert (referral.state, referral.version, referral.mediator_name) == ("accepted", 2, "赵清")
    decision = timing.decision_deadline(referral.complaint)
    assert decision is not None
    assert decision.paused_since == ACCEPTED
    [hold] = live_holds(referral)
    assert (hold.scope, hold.reason, hold.borrower) == ("all", "mediation", referral.complaint.borrower)
    clock = running_deadline(referral, "mediation")
    assert clock is not None
    assert clock.due_on == date(2026, 12, 24)
    assert running_deadline(referral, "confirm") is None
    note = referral.complaint.notes.get()
    assert (note.kind, note.author) == ("external", partner.user)


def test_only_the_organisation_itself_accepts() -> None:
    handler, partner, other = complaint_factory.handler(), mediation.partner(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    with pytest.raises(NotPermitted):
        services.accept_referral(
            referral=referral, mediator_name="赵清", mediator_licence="1", by=handler, at=ACCEPTED
        )
    with pytest.raises(TransitionRefused):
        mediation.accept(referral, to=other)


@pytest.mark.parametrize(
    ("at", "too_late"),
    [
        (datetime.fromisoformat("2026-11-26T23:59:59+08:00"), False),
        (datetime.fromisoformat("2026-11-27T00:00:00+08:00"), True),
    ],
)
def test_confirming_ends_with_the_last_day(at: datetime, too_late: bool) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    if too_late:
        with pytest.raises(DeadlinePassed):
            mediation.accept(referral, to=partner, at=at)
        with pytest.raises(DeadlinePassed):
            services.decline_referral(referral=referral, reason_code="other", by=partner.user, at=at)
    else:
        assert mediation.accept(referral, to=partner, at=at).state == "accepted"


def test_declining_leaves_the_complaint_as_it_was() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    declined = services.decline_referral(
        referral=referral, reason_code="no_capacity", reason="本月已满", by=partner.user, at=ACCEPTED
    )
    assert (declined.state, declined.ended_at) == ("declined", ACCEPTED)
    assert decision_due(declined) == date(2026, 12, 8)
    assert live_holds(declined) == []
    event = declined.events.get(sequence=2)
    assert event.data["reason_code"] == "no_capacity"
    # Words are kept as ciphertext alone.
    assert "本月已满" not in str(event.data)
    assert event.reason_cipher


def test_an_unknown_reason_is_refused() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    with pytest.raises(InputRefused):
        services.decline_referral(referral=referral, reason_code="lazy", by=partner.user, at=ACCEPTED)


def test_the_job_expires_what_nobody_answered_and_nothing_else() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    late = mediation.offered(to=partner, by=handler)
    accepted = mediation.accepted(to=partner, by=handler)
    job = system_user("deadlines")
    on_the_last_day = datetime.fromisoformat("2026-11-26T23:00:00+08:00")
    assert services.expire_referrals(by=job, at=on_the_last_day) == 0
    with pytest.raises(TransitionRefused):
        services.expire_referral(referral=late, by=job, at=on_the_last_day)
    with pytest.raises(NotPermitted):
        services.expire_referral(referral=late, by=handler, at=on_the_last_day + timedelta(days=1))
    assert services.expire_referrals(by=job, at=on_the_last_day + timedelta(days=1)) == 1
    assert services.expire_referrals(by=job, at=on_the_last_day + timedelta(days=1)) == 0
    late.refresh_from_db()
    accepted.refresh_from_db()
    assert (late.state, accepted.state) == ("expired", "accepted")


def test_the_command_expires_under_the_name_of_the_job(
    time_machine_at: object, capsys: pytest.CaptureFixture[str]
) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    late = mediation.offered(to=partner, by=handler)
    call_command("expire_referrals")
    assert "expired: 1" in capsys.readouterr().out
    row = late.history.latest()
    assert (row.state, row.history_entry_point, row.history_user) == (
        "expired",
        "command",
        system_user("deadlines"),
    )


@pytest.fixture
def time_machine_at() -> object:
    import time_machine

    with time_machine.travel(NOW + timedelta(days=30), tick=False) as traveller:
        yield traveller


# -- under way --------------------------------------------------------------------------------------------


def test_a_suspension_takes_exactly_its_days_out() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    began = ACCEPTED + timedelta(days=3)
    suspended = services.suspend_referral(
        referral=referral, reason_code="appraisal", by=partner.user, at=began
    )
    clock = running_deadline(suspended, "mediation")
    assert clock is not None
    assert (suspended.state, clock.paused_since) == ("suspended", began)
    with pytest.raises(TransitionRefused):
        services.suspend_referral(referral=suspended, reason_code="other", by=partner.user, at=began)
    resumed = services.resume_referral(referral=suspended, by=partner.user, at=began + timedelta(days=10))
    clock = running_deadline(resumed, "mediation")
    assert clock is not None
    assert (resumed.state, clock.due_on, clock.paused_since) == ("accepted", date(2027, 1, 3), None)
    # The decision deadline stands all along: suspending mediation is not ending it.
    decision = timing.decision_deadline(resumed.complaint)
    assert decision is not None
    assert decision.paused_since == ACCEPTED


def test_no_suspension_after_the_period() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    with pytest.raises(DeadlinePassed):
        services.suspend_referral(
            referral=referral, reason_code="other", by=partner.user, at=ACCEPTED + timedelta(days=31)
        )


def test_an_extension_needs_both_sides() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    for consenting in (["creditor"], ["consumer"], []):
        with pytest.raises(ExtensionWithoutConsent):
            services.extend_referral(
                referral=referral,
                until=date(2027, 1, 8),
                consented_by=consenting,
                by=partner.user,
                at=ACCEPTED,
            )
    extended = services.extend_referral(
        referral=referral,
        until=date(2027, 1, 8),
        consented_by=["creditor", "consumer"],
        by=partner.user,
        at=ACCEPTED + timedelta(days=30),
    )
    clock = running_deadline(extended, "mediation")
    assert clock is not None
    assert (clock.due_on, extended.state, extended.version) == (date(2027, 1, 8), "accepted", 3)


@pytest.mark.parametrize(
    ("until", "at", "error"),
    [
        (date(2026, 12, 24), ACCEPTED, InputRefused),
        (date(2020, 1, 1), ACCEPTED, InputRefused),
        (date(9999, 1, 1), ACCEPTED, InputRefused),
        (date(2027, 1, 8), ACCEPTED + timedelta(days=31), DeadlinePassed),
    ],
)
def test_an_extension_that_extends_nothing_is_refused(
    until: date, at: datetime, error: type[Exception]
) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    with pytest.raises(error):
        services.extend_referral(
            referral=referral, until=until, consented_by=["creditor", "consumer"], by=partner.user, at=at
        )


@pytest.mark.parametrize(
    ("reason", "state"),
    [("too_far_apart", "not_settled"), ("time_over", "not_settled"), ("withdrawn_by_party", "ended")],
)
def test_closing_lets_the_deadline_run_on_by_exactly_the_days_of_mediation(reason: str, state: str) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    # Received on the 23rd, so 15 days end on 8 December; mediation from the 24th to 4 December takes ten out.
    closed = services.close_referral(
        referral=referral, reason_code=reason, by=partner.user, at=ACCEPTED + timedelta(days=10)
    )
    assert (closed.state, closed.end_reason, closed.version) == (state, reason, 3)
    decision = timing.decision_deadline(closed.complaint)
    assert decision is not None
    assert (decision.due_on, decision.paused_since) == (date(2026, 12, 18), None)
    assert live_holds(closed) == []
    assert list(closed.events.order_by("sequence").values_list("sequence", "kind")) == [
        (1, "offered"),
        (2, "accepted"),
        (3, "closed"),
    ]
    assert running_deadline(closed, "mediation") is None


@pytest.mark.parametrize("reason", ["agreement", "consent_withdrawn", "nonsense"])
def test_an_agreement_is_no_closure(reason: str) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    with pytest.raises(InputRefused):
        services.close_referral(referral=referral, reason_code=reason, by=partner.user, at=ACCEPTED)


def test_a_decided_complaint_can_be_mediated_without_a_deadline_to_stop() -> None:
    handler, second, partner = (
        complaint_factory.handler(),
        complaint_factory.supervisor(),
        mediation.partner(),
    )
    decision = complaint_factory.delivered(by=handler, second=second)
    complaint = decision.complaint
    later = NOW + timedelta(days=2)
    complaint_services.verify_identity(complaint=complaint, how="call_back", by=handler, at=later)
    complaint.refresh_from_db()
    referral = mediation.offered(to=partner, by=handler, about=complaint, at=later)
    assert mediation.accept(referral, to=partner, at=later + timedelta(hours=1)).state == "accepted"
    deadline = timing.decision_deadline(complaint)
    assert deadline is not None
    assert deadline.paused_since is None


# -- the door closes --------------------------------------------------------------------------------------


def test_withdrawn_consent_ends_the_mediation_at_once() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    at = ACCEPTED + timedelta(days=2)
    services.withdraw_consent(consent=referral.consent, by=handler, at=at, reason="投诉人来电撤回同意")
    referral.refresh_from_db()
    assert (referral.state, referral.end_reason, referral.ended_at) == (
        "ended",
        EndReason.CONSENT_WITHDRAWN,
        at,
    )
    assert live_holds(referral) == []
    decision = timing.decision_deadline(referral.complaint)
    assert decision is not None
    assert (decision.paused_since, decision.due_on) == (None, date(2026, 12, 10))
    with pytest.raises(TransitionRefused):
        services.close_referral(referral=referral, reason_code="other", by=partner.user, at=at)


def test_a_withdrawn_complaint_takes_its_mediation_along() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    complaint_services.withdraw(
        complaint=referral.complaint, reason="投诉人撤回", by=handler, at=ACCEPTED + timedelta(days=1)
    )
    referral.refresh_from_db()
    assert (referral.state, referral.end_reason) == ("ended", EndReason.WITHDRAWN_BY_PARTY)
    assert live_holds(referral) == []


# -- the database -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "change",
    [
        {"state": "ended", "ended_at": None},
        {"state": "accepted", "ended_at": NOW},
        {"accepted_at": NOW, "mediator_licence": ""},
        {"mandate_amount": Decimal("-1")},
    ],
)
def test_the_database_refuses_what_cannot_be(change: dict[str, object]) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    for name, value in change.items():
        setattr(referral, name, value)
    with pytest.raises(IntegrityError), transaction.atomic(), context.acting(by=handler, reason_code="test"):
        referral.save()


def test_a_consent_without_evidence_cannot_be_stored() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    consent = mediation.consent(about=mediation.complaint(by=handler), to=partner, by=handler)
    consent.evidence_reference = ""
    with pytest.raises(IntegrityError), transaction.atomic(), context.acting(by=handler, reason_code="test"):
        consent.save()


def test_every_step_is_on_record_with_its_actor() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    services.close_referral(
        referral=referral, reason_code="other", by=partner.user, at=ACCEPTED + timedelta(days=1)
    )
    rows = referral.history.order_by("history_id").values_list("history_change_reason", "history_user_id")
    assert list(rows) == [
        ("mediation.offered", handler.pk),
        ("mediation.accepted", partner.user.pk),
        ("mediation.closed", partner.user.pk),
    ]
    assert MediationOrganisation.objects.get().history.count() == 1
    assert set(ConsentCover.values) == set(referral.consent.covers)
