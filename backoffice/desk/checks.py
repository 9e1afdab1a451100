"""System checks of our admin classes: what the base class closes must not be opened again in a subclass."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import flatten
from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from backoffice.core.models import Dossier
from backoffice.desk.base import BaseModelAdmin
from backoffice.desk.guarded import GuardedForm
from backoffice.desk.transitions import TransitionMixin
from backoffice.privacy.fields import CipherField
from backoffice.privacy.models import DataSubject


@register("admin")
def check_admin_classes(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Every registered class of ours, against the traps of the framework."""
    found: list[CheckMessage] = []
    for one in admin.site._registry.values():
        found += check_admin(one)
    return found


def check_admin(one: Any) -> list[CheckMessage]:
    """desk.E001 to desk.E010 for one admin instance."""
    if not isinstance(one, BaseModelAdmin):
        return [_error(one, "does not derive from BaseModelAdmin", "desk.E001")]
    return [
        *_actions(one),
        *_form_fields(one),
        *_forms(one),
        *_joins(one),
        *_filters(one),
        *_search(one),
        *_operations(one),
        *_reads(one),
    ]


def _error(one: Any, text: str, code: str) -> Error:
    return Error(f"{type(one).__name__} {text}.", obj=type(one), id=code)


def _actions(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    for action in one.actions or ():
        function = getattr(type(one), action, None) if isinstance(action, str) else action
        if not getattr(function, "allowed_permissions", None):
            yield _error(one, f"has the action “{action}” without permissions=", "desk.E002")
    for name in ("actions_list", "actions_row", "actions_detail", "actions_submit_line"):
        if getattr(one, name):
            # They run on GET, or save the form first.
            yield _error(one, f"uses the theme's {name}; write an operation instead", "desk.E003")


def _form_fields(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    if _is_read_only(one):
        return
    shown = _names_in_form(one)
    safe = {*one.autocomplete_fields, *one.raw_id_fields, *one.readonly_fields}
    for field in one.opts.fields:
        offered = isinstance(field, models.ForeignKey) and field.editable and field.name in shown
        if offered and field.name not in safe:
            yield _error(
                one,
                f"offers “{field.name}” as a drop-down of every row; make it autocomplete, raw id or read only",
                "desk.E004",
            )


def _forms(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    if not issubclass(one.form, GuardedForm):
        yield _error(one, "has a form that is no GuardedForm: it could undo what others saved", "desk.E010")


def _is_read_only(one: BaseModelAdmin) -> bool:
    overridden = type(one).has_change_permission is not BaseModelAdmin.has_change_permission
    return not overridden and (one.page_template is not None or one.workflow is not None or one._is_log())


def _names_in_form(one: BaseModelAdmin) -> set[str]:
    if one.fieldsets:
        return {name for _title, options in one.fieldsets for name in flatten(options["fields"])}
    if one.fields:
        return set(flatten(one.fields))
    excluded = set(one.exclude or ())
    return {field.name for field in one.opts.fields if field.name not in excluded}


def _joins(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    joined = one.list_select_related
    if isinstance(joined, bool):
        if joined:
            yield _error(one, "joins every foreign key: name the ones the list shows", "desk.E005")
        joined = ()
    for name in one.list_display:
        field = _field(one, name)
        if isinstance(field, models.ForeignKey) and not _covers(joined, field.name):
            yield _error(
                one, f"shows “{field.name}” and does not name it in list_select_related", "desk.E005"
            )


def _covers(joined: Sequence[str], name: str) -> bool:
    return any(path == name or path.startswith(f"{name}__") for path in joined)


def _filters(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    for entry in one.list_filter:
        field = _field(one, entry) if isinstance(entry, str) else None
        if field is None:
            continue
        cheap = field.choices or isinstance(field, (models.BooleanField, models.DateField))
        if not cheap:
            # A plain column runs DISTINCT over the table, a foreign key loads every row of its target.
            yield _error(one, f"filters by “{entry}”, which has no choices; name a filter class", "desk.E006")
    if one.date_hierarchy:
        yield _error(one, "uses date_hierarchy, which aggregates over the table", "desk.E006")


def _search(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    for entry in one.search_fields:
        name = entry.lstrip("=^@").removesuffix("__exact").removesuffix("__startswith")
        field = _field(one, name)
        if field is None or field.primary_key or not _is_indexed(one.model, field):
            yield _error(
                one, f"searches “{entry}”, which is not an indexed column of its own table", "desk.E007"
            )


def _is_indexed(model: type[models.Model], field: models.Field[Any, Any]) -> bool:
    if getattr(field, "db_index", False) or field.unique:
        return True
    firsts = [index.fields[0] for index in model._meta.indexes if index.fields]
    firsts += [
        constraint.fields[0]
        for constraint in model._meta.constraints
        if isinstance(constraint, models.UniqueConstraint) and constraint.fields
    ]
    return field.name in firsts


def _operations(one: TransitionMixin) -> Iterator[CheckMessage]:
    if not isinstance(one.operations, (tuple, list)):
        yield _error(one, "has operations that are no sequence (a comma is missing?)", "desk.E008")
        return
    names = [operation.name for operation in one.operations]
    if names and one.workflow is None:
        yield _error(one, "has operations and no workflow", "desk.E008")
        return
    for name in names:
        if one.workflow is not None and name not in one.workflow.transitions:
            yield _error(one, f"has the operation “{name}”, which is not in its workflow", "desk.E008")
    if len(names) != len(set(names)):
        yield _error(one, "names an operation twice", "desk.E008")


def _reads(one: BaseModelAdmin) -> Iterator[CheckMessage]:
    if one.logs_reads or one.not_logged_because or not about_people(one.model):
        return
    yield _error(
        one,
        "shows things about people and does not log who reads them; set logs_reads, or say in "
        "not_logged_because why nobody's data is on its pages",
        "desk.E009",
    )


def about_people(model: type[models.Model]) -> bool:
    """Whether a row may tell of a person: personal columns, ciphertext, a person's or a dossier's key, or a foreign
    key to something that has these."""
    return _holds_people(model) or any(
        _holds_people(field.related_model)
        for field in model._meta.fields
        if isinstance(field, models.ForeignKey) and isinstance(field.related_model, type)
    )


def _holds_people(model: type[models.Model]) -> bool:
    return hasattr(model, "personal") or any(
        isinstance(field, CipherField) or field.related_model in {Dossier, DataSubject}
        for field in model._meta.fields
    )


def _field(one: Any, name: Any) -> Any:
    if not isinstance(name, str):
        return None
    try:
        return one.model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
