"""What each step of the complaint's workflow asks for, and the one service it calls."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import TransitionRefused
from backoffice.desk.operations import Operation
from backoffice.staff.models import User
from complaints.admin import forms_decision as decision_forms
from complaints.admin import forms_findings as finding_forms
from complaints.admin import forms_intake as intake_forms
from complaints.choices import DecisionState, NoticeStep
from complaints.models import Complaint, Decision
from complaints.services import (
    allegations,
    deadlines,
    decisions,
    demands,
    ending,
    exchange,
    intake,
    matching,
    notices,
    remedies,
)


def _on_complaint(service: Any) -> Any:
    """For services whose root is the complaint itself."""

    def run(*, obj: Complaint, **arguments: Any) -> Any:
        return service(complaint=obj, **arguments)

    return run


def _on_part(service: Any) -> Any:
    """For services whose root is a part of the complaint that the form has chosen."""

    def run(*, obj: Complaint, **arguments: Any) -> Any:
        return service(**arguments)

    return run


def _decision(complaint: Complaint, state: str) -> Decision:
    found = complaint.decisions.filter(state=state).order_by("-sequence").first()
    if found is None:
        raise TransitionRefused()
    return found


def _approve(*, obj: Complaint, by: User, at: datetime) -> Decision:
    return decisions.approve_decision(decision=_decision(obj, DecisionState.PROPOSED), by=by, at=at)


def _send_back(*, obj: Complaint, by: User, at: datetime, reason: str) -> Decision:
    return decisions.send_back(decision=_decision(obj, DecisionState.PROPOSED), by=by, at=at, reason=reason)


def _notice(
    *,
    obj: Complaint,
    by: User,
    at: datetime,
    step: str = NoticeStep.DELIVERED,
    delivered_at: datetime | None = None,
    **arguments: Any,
) -> Any:
    return notices.record_notice(
        decision=_decision(obj, DecisionState.APPROVED),
        step=step,
        happened_at=delivered_at,
        by=by,
        at=at,
        **arguments,
    )


OPERATIONS = (
    Operation("accept", _on_complaint(intake.accept_complaint), bulk=True),
    Operation("register", _on_complaint(intake.register_complaint)),
    Operation("investigate", _on_complaint(intake.start_investigation)),
    Operation("resume", _on_complaint(intake.resume_investigation), intake_forms.RemarkForm),
    Operation(
        "propose_decision", _on_complaint(decisions.propose_decision), decision_forms.ProposeDecisionForm
    ),
    Operation("approve", _approve),
    Operation("deliver", _notice, decision_forms.DeliverForm, help=_("The letter itself lies under Files.")),
    Operation("close", _on_complaint(ending.close_complaint), intake_forms.RemarkForm),
    Operation("send_back", _send_back, decision_forms.SendBackForm),
    Operation("record_notice", _notice, decision_forms.RecordNoticeForm),
    Operation("await_complainant", _on_complaint(intake.await_complainant), intake_forms.WhyForm),
    Operation("extend", _on_complaint(deadlines.extend), intake_forms.ExtendForm),
    Operation("extend_far", _on_complaint(deadlines.extend_far), intake_forms.ExtendForm),
    Operation("assign", _on_complaint(intake.assign), intake_forms.AssignForm, bulk=True),
    Operation("verify_identity", _on_complaint(intake.verify_identity), intake_forms.VerifyIdentityForm),
    Operation("match_borrower", _on_complaint(matching.match_borrower), intake_forms.MatchBorrowerForm),
    Operation("log_conversation", _on_complaint(exchange.log_conversation), decision_forms.ConversationForm),
    Operation("add_note", _on_complaint(exchange.add_note), decision_forms.NoteForm),
    Operation("attach_file", _on_complaint(exchange.attach_file), decision_forms.AttachForm),
    Operation("add_allegation", _on_complaint(allegations.add_allegation), finding_forms.AddAllegationForm),
    Operation("link_contact", _on_part(allegations.link_contact), finding_forms.LinkContactForm),
    Operation("unlink_contact", _on_part(allegations.unlink_contact), finding_forms.UnlinkContactForm),
    Operation(
        "report_alleged_contact",
        _on_part(allegations.report_alleged_contact),
        finding_forms.ReportAllegedContactForm,
    ),
    Operation("set_finding", _on_part(allegations.set_finding), finding_forms.SetFindingForm),
    Operation("add_demand", _on_complaint(demands.add_demand), finding_forms.AddDemandForm),
    Operation("answer_demand", _on_part(demands.answer_demand), finding_forms.AnswerDemandForm),
    Operation("add_remedy", _on_complaint(remedies.add_remedy), finding_forms.AddRemedyForm),
    Operation("remove_remedy", _on_part(remedies.remove_remedy), finding_forms.RemoveRemedyForm),
    Operation("execute_remedy", _on_part(remedies.execute_remedy), finding_forms.ExecuteRemedyForm),
    Operation("merge", _on_complaint(ending.merge), intake_forms.MergeForm),
    Operation("reopen", _on_complaint(ending.reopen), intake_forms.WhyForm),
    Operation("not_admit", _on_complaint(intake.not_admit), intake_forms.NotAdmitForm),
    Operation("withdraw", _on_complaint(ending.withdraw), intake_forms.WhyForm),
)

#: Steps about one part of the file: their buttons stand beside the part, not in the header.
BESIDE_THE_PART = frozenset(
    {
        "link_contact", "unlink_contact", "report_alleged_contact", "set_finding", "answer_demand",
        "remove_remedy", "execute_remedy", "add_allegation", "add_demand", "add_remedy",
        "add_note", "log_conversation", "attach_file", "verify_identity", "match_borrower",
    }
)  # fmt: skip
