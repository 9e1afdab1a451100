"""Complaints: deadline, decision, delivery, remedies, and how it ends."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

from backoffice.staff.services import system_user
from complaints import services
from complaints.models import Complaint, Decision
from complaints.services.effects import LIFTS_WITH
from complaints.services.notices import NewProof
from debt_collections.services import place_hold
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories.complaints import NOW
from tests.factories.desk import PNG
from tests.house.records.case import Case

NEXT_DAY = NOW + timedelta(days=1)
IN_TWO_DAYS = NOW + timedelta(days=2)


def running(**given: Any) -> dict[str, Any]:
    by = make.handler()
    return {"complaint": make.investigated(by=by), "by": by, "at": NEXT_DAY, **given}


def extended() -> dict[str, Any]:
    given = running(reason="等待银行回单")
    return {
        **given,
        "complaint": services.extend(**given),
        "by": make.supervisor(),
        "told": "已电话告知",
        "at": IN_TWO_DAYS,
    }


def paused() -> dict[str, Any]:
    given = running(ground="appraisal")
    services.pause_decision_deadline(**given)
    return {**given, "at": IN_TWO_DAYS}


def ready() -> dict[str, Any]:
    by = make.handler()
    complaint = make.answered(by=by)
    services.add_remedy(complaint=complaint, kind="apology", text="书面致歉", by=by, at=NEXT_DAY)
    return {"complaint": complaint, "outcome": "upheld", "basis": "工作指引", "by": by, "at": NEXT_DAY}


def proposed(**given: Any) -> dict[str, Any]:
    return {
        "decision": make.proposed(by=make.handler()),
        "by": make.supervisor(),
        "at": NEXT_DAY,
        **given,
    }


def approved(remedies: tuple[str, ...] = ("apology",), **given: Any) -> dict[str, Any]:
    by = make.handler()
    decision = make.approved(by=by, second=make.supervisor(), remedies=remedies)
    return {"decision": decision, "mode": "app", "step": "delivered", "by": by, "at": NEXT_DAY, **given}


def delivered(remedies: tuple[str, ...] = ()) -> tuple[Decision, dict[str, Any]]:
    by = make.handler()
    decision = make.delivered(
        by=by, second=make.supervisor(), about=floor.case(floor.collector()), remedies=remedies
    )
    return decision, {"by": by, "at": IN_TWO_DAYS}


def held(complaint: Complaint) -> Complaint:
    """With collection on hold until the complaint ends."""
    place_hold(
        borrower=complaint.borrower,
        source=complaint.dossier,
        scope="all",
        reason="complaint",
        lifts_with=LIFTS_WITH,
        by=system_user("tests"),
        at=NOW,
    )
    return complaint


def told() -> dict[str, Any]:
    decision, given = delivered()
    held(decision.complaint)
    return {"complaint": decision.complaint, **given}


def closed() -> dict[str, Any]:
    given = told()
    return {**given, "complaint": services.close_complaint(**given), "at": IN_TWO_DAYS + timedelta(days=9)}


def granted() -> dict[str, Any]:
    by = make.handler()
    decision = make.delivered(by=by, second=make.supervisor(), remedies=("bureau_correction",))
    return {"remedy": decision.remedies.get(), "by": by, "at": IN_TWO_DAYS}


def a_proposal() -> dict[str, Any]:
    given = running()
    remedy = services.add_remedy(kind="apology", text="书面致歉", **given)
    return {"remedy": remedy, "by": given["by"], "at": NEXT_DAY}


def withdrawn() -> dict[str, Any]:
    """With holds in force and a decision that was proposed."""
    by = make.handler()
    decision = make.proposed(by=by, about=floor.case(floor.collector()))
    return {"complaint": held(decision.complaint), "by": by, "at": NEXT_DAY}


def twice() -> dict[str, Any]:
    by, case = make.handler(), floor.case(floor.collector())
    first = make.investigated(by=by, about=case)
    second = make.investigated(by=by, about=case, at=NOW + timedelta(hours=1))
    return {"complaint": held(second), "into": first, "by": by, "at": NEXT_DAY}


CASES = [
    Case(service=services.extend, world=lambda: running(told="已电话告知"), events=("deadline_extended",)),
    Case(service=services.extend_far, world=extended, events=("deadline_extended",)),
    Case(
        service=services.pause_decision_deadline,
        world=lambda: running(ground="appraisal"),
        events=("deadline_paused",),
    ),
    Case(service=services.resume_decision_deadline, world=paused, events=("deadline_resumed",)),
    Case(service=services.propose_decision, world=ready, events=("decision_proposed",)),
    Case(service=services.send_back, world=proposed, events=("decision_sent_back",)),
    Case(service=services.approve_decision, world=proposed, events=("decision_approved",)),
    Case(
        service=services.record_notice,
        world=lambda: approved(step="sent"),
        events=("notice_sent",),
        variant="sent",
        adds="another notice",
    ),
    Case(
        service=services.record_notice,
        world=lambda: approved(proof=NewProof(name="回执.png", content=PNG)),
        events=("notice_delivered", "file_attached", "remedy_executed"),
        variant="delivered, with its proof",
    ),
    Case(
        service=services.record_notice,
        world=lambda: approved(remedies=("no_contact", "change_of_collector"), proof_reference="M-1"),
        events=("notice_delivered", "remedy_executed"),
        variant="with consequences",
    ),
    Case(
        service=services.add_remedy,
        world=lambda: running(kind="compensation", amount=Decimal("100.00"), text="补偿"),
        events=("remedy_added",),
        adds="another remedy",
    ),
    Case(service=services.remove_remedy, world=a_proposal, events=("remedy_removed",)),
    Case(service=services.execute_remedy, world=granted, events=("remedy_executed",)),
    Case(service=services.close_complaint, world=told, events=("closed", "hold_lifted")),
    Case(service=services.withdraw, world=withdrawn, events=("withdrawn", "hold_lifted")),
    Case(service=services.merge, world=twice, events=("merged", "hold_lifted")),
    Case(service=services.reopen, world=closed, events=("reopened",)),
    Case(
        service=services.add_note,
        world=lambda: running(text="已联系银行"),
        events=("note_added",),
        adds="another note",
    ),
    Case(
        service=services.log_conversation,
        world=lambda: running(direction="out", connected=True, started_at=NOW, summary="客户同意"),
        events=("conversation_logged",),
        adds="another call",
    ),
    Case(
        service=services.attach_file,
        world=lambda: running(name="截图.png", content=PNG),
        events=("file_attached",),
        adds="another file",
    ),
]
