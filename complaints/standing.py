"""How a complaint stands: the facts that the workflow's conditions ask about, each read once and only when asked.

A ``Standing`` lives on the instance it was asked for. Services lock a fresh instance and so see fresh facts; a
page reads each fact once, however many steps it draws.
"""

from __future__ import annotations

from functools import cached_property

from backoffice.core.deadlines import Act
from complaints import timing
from complaints.choices import DecisionState, Finding, NoticeStep, RemedyState
from complaints.content import content_hash
from complaints.models import (
    Allegation,
    AllegationContact,
    Complaint,
    ComplaintDeadline,
    Decision,
    DecisionNotice,
)


class Standing:
    """Facts about one complaint at the moment its instance was read."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint

    @cached_property
    def findings(self) -> list[str]:
        """The finding of every allegation."""
        return list(self.complaint.allegations.values_list("finding", flat=True))

    @property
    def open_findings(self) -> int:
        return sum(finding == Finding.OPEN for finding in self.findings)

    @cached_property
    def unanswered_demands(self) -> int:
        return self.complaint.demands.filter(answered_at__isnull=True).count()

    @cached_property
    def complained_of(self) -> frozenset[int]:
        """Ids of the users who are complained of: collectors named, or party to a contact complained of."""
        named = Allegation.objects.filter(complaint=self.complaint, collector__user__isnull=False)
        linked = AllegationContact.objects.filter(
            allegation__complaint=self.complaint,
            removed_at__isnull=True,
            contact__collector__user__isnull=False,
        )
        return frozenset(named.values_list("collector__user_id", flat=True)) | frozenset(
            linked.values_list("contact__collector__user_id", flat=True)
        )

    @cached_property
    def decision(self) -> Decision | None:
        """The newest decision, whatever its state."""
        return self.complaint.decisions.order_by("-sequence").first()

    @property
    def proposed(self) -> Decision | None:
        decision = self.decision
        return decision if decision is not None and decision.state == DecisionState.PROPOSED else None

    @property
    def approved(self) -> Decision | None:
        decision = self.decision
        return decision if decision is not None and decision.state == DecisionState.APPROVED else None

    @cached_property
    def hash_matches(self) -> bool:
        """Whether the proposed decision still says what was proposed."""
        decision = self.proposed
        return decision is not None and decision.content_hash == content_hash(
            complaint=self.complaint, outcome=decision.outcome, basis_cipher=decision.basis_cipher
        )

    @cached_property
    def delivered(self) -> bool:
        """Whether the newest decision was delivered, with proof."""
        decision = self.approved
        return (
            decision is not None
            and DecisionNotice.objects.filter(decision=decision, step=NoticeStep.DELIVERED).exists()
        )

    @cached_property
    def ungranted_remedies(self) -> int:
        return self.complaint.remedies.filter(state=RemedyState.PROPOSED).count()

    @cached_property
    def deadline(self) -> ComplaintDeadline | None:
        return timing.decision_deadline(self.complaint)

    @cached_property
    def deadline_acts(self) -> list[Act]:
        return timing.acts_of(self.deadline) if self.deadline is not None else []

    @cached_property
    def extended_by(self) -> int | None:
        """Id of the user who recorded the last extension, if there is one."""
        if self.deadline is None:
            return None
        return (
            self.deadline.acts.filter(kind="extension")
            .order_by("-at", "-id")
            .values_list("actor_id", flat=True)
            .first()
        )


def standing(complaint: Complaint) -> Standing:
    """The facts of this very instance."""
    known: Standing | None = complaint.__dict__.get("_standing")
    if known is None:
        known = complaint.__dict__["_standing"] = Standing(complaint)
    return known
