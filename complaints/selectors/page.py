"""Everything the complaint's page shows, in a number of queries that does not grow with the file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.formats import date_format
from django.utils.translation import gettext

from backoffice.core.deadlines import DeadlineView
from backoffice.core.time import SHANGHAI, business_day
from backoffice.core.workflow import Availability
from backoffice.desk.models import Attachment, Task
from backoffice.desk.registry import TimelineItem
from backoffice.loans.models import Borrower
from backoffice.loans.selectors import LoanSnapshot, loan_snapshot
from backoffice.privacy.services import Erased
from backoffice.privacy.texts import text_for
from backoffice.staff.models import User
from complaints import timing, workflow
from complaints.choices import RemedyState
from complaints.models import (
    Allegation,
    AllegationContact,
    Complainant,
    Complaint,
    ComplaintDeadline,
    Conversation,
    Decision,
    DecisionNotice,
    Demand,
    Note,
    Remedy,
)
from complaints.selectors.categories import label_of
from complaints.selectors.letter import LetterDraft, letter_draft
from complaints.selectors.links import contact_of, links_of
from complaints.selectors.lists import days_left, tone_of
from complaints.selectors.timeline import timeline_of
from complaints.standing import standing
from conduct.models import AllegedContact
from conduct.rules import Verdict
from conduct.selectors import failing, judge_contacts
from debt_collections.models import ContactAttempt, Hold

#: Reads one text of a row, or answers None where the viewer may not.
Reader = Callable[[Any, str], str | None]


@dataclass(frozen=True, slots=True)
class ContactView:
    """A contact complained of: our record (``contact``), what was alleged, or both."""

    link: AllegationContact
    contact: ContactAttempt | None
    alleged: AllegedContact | None
    alleged_text: str | None
    verdicts: Sequence[Verdict]

    @property
    def broken(self) -> list[Verdict]:
        return failing(self.verdicts)

    @property
    def unknown_to_us(self) -> bool:
        """The worst kind: somebody says it happened, and our systems do not hold it."""
        return self.contact is None


@dataclass(frozen=True, slots=True)
class AllegationView:
    allegation: Allegation
    label: str
    text: str | None
    finding_reason: str | None
    contacts: list[ContactView]


@dataclass(frozen=True, slots=True)
class DemandView:
    demand: Demand
    text: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class DeadlinePanel:
    """The deadline and, line by line, why it is this day."""

    deadline: ComplaintDeadline
    view: DeadlineView
    lines: list[str]
    days_left: int | None
    tone: str


@dataclass(frozen=True, slots=True)
class NoteView:
    note: Note
    text: str | None


@dataclass(frozen=True, slots=True)
class ConversationView:
    conversation: Conversation
    summary: str | None
    agreed: str | None


@dataclass(frozen=True, slots=True)
class FileView:
    attachment: Attachment
    name: str | None


@dataclass(frozen=True, slots=True)
class RemedyView:
    remedy: Remedy
    text: str | None


@dataclass(frozen=True, slots=True)
class DecisionView:
    decision: Decision
    basis: str | None
    notices: list[DecisionNotice]


@dataclass(frozen=True, slots=True)
class ComplaintPage:
    complaint: Complaint
    may_read_words: bool
    words: str | None
    complainants: list[Complainant]
    allegations: list[AllegationView]
    demands: list[DemandView]
    deadline: DeadlinePanel | None
    holds: list[Hold]
    borrower: Borrower | None
    loan: LoanSnapshot | None
    tasks: list[Task]
    notes: list[NoteView]
    conversations: list[ConversationView]
    files: list[FileView]
    remedies: list[RemedyView]
    decisions: list[DecisionView]
    steps: list[Availability]
    acts: list[Availability]
    repeats: list[Complaint]
    timeline: list[TimelineItem]
    letter: LetterDraft | None


def for_page(complaint: Complaint, *, viewer: User, at: datetime) -> ComplaintPage:
    """The whole page. Words are decrypted only for those with ``complaints.read_words``, and the caller writes the
    read row; everybody else gets None for every text. Personal data are masks."""
    read = _reader(viewer)
    available = workflow.complaint.available(complaint, by=viewer, at=at)
    return ComplaintPage(
        complaint=complaint,
        may_read_words=viewer.has_perm("complaints.read_words"),
        words=read(complaint, "words_cipher"),
        complainants=list(complaint.complainants.prefetch_related("phones").order_by("id")),
        allegations=allegations_of(complaint, read),
        demands=[
            DemandView(one, read(one, "text_cipher"), read(one, "answer_cipher"))
            for one in complaint.demands.order_by("sequence")
        ],
        deadline=deadline_panel(complaint, at=at),
        holds=list(
            Hold.objects.filter(source=complaint.dossier_id)
            .select_related("collector")
            .order_by("-starts_at", "-id")
        ),
        borrower=complaint.borrower,
        loan=loan_snapshot(complaint.loan_id, on=business_day(at)) if complaint.loan_id is not None else None,
        tasks=list(
            Task.objects.filter(dossier=complaint.dossier_id)
            .select_related("assigned_to", "team")
            .order_by("due_at", "id")
        ),
        notes=[
            NoteView(one, read(one, "text_cipher"))
            for one in complaint.notes.select_related("author").order_by("-written_at", "-id")
        ],
        conversations=[
            ConversationView(one, read(one, "summary_cipher"), read(one, "agreed_cipher"))
            for one in complaint.conversations.select_related("handler", "recording").order_by(
                "-started_at", "-id"
            )
        ],
        files=[
            FileView(one, read(one, "name_cipher"))
            for one in Attachment.objects.filter(dossier=complaint.dossier_id)
            .select_related("added_by")
            .order_by("-added_at", "-id")
        ],
        remedies=[
            RemedyView(one, read(one, "text_cipher"))
            for one in complaint.remedies.exclude(state=RemedyState.REVERSED)
            .select_related("allegation")
            .order_by("id")
        ],
        decisions=_decisions(complaint, read),
        steps=[one for one in available if one.transition.target is not None],
        acts=[one for one in available if one.transition.target is None],
        repeats=_repeats(complaint),
        timeline=timeline_of(complaint),
        letter=_draft(complaint, viewer),
    )


def _draft(complaint: Complaint, viewer: User) -> LetterDraft | None:
    if not viewer.has_perm("complaints.read_words"):
        return None
    try:
        return letter_draft(complaint, viewer=viewer)
    except Erased:
        return None


def _reader(viewer: User) -> Reader:
    if not viewer.has_perm("complaints.read_words"):
        return lambda _row, _field: None

    def read(row: Any, field: str) -> str | None:
        try:
            return text_for(viewer, row, field)
        except Erased:
            return None

    return read


def allegations_of(complaint: Complaint, read: Reader) -> list[AllegationView]:
    """Every allegation with the contacts meant and the verdict of every rule on each."""
    links = links_of(complaint)
    judged = judge_contacts({contact.pk for link in links if (contact := contact_of(link)) is not None})
    contacts: dict[int, list[ContactView]] = {}
    for link in links:
        contact = contact_of(link)
        contacts.setdefault(link.allegation_id, []).append(
            ContactView(
                link=link,
                contact=contact,
                alleged=link.alleged,
                alleged_text=read(link.alleged, "text_cipher") if link.alleged is not None else None,
                verdicts=judged.get(contact.pk, []) if contact is not None else [],
            )
        )
    rows = complaint.allegations.select_related("category", "collector__agency", "found_by").order_by(
        "sequence"
    )
    return [
        AllegationView(
            allegation=row,
            label=label_of(row.category),
            text=read(row, "text_cipher"),
            finding_reason=read(row, "finding_reason_cipher"),
            contacts=contacts.get(row.pk, []),
        )
        for row in rows
    ]


def deadline_panel(complaint: Complaint, *, at: datetime) -> DeadlinePanel | None:
    """The decision deadline as it stands at ``at``; of a met or cancelled one, as it stood when it ended."""
    facts = standing(complaint)
    deadline = facts.deadline
    if deadline is None:
        return None
    moment = deadline.met_at or at
    view = timing.view_of(deadline, at=max(moment, deadline.started_at), acts=facts.deadline_acts)
    running = deadline.is_open
    return DeadlinePanel(
        deadline=deadline,
        view=view,
        lines=[line.render(gettext, show) for line in view.lines],
        days_left=days_left(view.due_on, at=at) if running else None,
        tone=tone_of(view.due_on, view.paused_since, at=at) if running else "good",
    )


def show(value: object) -> str:
    """A fact of an explanation in the reader's language; moments in Shanghai."""
    if isinstance(value, datetime):
        return date_format(value.astimezone(SHANGHAI), "DATETIME_FORMAT")
    if isinstance(value, date):
        return date_format(value, "DATE_FORMAT")
    return str(value)


def _decisions(complaint: Complaint, read: Reader) -> list[DecisionView]:
    notices: dict[int, list[DecisionNotice]] = {}
    for notice in (
        DecisionNotice.objects.filter(decision__complaint=complaint)
        .select_related("recorded_by", "proof")
        .order_by("at", "id")
    ):
        notices.setdefault(notice.decision_id, []).append(notice)
    return [
        DecisionView(one, read(one, "basis_cipher"), notices.get(one.pk, []))
        for one in complaint.decisions.select_related("proposed_by", "approved_by", "letter").order_by(
            "-sequence"
        )
    ]


def _repeats(complaint: Complaint) -> list[Complaint]:
    """Other complaints of the same borrower, the newest first."""
    if complaint.borrower_id is None:
        return []
    return list(
        Complaint.objects.filter(borrower=complaint.borrower_id)
        .exclude(pk=complaint.pk)
        .defer("words_cipher")
        .order_by("-received_at")[:10]
    )
