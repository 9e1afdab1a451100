"""Whose borrowers a person may know of: asked by every list, page, search and file that is about a borrower."""

from __future__ import annotations

from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from backoffice.desk.registry import registries

M = TypeVar("M", bound=Model)


def is_confined(viewer: Any) -> bool:
    """Whether there are borrowers this person may not know of."""
    return any(confined_to(viewer) is not None for confined_to in registries.reach)


def within_reach(rows: QuerySet[M], viewer: Any, *, borrower: str) -> QuerySet[M]:
    """Those of ``rows`` whose borrower, found at the path ``borrower``, the viewer has to do with.

    Narrowed by a subquery, no join: no row comes twice, and nothing is asked for where nothing confines.
    """
    for confined_to in registries.reach:
        borrowers = confined_to(viewer)
        if borrowers is not None:
            rows = rows.filter(**{f"{borrower}__in": borrowers})
    return rows
