"""Demands and their answers."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from backoffice.audit.services import lock
from backoffice.core.errors import InputRefused
from backoffice.core.money import to_cents
from backoffice.privacy.services import set_text
from backoffice.staff.models import User
from complaints.models import Complaint, Demand
from complaints.services.changes import Change, changing, demand_text


def write_demand(change: Change, *, text: str, amount: Decimal | None) -> Demand:
    """Write a demand within another act. Raises ``InputRefused``."""
    if amount is not None and amount < 0:
        raise InputRefused(field="amount")
    demand = Demand(
        complaint=change.complaint,
        sequence=change.complaint.demands.count() + 1,
        amount=to_cents(amount) if amount is not None else None,
    )
    set_text(demand, "text_cipher", demand_text(text, "text"), dossier_id=change.complaint.dossier_id)
    demand.save()
    return demand


def add_demand(
    *,
    complaint: Complaint,
    text: str,
    amount: Decimal | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Demand:
    """Something the complainant wants; ``amount`` in yuan. Nothing is decided before it is answered."""
    with changing(complaint, by=by, at=at, code="complaint.demand_added", reason=reason) as change:
        change.step("add_demand")
        demand = write_demand(change, text=text, amount=amount)
        change.record("demand_added", data={"sequence": demand.sequence})
    return demand


def answer_demand(*, demand: Demand, answer: str, by: User, at: datetime, reason: str = "") -> Demand:
    """Our answer, as it will stand in the letter; may be rewritten until the decision is proposed."""
    with changing(demand.complaint, by=by, at=at, code="complaint.demand_answered", reason=reason) as change:
        change.step("answer_demand")
        demand = lock(Demand, demand.pk)
        set_text(
            demand, "answer_cipher", demand_text(answer, "answer"), dossier_id=change.complaint.dossier_id
        )
        demand.answered_at = at
        demand.save()
        change.record("demand_answered", data={"sequence": demand.sequence})
    return demand
