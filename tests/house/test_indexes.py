"""Every index is paid for by each row that is written: none does what another does already."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import pytest
from django.apps import apps
from django.db import models

OURS = [model for model in apps.get_models() if "site-packages" not in str(inspect.getsourcefile(model))]


def _columns(model: type[models.Model], names: list[str] | tuple[str, ...]) -> tuple[str, ...]:
    return tuple(model._meta.get_field(name.lstrip("-")).column for name in names)  # type: ignore[union-attr]


def plain(model: type[models.Model]) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The indexes over all rows that are there for reading alone."""
    for field in model._meta.local_concrete_fields:
        if field.db_index and not field.unique:
            yield field.name, (str(field.column),)
    for index in model._meta.indexes:
        if index.fields and index.condition is None and type(index) is models.Index:
            yield index.name, _columns(model, index.fields)


def unique(model: type[models.Model]) -> Iterator[tuple[str, tuple[str, ...]]]:
    for field in model._meta.local_concrete_fields:
        if field.unique:
            yield field.name, (str(field.column),)
    for constraint in model._meta.constraints:
        if (
            isinstance(constraint, models.UniqueConstraint)
            and constraint.fields
            and constraint.condition is None
        ):
            yield constraint.name, _columns(model, constraint.fields)


@pytest.mark.parametrize("model", OURS, ids=lambda model: model._meta.label)
def test_no_index_begins_another(model: type[models.Model]) -> None:
    others = [*plain(model), *unique(model)]
    needless = [
        f"{name} begins {other}"
        for name, columns in plain(model)
        for other, longer in others
        if name != other and longer[: len(columns)] == columns
    ]
    assert needless == []


def test_a_text_of_the_record_is_indexed_beside_its_column() -> None:
    """On the column PostgreSQL gets two: the second is for LIKE, which nobody asks of a request's id."""
    twice = [
        f"{model._meta.label}.{field.name}"
        for model in OURS
        if getattr(model, "append_only", False)
        for field in model._meta.local_concrete_fields
        if isinstance(field, models.CharField) and field.db_index and not field.unique
    ]
    assert twice == []
