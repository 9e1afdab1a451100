"""The table of product.md §2 for complaints: what can be done, from where, by whom, on what condition.

Buttons, bulk actions, API and services all ask it. Reviews (核查) have no rows yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core import deadlines
from backoffice.core.selectors import business_calendar
from backoffice.core.workflow import Workflow, transition
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import ComplaintState as S
from complaints.models import Complaint
from complaints.standing import standing

HANDLE = "complaints.handle_complaint"
DECIDE = "complaints.decide_complaint"
CLOSE = "complaints.close_complaint"
ASSIGN = "complaints.assign_complaint"
EXTEND = "complaints.extend_complaint"
EXTEND_FAR = "complaints.extend_complaint_far"

#: Before the decision: the file is being made.
WORKING = (S.RECEIVED, S.REGISTERED, S.ACCEPTED, S.INVESTIGATING, S.AWAITING_COMPLAINANT)
#: While there is something to find out.
FINDING = (S.ACCEPTED, S.INVESTIGATING, S.AWAITING_COMPLAINANT)
#: Until the decision has reached the complainant.
UNTOLD = (*WORKING, S.DECISION_PROPOSED, S.DECIDED)
OPEN = (*UNTOLD, S.NOTIFIED)
#: Remarks and calls may come after the end as well.
REMARKS = (*OPEN, S.NOT_ADMITTED, S.CLOSED, S.WITHDRAWN)


# -- conditions -------------------------------------------------------------------------------------------


def not_complained_of(complaint: Complaint, by: User, at: datetime) -> Any | None:
    """Recusal (regulation.md K7): nobody handles a complaint about himself."""
    if by.pk in standing(complaint).complained_of:
        return _("You are complained of here yourself; somebody else must act.")
    return None


def has_allegation(complaint: Complaint, by: User, at: datetime) -> Any | None:
    if not standing(complaint).findings:
        return _("Enter at least one allegation first.")
    return None


def every_allegation_found(complaint: Complaint, by: User, at: datetime) -> Any | None:
    missing = standing(complaint).open_findings
    return _("Findings still missing: %(count)s.") % {"count": missing} if missing else None


def every_demand_answered(complaint: Complaint, by: User, at: datetime) -> Any | None:
    missing = standing(complaint).unanswered_demands
    return _("Demands still unanswered: %(count)s.") % {"count": missing} if missing else None


def has_proposal(complaint: Complaint, by: User, at: datetime) -> Any | None:
    return None if standing(complaint).proposed is not None else _("There is no proposed decision.")


def not_the_proposer(complaint: Complaint, by: User, at: datetime) -> Any | None:
    """Four eyes; the database refuses it as well."""
    proposed = standing(complaint).proposed
    if proposed is not None and proposed.proposed_by_id == by.pk:
        return _("You proposed this decision; a second person must approve it.")
    return None


def proposal_unchanged(complaint: Complaint, by: User, at: datetime) -> Any | None:
    if standing(complaint).hash_matches:
        return None
    return _("The decision has changed since it was proposed. Send it back and have it proposed again.")


def has_approval(complaint: Complaint, by: User, at: datetime) -> Any | None:
    return None if standing(complaint).approved is not None else _("There is no approved decision.")


def decision_delivered(complaint: Complaint, by: User, at: datetime) -> Any | None:
    return None if standing(complaint).delivered else _("The decision has not been delivered yet.")


def remedies_granted(complaint: Complaint, by: User, at: datetime) -> Any | None:
    missing = standing(complaint).ungranted_remedies
    return _("Remedies not granted yet: %(count)s.") % {"count": missing} if missing else None


def borrower_known(complaint: Complaint, by: User, at: datetime) -> Any | None:
    return None if complaint.borrower_id else _("Match the borrower first.")


def extendable(complaint: Complaint, by: User, at: datetime) -> Any | None:
    """To 30 days, recorded before the present last day ends."""
    return _extension_refusal(complaint, at, timing.EXTENDED_DAYS)


def extendable_far(complaint: Complaint, by: User, at: datetime) -> Any | None:
    """To 60 days: only after the first extension, and by another person than those who asked for time."""
    facts = standing(complaint)
    if facts.extended_by is None:
        return _("Extend to the ordinary limit first.")
    if by.pk in {complaint.handler_id, facts.extended_by}:
        return _("A second person must approve an extension this long.")
    return _extension_refusal(complaint, at, timing.FAR_EXTENDED_DAYS)


def _extension_refusal(complaint: Complaint, at: datetime, code: str) -> Any | None:
    facts = standing(complaint)
    if facts.deadline is None or not facts.deadline.is_open:
        return _("There is no running deadline.")
    act = deadlines.Extension(at=at, total=timing.policy_days(code, at=facts.deadline.started_at))
    try:
        deadlines.check_act(timing.terms_of(facts.deadline), facts.deadline_acts, act, business_calendar())
    except deadlines.ActRefused as refusal:
        return refusal.message
    return None


# -- the table --------------------------------------------------------------------------------------------

complaint = Workflow(
    "complaints.complaint",
    initial=S.RECEIVED,
    transitions=[
        transition(
            "register",
            _("Register"),
            [S.RECEIVED],
            S.REGISTERED,
            HANDLE,
            not_complained_of,
            effect=_("The complaint is entered in the register; its deadline already runs from receipt."),
        ),
        transition(
            "accept",
            _("Accept"),
            [S.RECEIVED, S.REGISTERED],
            S.ACCEPTED,
            HANDLE,
            not_complained_of,
            has_allegation,
            effect=_(
                "Registered, accepted and under investigation in one go. Holds fall on what is complained of; "
                "the desks concerned get their tasks."
            ),
            style="primary",
        ),
        transition(
            "investigate",
            _("Investigate"),
            [S.ACCEPTED],
            S.INVESTIGATING,
            HANDLE,
            not_complained_of,
            effect=_("The investigation begins."),
            style="primary",
        ),
        transition(
            "not_admit",
            _("Do not admit"),
            [S.RECEIVED, S.REGISTERED],
            S.NOT_ADMITTED,
            HANDLE,
            not_complained_of,
            effect=_("The complainant is told why. The deadline ends and the holds lift."),
            style="danger",
        ),
        transition(
            "await_complainant",
            _("Wait for the complainant"),
            [S.INVESTIGATING],
            S.AWAITING_COMPLAINANT,
            HANDLE,
            not_complained_of,
            effect=_("We wait for the complainant. The deadline does not stop."),
        ),
        transition(
            "resume",
            _("Go on"),
            [S.AWAITING_COMPLAINANT],
            S.INVESTIGATING,
            HANDLE,
            not_complained_of,
            effect=_("The investigation goes on."),
            style="primary",
        ),
        transition(
            "propose_decision",
            _("Propose a decision"),
            [S.INVESTIGATING],
            S.DECISION_PROPOSED,
            HANDLE,
            not_complained_of,
            has_allegation,
            every_allegation_found,
            every_demand_answered,
            effect=_("A second person must approve it. Until then nothing in it may change."),
            style="primary",
        ),
        transition(
            "send_back",
            _("Send back"),
            [S.DECISION_PROPOSED],
            S.INVESTIGATING,
            DECIDE,
            has_proposal,
            not_the_proposer,
            not_complained_of,
            effect=_("The decision goes back to the handler with the reason."),
            style="danger",
        ),
        transition(
            "approve",
            _("Approve"),
            [S.DECISION_PROPOSED],
            S.DECIDED,
            DECIDE,
            has_proposal,
            not_the_proposer,
            not_complained_of,
            proposal_unchanged,
            effect=_("The remedies are granted and the letter is produced. It still has to be delivered."),
            style="primary",
        ),
        transition(
            "deliver",
            _("Record delivery"),
            [S.DECIDED],
            S.NOTIFIED,
            HANDLE,
            not_complained_of,
            has_approval,
            effect=_("With proof of delivery the deadline is met, and the remedies are carried out."),
            style="primary",
        ),
        transition(
            "close",
            _("Close"),
            [S.NOTIFIED],
            S.CLOSED,
            CLOSE,
            not_complained_of,
            decision_delivered,
            remedies_granted,
            effect=_("The file is closed and the holds it caused lift."),
            style="primary",
        ),
        transition(
            "withdraw",
            _("Withdrawn by the complainant"),
            UNTOLD,
            S.WITHDRAWN,
            HANDLE,
            not_complained_of,
            effect=_("The procedure ends today: the deadline ends and the holds lift."),
            style="danger",
        ),
        transition(
            "merge",
            _("Merge into another"),
            WORKING,
            S.MERGED,
            HANDLE,
            not_complained_of,
            effect=_("The other complaint goes on for both; this deadline ends and its holds lift."),
        ),
        transition(
            "reopen",
            _("Reopen for new facts"),
            [S.CLOSED],
            S.INVESTIGATING,
            HANDLE,
            not_complained_of,
            effect=_("The investigation begins again with a deadline of its own."),
        ),
        # Acts that leave the state alone.
        transition(
            "assign", _("Assign"), OPEN, None, ASSIGN, effect=_("The complaint moves to that person's queue.")
        ),
        transition(
            "verify_identity",
            _("Identity verified"),
            OPEN,
            None,
            HANDLE,
            not_complained_of,
            effect=_("From now on loan facts may be told to this complainant."),
        ),
        transition(
            "match_borrower",
            _("Match the borrower"),
            OPEN,
            None,
            HANDLE,
            not_complained_of,
            effect=_("Loan, case and contacts appear on the page; the holds take effect."),
        ),
        transition(
            "add_allegation",
            _("Add an allegation"),
            WORKING,
            None,
            HANDLE,
            not_complained_of,
            effect=_("It needs a finding of its own before a decision."),
        ),
        transition(
            "link_contact",
            _("Link a contact"),
            WORKING,
            None,
            HANDLE,
            not_complained_of,
            borrower_known,
            effect=_("The contact becomes part of the allegation; its collector is the one complained of."),
        ),
        transition("unlink_contact", _("Unlink a contact"), WORKING, None, HANDLE, not_complained_of),
        transition(
            "report_alleged_contact",
            _("Report a contact we do not hold"),
            WORKING,
            None,
            HANDLE,
            not_complained_of,
            effect=_(
                "It is matched to our records if time and number fit; otherwise the conduct desk looks for it."
            ),
        ),
        transition("set_finding", _("Enter a finding"), FINDING, None, HANDLE, not_complained_of),
        transition("add_demand", _("Add a demand"), WORKING, None, HANDLE, not_complained_of),
        transition("answer_demand", _("Answer a demand"), FINDING, None, HANDLE, not_complained_of),
        transition("add_remedy", _("Add a remedy"), FINDING, None, HANDLE, not_complained_of),
        transition("remove_remedy", _("Remove a remedy"), FINDING, None, HANDLE, not_complained_of),
        transition(
            "execute_remedy",
            _("Remedy carried out"),
            [S.NOTIFIED, S.CLOSED],
            None,
            HANDLE,
            not_complained_of,
            effect=_("Puts on record that what was granted has been done."),
        ),
        transition(
            "extend",
            _("Extend"),
            UNTOLD,
            None,
            EXTEND,
            not_complained_of,
            extendable,
            effect=_("The deadline moves to the ordinary limit; the complainant is told."),
        ),
        transition(
            "extend_far",
            _("Extend far"),
            UNTOLD,
            None,
            EXTEND_FAR,
            not_complained_of,
            extendable_far,
            effect=_("The deadline moves to the longest there is; the complainant is told."),
        ),
        transition(
            "record_notice",
            _("Record a notice"),
            [S.DECIDED, S.NOTIFIED],
            None,
            HANDLE,
            not_complained_of,
            has_approval,
            effect=_("Sent or failed: the deadline runs on until delivery is proved."),
        ),
        transition("add_note", _("Add a note"), REMARKS, None, HANDLE, not_complained_of),
        transition("log_conversation", _("Log a call"), REMARKS, None, HANDLE, not_complained_of),
        transition("attach_file", _("Attach a file"), REMARKS, None, HANDLE, not_complained_of),
    ],
)
