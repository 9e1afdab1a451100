"""Reads of the tree of categories."""

from __future__ import annotations

from datetime import date

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from complaints.models import Category, CategoryVersion


def label_of(category: Category) -> str:
    """The category's name in the language of the reader."""
    return category.name_zh if (get_language() or "").startswith("zh") else category.name_en


def version_in_force(*, on: date) -> CategoryVersion | None:
    """The edition in force on ``on``."""
    return (
        CategoryVersion.objects.filter(effective_from__lte=on)
        .filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on))
        .order_by("-number")
        .first()
    )


def category_in_force(code: str, *, on: date, field: str) -> Category:
    """The category ``code`` of the edition in force on ``on``. Raises ``InputRefused`` naming ``field``."""
    version = version_in_force(on=on)
    found = Category.objects.filter(version=version, code=code).first() if version is not None else None
    if found is None:
        raise InputRefused(_("There is no such category."), field=field)
    return found


def category_choices(*, on: date | None = None) -> list[tuple[str, list[tuple[str, str]]]]:
    """(root's name, [(code, name)]) of the edition in force on ``on`` (today), for a form's grouped select."""
    version = version_in_force(on=on or timezone.localdate())
    rows = list(Category.objects.filter(version=version).order_by("id")) if version is not None else []
    return [
        (
            label_of(root),
            [(leaf.code, label_of(leaf)) for leaf in rows if leaf.parent_id == root.pk]
            or [(root.code, label_of(root))],
        )
        for root in rows
        if root.parent_id is None
    ]
