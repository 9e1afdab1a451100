"""The decision: proposed by one person, approved by another, its letter kept as it was produced."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import lock
from backoffice.core.errors import InputRefused
from backoffice.desk.models import Attachment
from backoffice.desk.services import store_attachment
from backoffice.privacy.services import set_text
from backoffice.staff.models import User
from complaints.choices import DecisionOutcome, DecisionState, RemedyState
from complaints.content import content_hash
from complaints.letters import decision_letter
from complaints.models import Complaint, Decision, Remedy
from complaints.selectors.letter import letter_of
from complaints.services.changes import Change, changing, demand_text

LETTER_KIND = "decision_letter"


def propose_decision(
    *, complaint: Complaint, outcome: str, basis: str, by: User, at: datetime, reason: str = ""
) -> Decision:
    """Propose how the complaint is decided: outcome, basis in words, and every remedy proposed so far.

    From here to the approval nothing in it may change: the proposal carries a digest of findings, answers,
    outcome, basis and remedies. Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    if outcome not in DecisionOutcome.values:
        raise InputRefused(field="outcome")
    basis = demand_text(basis, "basis")
    with changing(complaint, by=by, at=at, code="complaint.decision_proposed", reason=reason) as change:
        change.step("propose_decision")
        decision = Decision(
            complaint=change.complaint,
            sequence=change.complaint.decisions.count() + 1,
            outcome=outcome,
            proposed_by=by,
            proposed_at=at,
        )
        set_text(decision, "basis_cipher", basis, dossier_id=change.complaint.dossier_id)
        decision.content_hash = content_hash(
            complaint=change.complaint, outcome=outcome, basis_cipher=decision.basis_cipher
        )
        decision.save()
        for remedy in change.complaint.remedies.filter(state=RemedyState.PROPOSED):
            remedy.decision = decision
            remedy.save()
        change.save()
        change.record("decision_proposed", decision=decision, data={"outcome": outcome})
    return decision


def send_back(*, decision: Decision, reason: str, by: User, at: datetime) -> Decision:
    """Not so: back to the handler, with the reason."""
    demand_text(reason, "reason")
    with changing(
        decision.complaint, by=by, at=at, code="complaint.decision_sent_back", reason=reason
    ) as change:
        change.step("send_back")
        decision = _proposed(change, decision)
        decision.state = DecisionState.SENT_BACK
        decision.save()
        for remedy in Remedy.objects.filter(decision=decision, state=RemedyState.PROPOSED):
            remedy.decision = None
            remedy.save()
        change.save()
        change.record("decision_sent_back", decision=decision)
    return decision


def approve_decision(*, decision: Decision, by: User, at: datetime, reason: str = "") -> Decision:
    """Approve as the second person: remedies are granted, the letter is produced and its bytes are kept.

    Raises ``NotPermitted``, ``TransitionRefused`` (proposer, complained of, changed since, already decided).
    The database refuses an approver who is the proposer.
    """
    with changing(
        decision.complaint, by=by, at=at, code="complaint.decision_approved", reason=reason
    ) as change:
        change.step("approve")
        decision = _proposed(change, decision)
        decision.state = DecisionState.APPROVED
        decision.approved_by = by
        decision.approved_at = at
        decision.letter = produce_letter(change.complaint, decision, by=by, at=at)
        decision.save()
        for remedy in Remedy.objects.filter(decision=decision, state=RemedyState.PROPOSED):
            remedy.state = RemedyState.GRANTED
            remedy.save()
        change.save()
        change.record("decision_approved", decision=decision, data={"outcome": decision.outcome})
    return decision


def _proposed(change: Change, decision: Decision) -> Decision:
    locked = lock(Decision, decision.pk)
    if locked.state != DecisionState.PROPOSED:
        raise InputRefused(_("This is not the proposed decision."), field="decision")
    return locked


def produce_letter(complaint: Complaint, decision: Decision, *, by: User, at: datetime) -> Attachment:
    """The letter of a decision approved at ``at``, as a file of the complaint: these bytes are what was sent."""
    stored: Attachment = store_attachment(
        dossier=complaint.dossier,
        kind=LETTER_KIND,
        name=f"{complaint.number}-{decision.sequence}.pdf",
        content=decision_letter(letter_of(complaint, decision, on=at)),
        origin=Attachment.Origin.PRODUCED,
        by=by,
        at=at,
    )
    return stored
