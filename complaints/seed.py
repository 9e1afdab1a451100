"""The demo's complaints: 600 in every state that exists, about real contacts of the demo's collectors.

Draws from the given dice only and never asks a clock: the same seed and day make the same complaints.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from django.db.models import Prefetch

from backoffice.core.time import business_day, start_of_day
from backoffice.desk.seeding import Demo
from backoffice.loans import seed_people as people
from backoffice.loans.models import Loan
from backoffice.privacy.services import warm_keys
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints import seed_parts as parts
from complaints import seed_words as words
from complaints import services
from complaints.choices import ComplaintState as S
from complaints.importing import (
    ComplaintRow,
)
from complaints.models import Complaint
from complaints.services.filing import NewComplainant
from debt_collections.models import Case, ContactAttempt

COMPLAINTS = 600
LETTERS = 10
#: State → share in a thousand.
STATES = (
    (S.RECEIVED, 45),
    (S.REGISTERED, 25),
    (S.ACCEPTED, 8),
    (S.INVESTIGATING, 190),
    (S.AWAITING_COMPLAINANT, 42),
    (S.DECISION_PROPOSED, 38),
    (S.DECIDED, 25),
    (S.NOTIFIED, 32),
    (S.CLOSED, 500),
    (S.NOT_ADMITTED, 35),
    (S.WITHDRAWN, 60),
)
SOURCES = (
    ("app", 42),
    ("hotline", 28),
    ("12378", 9),
    ("local_authority", 4),
    ("12345", 3),
    ("12363", 3),
    ("letter", 3),
    ("media", 4),
    ("association", 2),
    ("consumer_council", 2),
)
#: Category → weight. Collection first: that is what this house is about.
CATEGORIES = (
    ("collection.night_calls", 14), ("collection.too_many_calls", 14), ("collection.third_person_told", 9),
    ("collection.contacts_harassed", 6), ("collection.workplace", 4), ("collection.threat", 5),
    ("collection.insult", 4), ("collection.impersonation", 2), ("collection.stop_ignored", 3),
    ("repayment.instalments_refused", 10), ("repayment.deferral_refused", 5), ("repayment.early", 2),
    ("repayment.posting", 3), ("repayment.deduction", 2), ("leak.by_collection", 3), ("leak.published", 1),
    ("bureau.wrong_record", 3), ("bureau.no_notice", 2), ("pricing.penalty", 2), ("pricing.amount", 2),
    ("pricing.fee", 2), ("terms.not_shown", 1), ("service.unreachable", 2), ("service.slow", 2),
    ("not_my_loan.identity_theft", 1), ("not_my_loan.wrong_person", 1), ("other.other", 1),
)  # fmt: skip
_EARLY = (S.RECEIVED, S.REGISTERED)
_FOUND = (S.DECISION_PROPOSED, S.DECIDED, S.NOTIFIED, S.CLOSED)


class NobodyHere(LookupError):
    """The demo's staff must be there first."""


@dataclass(slots=True)
class SeededComplaints:
    """What later steps build on; ``by_state`` gives the complaints of each state."""

    complaints: list[Complaint] = field(default_factory=list)

    def by_state(self, state: str) -> list[Complaint]:
        return [one for one in self.complaints if one.state == state]


@dataclass(frozen=True, slots=True)
class _Cast:
    """Whom a complaint can be about, and who works on it."""

    handlers: Sequence[User]
    supervisors: Sequence[User]
    cases: Sequence[Case]
    loans: dict[int, Loan]
    contacts: dict[int, list[ContactAttempt]]


def seed(demo: Demo) -> None:
    """The step of ``seed_demo``: leaves ``SeededComplaints`` in ``demo.results["complaints"]``."""
    count = max(int(COMPLAINTS * demo.scale), 22)
    demo.results["complaints"] = seed_complaints(rng=demo.rng, now=demo.now, by=demo.by, count=count)


def seed_complaints(*, rng: random.Random, now: datetime, by: User, count: int) -> SeededComplaints:
    """Make ``count`` complaints as of ``now``, on the loan book and the contacts that are there."""
    cast = _cast(rng, now)
    total = sum(share for _state, share in STATES)
    states = [state for state, share in STATES for _n in range(max(1, round(count * share / total)))]
    rng.shuffle(states)
    rows = [_row(rng, state, cast, now=now) for state in states]
    lettered = [
        place for place, row in enumerate(rows) if row.decision is not None and row.decision.approved_by
    ]
    for place in lettered[:LETTERS]:
        decision = rows[place].decision
        if decision is not None:
            rows[place] = replace(rows[place], decision=replace(decision, letter=True))
    done = services.import_complaints_bulk(rows, by=by, at=now)
    if done.refused:
        raise ValueError({place: (refusal.field, refusal.code) for place, refusal in done.refused.items()})
    seeded = SeededComplaints(list(done.created.values()))
    _merge_one(seeded, cast, now=now)
    return seeded


def _merge_one(seeded: SeededComplaints, cast: _Cast, *, now: datetime) -> None:
    """Somebody wrote twice about the same thing."""
    open_ones = [
        one
        for one in seeded.by_state(S.INVESTIGATING)
        if one.borrower is not None and one.handler is not None
    ]
    for into in open_ones:
        handler = into.handler
        if handler is None or into.loan is None or into.borrower is None:
            continue
        again = services.file_complaint(
            source="hotline",
            received_at=now - timedelta(hours=3),
            words="我前几天已经投诉过催收的事，再打电话问一下进展。",
            complainants=[NewComplainant(name=people.name(random.Random(into.pk)), role="borrower")],  # noqa: S311
            loan_refs=[into.loan.number],
            by=handler,
            at=now - timedelta(hours=3),
        )
        seeded.complaints.append(
            services.merge(complaint=again, into=into, by=handler, at=now - timedelta(hours=2))
        )
        return


def _cast(rng: random.Random, now: datetime) -> _Cast:
    active = User.objects.filter(is_active=True, kind=User.Kind.PERSON).order_by("pk")
    handlers = list(active.filter(groups__name=Role.HANDLER.value).select_related("team"))
    supervisors = list(active.filter(groups__name=Role.COMPLAINT_SUPERVISOR.value))
    if not handlers or not supervisors:
        raise NobodyHere("Make the demo's handlers and complaint supervisors first.")
    cases = list(
        Case.objects.select_related("borrower").prefetch_related(Prefetch("case_loans")).order_by("pk")
    )
    since = now - timedelta(days=200)
    contacts: dict[int, list[ContactAttempt]] = {}
    # A few dozen collectors share all contacts: prefetched, each is made once and not once per contact.
    for contact in (
        ContactAttempt.objects.filter(started_at__gte=since, collector__isnull=False)
        .only("borrower", "collector", "started_at", "ended_at")
        .prefetch_related("collector__agency")
        .order_by("pk")
    ):
        contacts.setdefault(contact.borrower_id, []).append(contact)
    loans = {loan.pk: loan for loan in Loan.objects.filter(case_loans__isnull=False).distinct()}
    cases = [case for case in cases if contacts.get(case.borrower_id)] or cases
    rng.shuffle(cases)
    warm_keys(bytes(case.borrower.name_cipher or b"") for case in cases)
    return _Cast(handlers, supervisors, cases, loans, contacts)


def _received(rng: random.Random, state: str, now: datetime) -> datetime:
    """So that some are due today, some overdue, some at risk; ended ones lie further back."""
    days: float
    match state:
        case S.RECEIVED | S.REGISTERED:
            days = rng.choice((0, 0, 0, 1, 1, 2, 3))
        case S.ACCEPTED | S.INVESTIGATING | S.AWAITING_COMPLAINANT:
            days = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 15, 17, 20, 24))
        case S.DECISION_PROPOSED | S.DECIDED:
            days = rng.choice((6, 8, 10, 11, 12, 13, 14, 15, 16))
        case S.NOTIFIED:
            days = rng.randint(8, 20)
        case _:
            days = rng.randint(22, 175)
    local = start_of_day(business_day(now) - timedelta(days=days)) + timedelta(
        minutes=rng.randint(8 * 60, 21 * 60)
    )
    return min(local, now - timedelta(minutes=rng.randint(20, 300)))


def _row(rng: random.Random, state: str, cast: _Cast, *, now: datetime) -> ComplaintRow:
    received_at = _received(rng, state, now)
    case = rng.choice(cast.cases)
    loan = cast.loans.get(next((one.loan_id for one in case.case_loans.all()), 0))
    before = [one for one in cast.contacts.get(case.borrower_id, ()) if one.ended_at < received_at]
    category = parts.pick(rng, CATEGORIES)
    meant = parts.meant(rng, category, before)
    facts = parts.facts_of(rng, meant, loan, received_at)
    handler = None if state in _EARLY and rng.random() < 0.6 else rng.choice(cast.handlers)
    found = state in _FOUND
    steps, moments = parts.steps(
        rng, state, received_at, now, handler or cast.handlers[0], rng.choice(cast.supervisors)
    )
    who = handler or cast.handlers[0]
    allegations = parts.allegations(rng, category, meant, facts, found, who, moments.get("proposed"))
    demands = parts.demands(rng, category, facts, found, moments.get("proposed"))
    decision = parts.decision(rng, state, allegations, who, rng.choice(cast.supervisors), moments)
    source = parts.pick(rng, SOURCES)
    verified = moments.get("accepted") if rng.random() < 0.8 else None
    return ComplaintRow(
        received_at=received_at,
        source=source,
        words=rng.choice(words.OPENINGS) + parts.said(rng, category, facts) + rng.choice(words.FEELINGS),
        complainant=parts.complainant(rng, case.borrower),
        state=state,
        severity="serious" if category.startswith("leak") or source == "12378" else "normal",
        sender_reference=f"{source}-{rng.randint(10_000, 99_999)}" if source.isdigit() else "",
        borrower=None if state == S.RECEIVED and rng.random() < 0.25 else case.borrower,
        loan=loan,
        case=case,
        handler=handler,
        team=handler.team if handler is not None else None,
        identity_verified_at=verified,
        identity_verified_how=rng.choice(("call_back", "app_login")) if verified else "",
        not_admitted_reason=rng.choice(words.NOT_ADMITTED) if state == S.NOT_ADMITTED else "",
        closed_at=moments.get("ended") if state in (S.CLOSED, S.WITHDRAWN) else None,
        allegations=allegations,
        demands=demands,
        remedies=parts.remedies(rng, decision, allegations, moments),
        decision=decision,
        extension=parts.extension(rng, state, received_at, now, who),
        notes=parts.notes(rng, who, moments),
        calls=parts.calls(rng, who, moments, now, state),
        steps=steps,
    )
