"""Telling the complainant: sent, failed, delivered. Only delivery, with proof, meets the deadline."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.desk.models import Attachment
from backoffice.desk.services import store_attachment
from backoffice.staff.models import User
from complaints import signals
from complaints.choices import NoticeMode, NoticeStep
from complaints.models import Complaint, Decision, DecisionNotice
from complaints.services import deadlines
from complaints.services.changes import Change, changing
from complaints.services.remedies import carry_out

PROOF_KIND = "proof"


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProof:
    """A file that shows how the decision went out: a receipt, a screenshot."""

    name: str
    content: bytes


def record_notice(
    *,
    decision: Decision,
    mode: str,
    step: str,
    happened_at: datetime | None = None,
    proof_reference: str = "",
    proof: Attachment | NewProof | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> DecisionNotice:
    """One step of telling the complainant, which happened at ``happened_at`` (or now).

    ``delivered`` needs a proof (a receipt or message number, or a file: one of this complaint, or a new one that
    is put into it): then the complaint is notified, the deadline is met as of that moment and remedies are
    carried out. ``sent`` and ``failed`` move nothing. Raises ``NotPermitted``, ``TransitionRefused``,
    ``InputRefused``.
    """
    happened_at = happened_at or at
    if mode not in NoticeMode.values:
        raise InputRefused(field="mode")
    if step not in NoticeStep.values:
        raise InputRefused(field="step")
    if happened_at > at:
        raise InputRefused(_("This moment is still to come."), field="happened_at")
    delivered = step == NoticeStep.DELIVERED
    if delivered and not proof_reference.strip() and proof is None:
        raise InputRefused(_("Delivery needs a proof."), field="proof_reference")
    if isinstance(proof, Attachment) and proof.dossier_id != decision.complaint.dossier_id:
        raise InputRefused(_("This file belongs to something else."), field="proof")
    with changing(decision.complaint, by=by, at=at, code=f"complaint.notice_{step}", reason=reason) as change:
        change.step("deliver" if delivered else "record_notice")
        approved = change.standing.approved
        if approved is None or approved.pk != decision.pk or approved.approved_at is None:
            raise InputRefused(_("This is not the decision in force."), field="decision")
        # Who fills in a form tells whole seconds: that of the approval is late enough.
        if happened_at < approved.approved_at.replace(microsecond=0):
            raise InputRefused(_("It cannot have been told before it was approved."), field="happened_at")
        happened_at = max(happened_at, approved.approved_at)
        notice = DecisionNotice.objects.create(
            decision=approved,
            mode=mode,
            step=step,
            at=happened_at,
            proof_reference=proof_reference.strip(),
            proof=_stored(change, proof) if isinstance(proof, NewProof) else proof,
            recorded_by=by,
        )
        change.record(f"notice_{step}", decision=approved, data={"mode": mode})
        if delivered:
            deadlines.meet(change.complaint, met_at=happened_at, by_what="decision_delivered")
            change.save()
            carry_out(change)
            signals.decision_delivered.send(
                sender=Complaint, complaint=change.complaint, decision=approved, by=by, at=at
            )
    return notice


def _stored(change: Change, proof: NewProof) -> Attachment:
    try:
        stored: Attachment = store_attachment(
            dossier=change.complaint.dossier,
            kind=PROOF_KIND,
            name=proof.name,
            content=proof.content,
            origin=Attachment.Origin.UPLOAD,
            by=change.frame.by,
            at=change.frame.at,
        )
    except InputRefused as refusal:
        raise InputRefused(refusal.message, code=refusal.code, field="proof") from refusal
    change.record("file_attached", data={"kind": PROOF_KIND})
    return stored
