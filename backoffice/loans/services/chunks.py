"""Long lists of keys, asked for in pieces that every database takes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from django.db.models import Model

T = TypeVar("T")
CHUNK = 2_000


def present(model: type[Model], column: str, values: Iterable[str]) -> set[str]:
    """Which of ``values`` the column holds already."""
    found: set[str] = set()
    for part in chunks(list(values)):
        found.update(model._default_manager.filter(**{f"{column}__in": part}).values_list(column, flat=True))
    return found


def chunks(values: Sequence[T]) -> Iterator[Sequence[T]]:
    for start in range(0, len(values), CHUNK):
        yield values[start : start + CHUNK]
