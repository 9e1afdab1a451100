"""What a mediation organisation's system reads: its own cases, as far as the consent goes, and nothing else."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client as HttpClient
from django.test.utils import CaptureQueriesContext

from backoffice.audit.models import ReadEvent
from backoffice.core import context
from backoffice.privacy.services import read_personal
from complaints.mediation import services
from complaints.mediation.api import answers
from complaints.mediation.models import Referral
from complaints.models import Complainant
from complaints.services import NewAllegation, NewDemand
from tests.factories import complaints as complaint_factory
from tests.factories import mediation
from tests.factories.mediation import ACCEPTED, Partner

pytestmark = pytest.mark.django_db

BASE = "/api/partner/v1/referrals"
NOON = ACCEPTED + timedelta(hours=2)
STEPS = ("acceptance", "rejection", "suspension", "resumption", "extension", "closure")


@pytest.fixture(autouse=True)
def at_noon() -> Iterator[Any]:
    with time_machine.travel(NOON, tick=False) as traveller:
        yield traveller


def get(partner: Partner, path: str = "", *scopes: str, **headers: str) -> Any:
    return HttpClient().get(f"{BASE}{path}", headers={**partner.headers(*scopes), **headers})


def send(method: str, address: str, headers: dict[str, str]) -> Any:
    if method == "get":
        return HttpClient().get(address, headers=headers)
    return HttpClient().post(address, {}, content_type="application/json", headers=headers)


def uid(referral: Referral) -> str:
    return str(referral.dossier.uid)


# -- who may --------------------------------------------------------------------------------------------------


def paths() -> list[tuple[str, str]]:
    return [("get", ""), ("get", "/parties"), ("get", "/parties?detail=full"), ("get", "/events")] + [
        ("post", f"/{step}") for step in STEPS
    ]


@pytest.mark.parametrize(("method", "path"), paths())
def test_another_organisations_case_does_not_exist(method: str, path: str) -> None:
    mine, other = mediation.partner(), mediation.partner()
    referral = mediation.accepted(to=mine, by=complaint_factory.handler())
    for scopes in (("referrals:read",), ("referrals:act",), ("parties:read",), mediation.SCOPES):
        headers = {
            **other.headers(*scopes),
            "Idempotency-Key": f"k-{len(scopes)}-{scopes[0]}",
            "If-Match": '"v2"',
            "Access-Purpose": "mediation",
        }
        answer = send(method, f"{BASE}/{uid(referral)}{path}", headers)
        # Without the scope of the address nobody learns whether the case exists.
        assert answer.status_code in {404, 403}
        assert answer.json()["code"] in {"not-found", "scope-missing"}
        if scopes == mediation.SCOPES:
            assert answer.status_code == 404
        assert referral.number not in answer.content.decode()
    assert not ReadEvent.objects.filter(dossier=referral.dossier).exists()


@pytest.mark.parametrize(("method", "path"), [("get", None), *paths()])
def test_without_a_token_nothing(method: str, path: str | None) -> None:
    referral = mediation.accepted(to=mediation.partner(), by=complaint_factory.handler())
    address = BASE if path is None else f"{BASE}/{uid(referral)}{path}"
    answer = send(method, address, {})
    assert (answer.status_code, answer.json()["code"]) == (401, "token-invalid")


@pytest.mark.parametrize(("method", "path"), [("get", None), *paths()])
def test_each_address_takes_its_scope(method: str, path: str | None) -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    address = BASE if path is None else f"{BASE}/{uid(referral)}{path}"
    wrong = "referrals:read" if method == "post" else "referrals:act"
    answer = send(method, address, partner.headers(wrong))
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")


def test_a_client_without_organisation_sees_nothing() -> None:
    mediation.accepted(to=mediation.partner(), by=complaint_factory.handler())
    lone = mediation.partner()
    with context.acting(by=lone.user, reason_code="test"):
        lone.organisation.client = None
        lone.organisation.save()
    assert get(lone).json() == {"items": []}


# -- the list ---------------------------------------------------------------------------------------------------


def test_the_list_gives_own_cases_in_the_order_of_change() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    first, second = (mediation.offered(to=partner, by=handler) for _number in range(2))
    mediation.offered(to=mediation.partner(), by=handler)
    mediation.accept(first, to=partner)
    items = get(partner).json()["items"]
    assert [(item["id"], item["state"], item["version"]) for item in items] == [
        (uid(second), "offered", 1),
        (uid(first), "accepted", 2),
    ]
    assert items[0]["deadlines"] == [
        {
            "kind": "confirm",
            "started_at": "2026-11-23T14:00:00+08:00",
            "due_on": "2026-11-26",
            "provisional": False,
            "paused_since": None,
            "met_at": None,
        }
    ]


def test_the_list_filters_by_state_and_moment() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    mediation.offered(to=partner, by=handler)
    accepted = mediation.accepted(to=partner, by=handler)
    for query in (
        "?state=accepted",
        "?updated_since=2026-11-24T10:00:00%2B08:00",
        "?updated_since=2026-11-24T02:00:00Z",
    ):
        assert [item["id"] for item in get(partner, query).json()["items"]] == [uid(accepted)]


@pytest.mark.parametrize("query", ["?state=nonsense", "?updated_since=yesterday", "?limit=0", "?limit=101"])
def test_a_wrong_parameter_is_named(query: str) -> None:
    answer = get(mediation.partner(), query)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter-invalid")


def test_the_cursor_loses_nothing_while_cases_change() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    made = [mediation.offered(to=partner, by=handler) for _number in range(4)]
    seen: list[str] = []
    answer = get(partner, "?limit=2")
    seen += [item["id"] for item in answer.json()["items"]]
    mediation.accept(made[0], to=partner)
    while "Link" in answer:
        following = re.search(r"<([^>]+)>", answer["Link"])
        assert following is not None
        answer = HttpClient().get(following.group(1), headers=partner.headers())
        seen += [item["id"] for item in answer.json()["items"]]
    assert {uid(referral) for referral in made} == set(seen)
    assert seen[-1] == uid(made[0])


def test_the_list_costs_the_same_for_three_and_thirty() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    costs = []
    for wanted in (3, 30):
        while Referral.objects.count() < wanted:
            mediation.offered(to=partner, by=handler, about=mediation.complaint(by=handler))
        headers = partner.headers()
        with CaptureQueriesContext(
            connection,
        ) as queries:
            answer = HttpClient().get(f"{BASE}?limit=100", headers=headers)
        assert len(answer.json()["items"]) == wanted
        costs.append([query["sql"].split(" WHERE")[0][:60] for query in queries])
    assert len(costs[0]) == len(costs[1]), costs
    # Token with its client and account, the organisation, the page of cases, the deadlines of all of them.
    assert len(costs[1]) <= 8, costs[1]


# -- one case ---------------------------------------------------------------------------------------------------


def test_a_case_shows_what_the_consent_covers() -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    answer = get(partner, f"/{uid(referral)}")
    assert (answer.status_code, answer["ETag"]) == (200, '"v2"')
    body = answer.json()
    assert body["mandate"]["amount"] == {"amount": "500.00", "currency": "CNY"}
    assert body["allegations"][0]["text"] == "夜间来电，一天四次"
    assert body["demands"][0]["text"] == "停止夜间联系"
    assert body["loan"]["days_past_due"] >= 0
    owed = {name: Decimal(yuan["amount"]) for name, yuan in body["loan"]["outstanding"].items()}
    assert set(owed) == {"principal", "interest", "penalty", "fee", "cost", "accrued", "total"}
    assert owed.pop("total") == sum(owed.values())
    assert body["consent"]["covers"] == list(mediation.EVERYTHING)
    assert [deadline["kind"] for deadline in body["deadlines"]] == ["confirm", "mediation"]
    read = ReadEvent.objects.get(dossier=referral.dossier)
    assert (read.what, read.actor, read.entry_point) == ("page", partner.user, "api")


@pytest.mark.parametrize(
    ("covers", "withheld"),
    [(["loan"], ["complaint"]), (["complaint"], ["loan"]), (["identity"], ["complaint", "loan"])],
)
def test_what_the_consent_does_not_cover_is_withheld(covers: list[str], withheld: list[str]) -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler(), covers=covers)
    body = get(partner, f"/{uid(referral)}").json()
    assert body["withheld"] == withheld
    assert (body["loan"] is None) == ("loan" in withheld)
    for name in ("complaint", "allegations", "demands", "amount_in_dispute"):
        assert (body[name] is None) == ("complaint" in withheld or name == "amount_in_dispute")


def test_answers_keep_to_the_contract() -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    body = get(partner, f"/{uid(referral)}").json()
    assert set(body) == set(answers.ReferralAnswer().fields)
    assert set(body["loan"]) == set(answers.LoanAnswer().fields)
    assert set(body["allegations"][0]) == set(answers.AllegationAnswer().fields)
    assert set(body["deadlines"][0]) == set(answers.DeadlineAnswer().fields)
    assert set(get(partner).json()["items"][0]) == set(answers.ReferralItemAnswer().fields)
    parties = get(partner, f"/{uid(referral)}/parties").json()
    assert set(parties) == set(answers.PartiesAnswer().fields)
    assert set(parties["items"][0]) == set(answers.PartyAnswer().fields)
    events = get(partner, f"/{uid(referral)}/events").json()
    assert set(events["items"][0]) == set(answers.EventAnswer().fields)


def test_no_number_of_a_person_leaves_the_house_unasked() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    id_number = complaint_factory.valid_id(7)
    about = mediation.complaint(
        by=handler,
        complainants=[complaint_factory.complainant(id_number=id_number, phones=["13712345678"])],
        allegations=[
            NewAllegation(
                category="collection.night_calls",
                text=f"他用 138 1234 5678 打来，说我的身份证{id_number}，"
                "卡号6222 0210 0111 2222 333，w@example.com，11-19 23:10",
            )
        ],
        demands=[NewDemand(text="请回电 010-87654321，退还 1,200.50 元")],
    )
    referral = mediation.accepted(to=partner, by=handler, about=about)
    pages = ["", f"/{uid(referral)}", f"/{uid(referral)}/parties", f"/{uid(referral)}/events"]
    for path in pages:
        text = json.dumps(get(partner, path).json(), ensure_ascii=False)
        # Our own ids and numbers are no numbers of people.
        text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|T[JS]\d{8}-\d{6}", "", text)
        text = re.sub(r"\d{4}-\d\d-\d\d(T[\d:+]+)?", "", text)
        assert not re.search(r"\d(?:[ -]?\d){6,}", text), text
        assert "@" not in text
    body = get(partner, f"/{uid(referral)}").json()
    assert "23:10" in body["allegations"][0]["text"]
    assert "1,200.50" in body["demands"][0]["text"]


# -- parties ------------------------------------------------------------------------------------------------------


def person_of(referral: Referral) -> Complainant:
    return Complainant.objects.get(complaint=referral.complaint)


def test_parties_are_masked_unless_asked_for() -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    body = get(partner, f"/{uid(referral)}/parties", "referrals:read").json()
    assert body["in_full"] == {"identity": False, "contact": False}
    assert body["items"][0]["name"] == "王**"
    assert "****" in body["items"][0]["phones"][0]
    assert body["items"][-1]["role"] == "creditor"
    assert ReadEvent.objects.get(dossier=referral.dossier).fields == []


def test_parties_in_full_take_scope_purpose_and_consent_and_are_logged() -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    path = f"/{uid(referral)}/parties?detail=full"
    answer = get(partner, path, "referrals:read", **{"Access-Purpose": "调解"})
    assert (answer.status_code, answer.json()["code"]) == (403, "scope-missing")
    for purpose in ({}, {"Access-Purpose": " "}, {"Access-Purpose": "x" * 201}):
        answer = get(partner, path, **purpose)
        assert (answer.status_code, answer.json()["code"]) == (403, "purpose-missing")
    assert not ReadEvent.objects.exists()
    answer = get(partner, path, **{"Access-Purpose": "first call with the consumer"})
    body = answer.json()
    assert body["in_full"] == {"identity": True, "contact": True}
    assert body["items"][0]["name"] == "王小明"
    assert body["items"][0]["phones"] == [read_personal(person_of(referral).phones.get(), "number")]
    read = ReadEvent.objects.get()
    assert (read.what, read.purpose, read.actor) == ("reveal", "first call with the consumer", partner.user)
    assert read.subject_id == person_of(referral).subject_id
    assert read.fields == ["name", "id_number", "phones", "service_address"]


def test_in_full_only_as_far_as_the_consent_goes() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    purpose = {"Access-Purpose": "mediation"}
    partly = mediation.accepted(to=partner, by=handler, covers=["identity", "loan"])
    body = get(partner, f"/{uid(partly)}/parties?detail=full", **purpose).json()
    assert body["in_full"] == {"identity": True, "contact": False}
    assert body["items"][0]["name"] == "王小明"
    assert "****" in body["items"][0]["phones"][0]
    neither = mediation.accepted(to=partner, by=handler, covers=["loan"])
    answer = get(partner, f"/{uid(neither)}/parties?detail=full", **purpose)
    assert (answer.status_code, answer.json()["code"]) == (403, "consent-missing")


def test_after_the_end_nobody_is_shown_in_full() -> None:
    partner = mediation.partner()
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    services.close_referral(referral=referral, reason_code="other", by=partner.user, at=NOON)
    answer = get(partner, f"/{uid(referral)}/parties?detail=full", **{"Access-Purpose": "mediation"})
    assert (answer.status_code, answer.json()["code"]) == (403, "consent-missing")
    assert get(partner, f"/{uid(referral)}/parties").status_code == 200


# -- the door closes --------------------------------------------------------------------------------------------


def test_withdrawn_consent_closes_the_door_at_once() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    referral = mediation.accepted(to=partner, by=handler)
    services.withdraw_consent(consent=referral.consent, by=handler, at=NOON)
    tombstone = {
        "id": uid(referral),
        "number": referral.number,
        "state": "ended",
        "ended_at": "2026-11-24T12:00:00+08:00",
    }
    assert get(partner, f"/{uid(referral)}").json() == tombstone
    assert get(partner).json() == {"items": [tombstone]}
    for part in ("parties", "events"):
        assert get(partner, f"/{uid(referral)}/{part}").status_code == 404


def test_a_recalled_case_is_a_tombstone() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    referral = mediation.offered(to=partner, by=handler)
    services.recall_referral(referral=referral, by=handler, at=NOON)
    assert set(get(partner, f"/{uid(referral)}").json()) == {"id", "number", "state", "ended_at"}


def test_access_ends_some_days_after_the_end(at_noon: Any) -> None:
    partner = mediation.partner(access_days=30)
    referral = mediation.accepted(to=partner, by=complaint_factory.handler())
    services.close_referral(referral=referral, reason_code="other", by=partner.user, at=NOON)
    at_noon.move_to(NOON + timedelta(days=30))
    assert get(partner, f"/{uid(referral)}").status_code == 200
    at_noon.move_to(NOON + timedelta(days=30, seconds=1))
    assert get(partner, f"/{uid(referral)}").status_code == 404
    assert get(partner).json() == {"items": []}


# -- events -----------------------------------------------------------------------------------------------------


def test_events_tell_whose_side_but_not_which_of_our_people() -> None:
    partner, handler = mediation.partner(), complaint_factory.handler()
    referral = mediation.accepted(to=partner, by=handler)
    answer = get(partner, f"/{uid(referral)}/events")
    assert [(item["sequence"], item["type"], item["by"]) for item in answer.json()["items"]] == [
        (1, "offered", "creditor"),
        (2, "accepted", "organisation"),
    ]
    assert handler.display_name not in answer.content.decode()
    later = get(partner, f"/{uid(referral)}/events?after=1").json()["items"]
    assert [item["sequence"] for item in later] == [2]
