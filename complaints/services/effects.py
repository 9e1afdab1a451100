"""What a complaint does to the desks below it: holds on collection, and tasks for those who must look."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from backoffice.core.calendars import ONE_DAY
from backoffice.core.selectors import business_calendar
from backoffice.core.time import business_day, start_of_day
from backoffice.desk.services import open_task
from backoffice.loans.models import Borrower
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import CategoryRoot, ComplaintState, RemedyKind, RemedyState
from complaints.consequences import Claim, WantedHold, wanted_holds
from complaints.models import Complaint
from complaints.selectors.links import linked_contacts
from complaints.services.changes import Change
from debt_collections.choices import HoldReason, HoldScope
from debt_collections.models import Collector, Hold
from debt_collections.services import lift_holds_of, place_hold

#: The code of what lifts these holds, shown beside them.
LIFTS_WITH = "complaint.ended"
REMEDY_LIFTS_WITH = "complaint.remedy_reversed"

CONDUCT_TASK = "conduct.investigate_complaint"
LOANS_TASK = "loans.assess_hardship"
COLLECTOR_TASK = "collections.change_collector"

NOT_ACCEPTED = (ComplaintState.RECEIVED, ComplaintState.REGISTERED, ComplaintState.NOT_ADMITTED)


def settle_holds(change: Change) -> None:
    """Make the standing holds of this complaint what its allegations now ask for."""
    complaint = change.complaint
    if complaint.borrower is None:
        return
    wanted = wanted_holds(claims_of(complaint), accepted=complaint.state not in NOT_ACCEPTED)
    standing = {
        WantedHold(hold.scope, hold.reason, hold.collector_id, hold.channel)
        for hold in Hold.objects.filter(
            source=complaint.dossier,
            lifted_at__isnull=True,
            lifts_with=LIFTS_WITH,
            borrower=complaint.borrower,
        )
    }
    if standing - wanted:
        lift_all_holds(change, because="complaint.changed")
        standing = set()
    place_wanted(complaint, wanted - standing, by=change.frame.by, at=change.frame.at)


def place_wanted(complaint: Complaint, wanted: Iterable[WantedHold], *, by: User, at: datetime) -> None:
    """Put these holds on the borrower until the complaint ends; nothing while no borrower is matched."""
    for one in sorted(wanted, key=lambda one: (one.scope, one.collector_id or 0, one.channel)):
        if complaint.borrower is not None:
            _place(complaint.borrower, complaint, one, LIFTS_WITH, by=by, at=at)


def lift_all_holds(change: Change, *, because: str) -> None:
    """The complaint has ended: what it stopped may go on. Granted no-contact remedies stay in force."""
    complaint, by, at = change.complaint, change.frame.by, change.frame.at
    lift_holds_of(source=complaint.dossier, because=because, by=by, at=at)
    for remedy in complaint.remedies.filter(kind=RemedyKind.NO_CONTACT, state=RemedyState.EXECUTED):
        hold_channel(complaint, remedy.channel, by=by, at=at)


def hold_channel(complaint: Complaint, channel: str, *, by: User, at: datetime) -> None:
    """No contact by ``channel``; by none at all when it is empty."""
    if complaint.borrower is not None:
        scope = HoldScope.CHANNEL if channel else HoldScope.ALL
        wanted = WantedHold(scope, HoldReason.COMPLAINT, channel=channel)
        _place(complaint.borrower, complaint, wanted, REMEDY_LIFTS_WITH, by=by, at=at)


def _place(
    borrower: Borrower, complaint: Complaint, one: WantedHold, lifts_with: str, *, by: User, at: datetime
) -> None:
    place_hold(
        borrower=borrower,
        source=complaint.dossier,
        scope=one.scope,
        reason=one.reason,
        collector=Collector.objects.get(pk=one.collector_id) if one.collector_id else None,
        channel=one.channel,
        lifts_with=lifts_with,
        by=by,
        at=at,
    )


def claims_of(complaint: Complaint) -> list[Claim]:
    """The allegations in the words of ``consequences``."""
    contacts: dict[int, set[tuple[int, str]]] = {}
    for allegation_id, contact in linked_contacts(complaint):
        if contact.collector_id is not None:
            contacts.setdefault(allegation_id, set()).add((contact.collector_id, contact.channel))
    return [
        Claim(root, collector_id, frozenset(contacts.get(pk, ())))
        for pk, root, collector_id in complaint.allegations.values_list(
            "pk", "category__root", "collector_id"
        )
    ]


def ask_the_desks(change: Change) -> None:
    """Tasks for the conduct desk and the loan officers, as far as the allegations concern them. Never twice."""
    complaint = change.complaint
    roots = set(complaint.allegations.values_list("category__root", flat=True))
    known = set(complaint.dossier.tasks.values_list("kind", flat=True))
    for root, kind, code in (
        (CategoryRoot.COLLECTION, CONDUCT_TASK, timing.CONDUCT_TASK_DAYS),
        (CategoryRoot.REPAYMENT, LOANS_TASK, timing.LOANS_TASK_DAYS),
    ):
        if root in roots and kind not in known:
            give_task(change, kind=kind, days=timing.policy_days(code, at=change.frame.at))


def give_task(change: Change, *, kind: str, days: int) -> None:
    """A task of ``days`` working days, until the end of the last one."""
    at = change.frame.at
    last_day = business_calendar().add_working_days(business_day(at), days)
    open_task(
        dossier=change.complaint.dossier,
        kind=kind,
        due_at=start_of_day(last_day + ONE_DAY),
        by=change.frame.by,
        at=at,
    )
