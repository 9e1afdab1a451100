"""What waits for a second person in the loan book: how much, for the sidebar, and what of it, for the home page."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.core.workflow import Workflow
from backoffice.desk.paging import COUNT_LIMIT, bounded_count
from backoffice.desk.registry import HomeTile, registries
from backoffice.loans import workflow
from backoffice.loans.choices import ChangeState, PostingState
from backoffice.loans.models import PostingRequest, ScheduleChange, WriteOff
from backoffice.staff.models import User

#: So many of each kind are looked at for the home page, those first that have to be decided first.
TILE_ROWS = 10


@dataclass(frozen=True, slots=True)
class Waiting:
    """Something that another person asked for and this one can decide."""

    what: Any
    loan: str
    dossier_id: int
    asked_by: str
    asked_at: datetime
    decide_by: date | None
    url: str


def waiting_postings(user: User) -> int:
    """Postings that this person could decide."""
    waiting = PostingRequest.objects.filter(state=PostingState.REQUESTED).exclude(requested_by=user)
    return bounded_count(waiting, limit=COUNT_LIMIT) if user.has_perm("loans.approve_posting") else 0


def waiting_changes(user: User) -> int:
    """Changes of others that wait, those above this person's limit among them."""
    waiting = ScheduleChange.objects.filter(state=ChangeState.PROPOSED).exclude(proposed_by=user)
    return bounded_count(waiting, limit=COUNT_LIMIT) if user.has_perm("loans.approve_change") else 0


def waiting_write_offs(user: User) -> int:
    """Write-offs that this person could decide."""
    waiting = WriteOff.objects.filter(state=PostingState.REQUESTED).exclude(requested_by=user)
    return bounded_count(waiting, limit=COUNT_LIMIT) if user.has_perm("loans.approve_write_off") else 0


def decisions(user: User, *, at: datetime) -> list[Waiting]:
    """What this person can let through at ``at``: what is above their limit or too old is not theirs to decide."""
    # What is too old waits on until somebody refuses it; it must not stand before what can be decided.
    in_time = {"decide_by__gte": business_day(at)}
    changes = ScheduleChange.objects.filter(state=ChangeState.PROPOSED, **in_time)
    write_offs = WriteOff.objects.filter(state=PostingState.REQUESTED, **in_time)
    kinds: tuple[tuple[Any, Workflow, str, str], ...] = (
        (changes, workflow.change, "apply", "proposed"),
        (write_offs, workflow.write_off, "approve", "requested"),
        (
            PostingRequest.objects.filter(state=PostingState.REQUESTED),
            workflow.posting,
            "approve",
            "requested",
        ),
    )
    found = []
    for waiting, table, name, asked in kinds:
        if not user.has_perm(table[name].permission):
            continue
        others = waiting.exclude(**{f"{asked}_by": user}).select_related("loan__product", f"{asked}_by")
        for one in others.order_by(f"{asked}_at")[:TILE_ROWS]:
            if table.availability(name, one, by=user, at=at).allowed:
                found.append(
                    Waiting(
                        what=_("Write-off") if table is workflow.write_off else one.get_kind_display(),
                        loan=one.loan.number,
                        dossier_id=one.loan.dossier_id,
                        asked_by=getattr(one, f"{asked}_by").display_name,
                        asked_at=getattr(one, f"{asked}_at"),
                        decide_by=getattr(one, "decide_by", None),
                        url=reverse(f"admin:loans_{one._meta.model_name}_change", args=(one.pk,)),
                    )
                )
    return sorted(found, key=lambda one: (one.decide_by or date.max, one.asked_at))


def _tile(request: HttpRequest) -> dict[str, Any] | None:
    user: Any = request.user
    rows = decisions(user, at=timezone.now())
    return {"rows": rows} if rows else None


registries.home.register(
    "loans.decisions",
    HomeTile(
        title=_("Waiting for your decision"),
        template="loans/tiles/decisions.html",
        context=_tile,
        permission="loans.approve_change",
        order=15,
        width=12,
        listed=lambda context: [row.dossier_id for row in context["rows"]],
    ),
)
