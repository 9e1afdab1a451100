"""The demo's collection desk: the same for the same dice, lawful but for what was planted."""

import random
from collections import Counter

import pytest

from backoffice.core import context
from conduct.selectors import breach_counts, failing, judge_contacts
from debt_collections.models import Case, Collector, ContactAttempt
from debt_collections.seed import SeededCollections, seed_collections
from tests.factories import collections as make

pytestmark = pytest.mark.django_db


@pytest.fixture
def seeded() -> SeededCollections:
    loans = [make.loan(make.borrower()) for _number in range(30)]
    with context.acting(by=make.system(), reason_code="demo.seeded"):
        return seed_collections(
            rng=random.Random(7), now=make.NOW, by=make.system(), loans=loans, contacts=600
        )


def test_it_fills_the_desk(seeded: SeededCollections) -> None:
    assert Collector.objects.count() == 120
    assert Case.objects.filter(state="open").count() == 30
    assert ContactAttempt.objects.count() == 600
    assert not ContactAttempt.objects.filter(started_at__gt=make.NOW).exists()


def test_the_story_is_four_calls_the_last_at_night(seeded: SeededCollections) -> None:
    story = seeded.story
    contacts = [
        contact
        for contact in ContactAttempt.objects.filter(pk__in=story.contact_ids).order_by("started_at")
        if make.in_shanghai(contact.started_at).date() == story.day
    ]
    assert [f"{make.in_shanghai(contact.started_at):%H:%M}" for contact in contacts] == [
        "10:20",
        "15:05",
        "18:40",
        "23:10",
    ]
    assert {contact.collector for contact in contacts} == {story.collector}
    judged = judge_contacts(contacts)
    assert [[verdict.code for verdict in failing(judged[contact.pk])] for contact in contacts] == [
        [],
        [],
        [],
        ["QUIET_HOURS", "CALLS_PER_DAY"],
    ]


def test_what_was_planted_is_found_and_little_else(seeded: SeededCollections) -> None:
    ids = [pk for pk, *_rest in seeded.contacts]
    judged = judge_contacts(ids)
    expected = {
        "night": "QUIET_HOURS",
        "fourth_call": "CALLS_PER_DAY",
        "held": "HELD",
        "unauthorised": "AUTHORISED",
    }
    for kind, code in expected.items():
        for pk in seeded.planted.get(kind, ()):
            assert code in {verdict.code for verdict in failing(judged[pk])}, kind
    planted = {pk for found in seeded.planted.values() for pk in found}
    clean = {pk: verdicts for pk, verdicts in judged.items() if pk not in planted}
    found: Counter[str] = breach_counts(clean)
    assert sum(found.values()) <= len(ids) // 50, found
