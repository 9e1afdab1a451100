"""The rules, as pure functions: the vectors, and the edges each rule has."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

from conduct import reference, rules
from conduct.parameters import parameter_errors
from conduct.rules import ConsentFacts, ContactFacts, PlacementFacts, RuleFacts, Surroundings
from debt_collections.holds import HoldFacts

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "conduct.json").read_text(encoding="utf-8"))[
    "vectors"
]
RULES = [
    RuleFacts(**{name: row[name] for name in RuleFacts.__slots__}) for row in reference.RULE_SETS[1].rules
]
LONG_AGO = datetime.fromisoformat("2025-01-01 00:00+08:00")
AUTHORISED = {7: ((LONG_AGO, LONG_AGO + timedelta(days=900)),)}
PLACED = (PlacementFacts(case_id=5, agency_id=2, collector_id=7, from_on=date(2026, 1, 1), until=None),)
CALL = ContactFacts(
    id=100,
    at=datetime.fromisoformat("2026-11-20 16:00+08:00"),
    channel="call",
    direction="out",
    purpose="collect",
    party="debtor",
    connection="unknown",
    collector_id=7,
    agency_id=2,
    case_id=5,
    number_id=1,
    loan_ids=frozenset({1}),
    groups=frozenset({"华信"}),
)
USUAL = Surroundings(authorisations=AUTHORISED, placements=PLACED)


def shanghai(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+08:00")


def call(number: int, row: dict[str, Any]) -> ContactFacts:
    return replace(
        CALL,
        id=number,
        at=shanghai(row["at"]),
        channel=row.get("channel", "call"),
        direction=row.get("direction", "out"),
        connection=row.get("connection", "person"),
        agency_id=9 if row.get("agency") else 2,
        number_id=2 if row.get("number") == "Y" else 1,
    )


def failing(contact: ContactFacts, around: Surroundings = USUAL) -> list[str]:
    return [verdict.code for verdict in rules.judge(RULES, contact, around) if not verdict.passed]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["id"] for vector in VECTORS])
def test_vector(vector: dict[str, Any]) -> None:
    contact = replace(call(100, vector["ask"]), connection="unknown")
    consents = ()
    if "consent" in vector:
        given = vector["consent"]
        window = (time.fromisoformat(given["from"]), time.fromisoformat(given["to"]))
        consents = (ConsentFacts(given["channel"], *window, valid_from=LONG_AGO, group="华信"),)
    calls = tuple(call(number, row) for number, row in enumerate(vector.get("calls", ()), 1))
    around = replace(USUAL, calls=calls, consents=consents)
    verdicts = [verdict for verdict in rules.judge(RULES, contact, around) if not verdict.passed]
    assert [verdict.code for verdict in verdicts] == vector["failing"]
    if "counted" in vector:
        assert len(verdicts[0].counted) == vector["counted"]
    if vector.get("soft"):
        assert verdicts[0].effect == "override"
    expected = shanghai(vector["next"]) if vector["failing"] else contact.at
    assert rules.next_permitted(RULES, contact, around) == expected


def test_every_vector_up_to_eight_is_here() -> None:
    assert {vector["id"][:5] for vector in VECTORS} == {f"CN-0{number}" for number in range(1, 9)}


def test_paper_post_and_what_the_debtor_starts_know_no_quiet_hours() -> None:
    night = shanghai("2026-11-20 23:10")
    assert failing(replace(CALL, at=night)) == ["QUIET_HOURS"]
    assert failing(replace(CALL, at=night, channel="letter")) == []
    assert failing(replace(CALL, at=night, direction="in")) == []


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": CALL.at},
        {"valid_until": CALL.at},
        {"valid_from": shanghai("2026-11-21 00:00")},
        {"group": "另一家"},
        {"channel": "ai_call"},
    ],
)
def test_a_consent_that_does_not_cover(change: dict[str, Any]) -> None:
    night = replace(CALL, at=shanghai("2026-11-20 22:30"))
    consent = ConsentFacts("call", time(22), time(23), valid_from=LONG_AGO, group="华信")
    assert failing(night, replace(USUAL, consents=(consent,))) == []
    assert failing(night, replace(USUAL, consents=(replace(consent, **change),))) == ["QUIET_HOURS"]


def test_the_next_moment_may_be_the_opening_of_a_consent() -> None:
    early = ConsentFacts("call", time(6), time(8), valid_from=LONG_AGO, group="华信")
    night = replace(CALL, at=shanghai("2026-11-20 23:00"))
    assert rules.next_permitted(RULES, night, replace(USUAL, consents=(early,))) == shanghai(
        "2026-11-21 06:00"
    )


def test_a_call_that_runs_into_the_quiet_hours_says_so() -> None:
    late = replace(
        CALL, at=shanghai("2026-11-20 21:55"), ended_at=shanghai("2026-11-20 22:05"), connection="person"
    )
    verdict = rules.evaluate(RULES[0], late, USUAL)
    assert verdict.passed
    assert [line.code for line in verdict.lines] == ["began", "ran-into"]


def calls(*changes: dict[str, Any]) -> tuple[ContactFacts, ...]:
    return tuple(
        replace(
            CALL, **{"id": number, "connection": "person", "at": CALL.at - timedelta(hours=number), **change}
        )
        for number, change in enumerate(changes, 1)
    )


@pytest.mark.parametrize(
    ("change", "counts"),
    [
        ({}, True),
        ({"connection": "unknown"}, True),
        ({"channel": "ai_call"}, True),
        ({"party": "unknown"}, True),
        ({"groups": frozenset()}, True),
        ({"connection": "voicemail"}, False),
        ({"connection": "hung_up"}, False),
        ({"party": "contact_person"}, False),
        ({"party": "other"}, False),
        ({"purpose": "service"}, False),
        ({"channel": "sms", "connection": "not_a_call"}, False),
        ({"groups": frozenset({"另一家"})}, False),
    ],
)
def test_which_calls_count(change: dict[str, Any], counts: bool) -> None:
    around = replace(USUAL, calls=calls({}, {}, change))
    assert (failing(CALL, around) == ["CALLS_PER_DAY"]) is counts


def test_the_fourth_call_is_the_one_in_breach() -> None:
    day = calls({}, {}, {}, {})
    around = replace(USUAL, calls=day)
    assert {one.id: failing(one, around) for one in day} == {4: [], 3: [], 2: [], 1: ["CALLS_PER_DAY"]}


def test_of_two_calls_in_the_same_second_one_is_first() -> None:
    day = (
        *calls({}, {}),
        replace(CALL, id=50, connection="person"),
        replace(CALL, id=51, connection="person"),
    )
    around = replace(USUAL, calls=day)
    assert [bool(failing(one, around)) for one in day[2:]] == [False, True]


def test_a_hold_in_scope_holds_until_it_ends() -> None:
    hold = HoldFacts(
        id=1,
        scope="collector_channel",
        reason="complaint",
        collector_id=7,
        channel="call",
        starts_at=LONG_AGO,
    )
    around = replace(USUAL, holds=(hold,))
    assert failing(CALL, around) == ["HELD"]
    assert rules.next_permitted(RULES, CALL, around) is None
    assert failing(replace(CALL, channel="sms"), around) == []
    assert failing(replace(CALL, purpose="service"), around) == []
    tonight = replace(around, holds=(replace(hold, until=shanghai("2026-11-20 23:00")),))
    assert rules.next_permitted(RULES, CALL, tonight) == shanghai("2026-11-21 08:00")


def test_authorised_then_not_now() -> None:
    ended = {7: ((LONG_AGO, CALL.at),)}
    around = replace(USUAL, authorisations=ended)
    assert failing(CALL, around) == ["AUTHORISED"]
    assert failing(replace(CALL, at=CALL.at - timedelta(seconds=1)), around) == []
    later = {7: ((LONG_AGO, CALL.at), (shanghai("2026-11-25 00:00"), shanghai("2027-11-25 00:00")))}
    again = replace(USUAL, authorisations=later)
    assert rules.next_permitted(RULES, CALL, again) == shanghai("2026-11-25 08:00")


@pytest.mark.parametrize(
    ("change", "placed"),
    [
        ({}, True),
        ({"collector_id": None}, True),
        ({"until": date(2026, 11, 20)}, True),
        ({"until": date(2026, 11, 19)}, False),
        ({"from_on": date(2026, 11, 21)}, False),
        ({"case_id": 6}, False),
        ({"collector_id": 8}, False),
        ({"collector_id": None, "agency_id": 3}, False),
    ],
)
def test_placed_on_the_case(change: dict[str, Any], placed: bool) -> None:
    around = replace(USUAL, placements=(replace(PLACED[0], **change),))
    assert failing(CALL, around) == ([] if placed else ["AUTHORISED"])


def test_nobody_named_is_not_authorised() -> None:
    assert failing(replace(CALL, collector_id=None)) == ["AUTHORISED"]


def test_all_failing_rules_are_told() -> None:
    hold = HoldFacts(id=1, scope="all", reason="illness", starts_at=LONG_AGO)
    night = replace(CALL, at=shanghai("2026-11-20 22:30"))
    around = Surroundings(calls=calls({}, {}, {}), holds=(hold,))
    assert failing(night, around) == ["QUIET_HOURS", "CALLS_PER_DAY", "HELD", "AUTHORISED"]


def test_verdicts_speak_both_languages() -> None:
    verdict = rules.evaluate(RULES[1], CALL, replace(USUAL, calls=calls({}, {}, {})))
    assert verdict.lines[0].text == "3 interactive calls earlier on 2026-11-20; at most 3 a day."
    assert verdict.source == "C3, C5: GB/T 45251-2025"
    assert verdict.counted == (3, 2, 1)


@pytest.mark.parametrize("rule_set", reference.RULE_SETS, ids=lambda one: f"#{one.number}")
def test_reference_rules_have_valid_parameters(rule_set: reference.RuleSetRow) -> None:
    for rule in rule_set.rules:
        assert parameter_errors(rule["kind"], rule["parameters"]) == []


@pytest.mark.parametrize(
    ("kind", "parameters", "wrong"),
    [
        ("calls_per_day", {}, ["limit"]),
        ("calls_per_day", {"limit": "three"}, ["limit"]),
        ("calls_per_day", {"limit": 3, "per": "week"}, ["per"]),
        ("held", {"purposes": ["gossip"]}, ["purposes"]),
        ("quiet_hours", {"from": "25:00", "to": "08:00", "exempt_channels": []}, ["from"]),
    ],
)
def test_wrong_parameters_are_named(kind: str, parameters: dict[str, Any], wrong: list[str]) -> None:
    assert parameter_errors(kind, parameters) == wrong
