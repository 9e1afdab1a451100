"""Reads of the collections desk, each with a name and a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db.models import Prefetch

from backoffice.staff.models import User
from debt_collections.choices import CaseState
from debt_collections.holds import HoldFacts
from debt_collections.models import Case, ContactAttempt, Hold, HoldLoan, Placement
from debt_collections.querysets import ContactAttemptQuerySet


def live_holds(borrower_id: int, at: datetime) -> list[Hold]:
    """The holds in force on a borrower at ``at``, newest first, with collector, number and loans (2 queries)."""
    return list(
        Hold.objects.live(at)
        .filter(borrower_id=borrower_id)
        .select_related("collector", "number", "source")
        .prefetch_related(Prefetch("hold_loans", HoldLoan.objects.select_related("loan")))
        .order_by("-starts_at", "-pk")
    )


def hold_facts(borrower_ids: Iterable[int]) -> dict[int, list[HoldFacts]]:
    """Every hold that was ever placed on these borrowers, as facts for the pure rule (2 queries)."""
    facts: dict[int, list[HoldFacts]] = {}
    for hold in Hold.objects.filter(borrower_id__in=set(borrower_ids)).prefetch_related("hold_loans"):
        facts.setdefault(hold.borrower_id, []).append(
            HoldFacts(
                id=hold.pk,
                scope=hold.scope,
                reason=hold.reason,
                starts_at=hold.starts_at,
                until=hold.until,
                lifted_at=hold.lifted_at,
                collector_id=hold.collector_id,
                channel=hold.channel,
                number_id=hold.number_id,
                loan_ids=frozenset(row.loan_id for row in hold.hold_loans.all()),
            )
        )
    return facts


def open_case_of(borrower_id: int, viewer: User) -> Case | None:
    """The borrower's open case, if ``viewer`` may see it, with loans and current placement (3 queries)."""
    return (
        Case.objects.visible_to(viewer)
        .filter(borrower_id=borrower_id, state=CaseState.OPEN)
        .prefetch_related(
            "case_loans__loan",
            Prefetch(
                "placements",
                Placement.objects.filter(until__isnull=True).select_related("agency", "collector"),
                to_attr="current_placements",
            ),
        )
        .first()
    )


def contacts_for_borrower(
    borrower_id: int, *, viewer: User, before: datetime | None = None, limit: int = 20
) -> list[ContactAttempt]:
    """The newest ``limit`` contacts with a borrower begun before a moment, that ``viewer`` may see (1 query)."""
    found = ContactAttempt.objects.visible_to(viewer).filter(borrower_id=borrower_id)
    if before is not None:
        found = found.filter(started_at__lt=before)
    return list(_for_rows(found)[:limit])


def contacts_for_case(case_id: int, *, viewer: User, limit: int = 20) -> list[ContactAttempt]:
    """The newest ``limit`` contacts of a case that ``viewer`` may see (1 query)."""
    return list(_for_rows(ContactAttempt.objects.visible_to(viewer).filter(case_id=case_id))[:limit])


def contacts_for_collector(
    collector_id: int, *, viewer: User, since: datetime, limit: int = 500
) -> list[ContactAttempt]:
    """The newest ``limit`` contacts of a collector since a moment, that ``viewer`` may see (1 query)."""
    found = ContactAttempt.objects.visible_to(viewer).filter(collector_id=collector_id, started_at__gte=since)
    return list(_for_rows(found)[:limit])


def contacts_for_page(contact_ids: Iterable[int], *, viewer: User) -> list[ContactAttempt]:
    """Those of the named contacts that ``viewer`` may see, newest first, with what a row shows (1 query)."""
    return list(_for_rows(ContactAttempt.objects.visible_to(viewer).filter(pk__in=list(contact_ids))))


def _for_rows(found: ContactAttemptQuerySet) -> ContactAttemptQuerySet:
    return (
        found.select_related("dossier", "collector__agency", "phone_number", "borrower")
        .defer("note_cipher")
        .order_by("-started_at", "-pk")
    )
