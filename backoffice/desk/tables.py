"""Words for the tables of the record: people do not know their names."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.utils.text import capfirst
from django.utils.translation import gettext


def model_of(table: str) -> Any:
    """The model of a table, or None while no model has it."""
    return next(
        (one for one in apps.get_models(include_auto_created=True) if one._meta.db_table == table), None
    )


def table_name(table: str) -> str:
    """The words for a table, or its name while no model has it."""
    model = model_of(table)
    if model is None:
        return table
    tracked = getattr(model, "instance_type", None)
    if tracked is not None:
        return gettext("%(things)s: changes") % {"things": capfirst(str(tracked._meta.verbose_name_plural))}
    return capfirst(str(model._meta.verbose_name_plural))


def column_name(table: str, column: str) -> str:
    """The words for a column of a table, or its name."""
    model = model_of(table)
    if model is None:
        return column
    try:
        return capfirst(str(getattr(model._meta.get_field(column), "verbose_name", column)))
    except FieldDoesNotExist:
        return column
