"""The parts of one complaint of the demo: facts, words, findings, answers, decision, and the steps in their order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from backoffice.core.money import to_cents
from backoffice.core.time import SHANGHAI
from backoffice.loans import seed_people as people
from backoffice.loans.models import Borrower, Loan
from backoffice.privacy.services import read_personal
from backoffice.staff.models import User
from complaints import seed_words as words
from complaints.choices import ComplaintState as S
from complaints.choices import DecisionOutcome, Finding, RemedyKind, RemedyState
from complaints.importing import (
    AllegationRow,
    AllegedRow,
    CallRow,
    DecisionRow,
    DemandRow,
    ExtensionRow,
    NoteRow,
    RemedyRow,
    StepRow,
)
from complaints.services.filing import NewComplainant
from debt_collections.models import ContactAttempt

Facts = dict[str, str]
Moments = dict[str, datetime]
#: How far a state is along the way: the events that have happened by then.
_WAY = (
    ("registered", 30), ("accepted", 31), ("investigation_begun", 32), ("identity_verified", 60),
    ("finding_set", 60 * 24 * 4), ("decision_proposed", 60 * 24 * 5), ("decision_approved", 60 * 24 * 6),
    ("notice_sent", 60 * 24 * 6 + 30), ("notice_delivered", 60 * 24 * 7), ("closed", 60 * 24 * 9),
)  # fmt: skip
_REACHED = {
    S.RECEIVED: 0, S.REGISTERED: 1, S.ACCEPTED: 2, S.INVESTIGATING: 4, S.AWAITING_COMPLAINANT: 4,
    S.DECISION_PROPOSED: 6, S.DECIDED: 7, S.NOTIFIED: 9, S.CLOSED: 10, S.NOT_ADMITTED: 1, S.WITHDRAWN: 3,
}  # fmt: skip
OTHERS = ("collection.third_person_told", "collection.contacts_harassed", "repayment.instalments_refused")
_SECOND_PERSON = {"decision_approved"}


def pick(rng: random.Random, weighted: Sequence[tuple[str, int]]) -> str:
    """One of the weighted values."""
    return rng.choices([value for value, _weight in weighted], [weight for _value, weight in weighted])[0]


def meant(rng: random.Random, category: str, before: Sequence[ContactAttempt]) -> list[ContactAttempt]:
    """The very contacts complained of: at night for calls at night, those of one day for too many of them."""
    if not category.startswith("collection.") or not before:
        return []
    if category == "collection.night_calls":
        found = [one for one in before if not 8 <= one.started_at.astimezone(SHANGHAI).hour < 22]
        return found[-2:] or [before[-1]]
    if category == "collection.too_many_calls":
        by_day: dict[str, list[ContactAttempt]] = {}
        for one in before:
            by_day.setdefault(f"{one.started_at.astimezone(SHANGHAI):%Y%m%d}", []).append(one)
        return max(by_day.values(), key=len)[:6]
    return [rng.choice(before)]


def facts_of(
    rng: random.Random, contacts: Sequence[ContactAttempt], loan: Loan | None, received_at: datetime
) -> Facts:
    """What fills the texts."""
    moment = (
        contacts[0].started_at if contacts else received_at - timedelta(days=rng.randint(1, 6))
    ).astimezone(SHANGHAI)
    collector = contacts[0].collector if contacts else None
    owed = loan.principal * Decimal(rng.randint(15, 90)) / 100 if loan is not None else Decimal(3000)
    return {
        "day": f"{moment.month}月{moment.day}日",
        "time": f"{moment.hour}点{moment.minute:02d}分",
        "count": str(max(len(contacts), rng.randint(3, 8))),
        "amount": f"{to_cents(owed):,.2f}",
        "agency": collector.agency.name if collector is not None else "催收公司",
    }


def said(rng: random.Random, category: str, facts: Facts) -> str:
    """What happened, in the complainant's words."""
    return rng.choice(words.HAPPENED[category]).format(**facts)


def complainant(rng: random.Random, borrower: Borrower) -> NewComplainant:
    """Most complain for themselves; some have a relative or an agent do it."""
    if rng.random() < 0.93:
        name, role, on_behalf_of = read_personal(borrower, "name"), "borrower", ""
    else:
        name, role, on_behalf_of = people.name(rng), "agent", read_personal(borrower, "name")
    return NewComplainant(
        name=name,
        role=role,
        on_behalf_of=on_behalf_of,
        phones=[people.mobile(rng.randint(30_000_000, 39_999_999))],
    )


def steps(
    rng: random.Random, state: str, received_at: datetime, now: datetime, handler: User, second: User
) -> tuple[list[StepRow], Moments]:
    """The events up to ``state``, never later than now, and the moments the other parts need."""
    way = list(_WAY[: _REACHED[S(state)]])
    span = (now - received_at) * 0.96
    whole = timedelta(minutes=way[-1][1] if way else 1)
    stretch = min(1.0, span / whole)
    start = received_at + min(timedelta(minutes=rng.randint(1, 90)), span * 0.02)
    rows = [StepRow(kind="filed", at=received_at, by=handler)]
    for kind, minutes in way:
        by = second if kind in _SECOND_PERSON else handler
        rows.append(StepRow(kind=kind, at=start + timedelta(minutes=minutes) * stretch, by=by))
    last = {
        S.AWAITING_COMPLAINANT: "awaiting_complainant", S.NOT_ADMITTED: "not_admitted", S.WITHDRAWN: "withdrawn",
    }.get(S(state))  # fmt: skip
    if last is not None:
        rows.append(StepRow(kind=last, at=rows[-1].at + (now - rows[-1].at) * 0.3, by=handler))
    at = {row.kind: row.at for row in rows}
    names = {
        "accepted": "accepted", "proposed": "decision_proposed", "approved": "decision_approved",
        "sent": "notice_sent", "delivered": "notice_delivered",
    }  # fmt: skip
    moments = {name: at[kind] for name, kind in names.items() if kind in at}
    moments["ended"] = rows[-1].at
    return rows, moments


def allegations(
    rng: random.Random,
    category: str,
    contacts: Sequence[ContactAttempt],
    facts: Facts,
    found: bool,
    by: User,
    at: datetime | None,
) -> list[AllegationRow]:
    """The first is what the words say; some complain of a call that nobody here holds as well."""
    rows = [_allegation(rng, category, contacts, facts, found, by, at)]
    if category.startswith("collection.") and rng.random() < 0.35:
        other = rng.choice(
            ("collection.third_person_told", "collection.contacts_harassed", "repayment.instalments_refused")
        )
        if other != category:
            rows.append(_allegation(rng, other, (), facts, found, by, at))
    return rows


def _allegation(
    rng: random.Random,
    category: str,
    contacts: Sequence[ContactAttempt],
    facts: Facts,
    found: bool,
    by: User,
    at: datetime | None,
) -> AllegationRow:
    collector_id = contacts[0].collector_id if contacts else None
    unknown = category == "collection.third_person_told" and not contacts and at is not None
    settled = found and at is not None
    finding = Finding.OPEN
    if settled:
        chances = (70, 18, 12) if contacts else (25, 35, 40)
        finding = rng.choices(
            (Finding.SUBSTANTIATED, Finding.NOT_SUBSTANTIATED, Finding.UNDETERMINED), chances
        )[0]
    return AllegationRow(
        category=category,
        text=said(rng, category, facts),
        collector_id=collector_id,
        contact_ids=[one.pk for one in contacts],
        alleged=[
            AllegedRow(
                at=at - timedelta(days=8),
                number=people.mobile(rng.randint(40_000_000, 49_999_999)),
                text="陌生号码，自称受委托催收",
            )
        ]
        if unknown and at is not None
        else [],
        finding=finding,
        finding_reason=rng.choice(words.REASONS[finding]) if settled else "",
        found_by=by if settled else None,
        found_at=at if settled else None,
    )


def demands(
    rng: random.Random, category: str, facts: Facts, found: bool, at: datetime | None
) -> list[DemandRow]:
    """One or two things wanted, answered once the decision is there."""
    offers = words.WANTED[category.split(".")[0]]
    chosen = rng.sample(offers, k=min(len(offers), rng.choice((1, 1, 2))))
    settled = found and at is not None
    return [
        DemandRow(
            text=text,
            amount=Decimal(facts["amount"].replace(",", "")) if money else None,
            answer=answer if settled else "",
            answered_at=at if settled else None,
        )
        for text, answer, money in chosen
    ]


def decision(
    rng: random.Random, state: str, found: Sequence[AllegationRow], by: User, second: User, at: Moments
) -> DecisionRow | None:
    """What follows from the findings, approved by somebody else."""
    if "proposed" not in at:
        return None
    findings = {row.finding for row in found}
    outcome = DecisionOutcome.PARTLY
    if findings == {Finding.SUBSTANTIATED}:
        outcome = DecisionOutcome.AGREED if rng.random() < 0.15 else DecisionOutcome.UPHELD
    elif Finding.SUBSTANTIATED not in findings:
        outcome = DecisionOutcome.NOT_UPHELD
    approved = "approved" in at
    mode = rng.choice(("app", "sms", "letter", "email"))
    return DecisionRow(
        outcome=outcome,
        basis=rng.choice(words.BASES),
        proposed_by=by,
        proposed_at=at["proposed"],
        approved_by=second if approved else None,
        approved_at=at.get("approved"),
        sent_at=at.get("sent"),
        delivered_at=at.get("delivered"),
        mode=mode,
        proof=f"{mode.upper()}-{rng.randint(10_000_000, 99_999_999)}" if "delivered" in at else "",
    )


def remedies(
    rng: random.Random, decided: DecisionRow | None, found: Sequence[AllegationRow], at: Moments
) -> list[RemedyRow]:
    """What was proposed, granted with the approval, and done with the delivery."""
    if decided is None or decided.outcome == DecisionOutcome.NOT_UPHELD:
        return []
    kinds = [RemedyKind.APOLOGY]
    if any(row.category.startswith("collection.") for row in found) and rng.random() < 0.4:
        kinds.append(RemedyKind.CHANGE_OF_COLLECTOR)
    if any(row.category.startswith(("pricing.", "repayment.")) for row in found) and rng.random() < 0.5:
        kinds.append(RemedyKind.WAIVER)
    state = RemedyState.PROPOSED if decided.approved_by is None else RemedyState.GRANTED
    delivered_at = at.get("delivered")
    return [
        RemedyRow(
            kind=kind,
            state=RemedyState.EXECUTED if delivered_at is not None else state,
            amount=Decimal(rng.choice((50, 88, 120, 200, 320))) if kind == RemedyKind.WAIVER else None,
            executed_at=delivered_at,
        )
        for kind in kinds
    ]


def extension(
    rng: random.Random, state: str, received_at: datetime, now: datetime, by: User
) -> ExtensionRow | None:
    """Most of those that take longer were extended in time; a few were not, and stand in red."""
    age = now - received_at
    if state in (S.INVESTIGATING, S.AWAITING_COMPLAINANT) and timedelta(days=16) < age and rng.random() < 0.7:
        return ExtensionRow(at=received_at + timedelta(days=12), by=by)
    return None


def notes(rng: random.Random, by: User, at: Moments) -> list[NoteRow]:
    if "accepted" not in at or rng.random() < 0.4:
        return []
    return [NoteRow(at=at["accepted"] + timedelta(minutes=20), by=by, text=rng.choice(words.NOTES))]


def calls(rng: random.Random, by: User, at: Moments, now: datetime, state: str) -> list[CallRow]:
    """A call back after accepting; for open ones sometimes with a promise to call again today."""
    if "accepted" not in at or rng.random() < 0.35:
        return []
    connected = rng.random() < 0.8
    summary, agreed = rng.choice(words.CALLS)
    again = None
    if state in (S.INVESTIGATING, S.AWAITING_COMPLAINANT) and rng.random() < 0.2:
        again = now + timedelta(minutes=rng.randint(10, 90))
    return [
        CallRow(
            at=at["accepted"] + timedelta(minutes=9),
            by=by,
            connected=connected,
            summary=summary if connected else "",
            agreed=agreed if connected else "",
            next_call_at=again,
        )
    ]
