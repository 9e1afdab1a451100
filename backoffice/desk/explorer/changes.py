"""Changes of everything that keeps history, found by who, what, where, when and through which door.

What an index answers (person, object, request, time, kind of object) is asked of the database. What none
answers (door, act, field) is looked for row by row from the newest end, a bounded number of rows per page; the
page then says how far back it has looked, and the next one goes on from there.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.db.models import QuerySet

from backoffice.core.models import Dossier
from backoffice.desk import record
from backoffice.desk.explorer import scanning
from backoffice.desk.explorer.merged import Key, Source
from backoffice.desk.explorer.scanning import PAGE_SIZE, SCAN_LIMIT, Found
from backoffice.staff.models import User

#: Rows of a dossier that share its folder, per table.
FOLDER_LIMIT = 200
#: Under what people know a thing, besides its public id.
NUMBERS = ("number", "customer_number", "external_id", "code", "username", "staff_number")


@dataclass(frozen=True, slots=True)
class Filters:
    """What is looked for. ``objects`` are keys by the label of their model; None means any object."""

    actor_id: int | None = None
    model: str = ""
    objects: dict[str, list[int]] | None = None
    request_id: str = ""
    since: datetime | None = None
    until: datetime | None = None
    door: str = ""
    code: str = ""
    field: str = ""

    @property
    def scans(self) -> bool:
        """Whether something is looked for that no index answers."""
        return bool(self.door or self.code or self.field)


@cache
def tracked_models() -> dict[str, type[models.Model]]:
    """Every model that keeps history, by label."""
    return {
        model._meta.label_lower: model
        for model in apps.get_models()
        if hasattr(getattr(model, "history", None), "model")
    }


def visible_models(viewer: User) -> dict[str, type[models.Model]]:
    """Those of which ``viewer`` may see the rows: whoever may see a thing may see its record, and nobody else."""
    return {label: model for label, model in tracked_models().items() if viewer.has_perm(_view(model))}


def _view(model: type[models.Model]) -> str:
    return f"{model._meta.app_label}.view_{model._meta.model_name}"


def find(
    filters: Filters,
    *,
    viewer: User,
    before: Key | None = None,
    size: int = PAGE_SIZE,
    budget: int = SCAN_LIMIT,
) -> Found:
    """One page of keys that fit, newest first, older than ``before``, of what ``viewer`` may see."""
    return scanning.page(
        sources_of(filters, viewer),
        before=before,
        size=size,
        by_filter=bool(filters.request_id),
        fitting=(lambda keys: _fitting(keys, filters)) if filters.scans else None,
        budget=budget,
    )


def walk(filters: Filters, *, viewer: User, limit: int) -> Iterator[Key]:
    """All keys that fit, newest first, at most ``limit``; looks at twenty times as many rows at most."""
    return scanning.walk(
        lambda before, size: find(filters, viewer=viewer, before=before, size=size), limit=limit
    )


def sources_of(filters: Filters, viewer: User) -> list[Source]:
    """The tables to look in, each narrowed by what an index answers."""
    wanted = visible_models(viewer)
    if filters.model:
        wanted = {label: model for label, model in wanted.items() if label == filters.model}
    if filters.objects is not None:
        wanted = {label: model for label, model in wanted.items() if label in filters.objects}
    sources = []
    for label, model in wanted.items():
        history: Any = model.history.model  # type: ignore[attr-defined]
        pk = str(model._meta.pk.attname)
        rows: QuerySet[Any] = history.objects.all()
        if filters.objects is not None:
            rows = rows.filter(**{f"{pk}__in": filters.objects[label]})
        if filters.actor_id is not None:
            rows = rows.filter(history_user=filters.actor_id)
        if filters.request_id:
            rows = rows.filter(history_request_id=filters.request_id)
        if filters.since is not None:
            rows = rows.filter(history_date__gte=filters.since)
        if filters.until is not None:
            rows = rows.filter(history_date__lt=filters.until)
        sources.append(
            Source(
                label, rows, "history_date", pk, "history_id", "history_entry_point", "history_change_reason"
            )
        )
    return sources


def _fitting(keys: Sequence[Key], filters: Filters) -> list[Key]:
    kept = [
        key
        for key in keys
        if (not filters.door or key.door == filters.door) and (not filters.code or key.code == filters.code)
    ]
    if not filters.field or not kept:
        return kept
    rows = rows_of(kept).values()
    changed = record.changed_fields(list(rows))
    return [key for key in kept if filters.field in changed[key.pk]]


def rows_of(keys: Sequence[Key]) -> dict[tuple[str, int], Any]:
    """The history rows of ``keys``, by table and id; one query per table met."""
    wanted: dict[str, list[int]] = {}
    for key in keys:
        wanted.setdefault(key.table, []).append(key.pk)
    found = {}
    for label, ids in wanted.items():
        history: Any = tracked_models()[label].history.model  # type: ignore[attr-defined]
        for row in record.with_previous(history.objects.filter(history_id__in=ids)):
            found[(label, row.history_id)] = row
    return found


def entries(keys: Sequence[Key]) -> list[record.Entry]:
    """``keys`` as the record shows them, in their order."""
    rows = rows_of(keys)
    return record.entries_of([rows[(key.table, key.pk)] for key in keys if (key.table, key.pk) in rows])


def find_objects(text: str, *, model: str, viewer: User) -> dict[str, list[int]]:
    """What ``text`` names: a key or number of one kind of object, or a dossier by number or public id, which
    stands for everything in its folder. Empty when nothing is named so."""
    text = text.strip()
    visible = visible_models(viewer)
    if model and model in visible:
        own = _named(visible[model], text)
        if own:
            return {model: own}
    dossiers = _dossiers(text)
    if not dossiers:
        return {}
    found = {}
    for label, one in visible.items():
        if model and label != model:
            continue
        if _field(one, "dossier") is not None:
            inside = one._default_manager.filter(dossier__in=dossiers).order_by("-pk")
            ids = list(inside.values_list("pk", flat=True)[:FOLDER_LIMIT])
            if ids:
                found[label] = ids
    return found


def _named(model: type[models.Model], text: str) -> list[int]:
    rows = model._default_manager.order_by("pk")
    public = _uuid(text)
    if public is not None:
        if _field(model, "uid") is not None:
            return list(rows.filter(uid=public).values_list("pk", flat=True))
        return (
            list(rows.filter(dossier__uid=public).values_list("pk", flat=True)[:FOLDER_LIMIT])
            if _field(model, "dossier") is not None
            else []
        )
    for name in NUMBERS:
        column = _field(model, name)
        if isinstance(column, models.CharField):
            ids = list(rows.filter(**{name: text}).values_list("pk", flat=True)[:FOLDER_LIMIT])
            if ids:
                return ids
    digits = text.removeprefix("#")
    return [int(digits)] if digits.isascii() and digits.isdigit() and len(digits) <= 18 else []


def _dossiers(text: str) -> list[int]:
    public = _uuid(text)
    rows = Dossier.objects.filter(uid=public) if public is not None else Dossier.objects.filter(number=text)
    return list(rows.values_list("pk", flat=True)[:FOLDER_LIMIT])


def _uuid(text: str) -> uuid.UUID | None:
    try:
        return uuid.UUID(text)
    except ValueError:
        return None


def _field(model: type[models.Model], name: str) -> Any:
    try:
        return model._meta.get_field(name)
    except FieldDoesNotExist:
        return None
