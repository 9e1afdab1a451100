"""The gate, and that the audit afterwards says what the gate said before."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backoffice.core.services import open_dossier
from conduct.models import RuleSet
from conduct.selectors import breach_counts, candidates_for, judge_contacts
from conduct.services import fill_rule_sets
from debt_collections import gate, services
from debt_collections.gate import ContactQuestion
from debt_collections.models import ContactAttempt
from tests.factories import collections as make

pytestmark = pytest.mark.django_db

AFTERNOON = make.shanghai("2026-11-20 15:05")


def ask(case, collector, at, **given) -> gate.GateAnswer:
    facts = {
        "borrower": case.borrower,
        "collector": collector,
        "case": case,
        "channel": "call",
        "purpose": "collect",
    }
    return gate.ask(ContactQuestion(**{**facts, "at": at, **given}))


def codes(answer: gate.GateAnswer) -> list[str]:
    return [rule.code for rule in answer.failing]


def test_the_rule_sets_are_there_and_loaded_once() -> None:
    assert list(RuleSet.objects.order_by("number").values_list("number", "effective_from")) == [
        (1, date(2025, 2, 28)),
        (2, date(2026, 1, 30)),
    ]
    assert fill_rule_sets() == 0


def test_an_ordinary_call_is_allowed() -> None:
    collector = make.collector()
    answer = ask(make.case(collector), collector, AFTERNOON)
    assert answer.allowed
    assert answer.failing == ()
    assert answer.next_permitted_at is None


def test_a_day_without_rules_permits_nothing() -> None:
    collector = make.collector()
    answer = ask(make.case(collector), collector, make.shanghai("2025-02-01 10:00"))
    assert (answer.allowed, codes(answer)) == (False, ["NO_RULES"])


def test_three_calls_then_the_night() -> None:
    collector = make.collector()
    case = make.case(collector)
    for hours in range(3):
        make.contact(case, collector, AFTERNOON - timedelta(hours=hours))
    answer = ask(case, collector, make.shanghai("2026-11-20 23:10"))
    assert codes(answer) == ["QUIET_HOURS", "CALLS_PER_DAY"]
    assert answer.next_permitted_at == make.shanghai("2026-11-21 08:00")
    assert not answer.overridable


def test_the_debtor_is_one_whoever_calls_for_the_creditor() -> None:
    first, second = make.collector(), make.collector()
    case = make.case(first)
    for hours in range(3):
        make.contact(case, first, AFTERNOON - timedelta(hours=hours))
    make.place(case, second, at=AFTERNOON)
    assert codes(ask(case, second, AFTERNOON + timedelta(hours=1))) == ["CALLS_PER_DAY"]


def test_another_creditor_group_has_its_own_count() -> None:
    collector = make.collector()
    case = make.case(collector)
    other = make.loan(case.borrower, owed_to=make.creditor("信达消费金融", "信达"))
    for hours in range(3):
        make.contact(case, collector, AFTERNOON - timedelta(hours=hours))
    assert ask(case, collector, AFTERNOON + timedelta(hours=1), loans=(other,)).allowed


def test_a_hold_on_collector_and_channel() -> None:
    named, colleague = make.collector(), make.collector()
    case = make.case(named)
    source = open_dossier(kind="complaint", number="TS1", at=make.NOW)
    services.place_hold(
        borrower=case.borrower,
        source=source,
        scope="collector_channel",
        reason="complaint",
        collector=named,
        channel="call",
        lifts_with="complaint.closed",
        by=make.system(),
        at=AFTERNOON,
    )
    after = AFTERNOON + timedelta(minutes=1)
    assert codes(ask(case, named, after)) == ["HELD"]
    assert ask(case, named, after, channel="sms").allowed
    assert codes(ask(case, colleague, after)) == ["AUTHORISED"]
    services.lift_holds_of(source=source, because="complaint.closed", by=make.system(), at=after)
    assert ask(case, named, after).allowed


def test_a_suspension_today_leaves_yesterdays_calls_lawful() -> None:
    collector = make.collector()
    case = make.case(collector)
    contact = make.contact(case, collector, AFTERNOON)
    supervisor = make.person(make.Role.CONDUCT_SUPERVISOR)
    services.suspend_collector(collector=collector, by=supervisor, at=make.NOW, reason="调查")
    assert codes(ask(case, collector, make.NOW + timedelta(minutes=1))) == ["AUTHORISED"]
    assert breach_counts(judge_contacts([contact])) == {}


def test_what_was_counted_is_named() -> None:
    collector = make.collector()
    case = make.case(collector)
    day = [make.contact(case, collector, AFTERNOON + timedelta(minutes=30 * number)) for number in range(4)]
    verdicts = {verdict.code: verdict for verdict in judge_contacts(day)[day[3].pk]}
    assert verdicts["CALLS_PER_DAY"].counted == tuple(contact.pk for contact in day[:3])
    assert not verdicts["CALLS_PER_DAY"].passed


def test_judging_costs_the_same_for_one_and_for_thirty() -> None:
    collector = make.collector()
    cases = [make.case(collector) for _number in range(3)]
    contacts = [
        make.contact(cases[number % 3], collector, AFTERNOON - timedelta(hours=7 * number))
        for number in range(30)
    ]
    counts = []
    for some in (contacts[:1], contacts):
        with CaptureQueriesContext(connection) as queries:
            assert len(judge_contacts(some)) == len(some)
        counts.append(len(queries))
    # contacts, their debts; calls around, their debts; consents; holds; authorisations; placements; rules
    assert counts == [9, 9]


def test_the_gate_costs_a_fixed_number_of_queries() -> None:
    collector = make.collector()
    case = make.case(collector)
    counts = []
    for _round in range(2):
        for number in range(3):
            make.contact(case, collector, AFTERNOON - timedelta(minutes=10 * number + _round))
        with CaptureQueriesContext(connection) as queries:
            ask(case, collector, AFTERNOON)
        counts.append(len(queries))
    # rules; debts of the case; calls of the day, their debts; consents; holds; authorisations; placements
    assert counts == [8, 8]


STREAM = st.lists(
    st.tuples(
        st.integers(0, 2 * 24 * 60),
        st.sampled_from(["call", "call", "ai_call", "sms"]),
        st.sampled_from(["person", "unknown", "no_answer"]),
        st.booleans(),
    ),
    min_size=1,
    max_size=9,
    unique_by=lambda step: step[0],
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(stream=STREAM, held_from=st.integers(0, 2 * 24 * 60))
def test_gate_and_audit_agree(stream, held_from) -> None:
    """Before each contact the gate is asked; afterwards the audit judges. Where the contact counts (a person, or
    unknown, or a message) both name the same rules; an unanswered call broke nothing that the gate let pass."""
    collector, stranger = make.collector(), make.collector()
    case = make.case(collector)
    start = make.shanghai("2026-11-18 00:00")
    services.place_hold(
        borrower=case.borrower,
        source=case.dossier,
        scope="channel",
        channel="call",
        reason="hardship",
        lifts_with="by_hand",
        until=start + timedelta(minutes=held_from + 300),
        by=make.system(),
        at=start + timedelta(minutes=held_from),
    )
    said: dict[int, tuple[list[str], str]] = {}
    for minute, channel, connected, is_stranger in sorted(stream):
        at, who = start + timedelta(minutes=minute), stranger if is_stranger else collector
        answer = ask(case, who, at, channel=channel)
        connected = "not_a_call" if channel == "sms" else connected
        contact = make.contact(case, who, at, channel=channel, connection=connected)
        said[contact.pk] = (codes(answer), connected)
    judged = judge_contacts(ContactAttempt.objects.filter(pk__in=said))
    for pk, (before, connected) in said.items():
        after = [verdict.code for verdict in judged[pk] if not verdict.passed]
        if connected in {"unknown", "not_a_call"}:
            assert after == before
        elif connected == "person":
            assert after == [code for code in before if code != "REDIALS"]
        else:
            assert set(after) <= set(before)
            assert set(before) - set(after) <= {"CALLS_PER_DAY"}


def test_candidates_for_an_alleged_contact_are_near_in_time() -> None:
    collector = make.collector()
    case = make.case(collector)
    near = make.contact(case, collector, AFTERNOON + timedelta(minutes=20))
    nearer = make.contact(case, collector, AFTERNOON - timedelta(minutes=5))
    make.contact(case, collector, AFTERNOON - timedelta(hours=13))
    make.contact(make.case(collector), collector, AFTERNOON)
    alleged = make.alleged_contact(about=case.borrower, alleged_at=AFTERNOON)
    assert candidates_for(alleged) == [nearer, near]
    alleged.alleged_at = None
    assert candidates_for(alleged) == []
