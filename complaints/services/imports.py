"""Taking in many complaints at once, set-based: final states, their history and the events that led there."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import Model

from backoffice.audit.services import Act, act, event_columns
from backoffice.core import deadlines
from backoffice.core.calendars import BusinessCalendar
from backoffice.core.choices import DeadlineActKind, DossierKind
from backoffice.core.errors import InputRefused
from backoffice.core.history import bulk_create_with_history
from backoffice.core.selectors import business_calendar
from backoffice.core.services import PolicyMissing, next_number, open_dossiers
from backoffice.core.time import business_day
from backoffice.privacy.models import DataKey
from backoffice.privacy.services import (
    create_dossier_keys,
    create_subjects,
    encrypt_for,
    label_of,
    set_personal_bulk,
)
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import ENDED_STATES, ComplaintState, DecisionState, NoticeStep, RemedyState
from complaints.content import content_hash
from complaints.importing import ComplaintRow, DecisionRow, ImportedComplaints, check_row
from complaints.models import (
    Allegation,
    AllegationContact,
    Category,
    Complainant,
    ComplainantPhone,
    Complaint,
    ComplaintDeadline,
    ComplaintDeadlineAct,
    ComplaintEvent,
    Conversation,
    Decision,
    DecisionNotice,
    Demand,
    Note,
    Remedy,
)
from complaints.selectors.categories import version_in_force
from complaints.services.changes import Change, demand_right
from complaints.services.deadlines import show
from complaints.services.effects import settle_holds
from complaints.services.filing import NUMBER_PREFIX
from conduct.models import AllegedContact

BATCH = 500
_NO_CLOCK = (*ENDED_STATES, ComplaintState.NOT_ADMITTED)


def import_complaints_bulk(
    rows: Sequence[ComplaintRow], *, by: User, at: datetime, holds: bool = True
) -> ImportedComplaints:
    """Take in complaints in their final states: 3,000 in a few seconds. A row at fault is refused, with its reason.

    The events are ``imported`` (or the row's own steps). ``holds`` places what open ones stop. A complaint
    received before any rule gave it a time limit gets none. Raises ``NotPermitted``.
    """
    demand_right(by, "complaints.file_complaint")
    result = ImportedComplaints()
    version = version_in_force(on=business_day(at))
    categories = {one.code: one for one in Category.objects.filter(version=version)}
    good: list[tuple[int, ComplaintRow]] = []
    for position, row in enumerate(rows):
        try:
            check_row(row, categories=categories, at=at)
        except InputRefused as refusal:
            result.refused[position] = refusal
        else:
            good.append((position, row))
    with act(by=by, at=at, code="complaint.imported") as frame:
        complaints = _Import([row for _position, row in good], categories, by=by, at=at).run()
        result.created = {position: made for (position, _row), made in zip(good, complaints, strict=True)}
        if holds:
            _place_holds(complaints, frame)
    return result


def _place_holds(complaints: Sequence[Complaint], frame: Act) -> None:
    for complaint in complaints:
        if complaint.borrower_id is not None and complaint.state not in _NO_CLOCK:
            settle_holds(Change(complaint, frame))


@dataclass
class _Import:
    """One batch under way; each method writes one kind of row for all complaints."""

    rows: list[ComplaintRow]
    categories: dict[str, Category]
    by: User
    at: datetime

    def run(self) -> list[Complaint]:
        numbers = self._numbers()
        dossiers = open_dossiers(
            kind=DossierKind.COMPLAINT, numbers=numbers, ats=[row.received_at for row in self.rows]
        )
        self.keys = create_dossier_keys([dossier.pk for dossier in dossiers])
        made = []
        for row, dossier in zip(self.rows, dossiers, strict=True):
            complaint = Complaint(
                dossier=dossier,
                number=dossier.number,
                words_cipher=self._text(self.keys[dossier.pk], Complaint, "words_cipher", row.words),
                **{name: getattr(row, name) for name in _PLAIN},
            )
            made.append(complaint)
        self.complaints = bulk_create_with_history(Complaint, made, batch_size=BATCH)
        self._people()
        self._allegations()
        self._demands()
        self._exchange()
        self._deadlines()
        self._decisions()
        self._events()
        return self.complaints

    def _pairs(self) -> Iterator[tuple[Complaint, ComplaintRow]]:
        return zip(self.complaints, self.rows, strict=True)

    def _key(self, complaint: Complaint) -> DataKey:
        return self.keys[complaint.dossier_id]

    @staticmethod
    def _text(key: DataKey, model: type[Model], field: str, text: str) -> bytes | None:
        return encrypt_for(key, text.strip(), field=label_of(model, field)) if text.strip() else None

    def _numbers(self) -> list[str]:
        by_day: dict[date, list[int]] = {}
        for position, row in enumerate(self.rows):
            by_day.setdefault(business_day(row.received_at), []).append(position)
        numbers = [""] * len(self.rows)
        for positions in by_day.values():
            received_at = self.rows[positions[0]].received_at
            given = next_number(prefix=NUMBER_PREFIX, at=received_at, count=len(positions))
            for position, number in zip(positions, given, strict=True):
                numbers[position] = number
        return numbers

    def _people(self) -> None:
        self.subjects = create_subjects(len(self.rows))
        people = [
            Complainant(
                complaint=complaint,
                subject=subject,
                role=row.complainant.role,
                id_type=row.complainant.id_type,
                on_behalf_of_cipher=self._text(
                    self._key(complaint), Complainant, "on_behalf_of_cipher", row.complainant.on_behalf_of
                ),
            )
            for (complaint, row), subject in zip(self._pairs(), self.subjects, strict=True)
        ]
        set_personal_bulk(
            people,
            [
                {"name": one.name, "id_number": one.id_number, "email": one.email}
                for one in (row.complainant for row in self.rows)
            ],
        )
        people = bulk_create_with_history(Complainant, people, batch_size=BATCH)
        numbers = [
            (person, number)
            for person, row in zip(people, self.rows, strict=True)
            for number in row.complainant.phones
        ]
        phones = [ComplainantPhone(complainant=person) for person, _number in numbers]
        set_personal_bulk(phones, [{"number": number} for _person, number in numbers])
        bulk_create_with_history(ComplainantPhone, phones, batch_size=BATCH)

    def _allegations(self) -> None:
        given = [(c, n, one) for c, row in self._pairs() for n, one in enumerate(row.allegations, 1)]
        made = bulk_create_with_history(
            Allegation,
            [
                Allegation(
                    complaint=complaint,
                    sequence=number,
                    category=self.categories[one.category],
                    collector_id=one.collector_id,
                    text_cipher=self._text(self._key(complaint), Allegation, "text_cipher", one.text),
                    finding=one.finding,
                    finding_reason_cipher=self._text(
                        self._key(complaint), Allegation, "finding_reason_cipher", one.finding_reason
                    ),
                    found_by=one.found_by,
                    found_at=one.found_at,
                )
                for complaint, number, one in given
            ],
            batch_size=BATCH,
        )
        subjects = {
            complaint.pk: subject for complaint, subject in zip(self.complaints, self.subjects, strict=True)
        }
        said = [
            (allegation, c, one)
            for allegation, (c, _n, row) in zip(made, given, strict=True)
            for one in row.alleged
        ]
        alleged = [
            AllegedContact(
                dossier_id=complaint.dossier_id,
                subject=subjects[complaint.pk],
                borrower=complaint.borrower,
                alleged_at=one.at,
                text_cipher=self._text(self._key(complaint), AllegedContact, "text_cipher", one.text),
            )
            for _allegation, complaint, one in said
        ]
        set_personal_bulk(alleged, [{"number": one.number} for _allegation, _complaint, one in said])
        alleged = bulk_create_with_history(AllegedContact, alleged, batch_size=BATCH)
        links = [
            AllegationContact(allegation=allegation, contact_id=contact_id)
            for allegation, (_c, _n, row) in zip(made, given, strict=True)
            for contact_id in row.contact_ids
        ]
        links += [
            AllegationContact(allegation=allegation, alleged=one)
            for (allegation, _c, _row), one in zip(said, alleged, strict=True)
        ]
        bulk_create_with_history(AllegationContact, links, batch_size=BATCH)

    def _demands(self) -> None:
        bulk_create_with_history(
            Demand,
            [
                Demand(
                    complaint=complaint,
                    sequence=number,
                    amount=one.amount,
                    text_cipher=self._text(self._key(complaint), Demand, "text_cipher", one.text),
                    answer_cipher=self._text(self._key(complaint), Demand, "answer_cipher", one.answer),
                    answered_at=one.answered_at,
                )
                for complaint, row in self._pairs()
                for number, one in enumerate(row.demands, 1)
            ],
            batch_size=BATCH,
        )

    def _exchange(self) -> None:
        bulk_create_with_history(
            Note,
            [
                Note(
                    complaint=complaint,
                    kind=one.kind,
                    written_at=one.at,
                    author=one.by,
                    text_cipher=self._text(self._key(complaint), Note, "text_cipher", one.text),
                )
                for complaint, row in self._pairs()
                for one in row.notes
            ],
            batch_size=BATCH,
        )
        bulk_create_with_history(
            Conversation,
            [
                Conversation(
                    complaint=complaint,
                    direction="out",
                    connected=one.connected,
                    started_at=one.at,
                    handler=one.by,
                    next_call_at=one.next_call_at,
                    summary_cipher=self._text(
                        self._key(complaint), Conversation, "summary_cipher", one.summary
                    ),
                    agreed_cipher=self._text(self._key(complaint), Conversation, "agreed_cipher", one.agreed),
                )
                for complaint, row in self._pairs()
                for one in row.calls
            ],
            batch_size=BATCH,
        )

    def _deadlines(self) -> None:
        policy, calendar = _policy(), business_calendar()
        made: list[ComplaintDeadline] = []
        extended: list[tuple[int, ComplaintRow, int]] = []
        for complaint, row in self._pairs():
            try:
                days, longer = (
                    policy(timing.DECISION_DAYS, row.received_at),
                    policy(timing.EXTENDED_DAYS, row.received_at),
                )
                most = policy(timing.FAR_EXTENDED_DAYS, row.received_at)
            except PolicyMissing:
                continue
            deadline = ComplaintDeadline(
                owner=complaint,
                kind=timing.DECISION,
                basis=timing.DECISION_DAYS,
                started_at=row.received_at,
                days=days,
            )
            show(deadline, _view(row, days, longer, most, at=self.at, calendar=calendar))
            delivered_at = row.decision.delivered_at if row.decision is not None else None
            if delivered_at is not None:
                deadline.met_at, deadline.met_by = delivered_at, "decision_delivered"
            elif row.state in _NO_CLOCK:
                deadline.cancelled_at = row.closed_at or self.at
            if row.extension is not None:
                extended.append((len(made), row, longer))
            made.append(deadline)
        made = bulk_create_with_history(ComplaintDeadline, made, batch_size=BATCH)
        ComplaintDeadlineAct.objects.bulk_create(
            [
                ComplaintDeadlineAct(
                    deadline=made[position],
                    kind=DeadlineActKind.EXTENSION,
                    at=row.extension.at,
                    total_days=total,
                    reason_code=timing.EXTENDED_DAYS,
                    actor=row.extension.by,
                )
                for position, row, total in extended
                if row.extension is not None
            ],
            batch_size=BATCH,
        )

    def _decisions(self) -> None:
        given = [(c, row, row.decision) for c, row in self._pairs() if row.decision is not None]
        made = [self._decision(complaint, one) for complaint, _row, one in given]
        remedies = bulk_create_with_history(
            Remedy,
            [
                Remedy(
                    complaint=complaint,
                    kind=one.kind,
                    state=one.state,
                    amount=one.amount,
                    channel=one.channel,
                    executed_at=one.executed_at,
                    text_cipher=self._text(self._key(complaint), Remedy, "text_cipher", one.text),
                )
                for complaint, row in self._pairs()
                for one in row.remedies
            ],
            batch_size=BATCH,
        )
        for decision in made:
            if decision.state == DecisionState.PROPOSED:
                decision.content_hash = content_hash(
                    complaint=decision.complaint, outcome=decision.outcome, basis_cipher=decision.basis_cipher
                )
        made = bulk_create_with_history(Decision, made, batch_size=BATCH)
        of_complaint = {decision.complaint_id: decision for decision in made}
        for remedy in remedies:
            decision = of_complaint.get(remedy.complaint_id)
            if decision is not None and remedy.state != RemedyState.REVERSED:
                remedy.decision = decision
                remedy.save()
        DecisionNotice.objects.bulk_create(
            [
                DecisionNotice(
                    decision=decision,
                    mode=one.mode,
                    step=step,
                    at=moment,
                    proof_reference=one.proof if step == NoticeStep.DELIVERED else "",
                    recorded_by=one.proposed_by,
                )
                for decision, (_c, _row, one) in zip(made, given, strict=True)
                for step, moment in ((NoticeStep.SENT, one.sent_at), (NoticeStep.DELIVERED, one.delivered_at))
                if moment is not None
            ],
            batch_size=BATCH,
        )

    def _decision(self, complaint: Complaint, one: DecisionRow) -> Decision:
        return Decision(
            complaint=complaint,
            sequence=1,
            outcome=one.outcome,
            state=DecisionState.APPROVED if one.approved_by is not None else DecisionState.PROPOSED,
            basis_cipher=self._text(self._key(complaint), Decision, "basis_cipher", one.basis),
            # What an approval of another time covered cannot be told any more; a proposal's digest follows.
            content_hash="",
            proposed_by=one.proposed_by,
            proposed_at=one.proposed_at,
            approved_by=one.approved_by,
            approved_at=one.approved_at,
        )

    def _events(self) -> None:
        columns = event_columns(at=self.at)
        rows = []
        for complaint, row in self._pairs():
            if not row.steps:
                rows.append(
                    ComplaintEvent(
                        kind="imported", dossier_id=complaint.dossier_id, complaint=complaint, **columns
                    )
                )
            for one in row.steps:
                of_step = {"occurred_at": one.at, "actor": one.by, "actor_name": one.by.display_name}
                rows.append(
                    ComplaintEvent(
                        kind=one.kind,
                        dossier_id=complaint.dossier_id,
                        complaint=complaint,
                        **{**columns, **of_step},
                    )
                )
        ComplaintEvent.objects.bulk_create(rows, batch_size=BATCH)


#: Columns a row and a complaint have in common.
_PLAIN = (
    "state",
    "received_at",
    "source",
    "sender_reference",
    "external_id",
    "severity",
    "borrower",
    "loan",
    "case",
    "handler",
    "team",
    "identity_verified_at",
    "identity_verified_how",
    "not_admitted_reason",
    "repeat_of",
    "closed_at",
)


def _policy() -> Callable[[str, datetime], int]:
    """Days from policy, asked for once per code and day."""
    known: dict[tuple[str, date], int] = {}

    def days(code: str, at: datetime) -> int:
        key = (code, business_day(at))
        if key not in known:
            known[key] = timing.policy_days(code, at=at)
        return known[key]

    return days


def _view(
    row: ComplaintRow, days: int, longer: int, most: int, *, at: datetime, calendar: BusinessCalendar
) -> deadlines.DeadlineView:
    terms = deadlines.DeadlineTerms(
        length=days, unit=deadlines.Unit.CALENDAR_DAYS, start=row.received_at, most=most
    )
    acts: list[Any] = []
    if row.extension is not None:
        acts.append(deadlines.Extension(at=row.extension.at, total=longer))
    return deadlines.compute(terms, acts, at, calendar)
