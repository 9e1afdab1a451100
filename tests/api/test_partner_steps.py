"""The steps of a mediation organisation over the wire: version, key, table, and what each does."""

import itertools
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client as HttpClient

from backoffice.core.context import EntryPoint, entering
from backoffice.staff.services import system_user
from complaints import timing
from complaints.mediation import services
from complaints.mediation.models import MediationEvent, Referral
from tests.factories import complaints as complaint_factory
from tests.factories import mediation
from tests.factories.mediation import ACCEPTED, Partner

pytestmark = pytest.mark.django_db

NOON = ACCEPTED + timedelta(hours=2)
BODIES: dict[str, dict[str, Any]] = {
    "acceptance": {"mediator": {"name": "赵清", "licence": "TJ-2041"}},
    "rejection": {"reason_code": "conflict_of_interest", "text": "代理人是本会成员"},
    "suspension": {"reason_code": "appraisal"},
    "resumption": {},
    "extension": {"until": "2027-01-08", "consented_by": ["creditor", "consumer"]},
    "closure": {"reason_code": "too_far_apart"},
}
#: Step → the states in which it is possible, and the state it leads to.
TABLE = {
    "acceptance": ({"offered"}, "accepted"),
    "rejection": ({"offered"}, "declined"),
    "suspension": ({"accepted"}, "suspended"),
    "resumption": ({"suspended"}, "accepted"),
    "extension": ({"accepted"}, "accepted"),
    "closure": ({"accepted"}, "not_settled"),
}
STATES = (
    "offered",
    "accepted",
    "suspended",
    "declined",
    "recalled",
    "not_settled",
    "ended",
    "consent_withdrawn",
)
_keys = itertools.count(1)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def post(partner: Partner, referral: Referral, step: str, body: Any = None, **headers: str) -> Any:
    referral = Referral.objects.get(pk=referral.pk)
    given = {
        **partner.headers(),
        "If-Match": f'"v{referral.version}"',
        "Idempotency-Key": f"key-{next(_keys)}",
        **headers,
    }
    return HttpClient().post(
        f"/api/partner/v1/referrals/{referral.dossier.uid}/{step}",
        BODIES[step] if body is None else body,
        content_type="application/json",
        headers={name: value for name, value in given.items() if value},
    )


def in_state(state: str, *, to: Partner) -> Referral:
    """A referral of ``to`` in that state."""
    handler = complaint_factory.handler()
    offered = mediation.offered(to=to, by=handler)
    if state == "offered":
        return offered
    if state == "recalled":
        return services.recall_referral(referral=offered, by=handler, at=ACCEPTED)
    if state == "declined":
        return services.decline_referral(referral=offered, reason_code="other", by=to.user, at=ACCEPTED)
    accepted = mediation.accept(offered, to=to)
    if state == "suspended":
        return services.suspend_referral(referral=accepted, reason_code="other", by=to.user, at=NOON)
    if state in {"not_settled", "ended"}:
        reason = "other" if state == "not_settled" else "withdrawn_by_party"
        return services.close_referral(referral=accepted, reason_code=reason, by=to.user, at=NOON)
    if state == "consent_withdrawn":
        services.withdraw_consent(consent=accepted.consent, by=handler, at=NOON)
    return accepted


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("step", BODIES)
def test_every_step_from_every_state(step: str, state: str) -> None:
    partner = mediation.partner()
    referral = in_state(state, to=partner)
    before = Referral.objects.get(pk=referral.pk)
    answer = post(partner, referral, step)
    referral.refresh_from_db()
    sources, target = TABLE[step]
    if state in sources:
        assert answer.status_code == 200, answer.content
        assert (answer.json()["state"], referral.state) == (target, target)
        # One step, one version, one event; and the tag is the one of the next step.
        assert referral.version == before.version + 1
        assert answer["ETag"] == f'"v{referral.version}"'
        assert MediationEvent.objects.filter(referral=referral).count() == referral.version
    else:
        assert (answer.status_code, answer.json()["code"]) == (409, "transition-not-allowed")
        possible = {"accepted": "suspend", "suspended": "resume", "offered": "accept"}.get(state)
        assert (possible in answer.json()["allowed"]) if possible else answer.json()["allowed"] == []
        assert (referral.state, referral.version) == (before.state, before.version)


@pytest.mark.parametrize("step", BODIES)
def test_a_version_has_to_have_been_seen(step: str) -> None:
    partner = mediation.partner()
    state = next(iter(TABLE[step][0]))
    referral = in_state(state, to=partner)
    missing = post(partner, referral, step, **{"If-Match": ""})
    assert (missing.status_code, missing.json()["code"]) == (428, "version-missing")
    stale = post(partner, referral, step, **{"If-Match": '"v99"'})
    assert (stale.status_code, stale.json()["code"]) == (412, "version-stale")
    referral.refresh_from_db()
    assert stale["ETag"] == f'"v{referral.version}"'
    assert referral.state == state


def test_a_step_needs_a_key() -> None:
    partner = mediation.partner()
    answer = post(partner, in_state("offered", to=partner), "acceptance", **{"Idempotency-Key": ""})
    assert (answer.status_code, answer.json()["code"]) == (400, "idempotency-key-missing")


def test_a_repeated_step_happens_once_and_is_answered_twice() -> None:
    partner = mediation.partner()
    referral = in_state("offered", to=partner)
    # The version is the one of the first try both times: the replay is looked up before it is compared.
    headers = {"Idempotency-Key": "once", "If-Match": '"v1"'}
    first = post(partner, referral, "acceptance", **headers)
    second = post(partner, referral, "acceptance", **headers)
    assert (first.status_code, second.status_code) == (200, 200)
    assert first.json() == second.json()
    assert (second["Idempotent-Replayed"], second["ETag"]) == ("true", '"v2"')
    assert MediationEvent.objects.filter(referral=referral, kind="accepted").count() == 1
    other = post(partner, referral, "acceptance", {"mediator": {"name": "别人", "licence": "1"}}, **headers)
    assert (other.status_code, other.json()["code"]) == (422, "idempotency-key-reused")


def test_a_step_is_answered_again_only_while_the_case_is_open_to_the_organisation() -> None:
    partner = mediation.partner()
    referral = in_state("offered", to=partner)
    headers = {"Idempotency-Key": "once", "If-Match": '"v1"'}
    assert post(partner, referral, "acceptance", **headers).status_code == 200
    organisation = Referral.objects.get(pk=referral.pk).organisation
    organisation.active = False
    with entering(EntryPoint.COMMAND, actor=system_user("tests")):
        organisation.save()
    answer = post(partner, referral, "acceptance", **headers)
    assert (answer.status_code, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize(
    ("step", "body", "pointer"),
    [
        ("acceptance", {}, "/mediator"),
        ("acceptance", {"mediator": {"name": "赵清"}}, "/mediator/licence"),
        ("rejection", {"reason_code": "lazy"}, "/reason_code"),
        ("suspension", {}, "/reason_code"),
        ("extension", {"until": "soon", "consented_by": ["creditor", "consumer"]}, "/until"),
        ("extension", {"until": "2026-12-24", "consented_by": ["creditor", "consumer"]}, "/until"),
        ("closure", {"reason_code": "agreement"}, "/reason_code"),
        ("closure", {"reason_code": "consent_withdrawn"}, "/reason_code"),
    ],
)
def test_a_wrong_value_is_named(step: str, body: dict[str, Any], pointer: str) -> None:
    partner = mediation.partner()
    referral = in_state(next(iter(TABLE[step][0])), to=partner)
    answer = post(partner, referral, step, body)
    assert (answer.status_code, answer.json()["code"]) == (422, "validation-failed")
    assert [error["pointer"] for error in answer.json()["errors"]] == [pointer]


@pytest.mark.parametrize("consented_by", [[], ["creditor"], ["consumer"], ["consumer", "consumer"]])
def test_an_extension_without_both_consents(consented_by: list[str]) -> None:
    partner = mediation.partner()
    referral = in_state("accepted", to=partner)
    answer = post(partner, referral, "extension", {"until": "2027-01-08", "consented_by": consented_by})
    assert (answer.status_code, answer.json()["code"]) == (422, "extension-without-consent")


def test_too_late_is_told_apart(at_noon: Any) -> None:
    partner = mediation.partner()
    referral = in_state("offered", to=partner)
    at_noon.move_to(ACCEPTED + timedelta(days=3))
    for step in ("acceptance", "rejection"):
        answer = post(partner, referral, step)
        assert (answer.status_code, answer.json()["code"]) == (409, "deadline-passed")


def test_closing_as_withdrawn_ends_also_a_suspended_case() -> None:
    partner = mediation.partner()
    for state in ("accepted", "suspended"):
        answer = post(partner, in_state(state, to=partner), "closure", {"reason_code": "withdrawn_by_party"})
        assert (answer.status_code, answer.json()["state"]) == (200, "ended")


def test_accepting_stops_our_deadline_and_closing_lets_it_run(at_noon: Any) -> None:
    partner = mediation.partner()
    referral = in_state("offered", to=partner)
    accepted = post(partner, referral, "acceptance").json()
    assert [deadline["due_on"] for deadline in accepted["deadlines"]] == ["2026-11-26", "2026-12-24"]
    decision = timing.decision_deadline(referral.complaint)
    assert decision is not None
    assert decision.paused_since == NOON
    at_noon.move_to(NOON + timedelta(days=7))
    closed = post(partner, referral, "closure").json()
    assert (closed["state"], closed["end_reason"]) == ("not_settled", "too_far_apart")
    decision.refresh_from_db()
    # 15 days from 23 November are 8 December; seven of them did not count.
    assert (decision.due_on.isoformat(), decision.paused_since) == ("2026-12-15", None)


def test_what_was_done_over_the_wire_is_on_record_as_such() -> None:
    partner = mediation.partner()
    referral = in_state("offered", to=partner)
    answer = post(partner, referral, "acceptance")
    row = referral.history.latest()
    assert (row.history_user, row.history_entry_point) == (partner.user, "api")
    assert row.history_request_id == answer["X-Request-ID"]
