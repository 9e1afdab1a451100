"""Queues and counts: cheap, on indexes, the same cost at a thousand and at a million rows."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import F, OuterRef, QuerySet, Subquery

from backoffice.api.models import Client
from backoffice.core.calendars import ONE_DAY
from backoffice.core.time import business_day, start_of_day
from backoffice.loans.selectors import borrowers_of
from backoffice.staff.models import User
from complaints import timing
from complaints.choices import OPEN_STATES, ComplaintState
from complaints.models import Complainant, Complaint, ComplaintDeadline, Conversation
from complaints.querysets import visible_to
from conduct.models import AllegedContact

#: A deadline this near is at risk.
AT_RISK_DAYS = 5


def for_list(*, viewer: User) -> QuerySet[Complaint]:
    """The complaints ``viewer`` may see, with ``due_on`` and ``paused_since`` of the deadline, without ciphertext."""
    deadline = ComplaintDeadline.objects.filter(
        owner=OuterRef("pk"), kind=timing.DECISION, met_at__isnull=True, cancelled_at__isnull=True
    )
    return (
        visible_to(viewer)
        .select_related("handler", "team", "borrower", "loan")
        .defer(
            "words_cipher",
            "borrower__name_cipher",
            "borrower__id_number_cipher",
            "borrower__mobile_cipher",
            "borrower__email_cipher",
            "borrower__address_cipher",
            "borrower__service_address_cipher",
        )
        .annotate(
            due_on=Subquery(deadline.values("due_on")[:1]),
            paused_since=Subquery(deadline.values("paused_since")[:1]),
        )
    )


def complaints_of(subject_ids: Collection[int]) -> set[int]:
    """The complaints these people made, or that are about them as borrowers (or as one whom a borrower named)."""
    made = Complainant.objects.filter(subject__in=subject_ids).values_list("complaint_id", flat=True)
    about = Complaint.objects.filter(borrower__in=borrowers_of(subject_ids)).values_list("pk", flat=True)
    reported = AllegedContact.objects.filter(subject__in=subject_ids)
    told_in = reported.values_list("allegation_links__allegation__complaint_id", flat=True)
    return {pk for pk in (*made, *about, *told_in) if pk is not None}


def my_queue(*, user: User) -> QuerySet[Complaint]:
    """What waits for ``user`` as handler, the nearest deadline first, those without one last."""
    return (
        for_list(viewer=user)
        .filter(handler=user, state__in=OPEN_STATES)
        .order_by(F("due_on").asc(nulls_last=True), "pk")
    )


def days_left(due_on: date | None, *, at: datetime) -> int | None:
    """Days from the Shanghai day of ``at`` to ``due_on``: 0 on the last day, negative after it."""
    return None if due_on is None else (due_on - business_day(at)).days


def tone_of(due_on: date | None, paused_since: datetime | None, *, at: datetime) -> str:
    """How a deadline is drawn: neutral, warn (at risk) or bad (today or over)."""
    left = days_left(due_on, at=at)
    if left is None or paused_since is not None:
        return "neutral"
    if left <= 0:
        return "bad"
    return "warn" if left <= AT_RISK_DAYS else "neutral"


@dataclass(frozen=True, slots=True)
class DeskCounts:
    """How many complaints wait, among those the person may see; running deadlines only (not paused)."""

    mine: int
    due_today: int
    overdue: int
    at_risk: int
    unassigned: int
    to_approve: int
    calls_today: int


def running_deadlines(*, viewer: User) -> QuerySet[ComplaintDeadline]:
    """Decision deadlines that run now, of the complaints ``viewer`` may see."""
    return ComplaintDeadline.objects.filter(
        kind=timing.DECISION,
        met_at__isnull=True,
        cancelled_at__isnull=True,
        paused_since__isnull=True,
        owner__in=visible_to(viewer).values("pk"),
    )


def _due(first: date | None, last: date) -> QuerySet[ComplaintDeadline]:
    found = ComplaintDeadline.objects.filter(
        kind=timing.DECISION,
        met_at__isnull=True,
        cancelled_at__isnull=True,
        paused_since__isnull=True,
        due_on__lte=last,
    )
    return found.filter(due_on__gte=first) if first is not None else found


def overdue_ids(*, at: datetime) -> QuerySet[ComplaintDeadline]:
    """Ids of complaints whose running deadline is over, as a subquery."""
    return _due(None, business_day(at) - ONE_DAY).values("owner_id")  # type: ignore[return-value]


def today_ids(*, at: datetime) -> QuerySet[ComplaintDeadline]:
    """Ids of complaints whose running deadline ends today, as a subquery."""
    return _due(business_day(at), business_day(at)).values("owner_id")  # type: ignore[return-value]


def soon_ids(*, at: datetime) -> QuerySet[ComplaintDeadline]:
    """Ids of complaints at risk: the running deadline ends today or within ``AT_RISK_DAYS``, as a subquery."""
    today = business_day(at)
    return _due(today, today + timedelta(days=AT_RISK_DAYS)).values("owner_id")  # type: ignore[return-value]


def count_mine(user: User) -> int:
    return Complaint.objects.filter(handler=user, state__in=OPEN_STATES).count()


def count_due_today(user: User, *, at: datetime) -> int:
    return running_deadlines(viewer=user).filter(due_on=business_day(at)).count()


def count_overdue(user: User, *, at: datetime) -> int:
    return running_deadlines(viewer=user).filter(due_on__lt=business_day(at)).count()


def count_at_risk(user: User, *, at: datetime) -> int:
    today = business_day(at)
    last = today + timedelta(days=AT_RISK_DAYS)
    return running_deadlines(viewer=user).filter(due_on__gt=today, due_on__lte=last).count()


def count_unassigned(user: User) -> int:
    return visible_to(user).filter(handler__isnull=True, state__in=OPEN_STATES).count()


def count_to_approve(user: User) -> int:
    """Proposals that wait for ``user``: not those he made himself."""
    if not user.has_perm("complaints.decide_complaint"):
        return 0
    return (
        visible_to(user)
        .filter(state=ComplaintState.DECISION_PROPOSED, decisions__state="proposed")
        .exclude(decisions__state="proposed", decisions__proposed_by=user)
        .count()
    )


def calls_today(user: User, *, at: datetime) -> QuerySet[Conversation]:
    """Calls that ``user`` promised for today or before and that nothing has followed yet, the earliest first."""
    later = Conversation.objects.filter(
        complaint=OuterRef("complaint"), started_at__gt=OuterRef("started_at")
    ).values("pk")[:1]
    end_of_day = start_of_day(business_day(at) + ONE_DAY)
    return (
        Conversation.objects.filter(
            handler=user, next_call_at__lt=end_of_day, complaint__state__in=OPEN_STATES
        )
        .annotate(later=Subquery(later))
        .filter(later__isnull=True)
        .select_related("complaint")
        .defer("summary_cipher", "agreed_cipher", "complaint__words_cipher")
        .order_by("next_call_at")
    )


def desk_counts(user: User, *, at: datetime) -> DeskCounts:
    """All counts of the home page (seven short queries)."""
    return DeskCounts(
        mine=count_mine(user),
        due_today=count_due_today(user, at=at),
        overdue=count_overdue(user, at=at),
        at_risk=count_at_risk(user, at=at),
        unassigned=count_unassigned(user),
        to_approve=count_to_approve(user),
        calls_today=calls_today(user, at=at).count(),
    )


def filed_by(client: Client) -> QuerySet[Any, Any]:
    """What a client may know of the complaints it filed, as rows for the API."""
    deadline = ComplaintDeadline.objects.filter(
        owner=OuterRef("pk"), kind=timing.DECISION, met_at__isnull=True, cancelled_at__isnull=True
    )
    return (
        Complaint.objects.filter(client=client)
        .annotate(due_on=Subquery(deadline.values("due_on")[:1]))
        .values("id", "dossier_id", "dossier__uid", "number", "state", "received_at", "external_id", "due_on")
    )
