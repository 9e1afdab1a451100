"""Who must be told by when: the clocks to the minute, and rules that hold for any facts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.core.calendars import BusinessCalendar
from backoffice.core.time import SHANGHAI
from backoffice.desk import policy
from backoffice.desk.choices import DutyUnit, IncidentKind, IncidentLevel, Party
from backoffice.desk.incident_rules import (
    TEMPLATES,
    Duty,
    Facts,
    House,
    Term,
    due,
    is_pressing,
    level_of,
    required,
)

CALENDAR = BusinessCalendar(published_years=frozenset({2026, 2027}))
UNITS = {"minutes": "minutes", "hours": "hours", "working days": "working_days", "days": "days"}
TERMS = {
    seed.code.removeprefix(policy.PREFIX): Term(
        int(seed.value), UNITS[seed.unit], seed.source, seed.legal_force, seed.confidence
    )
    for seed in policy.SEEDS
    if seed.unit in UNITS
}
#: A Friday evening in Shanghai: hours run through the weekend, working days do not.
FRIDAY = datetime(2026, 11, 20, 21, 30, tzinfo=SHANGHAI)


def house(**given: Any) -> House:
    plain: dict[str, Any] = {
        "terms": TERMS,
        "runs_critical_infrastructure": False,
        "banking_rules_apply": True,
        "large": 1_000_000,
        "major": 10_000_000,
        "grave": 100_000_000,
    }
    return House(**{**plain, **given})


def facts(kind: str = "leak", **given: Any) -> Facts:
    plain: dict[str, Any] = {
        "level": "ordinary",
        "persons": None,
        "noticed_at": FRIDAY,
        "contained_at": None,
        "harm_avoided": False,
    }
    return Facts(kind=kind, **{**plain, **given})


def clocks(duties: list[Duty]) -> dict[str, str]:
    return {
        duty.code: f"{duty.due_at.astimezone(SHANGHAI):%m-%d %H:%M}" if duty.due_at else "waits"
        for duty in duties
    }


def test_a_small_leak_to_the_minute() -> None:
    assert clocks(required(facts(persons=3), house(), CALENDAR)) == {
        "leak_authority": "11-20 23:30",
        "leak_supervisor": "11-20 23:30",
        "leak_persons": "11-21 21:30",
        "leak_supervisor_written": "11-21 21:30",
        "leak_supervisor_closing": "waits",
    }


def test_five_working_days_from_containment_leave_out_the_weekend_and_the_day_itself() -> None:
    contained = datetime(2026, 11, 21, 9, 0, tzinfo=SHANGHAI)
    found = clocks(required(facts(contained_at=contained), house(), CALENDAR))
    # Contained on a Saturday: Monday 23 to Friday 27, until 24:00.
    assert found["leak_supervisor_closing"] == "11-28 00:00"


@pytest.mark.parametrize(
    ("persons", "critical", "code", "party", "due_at"),
    [
        (999_999, False, None, None, None),
        (1_000_000, False, "cyber_authority", Party.CAC, "11-21 01:30"),
        (1_000_000, True, "cyber_protection", Party.PROTECTION, "11-20 22:30"),
    ],
)
def test_the_cyber_report_depends_on_level_and_operator(
    persons: int, critical: bool, code: str | None, party: str | None, due_at: str | None
) -> None:
    duties = required(facts(persons=persons), house(runs_critical_infrastructure=critical), CALENDAR)
    cyber = {
        duty.code: duty for duty in duties if duty.code.startswith("cyber_") and duty.code != "cyber_summary"
    }
    assert list(cyber) == ([code] if code else [])
    if code:
        assert (cyber[code].party, clocks(duties)[code]) == (party, due_at)
        assert "1000000 persons" in cyber[code].lines[0].text


def test_harm_avoided_spares_the_persons_and_nobody_else() -> None:
    told = {duty.code for duty in required(facts(), house(), CALENDAR)}
    spared = {duty.code for duty in required(facts(harm_avoided=True), house(), CALENDAR)}
    assert told - spared == {"leak_persons"}


def test_a_rule_that_is_not_in_force_asks_nothing() -> None:
    early = house(terms={code: term for code, term in TERMS.items() if not code.startswith("cyber_")})
    codes = {duty.code for duty in required(facts(persons=5_000_000), early, CALENDAR)}
    assert not any(code.startswith("cyber_") for code in codes)
    assert {duty.code for duty in required(facts(), house(banking_rules_apply=False), CALENDAR)} == {
        "leak_authority",
        "leak_persons",
    }


@pytest.mark.parametrize(
    ("kind", "codes"),
    [
        ("self_harm", {"management", "management_written", "emergency_call"}),
        ("violence", {"management", "management_written", "emergency_call"}),
        ("crowd", {"management", "management_written", "police_call"}),
        ("media", {"management", "press_office"}),
    ],
)
def test_the_other_kinds_follow_internal_policy_and_say_so(kind: str, codes: set[str]) -> None:
    duties = required(facts(kind, persons=2_000_000), house(), CALENDAR)
    assert {duty.code for duty in duties} == codes
    assert {duty.term.legal_force for duty in duties} == {"policy"}


def test_the_page_says_that_the_number_is_our_own_where_the_law_says_at_once() -> None:
    duty = next(one for one in required(facts(), house(), CALENDAR) if one.code == "leak_authority")
    assert (duty.term.basis, duty.term.legal_force, duty.term.confidence) == (
        "个人信息保护法 art. 57 [I14]",
        "law",
        "inferred",
    )
    assert "our own reading" in duty.lines[0].text
    assert duty.lines[1].text == "Noticed on 2026-11-20 21:30; 2 hours: due at 2026-11-20 23:30."


def test_an_unpublished_calendar_is_said_where_it_matters() -> None:
    unknown = BusinessCalendar()
    closing = required(facts(contained_at=FRIDAY), house(), unknown)
    provisional = {duty.code for duty in closing if duty.provisional}
    assert provisional == {"leak_supervisor_closing"}


moments = st.integers(0, 800_000).map(
    lambda minutes: datetime(2025, 11, 1, tzinfo=UTC) + timedelta(minutes=minutes)
)
any_facts = st.builds(
    Facts,
    kind=st.sampled_from(IncidentKind.values),
    level=st.sampled_from(IncidentLevel.values),
    persons=st.none() | st.integers(0, 200_000_000),
    noticed_at=moments,
    contained_at=st.none() | moments,
    harm_avoided=st.booleans(),
)


@given(any_facts, st.booleans(), st.booleans())
def test_whatever_the_facts(known: Facts, critical: bool, banking: bool) -> None:
    where = house(runs_critical_infrastructure=critical, banking_rules_apply=banking)
    duties = required(known, where, CALENDAR)
    codes = [duty.code for duty in duties]
    assert len(codes) == len(set(codes)), "one clock per duty"
    assert set(codes) <= set(TEMPLATES)
    dues = [duty.due_at for duty in duties if duty.due_at is not None]
    assert dues == sorted(dues), "soonest first"
    for duty in duties:
        assert (duty.started_at is None) == (duty.due_at is None)
        if duty.started_at is not None and duty.due_at is not None:
            assert duty.started_at in (known.noticed_at, known.contained_at)
            assert duty.due_at > duty.started_at
        assert [line.text for line in duty.lines]
    if known.kind == IncidentKind.LEAK:
        assert ("leak_persons" in codes) is not known.harm_avoided
        assert "leak_authority" in codes
    stated = IncidentLevel.values.index(known.level)
    assert IncidentLevel.values.index(level_of(known, where)) >= stated, (
        "a number never lowers a stated level"
    )


@given(moments, st.integers(1, 10), st.sampled_from(DutyUnit.values))
def test_more_time_is_never_less(start: datetime, amount: int, unit: str) -> None:
    shorter, _flag = due(Term(amount, unit, "", "", ""), start, CALENDAR)
    longer, _flag = due(Term(amount + 1, unit, "", "", ""), start, CALENDAR)
    assert start < shorter < longer


def test_pressing() -> None:
    day: dict[str, Any] = {"started_at": FRIDAY, "due_at": FRIDAY + timedelta(hours=24)}
    assert not is_pressing(**day, at=FRIDAY + timedelta(hours=17))
    assert is_pressing(**day, at=FRIDAY + timedelta(hours=18))
    assert is_pressing(**day, at=FRIDAY + timedelta(hours=30))
    quarter: dict[str, Any] = {"started_at": FRIDAY, "due_at": FRIDAY + timedelta(minutes=15)}
    assert is_pressing(**quarter, at=FRIDAY), "with a quarter of an hour there is no time to lose"
