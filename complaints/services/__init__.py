"""Every change of a complaint."""

from complaints.services.allegations import (
    add_allegation,
    link_contact,
    report_alleged_contact,
    set_finding,
    unlink_contact,
)
from complaints.services.deadlines import (
    extend,
    extend_far,
    pause_decision_deadline,
    resume_decision_deadline,
)
from complaints.services.decisions import approve_decision, propose_decision, send_back
from complaints.services.demands import add_demand, answer_demand
from complaints.services.ending import close_complaint, merge, reopen, withdraw
from complaints.services.exchange import add_note, attach_file, log_conversation
from complaints.services.filing import (
    AlreadyFiled,
    NewAllegation,
    NewComplainant,
    NewContact,
    NewDemand,
    NewFile,
    file_complaint,
)
from complaints.services.imports import import_complaints_bulk
from complaints.services.intake import (
    accept_complaint,
    assign,
    await_complainant,
    not_admit,
    register_complaint,
    resume_investigation,
    start_investigation,
    verify_identity,
)
from complaints.services.matching import match_borrower
from complaints.services.notices import record_notice
from complaints.services.remedies import add_remedy, execute_remedy, remove_remedy

__all__ = [
    "AlreadyFiled",
    "NewAllegation",
    "NewComplainant",
    "NewContact",
    "NewDemand",
    "NewFile",
    "accept_complaint",
    "add_allegation",
    "add_demand",
    "add_note",
    "add_remedy",
    "answer_demand",
    "approve_decision",
    "assign",
    "attach_file",
    "await_complainant",
    "close_complaint",
    "execute_remedy",
    "extend",
    "extend_far",
    "file_complaint",
    "import_complaints_bulk",
    "link_contact",
    "log_conversation",
    "match_borrower",
    "merge",
    "not_admit",
    "pause_decision_deadline",
    "propose_decision",
    "record_notice",
    "register_complaint",
    "remove_remedy",
    "reopen",
    "report_alleged_contact",
    "resume_decision_deadline",
    "resume_investigation",
    "send_back",
    "set_finding",
    "start_investigation",
    "unlink_contact",
    "verify_identity",
    "withdraw",
]
