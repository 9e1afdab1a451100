"""Mediation's pages, and its card on the complaint's page."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as HttpClient
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.core.choices import DossierKind
from backoffice.desk.registry import registries
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints.mediation import services
from complaints.mediation.models import MediationConsent, Referral
from tests.factories import complaints as complaint_factory
from tests.factories import mediation
from tests.factories.mediation import ACCEPTED
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

NOON = ACCEPTED + timedelta(hours=2)


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def browser(user: User) -> HttpClient:
    client = HttpClient()
    client.cookies["django_language"] = "en"
    client.force_login(user)
    return client


def offer_url(referral_or_complaint_pk: int) -> str:
    return reverse("admin:mediation_referral_offer") + f"?complaint={referral_or_complaint_pk}"


def record_url(complaint_pk: int) -> str:
    return reverse("admin:mediation_mediationconsent_record") + f"?complaint={complaint_pk}"


# -- consent ------------------------------------------------------------------------------------------------------


def consent_form(partner: mediation.Partner) -> dict[str, Any]:
    return {
        "organisation": partner.organisation.pk,
        "covers": ["loan", "complaint"],
        "text_version": "2026-1",
        "given_at": "2026-11-24 11:00",
        "evidence_reference": "REC-9",
    }


def test_recording_a_consent_takes_the_right() -> None:
    complaint, partner = mediation.complaint(by=complaint_factory.handler()), mediation.partner()
    for role in (Role.AUDITOR, Role.CONDUCT_SUPERVISOR):
        http = browser(person(role))
        assert http.get(record_url(complaint.pk)).status_code == 403
        assert http.post(record_url(complaint.pk), consent_form(partner)).status_code == 403
    assert not MediationConsent.objects.exists()


def test_a_handler_records_a_consent() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    http = browser(handler)
    assert http.get(record_url(complaint.pk)).status_code == 200
    assert not MediationConsent.objects.exists()
    answer = http.post(record_url(complaint.pk), consent_form(partner))
    assert (answer.status_code, answer["Location"]) == (
        302,
        reverse("admin:complaints_complaint_change", args=[complaint.pk]),
    )
    consent = MediationConsent.objects.get()
    assert (consent.covers, consent.given_at.isoformat()) == (
        ["loan", "complaint"],
        "2026-11-24T03:00:00+00:00",
    )


@pytest.mark.parametrize(
    "change", [{"evidence_reference": ""}, {"covers": []}, {"given_at": "2026-11-25 11:00"}]
)
def test_a_consent_without_substance_is_asked_for_again(change: dict[str, Any]) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    answer = browser(handler).post(record_url(complaint.pk), consent_form(partner) | change)
    assert answer.status_code == 422
    assert not MediationConsent.objects.exists()


@pytest.mark.parametrize("query", ["", "?complaint=", "?complaint=x", "?complaint=999999"])
def test_what_is_no_complaint_is_not_found(query: str) -> None:
    http = browser(complaint_factory.handler())
    for name in ("admin:mediation_referral_offer", "admin:mediation_mediationconsent_record"):
        assert http.get(reverse(name) + query).status_code == 404


def test_withdrawing_a_consent_ends_the_mediation() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    url = reverse("admin:mediation_mediationconsent_transition", args=[referral.consent_id, "withdraw"])
    assert browser(person(Role.AUDITOR)).post(url, {}).status_code == 403
    assert browser(handler).get(url).status_code == 200
    assert browser(handler).post(url, {"reason": "来电撤回"}).status_code == 302
    referral.refresh_from_db()
    assert referral.state == "ended"
    assert browser(handler).post(url, {}).status_code == 409


# -- offering and recalling ---------------------------------------------------------------------------------------


def test_offering_takes_the_right_and_a_consent() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    form = {"organisation": partner.organisation.pk, "mandate_amount": "500", "mandate_months": "12"}
    assert browser(person(Role.AUDITOR)).post(offer_url(complaint.pk), form).status_code == 403
    assert browser(handler).post(offer_url(complaint.pk), form).status_code == 409
    mediation.consent(about=complaint, to=partner, by=handler)
    assert browser(handler).get(offer_url(complaint.pk)).status_code == 200
    assert not Referral.objects.exists()
    assert browser(handler).post(offer_url(complaint.pk), form | {"mandate_amount": "-1"}).status_code == 422
    assert browser(handler).post(offer_url(complaint.pk), form).status_code == 302
    referral = Referral.objects.get()
    assert (referral.state, referral.organisation) == ("offered", partner.organisation)
    assert referral.history.latest().history_entry_point == "admin"


def test_a_second_click_on_offer_does_nothing() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    complaint = mediation.complaint(by=handler)
    mediation.consent(about=complaint, to=partner, by=handler)
    form = {
        "organisation": partner.organisation.pk,
        "mandate_amount": "0",
        "mandate_months": "1",
        "once": "abc",
    }
    http = browser(handler)
    assert [http.post(offer_url(complaint.pk), form).status_code for _click in range(2)] == [302, 302]
    assert Referral.objects.count() == 1


def test_recall_is_a_step_of_the_page() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    url = reverse("admin:mediation_referral_transition", args=[referral.pk, "recall"])
    assert browser(person(Role.AUDITOR)).post(url, {}).status_code == 403
    assert browser(handler).post(url, {}).status_code == 302
    referral.refresh_from_db()
    assert referral.state == "recalled"


@pytest.mark.parametrize(
    "step", ["accept", "decline", "close", "suspend", "resume", "end", "expire", "offer"]
)
def test_their_steps_are_not_ours(step: str) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    url = reverse("admin:mediation_referral_transition", args=[referral.pk, step])
    assert browser(handler).post(url, {}).status_code == 404


# -- pages --------------------------------------------------------------------------------------------------------


def test_the_page_explains_the_clocks_and_logs_the_look() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    url = reverse("admin:mediation_referral_change", args=[referral.pk])
    assert browser(person(Role.COLLECTOR)).get(url).status_code == 403
    page = browser(person(Role.AUDITOR)).get(url)
    text = page.content.decode()
    assert page.status_code == 200
    assert "2026-12-24" in text
    assert "Accepted by the organisation" in text
    assert "赵清" in text
    assert ReadEvent.objects.get(dossier=referral.dossier).what == "page"
    assert browser(person(Role.AUDITOR)).get(url.removesuffix("change/") + "history/").status_code == 200


@pytest.mark.parametrize("name", ["referral", "mediationconsent", "mediationorganisation"])
def test_lists_open_and_cost_the_same_for_three_and_twelve(name: str) -> None:
    handler, auditor = complaint_factory.handler(), person(Role.AUDITOR)
    http, url = browser(auditor), reverse(f"admin:mediation_{name}_changelist")
    costs = []
    for wanted in (3, 12):
        while Referral.objects.count() < wanted:
            mediation.offered(to=mediation.partner(), by=handler)
        http.get(url)
        with CaptureQueriesContext(connection) as queries:
            assert http.get(url).status_code == 200
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_pages_of_consents_and_organisations_open() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    consent = mediation.consent(about=mediation.complaint(by=handler), to=partner, by=handler)
    http = browser(person(Role.AUDITOR))
    assert http.get(reverse("admin:mediation_mediationconsent_change", args=[consent.pk])).status_code == 200
    url = reverse("admin:mediation_mediationorganisation_change", args=[partner.organisation.pk])
    assert http.get(url).status_code == 200


# -- what others show of it ---------------------------------------------------------------------------------------


def panel(user: User, referral: Referral) -> dict[str, Any]:
    entry = registries.panels.get("mediation.complaint")
    assert entry is not None
    request = RequestFactory().get("/")
    request.user = user
    context = entry.context(request, referral.complaint)
    assert context is not None
    return context


def steps(context: dict[str, Any]) -> list[str]:
    return [step["url"].split("?")[0].rstrip("/").rsplit("/", 1)[-1] for step in context["mediation_steps"]]


def test_the_card_offers_what_can_be_done() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    assert steps(panel(handler, referral)) == ["record", "recall", "withdraw"]
    assert steps(panel(person(Role.AUDITOR), referral)) == []
    mediation.accept(referral, to=partner)
    accepted = panel(handler, referral)
    assert steps(accepted) == ["record", "withdraw"]
    assert accepted["paused_since"] == ACCEPTED
    services.close_referral(referral=referral, reason_code="other", by=partner.user, at=NOON)
    closed = panel(handler, referral)
    assert steps(closed) == ["record", "offer", "withdraw"]
    assert closed["paused_since"] is None


def test_every_link_of_the_card_opens() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    http = browser(handler)
    for step in panel(handler, referral)["mediation_steps"]:
        assert http.get(step["url"]).status_code == 200


def test_the_complaints_page_shows_the_card() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    page = browser(handler).get(reverse("admin:complaints_complaint_change", args=[referral.complaint_id]))
    assert referral.number in page.content.decode()


def test_timeline_search_and_dossier_lead_to_the_page() -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    referral = mediation.accepted(to=partner, by=handler)
    url = reverse("admin:mediation_referral_change", args=[referral.pk])
    source, search = registries.timeline.get("mediation"), registries.search.get("mediation.referrals")
    pages = registries.dossier_pages.get(DossierKind.REFERRAL.value)
    assert source is not None
    assert search is not None
    assert pages is not None
    known = {"borrower_id": referral.complaint.borrower_id, "before": None, "limit": 10}
    assert [item.url for item in source.items(viewer=handler, **known)] == [url, url]
    assert source.items(viewer=person(Role.COLLECTOR), **known) == []
    assert [hit.url for hit in search.search(referral.number.lower(), handler, 10)] == [url]
    assert pages(referral.dossier) == url


def test_the_sidebar_counts_what_is_under_way_and_late(at_noon: Any) -> None:
    handler, partner = complaint_factory.handler(), mediation.partner()
    mediation.accepted(to=partner, by=handler)
    late = mediation.offered(to=partner, by=handler)
    item = registries.sidebar.get("mediation.referrals")
    assert item is not None
    assert item.count is not None
    assert item.urgent is not None
    assert (item.count(handler), item.urgent(handler)) == (2, 0)
    at_noon.move_to(NOON + timedelta(days=5))
    assert item.urgent(handler) == 1
    services.recall_referral(referral=late, by=handler, at=NOON)
    assert (item.count(handler), item.urgent(handler)) == (1, 0)
