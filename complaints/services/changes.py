"""What every change of a complaint has in common: the locks in their order, the version, the event."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backoffice.audit.services import Act, act, lock
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.loans.models import Borrower
from backoffice.staff.models import User
from complaints import workflow
from complaints.models import Allegation, Complaint, ComplaintEvent, Decision
from complaints.standing import Standing, standing


@dataclass
class Change:
    """One service call on one locked complaint."""

    complaint: Complaint
    frame: Act

    @property
    def standing(self) -> Standing:
        return standing(self.complaint)

    def check(self, name: str) -> None:
        """Raise unless the row can be taken now."""
        workflow.complaint.check(name, self.complaint, by=self.frame.by, at=self.frame.at)

    def step(self, name: str) -> None:
        """Take a row of the table, or raise; a row without a target is only checked."""
        workflow.complaint.step(name, self.complaint, by=self.frame.by, at=self.frame.at)

    def save(self) -> None:
        """Save the complaint as its next version."""
        self.complaint.version += 1
        self.complaint.save()

    def record(
        self,
        kind: str,
        *,
        allegation: Allegation | None = None,
        decision: Decision | None = None,
        data: dict[str, Any] | None = None,
    ) -> None:
        """Put one event on record. ``data`` holds codes, numbers and dates only."""
        self.frame.record(
            ComplaintEvent,
            kind,
            dossier=self.complaint.dossier,
            complaint=self.complaint,
            allegation=allegation,
            decision=decision,
            data=data,
        )


@contextmanager
def changing(
    complaint: Complaint, *, by: User, at: datetime, code: str, reason: str = ""
) -> Iterator[Change]:
    """The frame of a service call on ``complaint``: transaction, actor and reason, borrower and complaint locked."""
    with act(by=by, at=at, code=code, reason=reason, dossier=complaint.dossier) as frame:
        locked = lock_complaint(complaint.pk)
        yield Change(locked, frame)
        # What was known of it is out of date now.
        locked.__dict__.pop("_standing", None)


def lock_complaint(complaint_id: int) -> Complaint:
    """The complaint, locked after its borrower: the root first."""
    borrower_id = Complaint.objects.values_list("borrower_id", flat=True).get(pk=complaint_id)
    if borrower_id is not None:
        lock(Borrower, borrower_id)
    return lock(Complaint, complaint_id)


def demand_right(by: User, permission: str) -> None:
    """Raises ``NotPermitted`` unless ``by`` has the right. For acts that no complaint exists for yet."""
    if not by.has_perm(permission):
        raise NotPermitted()


def demand_text(text: str, field: str) -> str:
    """The words, trimmed. Raises ``InputRefused`` when there are none."""
    text = text.strip()
    if not text:
        raise InputRefused(field=field)
    return text
