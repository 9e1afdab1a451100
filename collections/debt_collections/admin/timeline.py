"""The collections desk's part of a borrower's timeline: its events, in words."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import partial
from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from backoffice.desk.registry import TimelineItem, TimelineSource, registries
from backoffice.staff.models import User
from debt_collections.choices import CloseReason, CuredBy, HoldReason, HoldScope
from debt_collections.models import Case, CollectionEvent, Hold

#: Kind of event → its words and tone, by the filter of the timeline it is under. Contacts are shown from their
#: own rows, which are facts of their own and carry verdicts.
HOLDS: dict[str, tuple[Any, str]] = {
    "hold_placed": (gettext_lazy("Collection held: %(scope)s"), "warn"),
    "hold_lifted": (gettext_lazy("Hold lifted: %(scope)s"), "info"),
}
CASES: dict[str, tuple[Any, str]] = {
    "case_opened": (gettext_lazy("Collection case opened"), "neutral"),
    "case_imported": (gettext_lazy("Collection case imported"), "neutral"),
    "loan_added": (gettext_lazy("Loan added to the case"), "neutral"),
    "case_placed": (gettext_lazy("Case placed"), "info"),
    "case_closed": (gettext_lazy("Collection case closed"), "neutral"),
}


def event_items(
    *,
    kinds: dict[str, tuple[Any, str]],
    source: str,
    borrower_id: int,
    viewer: User,
    before: datetime | None,
    limit: int,
) -> list[TimelineItem]:
    """The newest decisions of these kinds about a borrower, of cases and holds that ``viewer`` may see."""
    rows = CollectionEvent.objects.filter(_visible(viewer), borrower_id=borrower_id, kind__in=kinds)
    if before is not None:
        rows = rows.filter(occurred_at__lt=before)
    rows = rows.select_related("hold", "case").defer("reason_cipher").order_by("-occurred_at", "-pk")
    return [_item(row, *kinds[row.kind], source=source) for row in rows[:limit]]


def _visible(viewer: User) -> Q:
    """An event is as visible as what it was about."""
    return Q(hold__in=Hold.objects.visible_to(viewer).values("pk")) | Q(
        hold__isnull=True, case__in=Case.objects.visible_to(viewer).values("pk")
    )


def _item(row: CollectionEvent, title: Any, tone: str, *, source: str) -> TimelineItem:
    scope = HoldScope(row.hold.scope).label if row.hold is not None else ""
    return TimelineItem(
        at=row.occurred_at,
        title=title % {"scope": scope} if scope else title,
        source=source,
        tone=tone,
        detail=_detail(row),
        actor=row.actor_name,
        url=_url(row),
    )


def _detail(row: CollectionEvent) -> Any:
    match row.kind:
        case "hold_placed" if row.hold is not None:
            return HoldReason(row.hold.reason).label
        case "case_placed":
            return " · ".join(filter(None, [row.data.get("agency"), row.data.get("collector")]))
        case "case_closed":
            return _end(row.data)
        case "loan_added":
            return row.data.get("loan", "")
        case _:
            return row.case.number if row.case is not None else ""


def _end(data: Mapping[str, Any]) -> Any:
    because, cured_by = data.get("because", ""), data.get("cured_by")
    if data.get("was_not_overdue"):
        return gettext_lazy("Nothing had been overdue when the case was opened")
    if cured_by in CuredBy.values:
        return CuredBy(cured_by).label
    return CloseReason(because).label if because in CloseReason.values else because


def _url(row: CollectionEvent) -> str:
    if row.hold_id is not None:
        return reverse("admin:collections_hold_change", args=(row.hold_id,))
    return reverse("admin:collections_case_change", args=(row.case_id,)) if row.case_id is not None else ""


registries.timeline.register(
    "hold",
    TimelineSource(label=gettext_lazy("Holds"), items=partial(event_items, kinds=HOLDS, source="hold")),
)
registries.timeline.register(
    "case",
    TimelineSource(label=gettext_lazy("Cases"), items=partial(event_items, kinds=CASES, source="case")),
)
