"""The pages of both desks: who may open them, what they show, what they cost."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from backoffice.audit.models import ReadEvent
from backoffice.desk.registry import registries
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.models import Case, ContactAttempt, Hold
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

AFTERNOON = make.shanghai("2026-11-20 15:05")
LISTS = [
    *("collections_agency", "collections_collector", "collections_case", "collections_hold"),
    *("collections_contactattempt", "conduct_allegedcontact", "conduct_ruleset", "conduct_rule"),
]


def signed_in(user: User) -> Client:
    client = Client()
    client.force_login(user, backend="django.contrib.auth.backends.ModelBackend")
    client.cookies["django_language"] = "en"
    return client


def get(client: Client, name: str, *args: Any) -> Any:
    return client.get(reverse(f"admin:{name}", args=args))


@pytest.fixture
def story() -> tuple[Case, list[ContactAttempt]]:
    collector = make.collector()
    case = make.case(collector)
    contacts = [make.contact(case, collector, AFTERNOON + timedelta(hours=hours)) for hours in (0, 1, 2)]
    late = make.contact(case, collector, make.shanghai("2026-11-20 23:10"), note="要求当晚还款")
    services.place_hold(
        borrower=case.borrower,
        source=case.dossier,
        scope="channel",
        channel="call",
        reason="hardship",
        lifts_with="by_hand",
        by=make.system(),
        at=make.NOW,
    )
    make.alleged_contact(about=case.borrower, alleged_at=AFTERNOON)
    return case, [*contacts, late]


@pytest.mark.parametrize("name", LISTS)
def test_who_may_open_the_lists(name: str, story: object) -> None:
    assert get(signed_in(person(Role.ADMINISTRATOR)), f"{name}_changelist").status_code == 403
    assert get(signed_in(person(Role.AUDITOR)), f"{name}_changelist").status_code == 200


def test_the_contact_page_says_rule_by_rule_what_was_counted(
    story: tuple[Case, list[ContactAttempt]],
) -> None:
    late = story[1][-1]
    response = get(signed_in(person(Role.HANDLER)), "collections_contactattempt_change", late.pk)
    page = response.content.decode()
    broken = [row["name"] for row in response.context["judged"] if not row["verdict"].passed]
    assert len(broken) == 2
    assert "3 interactive calls earlier on 2026-11-20; at most 3 a day." in page
    assert "GB/T 45251-2025 5.3" in page
    assert "要求当晚还款" in page
    for contact in story[1][:3]:
        assert reverse("admin:collections_contactattempt_change", args=(contact.pk,)) in page
    read = ReadEvent.objects.get(dossier=late.dossier)
    assert (read.what, read.fields) == ("page", ["note"])


def test_a_note_is_for_those_with_the_right(story: tuple[Case, list[ContactAttempt]]) -> None:
    late = story[1][-1]
    officer = person(Role.PRIVACY_OFFICER)
    assert get(signed_in(officer), "collections_contactattempt_change", late.pk).status_code in {403, 404}


def test_a_collector_opens_their_own_things_only(story: tuple[Case, list[ContactAttempt]]) -> None:
    me = person(Role.COLLECTOR)
    mine = make.collector(user=me)
    own = make.case(mine)
    client = signed_in(me)
    assert get(client, "collections_case_change", own.pk).status_code == 200
    assert get(client, "collections_case_change", story[0].pk).status_code == 404
    assert get(client, "collections_contactattempt_change", story[1][0].pk).status_code == 404
    assert get(client, "collections_hold_change", Hold.objects.get().pk).status_code == 404


def test_the_case_page_answers_whether_we_may_call(story: tuple[Case, list[ContactAttempt]]) -> None:
    page = get(
        signed_in(person(Role.CONDUCT_SUPERVISOR)), "collections_case_change", story[0].pk
    ).content.decode()
    assert "Hold in force" in page
    assert story[0].borrower.name_mask in page


def test_the_borrower_page_shows_case_holds_and_contacts(story: tuple[Case, list[ContactAttempt]]) -> None:
    page = get(
        signed_in(person(Role.HANDLER)), "loans_borrower_change", story[0].borrower_id
    ).content.decode()
    assert story[0].number in page
    assert reverse("admin:collections_contactattempt_change", args=(story[1][-1].pk,)) in page
    assert reverse("admin:collections_hold_change", args=(Hold.objects.get().pk,)) in page


def test_the_collector_page_counts_breaches(story: tuple[Case, list[ContactAttempt]]) -> None:
    collector = story[1][0].collector
    assert collector is not None
    client = signed_in(person(Role.CONDUCT_SUPERVISOR))
    with time_machine.travel(make.NOW, tick=False):
        page = get(client, "collections_collector_change", collector.pk)
    assert "4 contacts in 90 days, 1 of them broke a rule." in page.content.decode()


def test_a_hold_is_lifted_from_its_page(story: tuple[Case, list[ContactAttempt]]) -> None:
    hold = Hold.objects.get()
    address = reverse("admin:collections_hold_transition", args=(hold.pk, "lift"))
    assert signed_in(person(Role.AUDITOR)).post(address, {"reason": "x"}).status_code == 403
    assert signed_in(person(Role.HANDLER)).get(address).status_code == 200
    hold.refresh_from_db()
    assert hold.lifted_at is None, "asking changes nothing"
    signed_in(person(Role.HANDLER)).post(address, {"reason": "材料已核实"})
    hold.refresh_from_db()
    assert hold.lifted_because == "by_hand"


def test_a_contact_is_logged_from_the_case_page() -> None:
    me = person(Role.COLLECTOR)
    case = make.case(make.collector(user=me))
    address = reverse("admin:collections_case_transition", args=(case.pk, "log_contact"))
    form = {
        "purpose": "collect",
        "channel": "call",
        "direction": "out",
        "party": "debtor",
        "connection": "person",
    }
    form |= {"outcome": "promised", "started_at": "2026-11-20T15:05", "ended_at": "2026-11-20T15:07"}
    response = signed_in(me).post(address, {**form, "note": "周五还款"})
    assert response.status_code == 302
    assert ContactAttempt.objects.get().collector == case.placements.get().collector


@pytest.mark.parametrize("operation", ["log_contact", "place", "place_hold", "close"])
def test_every_form_of_a_case_opens(operation: str) -> None:
    case = make.case(make.collector())
    address = reverse("admin:collections_case_transition", args=(case.pk, operation))
    assert signed_in(make.officer()).get(address).status_code == 200


def test_a_case_is_found_by_its_number(story: tuple[Case, list[ContactAttempt]]) -> None:
    source = registries.search.get("collections.case")
    assert source is not None
    assert [hit.title for hit in source.search(story[0].number, make.officer(), 10)] == [story[0].number]
    assert source.search(story[0].number, person(Role.COLLECTOR), 10) == []


def more_cases(count: int) -> None:
    collector = make.collector()
    for _number in range(count):
        case = make.case(collector)
        make.contact(case, collector, AFTERNOON)
        services.place_hold(
            borrower=case.borrower,
            source=case.dossier,
            scope="all",
            reason="illness",
            lifts_with="by_hand",
            by=make.system(),
            at=make.NOW,
        )
        make.alleged_contact(about=case.borrower, alleged_at=AFTERNOON)


def queries(call: Callable[[], Any]) -> int:
    with CaptureQueriesContext(connection) as found:
        assert call().status_code == 200
    return len(found)


def test_cases_that_are_worked_on_come_before_closed_ones_the_newest_first() -> None:
    first, second, third, last = (make.case() for _number in range(4))
    for one in (second, last):
        services.close_case(case=one, close_reason="cured", by=make.officer(), at=make.NOW, reason="已结清")
    response = get(signed_in(person(Role.CONDUCT_SUPERVISOR)), "collections_case_changelist")
    assert list(response.context["cl"].result_list) == [third, first, last, second]


@pytest.mark.parametrize("name", LISTS)
def test_a_list_costs_the_same_for_three_and_for_thirty(name: str) -> None:
    client = signed_in(person(Role.CONDUCT_SUPERVISOR))
    more_cases(3)
    get(client, f"{name}_changelist")
    few = queries(lambda: get(client, f"{name}_changelist"))
    more_cases(27)
    assert queries(lambda: get(client, f"{name}_changelist")) == few


def test_a_case_page_costs_the_same_for_three_contacts_and_for_thirty() -> None:
    client = signed_in(person(Role.CONDUCT_SUPERVISOR))
    collector = make.collector()
    case = make.case(collector)

    def make_contacts(count: int) -> None:
        for number in range(count):
            make.contact(case, collector, AFTERNOON - timedelta(hours=number + count))

    make_contacts(3)
    get(client, "collections_case_change", case.pk)
    few = queries(lambda: get(client, "collections_case_change", case.pk))
    make_contacts(27)
    assert queries(lambda: get(client, "collections_case_change", case.pk)) == few
