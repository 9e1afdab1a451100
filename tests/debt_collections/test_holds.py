"""Holds: what they cover, who places them, what lifts them."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction

from backoffice.core import context
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.services import open_dossier
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.holds import HoldFacts, hold_covers
from debt_collections.models import CollectionEvent, Hold
from debt_collections.selectors import live_holds
from tests.factories import collections as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

ANY = HoldFacts(id=1, scope="all", reason="complaint", starts_at=make.NOW)


def covers(hold: HoldFacts, **given: object) -> bool:
    asked = {"collector_id": 7, "channel": "call", "number_id": 3, "loan_ids": {1}}
    return hold_covers(hold, **{**asked, **given})


@pytest.mark.parametrize(
    ("hold", "asked", "expected"),
    [
        ({"scope": "all"}, {}, True),
        ({"scope": "amount"}, {}, True),
        ({"scope": "collector", "collector_id": 7}, {}, True),
        ({"scope": "collector", "collector_id": 8}, {}, False),
        ({"scope": "channel", "channel": "call"}, {}, True),
        ({"scope": "channel", "channel": "call"}, {"channel": "ai_call"}, True),
        ({"scope": "channel", "channel": "ai_call"}, {"channel": "call"}, True),
        ({"scope": "channel", "channel": "sms"}, {}, False),
        ({"scope": "channel", "channel": "call"}, {"channel": "sms"}, False),
        ({"scope": "collector_channel", "collector_id": 7, "channel": "call"}, {}, True),
        ({"scope": "collector_channel", "collector_id": 7, "channel": "sms"}, {}, False),
        ({"scope": "collector_channel", "collector_id": 8, "channel": "call"}, {}, False),
        ({"scope": "number", "number_id": 3}, {}, True),
        ({"scope": "number", "number_id": 4}, {}, False),
        ({"scope": "number", "number_id": 4}, {"number_id": None}, True),
        ({"scope": "number", "number_id": 4}, {"number_id": None, "channel": "letter"}, False),
        ({"scope": "all", "loan_ids": frozenset({1})}, {}, True),
        ({"scope": "all", "loan_ids": frozenset({2})}, {}, False),
        ({"scope": "all", "loan_ids": frozenset({2})}, {"loan_ids": {1, 2}}, True),
        ({"scope": "all", "loan_ids": frozenset({2})}, {"loan_ids": set()}, True),
        ({"scope": "amount", "loan_ids": frozenset({2})}, {}, False),
    ],
)
def test_what_a_hold_covers(hold: dict, asked: dict, expected: bool) -> None:
    assert covers(replace(ANY, **hold), **asked) is expected


def test_when_a_hold_is_live() -> None:
    hold = replace(ANY, until=make.NOW + timedelta(hours=2), lifted_at=make.NOW + timedelta(hours=1))
    moments = {-1: False, 0: True, 59: True, 60: False}
    assert {minutes: hold.live_at(make.NOW + timedelta(minutes=minutes)) for minutes in moments} == moments
    unlifted = replace(hold, lifted_at=None)
    assert unlifted.live_at(make.NOW + timedelta(minutes=119))
    assert not unlifted.live_at(make.NOW + timedelta(minutes=120))


def place(borrower, **given) -> Hold:
    facts = {
        "borrower": borrower,
        "source": borrower.dossier,
        "scope": "all",
        "reason": "hardship",
        "lifts_with": "by_hand",
        "by": make.officer(),
        "at": make.NOW,
    }
    return services.place_hold(**{**facts, **given})


def complaint_dossier(number: str = "TS1"):
    return open_dossier(kind="complaint", number=number, at=make.NOW)


def test_placing_by_hand_needs_the_right() -> None:
    borrower = make.borrower()
    with pytest.raises(NotPermitted):
        place(borrower, by=person(Role.COLLECTOR))
    assert not Hold.objects.exists()


def test_what_another_desk_caused_was_permitted_there() -> None:
    borrower, machine = make.borrower(), person(Role.COLLECTOR)
    hold = place(borrower, source=complaint_dossier(), reason="complaint", by=machine)
    assert hold.history.get().history_user == machine


def test_a_hold_is_on_record_and_live() -> None:
    case = make.case(make.collector(), loans=2)
    collector, loan = case.placements.get().collector, case.case_loans.first().loan
    hold = place(
        case.borrower,
        source=complaint_dossier(),
        scope="collector_channel",
        reason="complaint",
        collector=collector,
        channel="call",
        loans=[loan],
        lifts_with="complaint.closed",
        reason_text="投诉夜间来电",
    )
    assert [row.loan for row in hold.hold_loans.all()] == [loan]
    assert live_holds(case.borrower_id, make.NOW) == [hold]
    assert live_holds(case.borrower_id, make.NOW - timedelta(seconds=1)) == []
    event = CollectionEvent.objects.get(hold=hold)
    assert event.data == {"scope": "collector_channel", "because": "complaint", "channel": "call"}


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"scope": "collector"}, "collector"),
        ({"scope": "channel"}, "channel"),
        ({"scope": "collector_channel", "channel": "call"}, "collector"),
        ({"scope": "number"}, "number"),
        ({"scope": "amount"}, "amount"),
        ({"scope": "amount", "amount": Decimal(-1)}, "amount"),
        ({"scope": "everything"}, "scope"),
        ({"reason": "mood"}, "reason"),
        ({"scope": "channel", "channel": "pigeon"}, "channel"),
        ({"until": make.NOW}, "until"),
    ],
)
def test_a_hold_without_its_object_is_refused(given: dict, field: str) -> None:
    with pytest.raises(InputRefused) as refused:
        place(make.borrower(), **given)
    assert refused.value.field == field


def test_things_of_another_borrower_are_refused() -> None:
    other = make.borrower()
    for given in ({"loans": [make.loan(other)]}, {"scope": "number", "number": make.phone(other)}):
        with pytest.raises(InputRefused):
            place(make.borrower(), **given)


@pytest.mark.parametrize("scope", ["collector", "channel", "collector_channel", "number", "amount"])
def test_the_database_refuses_a_hold_without_its_object(scope: str) -> None:
    borrower = make.borrower()
    with (
        context.acting(by=make.system(), reason_code="test"),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        Hold.objects.create(
            borrower=borrower,
            source=borrower.dossier,
            scope=scope,
            reason="dispute",
            starts_at=make.NOW,
            lifts_with="by_hand",
        )


def test_the_database_wants_a_reason_for_lifting() -> None:
    hold = place(make.borrower())
    hold.lifted_at = make.NOW
    with (
        context.acting(by=make.system(), reason_code="test"),
        pytest.raises(IntegrityError),
        transaction.atomic(),
    ):
        hold.save()


def test_lifting_by_hand() -> None:
    hold = place(make.borrower())
    with pytest.raises(NotPermitted):
        services.lift_hold(hold=hold, by=make.officer(), at=make.NOW, reason="错")
    handler = person(Role.HANDLER)
    lifted = services.lift_hold(hold=hold, by=handler, at=make.NOW + timedelta(hours=1), reason="误设")
    assert (lifted.state, lifted.lifted_because) == ("lifted", "by_hand")
    assert live_holds(hold.borrower_id, make.NOW + timedelta(hours=2)) == []
    with pytest.raises(TransitionRefused):
        services.lift_hold(hold=hold, by=handler, at=make.NOW + timedelta(hours=1), reason="再")


def test_the_end_of_a_source_lifts_its_holds_and_no_others() -> None:
    borrower, source = make.borrower(), complaint_dossier()
    caused = [place(borrower, source=source), place(make.borrower(), source=source)]
    others = [place(borrower), place(borrower, source=complaint_dossier("TS2"))]
    lifted = services.lift_holds_of(
        source=source, because="complaint.closed", by=person(Role.COLLECTOR), at=make.NOW + timedelta(days=1)
    )
    assert {hold.pk for hold in lifted} == {hold.pk for hold in caused}
    assert set(Hold.objects.filter(lifted_at__isnull=True)) == set(others)
    again = services.lift_holds_of(source=source, because="complaint.closed", by=make.officer(), at=make.NOW)
    assert again == []


def test_a_collector_sees_the_holds_on_their_borrower_whoever_they_name() -> None:
    me = person(Role.COLLECTOR)
    case = make.case(make.collector(user=me))
    mine = place(case.borrower, scope="collector", collector=make.collector())
    place(make.borrower())
    assert list(Hold.objects.visible_to(me)) == [mine]
