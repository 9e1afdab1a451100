"""Global search: every registered source the person has the right to is asked for a few exact hits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from backoffice.desk.registry import SearchHit, registries

PER_SOURCE = 10
MIN_LENGTH = 2
MAX_LENGTH = 100


@dataclass(frozen=True, slots=True)
class Found:
    label: Any
    hits: list[SearchHit]


def find(query: str, *, viewer: Any) -> list[Found]:
    """The hits of each source, sources without any left out. Too short or too long a query finds nothing."""
    if not MIN_LENGTH <= len(query) <= MAX_LENGTH:
        return []
    found = []
    for source in registries.search:
        if viewer.has_perm(source.permission):
            hits = source.search(query, viewer, PER_SOURCE)
            if hits:
                found.append(Found(source.label, hits))
    return found
