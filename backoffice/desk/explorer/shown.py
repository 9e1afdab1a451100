"""What a page of the record shows, and of whom: links to the things, and the dossiers for the read log."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.utils import quote
from django.db import models
from django.urls import reverse

from backoffice.desk.record import Entry


def names_of(entries: Iterable[Entry]) -> dict[tuple[type[models.Model], Any], str]:
    """What each thing is called now, one query per kind; ``__str__`` holds no personal data, by rule."""
    wanted: dict[type[models.Model], set[Any]] = {}
    for entry in entries:
        wanted.setdefault(entry.model, set()).add(entry.object_pk)
    return {
        (model, one.pk): str(one)
        for model, ids in wanted.items()
        for one in _with_names(model).filter(pk__in=ids)
    }


def _with_names(model: type[models.Model]) -> models.QuerySet[Any]:
    secrets = [field.name for field in model._meta.fields if isinstance(field, models.BinaryField)]
    return model._default_manager.defer(*secrets)


def page_of(model: type[models.Model], pk: Any, viewer: Any) -> str:
    """The address of the thing's page, empty when it has none or the person may not see it."""
    if not admin.site.is_registered(model):
        return ""
    opts = model._meta
    if not viewer.has_perm(f"{opts.app_label}.view_{opts.model_name}"):
        return ""
    return reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=(quote(pk),))


def dossiers_of(rows: Sequence[Any]) -> set[int]:
    """The dossiers that history rows are about: their own, or those of what they belong to."""
    found: set[int] = set()
    near: dict[type[models.Model], set[int]] = {}
    for row in rows:
        own = getattr(row, "dossier_id", None)
        if own is not None:
            found.add(own)
            continue
        for field in row.tracked_fields:
            target = field.related_model
            value = getattr(row, field.attname)
            if value is not None and target is not None and hasattr(target, "dossier"):
                near.setdefault(target, set()).add(value)
    for target, ids in near.items():
        found.update(target._default_manager.filter(pk__in=ids).values_list("dossier_id", flat=True))
    return found
