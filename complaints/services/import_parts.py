"""The parts of an import that follow its complaints: exchange, time limits, decisions, letters, events."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Any, Protocol

from django.db.models import Model

from backoffice.audit.services import event_columns
from backoffice.core import deadlines
from backoffice.core.bulk import insert_rows
from backoffice.core.calendars import BusinessCalendar
from backoffice.core.choices import DeadlineActKind
from backoffice.core.history import bulk_create_with_history, bulk_update_with_history
from backoffice.core.selectors import business_calendar
from backoffice.core.services import PolicyMissing
from backoffice.core.time import business_day
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import ENDED_STATES, ComplaintState, DecisionState, NoticeStep, RemedyState
from complaints.content import content_hash
from complaints.importing import ComplaintRow, DecisionRow
from complaints.models import (
    Complaint,
    ComplaintDeadline,
    ComplaintDeadlineAct,
    ComplaintEvent,
    Conversation,
    Decision,
    DecisionNotice,
    Note,
    Remedy,
)
from complaints.services.deadlines import show
from complaints.services.decisions import produce_letter

NO_CLOCK = (*ENDED_STATES, ComplaintState.NOT_ADMITTED)


class Batch(Protocol):
    """What these functions need of an import under way."""

    by: User
    at: datetime

    def pairs(self) -> Iterator[tuple[Complaint, ComplaintRow]]: ...
    def text(self, complaint: Complaint, model: type[Model], field: str, text: str) -> bytes | None: ...


def write_exchange(batch: Batch) -> None:
    bulk_create_with_history(
        Note,
        [
            Note(
                complaint=complaint,
                kind=one.kind,
                written_at=one.at,
                author=one.by,
                text_cipher=batch.text(complaint, Note, "text_cipher", one.text),
            )
            for complaint, row in batch.pairs()
            for one in row.notes
        ],
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
                summary_cipher=batch.text(complaint, Conversation, "summary_cipher", one.summary),
                agreed_cipher=batch.text(complaint, Conversation, "agreed_cipher", one.agreed),
            )
            for complaint, row in batch.pairs()
            for one in row.calls
        ],
    )


def write_deadlines(batch: Batch) -> None:
    policy, calendar = _policy(), business_calendar()
    made: list[ComplaintDeadline] = []
    extended: list[tuple[int, ComplaintRow, int]] = []
    for complaint, row in batch.pairs():
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
        show(deadline, _view(row, days, longer, most, at=batch.at, calendar=calendar))
        delivered_at = row.decision.delivered_at if row.decision is not None else None
        if delivered_at is not None:
            deadline.met_at, deadline.met_by = delivered_at, "decision_delivered"
        elif row.state in NO_CLOCK:
            deadline.cancelled_at = row.closed_at or batch.at
        if row.extension is not None:
            extended.append((len(made), row, longer))
        made.append(deadline)
    made = bulk_create_with_history(ComplaintDeadline, made)
    insert_rows(
        ComplaintDeadlineAct,
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
    )


def write_decisions(batch: Batch) -> None:
    given = [(c, row, row.decision) for c, row in batch.pairs() if row.decision is not None]
    made = bulk_create_with_history(
        Decision, [_decision(batch, complaint, one) for complaint, _row, one in given]
    )
    of_complaint = {decision.complaint_id: decision for decision in made}
    bulk_create_with_history(
        Remedy,
        [
            Remedy(
                complaint=complaint,
                decision=of_complaint.get(complaint.pk) if one.state != RemedyState.REVERSED else None,
                kind=one.kind,
                state=one.state,
                amount=one.amount,
                channel=one.channel,
                executed_at=one.executed_at,
                text_cipher=batch.text(complaint, Remedy, "text_cipher", one.text),
            )
            for complaint, row in batch.pairs()
            for one in row.remedies
        ],
    )
    waiting = [decision for decision in made if decision.state == DecisionState.PROPOSED]
    for decision in waiting:
        decision.content_hash = content_hash(
            complaint=decision.complaint, outcome=decision.outcome, basis_cipher=decision.basis_cipher
        )
    bulk_update_with_history(Decision, waiting, ["content_hash"])
    insert_rows(
        DecisionNotice,
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
    )


def _decision(batch: Batch, complaint: Complaint, one: DecisionRow) -> Decision:
    return Decision(
        complaint=complaint,
        sequence=1,
        outcome=one.outcome,
        state=DecisionState.APPROVED if one.approved_by is not None else DecisionState.PROPOSED,
        basis_cipher=batch.text(complaint, Decision, "basis_cipher", one.basis),
        # What an approval of another time covered cannot be told any more; a proposal's digest follows.
        content_hash="",
        proposed_by=one.proposed_by,
        proposed_at=one.proposed_at,
        approved_by=one.approved_by,
        approved_at=one.approved_at,
    )


def write_events(batch: Batch) -> None:
    columns = event_columns(at=batch.at)
    rows = []
    for complaint, row in batch.pairs():
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
    insert_rows(ComplaintEvent, rows)


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


def write_letters(batch: Batch) -> None:
    """The letters of approved decisions, where the row asks for one."""
    wanted = {
        complaint.pk for complaint, row in batch.pairs() if row.decision is not None and row.decision.letter
    }
    for decision in Decision.objects.filter(
        complaint__in=wanted, state=DecisionState.APPROVED
    ).select_related("complaint__dossier"):
        if decision.approved_at is not None:
            decision.letter = produce_letter(
                decision.complaint, decision, by=batch.by, at=decision.approved_at
            )
            decision.save()
