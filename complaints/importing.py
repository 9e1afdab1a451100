"""Complaints as they stand, taken in many at a time: the rows, and what speaks against one. No writes.

For files from another system and for the demo: each row is the final state of a complaint with what led there.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.loans.choices import IdType
from backoffice.loans.models import Borrower, Loan
from backoffice.privacy import kinds
from backoffice.staff.models import Team, User
from complaints.choices import (
    ENDED_STATES,
    ComplainantRole,
    ComplaintSeverity,
    ComplaintState,
    Finding,
    NotAdmittedReason,
    Source,
)
from complaints.models import Complaint
from complaints.services.filing import NewComplainant
from debt_collections.models import Case

#: States that no import can give: they point to other complaints, or to tables that do not exist yet.
NOT_IMPORTED = (ComplaintState.MERGED, ComplaintState.UNDER_REVIEW, ComplaintState.REVIEW_DECIDED)


@dataclass(frozen=True, slots=True, kw_only=True)
class AllegationRow:
    """``contact_ids`` are contacts of the complaint's borrower, ``alleged`` those that nobody here holds."""

    category: str
    text: str = ""
    collector_id: int | None = None
    contact_ids: Sequence[int] = ()
    alleged: Sequence[AllegedRow] = ()
    finding: str = Finding.OPEN
    finding_reason: str = ""
    found_by: User | None = None
    found_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AllegedRow:
    at: datetime
    number: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRow:
    text: str
    amount: Decimal | None = None
    answer: str = ""
    answered_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemedyRow:
    kind: str
    state: str
    text: str = ""
    amount: Decimal | None = None
    channel: str = ""
    executed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DecisionRow:
    """Proposed; with ``approved_by`` approved; with ``delivered_at`` told, by ``mode`` and with ``proof``.

    ``letter`` has the letter of an approved one produced and kept."""

    outcome: str
    basis: str
    proposed_by: User
    proposed_at: datetime
    approved_by: User | None = None
    approved_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    mode: str = "app"
    proof: str = ""
    letter: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class NoteRow:
    at: datetime
    by: User
    text: str
    kind: str = "internal"


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    at: datetime
    by: User
    connected: bool
    summary: str = ""
    agreed: str = ""
    next_call_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StepRow:
    """Something that was decided on the way: an event of the timeline, by whom and when."""

    kind: str
    at: datetime
    by: User


@dataclass(frozen=True, slots=True, kw_only=True)
class ExtensionRow:
    """The ordinary extension, recorded at ``at``."""

    at: datetime
    by: User


@dataclass(frozen=True, slots=True, kw_only=True)
class ComplaintRow:
    """One complaint in its final state. ``closed_at`` goes with the ended states."""

    received_at: datetime
    source: str
    words: str
    complainant: NewComplainant
    state: str = ComplaintState.RECEIVED
    severity: str = ComplaintSeverity.NORMAL
    sender_reference: str = ""
    sender_due_on: date | None = None
    external_id: str = ""
    borrower: Borrower | None = None
    loan: Loan | None = None
    case: Case | None = None
    handler: User | None = None
    team: Team | None = None
    repeat_of: Complaint | None = None
    identity_verified_at: datetime | None = None
    identity_verified_how: str = ""
    not_admitted_reason: str = ""
    closed_at: datetime | None = None
    allegations: Sequence[AllegationRow] = ()
    demands: Sequence[DemandRow] = ()
    remedies: Sequence[RemedyRow] = ()
    decision: DecisionRow | None = None
    extension: ExtensionRow | None = None
    notes: Sequence[NoteRow] = ()
    calls: Sequence[CallRow] = ()
    steps: Sequence[StepRow] = ()


@dataclass(slots=True)
class ImportedComplaints:
    """What an import did: complaints by the position of their row, and why the other rows were refused."""

    created: dict[int, Complaint] = field(default_factory=dict)
    refused: dict[int, InputRefused] = field(default_factory=dict)


def check_row(row: ComplaintRow, *, categories: Collection[str], at: datetime) -> None:
    """Raise the ``InputRefused`` that speaks against ``row``; ``categories`` are the codes in force."""
    _in(row.source, Source.values, "source")
    _in(row.state, ComplaintState.values, "state")
    _in(row.severity, ComplaintSeverity.values, "severity")
    if row.state in NOT_IMPORTED:
        raise InputRefused(_("A complaint cannot be imported in this state."), field="state")
    if row.received_at > at:
        raise InputRefused(_("This moment is still to come."), field="received_at")
    if not row.words.strip():
        raise InputRefused(field="words")
    if (row.closed_at is not None) != (row.state in ENDED_STATES):
        raise InputRefused(_("The moment of the end goes with an ended state."), field="closed_at")
    if row.closed_at is not None and not row.received_at <= row.closed_at <= at:
        raise InputRefused(_("It ended before it was received, or is still to end."), field="closed_at")
    if row.state == ComplaintState.NOT_ADMITTED:
        _in(row.not_admitted_reason, NotAdmittedReason.values, "not_admitted_reason")
    for index, allegation in enumerate(row.allegations):
        _in(allegation.category, categories, f"allegations.{index}.category")
        _in(allegation.finding, Finding.values, f"allegations.{index}.finding")
    for index, demand in enumerate(row.demands):
        if demand.amount is not None and demand.amount < 0:
            raise InputRefused(field=f"demands.{index}.amount")
        if not demand.text.strip():
            raise InputRefused(field=f"demands.{index}.text")
    _check_complainant(row.complainant)


def _check_complainant(person: NewComplainant) -> None:
    _in(person.role, ComplainantRole.values, "complainant.role")
    _in(person.id_type, IdType.values, "complainant.id_type")
    if not person.name.strip() and person.role != ComplainantRole.UNKNOWN:
        raise InputRefused(_("Only an unknown complainant may lack a name."), field="complainant.name")
    id_kind = kinds.RESIDENT_ID if person.id_type == IdType.RESIDENT else kinds.OTHER_ID
    values = [("id_number", id_kind, person.id_number), ("email", kinds.EMAIL, person.email)]
    values += [(f"phones.{index}", kinds.PHONE, number) for index, number in enumerate(person.phones)]
    for name, kind, value in values:
        if value:
            try:
                kind.normalise(value)
            except InputRefused as refusal:
                raise InputRefused(refusal.message, field=f"complainant.{name}") from refusal


def _in(value: str, known: Collection[str], name: str) -> None:
    if value not in known:
        raise InputRefused(field=name)
