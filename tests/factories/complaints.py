"""Complaints, made through the real services."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta
from typing import Any

from backoffice.loans.seed import resident_id
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints import services
from complaints.models import Complaint, Decision
from complaints.services import NewAllegation, NewComplainant, NewDemand
from debt_collections.models import Case
from tests.factories.staff import person

#: Monday 2026-11-23, 10:00 in Shanghai.
NOW = datetime(2026, 11, 23, 2, 0, tzinfo=UTC)
WORDS = "19号晚上十一点多还打电话，一天打了四次，还打给我同事说我欠钱不还。"

_numbers = itertools.count(1)


def handler(**given: Any) -> User:
    return person(Role.HANDLER, **given)


def supervisor(**given: Any) -> User:
    return person(Role.COMPLAINT_SUPERVISOR, **given)


def complainant(**given: Any) -> NewComplainant:
    number = next(_numbers)
    return NewComplainant(
        **{"name": "王小明", "phones": [f"+86137{number:08d}"], "email": f"w{number}@example.com", **given}
    )


def valid_id(sequence: int = 1) -> str:
    from datetime import date

    return resident_id(date(1990, 5, 17), sequence)


def filed(
    *, at: datetime = NOW, by: User | None = None, about: Case | None = None, **given: Any
) -> Complaint:
    """A complaint about collection at night, with one demand; matched to the borrower of ``about`` if given."""
    facts: dict[str, Any] = {
        "source": "app",
        "received_at": at,
        "words": WORDS,
        "complainants": [complainant()],
        "allegations": [NewAllegation(category="collection.night_calls", text="夜间来电，一天四次")],
        "demands": [NewDemand(text="停止夜间联系")],
        **given,
    }
    if about is not None:
        facts["loan_refs"] = [about.case_loans.get().loan.number]
    return services.file_complaint(**facts, by=by or system_user("tests"), at=at)


def investigated(*, by: User, at: datetime = NOW, **given: Any) -> Complaint:
    """A complaint that ``by`` has accepted."""
    return services.accept_complaint(complaint=filed(at=at, **given), by=by, at=at + timedelta(minutes=5))


def answered(*, by: User, at: datetime = NOW, **given: Any) -> Complaint:
    """A complaint with every finding and every answer."""
    complaint = investigated(by=by, at=at, **given)
    for allegation in complaint.allegations.all():
        services.set_finding(
            allegation=allegation,
            finding="substantiated",
            reason="录音显示确有夜间来电",
            by=by,
            at=at + timedelta(hours=1),
        )
    for demand in complaint.demands.all():
        services.answer_demand(demand=demand, answer="已停止", by=by, at=at + timedelta(hours=1))
    complaint.refresh_from_db()
    return complaint


def proposed(
    *, by: User, at: datetime = NOW, remedies: tuple[str, ...] = ("apology",), **given: Any
) -> Decision:
    """A proposed decision."""
    complaint = answered(by=by, at=at, **given)
    for kind in remedies:
        services.add_remedy(
            complaint=complaint, kind=kind, text="书面致歉", by=by, at=at + timedelta(hours=2)
        )
    return services.propose_decision(
        complaint=complaint,
        outcome="upheld",
        basis="《个人消费类贷款催收工作指引》",
        by=by,
        at=at + timedelta(hours=3),
    )


def approved(*, by: User, second: User, at: datetime = NOW, **given: Any) -> Decision:
    """A decision approved by ``second``."""
    return services.approve_decision(
        decision=proposed(by=by, at=at, **given), by=second, at=at + timedelta(hours=4)
    )


def delivered(*, by: User, second: User, at: datetime = NOW, **given: Any) -> Decision:
    """A decision delivered with proof a day after receipt."""
    decision = approved(by=by, second=second, at=at, **given)
    services.record_notice(
        decision=decision,
        mode="app",
        step="delivered",
        proof_reference="MSG-1",
        by=by,
        at=at + timedelta(days=1),
    )
    decision.refresh_from_db()
    return decision
