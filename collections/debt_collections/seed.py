"""The collection desk of the demo: agencies, collectors, cases, holds and half a year of contacts.

Most of it is lawful, as in life; two collectors are not, some authorisations have run out, a few calls fell into
holds. One borrower's case carries the story told by the demo complaint (``SeededCollections.story``).
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from backoffice.core.time import SHANGHAI, business_day, start_of_day
from backoffice.desk.seeding import Demo
from backoffice.loans.models import Borrower, Loan, PhoneNumber
from backoffice.staff.models import User
from debt_collections import services
from debt_collections.models import Agency, Case, Collector
from debt_collections.seed_cases import DAYS, case_rows, make_collectors
from debt_collections.seed_words import AGENCIES, DISCLOSURES, NOTES
from debt_collections.services import CaseRow, ContactRow

CONTACTS = 40_000
#: Share of days on which something goes wrong: with the two who are careless, and with everybody else.
CARELESS, CAREFUL = 0.30, 0.004


@dataclass(frozen=True, slots=True)
class Story:
    """The borrower whose complaint the demo tells: called four times on one day, the last time at 23:10."""

    borrower: Borrower
    case: Case
    collector: Collector
    day: date
    contact_ids: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class SeededCollections:
    """What later steps build on. ``contacts`` are (contact, borrower, collector, begun) in order of time;
    ``planted`` the contact ids of each planted kind: night, fourth_call, held, unauthorised, disclosure."""

    agencies: list[Agency]
    collectors: list[Collector]
    cases: list[Case]
    contacts: list[tuple[int, int, int, datetime]]
    planted: dict[str, list[int]]
    story: Story


@dataclass(slots=True)
class _Desk:
    """What the generator of contacts knows."""

    rng: random.Random
    now: datetime
    phones: dict[int, list[tuple[int, str]]]
    holds: dict[int, tuple[datetime, datetime]]
    careless: frozenset[int]
    expired: dict[int, date]
    rows: list[ContactRow] = field(default_factory=list)
    planted: dict[str, list[str]] = field(default_factory=dict)


def seed(demo: Demo) -> None:
    """The step of ``seed_demo``: needs ``loans``, leaves ``SeededCollections`` in ``demo.results["collections"]``."""
    loans: Sequence[Loan] = demo.results["loans"].loans
    demo.results["collections"] = seed_collections(
        rng=demo.rng, now=demo.now, by=demo.by, loans=loans, contacts=int(CONTACTS * demo.scale)
    )


def seed_collections(
    *, rng: random.Random, now: datetime, by: User, loans: Sequence[Loan], contacts: int
) -> SeededCollections:
    """Make the collection desk as of ``now`` over the overdue ones of ``loans``."""
    today = business_day(now)
    agencies = [
        services.register_agency(code=code, name=name, in_house=own, by=by, at=now - timedelta(days=900))
        for code, name, own in AGENCIES
    ]
    collectors = make_collectors(rng, agencies, today=today, by=by)
    rows = case_rows(rng, loans, collectors, today=today)
    cases = services.import_cases_bulk(rows, by=by, at=now)
    pairs = list(zip(cases, rows, strict=True))
    told = _storyteller(pairs, collectors, today)
    desk = _Desk(
        rng=rng,
        now=now,
        phones=_phones(case.borrower_id for case in cases),
        holds=_holds(rng, [case for case in cases if case is not told[0]], now=now, by=by),
        careless=frozenset(one.pk for one in collectors if one.name in {"陈立", "马超"}),
        expired={one.pk: one.authorised_until for one in collectors if one.authorised_until < today},  # type: ignore[misc, operator]
    )
    day = today - timedelta(days=4)
    _tell(desk, *told, day)
    # Some are dropped (to come, or inside a hold), hence a few more than wanted; the surplus is messages.
    wanted = int(contacts * 1.04) - len(desk.rows)
    _contacts(desk, [pair for pair in pairs if pair[0] is not told[0]], wanted, today)
    _trim(desk, contacts)
    done = services.import_contacts_bulk(desk.rows, by=by, at=now)
    made = [
        (done.ids[row.external_id], row.borrower_id, row.collector_id or 0, row.started_at)
        for row in desk.rows
    ]
    story_ids = tuple(pk for pk, borrower_id, *_rest in made if borrower_id == told[0].borrower_id)
    by_pk = {one.pk: one for one in collectors}
    current = told[1].placements[-1]
    return SeededCollections(
        agencies=agencies,
        collectors=collectors,
        cases=cases,
        contacts=sorted(made, key=lambda one: (one[3], one[0])),
        planted={kind: [done.ids[one] for one in found] for kind, found in desk.planted.items()},
        story=Story(
            borrower=Borrower.objects.get(pk=told[0].borrower_id),
            case=told[0],
            collector=by_pk[current.collector_id or 0],
            day=day,
            contact_ids=story_ids,
        ),
    )


def _storyteller(
    pairs: Sequence[tuple[Case, CaseRow]], collectors: Sequence[Collector], today: date
) -> tuple[Case, CaseRow]:
    """An open case on one loan that 陈立 has, or else any case outside, or any at all; long enough to have a past."""
    chen = next(one.pk for one in collectors if one.name == "陈立")
    open_ones = [pair for pair in pairs if pair[1].closed_on is None and len(pair[1].loan_ids) == 1]

    def fitness(pair: tuple[Case, CaseRow]) -> tuple[bool, bool, int]:
        current = pair[1].placements[-1]
        held_long = (today - current.from_on).days >= 6
        return (held_long, current.collector_id == chen, -abs((today - pair[1].opened_on).days - 45))

    return max(open_ones or list(pairs), key=fitness)


def _phones(borrower_ids: object) -> dict[int, list[tuple[int, str]]]:
    phones: dict[int, list[tuple[int, str]]] = {}
    rows = PhoneNumber.objects.filter(borrower_id__in=set(borrower_ids)).order_by("pk")  # type: ignore[call-overload]
    for pk, borrower_id, owner in rows.values_list("pk", "borrower_id", "owner"):
        phones.setdefault(borrower_id, []).append((pk, owner))
    return phones


def _holds(
    rng: random.Random, cases: Sequence[Case], *, now: datetime, by: User
) -> dict[int, tuple[datetime, datetime]]:
    """Hardship holds on one open case in twenty; answers when each begins and ends, by case."""
    chosen = [case for case in cases if case.state == "open"]
    holds = {}
    for case in rng.sample(chosen, k=len(chosen) // 20):
        starts = now - timedelta(days=rng.randrange(4, 25), hours=rng.randrange(5))
        until = starts + timedelta(days=rng.randrange(10, 40))
        services.place_hold(
            borrower=case.borrower,
            source=case.dossier,
            scope="all",
            reason=rng.choice(["hardship", "illness", "dispute"]),
            lifts_with="hardship.decided",
            until=until,
            by=by,
            at=starts,
        )
        holds[case.pk] = (starts, until)
    return holds


def _contacts(desk: _Desk, pairs: Sequence[tuple[Case, CaseRow]], wanted: int, today: date) -> None:
    """Spread ``wanted`` contacts over the days of the cases, a handful a day at most."""
    first = today - timedelta(days=DAYS - 1)
    slots = []
    for case, row in pairs:
        for one in row.placements:
            start, end = max(one.from_on, first), min(one.until or today, row.closed_on or today)
            days = (end - start).days if one.until else (end - start).days + 1
            slots += [(case, row, one, start + timedelta(days=number)) for number in range(days)]
    if not slots:
        return
    counts: dict[int, int] = {}
    for position in desk.rng.choices(range(len(slots)), k=wanted):
        counts[position] = counts.get(position, 0) + 1
    for position, count in sorted(counts.items()):
        case, row, placement, day = slots[position]
        _one_day(desk, case, row, placement.collector_id or 0, day, count)


def _one_day(desk: _Desk, case: Case, row: CaseRow, collector_id: int, day: date, count: int) -> None:
    """``count`` contacts on one day: lawful ones, unless the dice say otherwise."""
    rng = desk.rng
    expired = desk.expired.get(collector_id)
    wrong = ""
    if rng.random() < (CARELESS if collector_id in desk.careless else CAREFUL):
        wrong = rng.choice(["night", "night", "fourth_call", "disclosure"])
    minutes = sorted(rng.sample(range(9 * 60, 20 * 60), k=count))
    talks = 0
    for position, minute in enumerate(minutes):
        at = start_of_day(day) + timedelta(minutes=minute, seconds=rng.randrange(60))
        kind = ""
        channel = rng.choices(["call", "ai_call", "sms", "im", "email"], weights=[58, 14, 22, 4, 2])[0]
        if channel in {"call", "ai_call"} and position >= 6:
            channel = "sms"
        connection = _connection(rng, channel)
        if wrong == "night" and position == count - 1:
            kind, channel, connection = "night", "call", rng.choice(["person", "no_answer"])
            clock = rng.choice(
                [(22, rng.randrange(5, 60)), (23, rng.randrange(40)), (7, rng.randrange(10, 58))]
            )
            at = datetime.combine(day, time(*clock), SHANGHAI)
        elif wrong == "disclosure" and position == 0:
            kind, channel, connection = "disclosure", "call", "person"
        elif connection == "person" and talks >= 3:
            connection = "no_answer"
        if case.pk in desk.holds and _inside(desk.holds[case.pk], at):
            if rng.random() > 0.04:
                continue
            kind = "held"
        if not kind and expired is not None and day > expired:
            kind = "unauthorised"
        talks += connection == "person" and kind != "disclosure"
        _add(desk, case, row, collector_id, at, channel, connection, kind)
    if wrong == "fourth_call":
        for minute in range(talks, 4):
            at = start_of_day(day) + timedelta(hours=20, minutes=10 + 14 * minute)
            _add(desk, case, row, collector_id, at, "call", "person", "fourth_call" if minute == 3 else "")


def _trim(desk: _Desk, contacts: int) -> None:
    """Take messages away until ``contacts`` are left: fewer calls would undo what was planted."""
    planted = {one for found in desk.planted.values() for one in found}
    spare = [
        row.external_id
        for row in desk.rows
        if row.channel in {"sms", "im", "email"} and row.external_id not in planted
    ]
    surplus = max(len(desk.rows) - contacts, 0)
    gone = set(desk.rng.sample(spare, k=min(surplus, len(spare))))
    desk.rows = [row for row in desk.rows if row.external_id not in gone]


def _inside(hold: tuple[datetime, datetime], at: datetime) -> bool:
    return hold[0] <= at < hold[1]


def _connection(rng: random.Random, channel: str) -> str:
    if channel not in {"call", "ai_call"}:
        return "not_a_call"
    weights = [30, 5, 4, 10, 38, 8, 4, 1]
    kinds = ["person", "voicemail", "assistant", "hung_up", "no_answer", "busy", "invalid", "unknown"]
    return rng.choices(kinds, weights=weights)[0]


def _add(
    desk: _Desk,
    case: Case,
    row: CaseRow,
    collector_id: int,
    at: datetime,
    channel: str,
    connection: str,
    kind: str = "",
    note: str = "",
) -> None:
    if at > desk.now:
        return
    rng = desk.rng
    phones = desk.phones.get(case.borrower_id, [])
    phone = next((one for one in phones if one[1] == "own"), None)
    outcome, party = _outcome(rng, connection), "debtor" if connection == "person" else "unknown"
    if channel in {"sms", "im", "email"}:
        party = "debtor"
        phone = phone if channel == "sms" else None
    if kind == "disclosure":
        party, outcome, note = "other", "wrong_person", rng.choice(DISCLOSURES)
        phone = next((one for one in phones if one[1] == "workplace"), None)
    if not note and rng.random() < 0.25:
        note = rng.choice(NOTES[outcome])
    seconds = rng.randrange(20, 240) if connection == "person" else rng.randrange(5, 35)
    external_id = f"dialler-{len(desk.rows) + 1:06d}"
    desk.rows.append(
        ContactRow(
            external_id=external_id,
            borrower_id=case.borrower_id,
            case_id=case.pk,
            collector_id=collector_id,
            purpose="collect",
            channel=channel,
            direction="out",
            party=party,
            number_owner=phone[1] if phone else "workplace" if kind == "disclosure" else "unknown",
            connection=connection,
            outcome=outcome,
            phone_number_id=phone[0] if phone else None,
            identity_disclosed=True if connection == "person" else None,
            started_at=at,
            ended_at=at + timedelta(seconds=seconds if connection != "not_a_call" else 0),
            loan_ids=row.loan_ids,
            note=note,
        )
    )
    if kind:
        desk.planted.setdefault(kind, []).append(external_id)


def _outcome(rng: random.Random, connection: str) -> str:
    if connection == "voicemail":
        return "message_left"
    if connection != "person":
        return "none"
    kinds = ["none", "promised", "refused", "hardship", "disputed", "stop_requested", "complained"]
    return rng.choices(kinds, weights=[20, 45, 14, 12, 5, 3, 1])[0]


def _tell(desk: _Desk, case: Case, row: CaseRow, day: date) -> None:
    """Four conversations on one day, the last at 23:10, and a quiet past before it."""
    collector_id = row.placements[-1].collector_id or 0
    for days, minute, connection in ((11, 615, "person"), (9, 890, "no_answer"), (8, 1000, "person")):
        past = start_of_day(day - timedelta(days=days)) + timedelta(minutes=minute)
        if business_day(past) >= row.placements[-1].from_on:
            _add(desk, case, row, collector_id, past, "call", connection)
    for hour, minute in ((10, 20), (15, 5), (18, 40)):
        at = datetime.combine(day, time(hour, minute), SHANGHAI)
        _add(
            desk, case, row, collector_id, at, "call", "person", note="告知逾期金额，客户称希望分期，未答应。"
        )
    late = datetime.combine(day, time(23, 10), SHANGHAI)
    _add(desk, case, row, collector_id, late, "call", "person", "night", "客户挂断后再次拨打，要求当晚还款。")
