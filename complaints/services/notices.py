"""Telling the complainant: sent, failed, delivered. Only delivery, with proof, meets the deadline."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.desk.models import Attachment
from backoffice.staff.models import User
from complaints import signals
from complaints.choices import NoticeMode, NoticeStep
from complaints.models import Complaint, Decision, DecisionNotice
from complaints.services import deadlines
from complaints.services.changes import changing
from complaints.services.remedies import carry_out


def record_notice(
    *,
    decision: Decision,
    mode: str,
    step: str,
    happened_at: datetime | None = None,
    proof_reference: str = "",
    proof: Attachment | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> DecisionNotice:
    """One step of telling the complainant, which happened at ``happened_at`` (or now).

    ``delivered`` needs a proof (a receipt or message number, or a file of this complaint): then the complaint
    is notified, the deadline is met as of that moment and remedies are carried out. ``sent`` and ``failed``
    move nothing. Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
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
    if proof is not None and proof.dossier_id != decision.complaint.dossier_id:
        raise InputRefused(_("This file belongs to something else."), field="proof")
    with changing(decision.complaint, by=by, at=at, code=f"complaint.notice_{step}", reason=reason) as change:
        change.step("deliver" if delivered else "record_notice")
        approved = change.standing.approved
        if approved is None or approved.pk != decision.pk or approved.approved_at is None:
            raise InputRefused(_("This is not the decision in force."), field="decision")
        if happened_at < approved.approved_at:
            raise InputRefused(_("It cannot have been told before it was approved."), field="happened_at")
        notice = DecisionNotice.objects.create(
            decision=approved,
            mode=mode,
            step=step,
            at=happened_at,
            proof_reference=proof_reference.strip(),
            proof=proof,
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
