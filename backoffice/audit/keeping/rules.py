"""Which retention rule is in force: of several for one kind the longest wins."""

from __future__ import annotations

from datetime import date

from django.db.models import Q, QuerySet

from backoffice.audit.keeping.months import cut_off, free_from
from backoffice.audit.models import RetentionRule

__all__ = ["cut_off", "free_from", "in_force", "longest"]


def in_force(kind: str, *, on: date) -> QuerySet[RetentionRule]:
    """Every rule for ``kind`` that holds on ``on``, the longest first."""
    return (
        RetentionRule.objects.filter(kind=kind, effective_from__lte=on)
        .filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on))
        .order_by("-keep_months", "effective_from", "pk")
    )


def longest(kind: str, *, on: date) -> RetentionRule | None:
    """The rule that decides; None when nothing is in force, and then nothing may go."""
    return in_force(kind, on=on).first()
