"""Who may see and change which personal field: the one table that pages, search, exports, bundles and API ask.

A field belongs to a class by its kind (``CLASSES``). Whoever may view a row may see its masks; the rights
``privacy.reveal_<class>`` and ``privacy.correct_<class>`` open the value and its correction. Seeing in full is a
right to *ask*: every time it is used it takes a purpose and is put on record (``audit.services.revealing``).
"""

from __future__ import annotations

from collections.abc import Iterator
from enum import IntEnum
from typing import Protocol

from django.apps import apps
from django.db import models
from django.utils.text import capfirst

from backoffice.privacy import kinds
from backoffice.privacy.fields import Personal

NAME, CONTACT, IDENTITY, ADDRESS = "name", "contact", "identity", "address"

#: Name of a kind → class of rights.
CLASSES: dict[str, str] = {
    kinds.NAME.name: NAME,
    kinds.PHONE.name: CONTACT,
    kinds.EMAIL.name: CONTACT,
    kinds.RESIDENT_ID.name: IDENTITY,
    kinds.OTHER_ID.name: IDENTITY,
    kinds.ADDRESS.name: ADDRESS,
}
READ_NUMBERS = "privacy.read_numbers"


class Right(IntEnum):
    """What somebody may do with a field, each including the one before."""

    NONE = 0
    MASKED = 1
    FULL = 2
    CHANGE = 3


class Holder(Protocol):
    """Whoever has permissions."""

    def has_perm(self, perm: str) -> bool: ...


def class_of(model: type[models.Model] | models.Model, field: str) -> str:
    """The class of rights that the personal field ``field`` of ``model`` belongs to."""
    return CLASSES[spec_of(model).fields[field].name]


def right(user: Holder, model: type[models.Model] | models.Model, field: str) -> Right:
    """What ``user`` may do with ``field`` of the rows of ``model`` that they may know of.

    Which rows those are is asked elsewhere (the pages' own querysets); this is about the field alone.
    """
    opts = model._meta
    if not user.has_perm(f"{opts.app_label}.view_{opts.model_name}"):
        return Right.NONE
    group = class_of(model, field)
    if not user.has_perm(f"privacy.reveal_{group}"):
        return Right.MASKED
    return Right.CHANGE if user.has_perm(f"privacy.correct_{group}") else Right.FULL


def spec_of(model: type[models.Model] | models.Model) -> Personal:
    """The declaration of a model's personal fields."""
    spec: Personal = model.personal  # type: ignore[union-attr]
    return spec


def personal_models() -> list[type[models.Model]]:
    """Every model that declares personal fields, in the order of the apps."""
    return [model for model in apps.get_models() if isinstance(getattr(model, "personal", None), Personal)]


def personal_fields() -> Iterator[tuple[type[models.Model], str]]:
    """Every personal field of the house."""
    for model in personal_models():
        for name in spec_of(model).fields:
            yield model, name


def label_of_field(model: type[models.Model] | models.Model, field: str) -> str:
    """What people call the field."""
    return capfirst(str(model._meta.get_field(f"{field}_cipher").verbose_name))  # type: ignore[union-attr]


def key_of(row: models.Model, field: str) -> str:
    """How a page names one value of one row: ``app.model.pk.field``. No personal data."""
    return f"{row._meta.label_lower}.{row.pk}.{field}"
