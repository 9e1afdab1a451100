"""Which columns of the house can hold something about a person, told from the models themselves."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from django.apps import apps
from django.db import models

from backoffice.privacy.fields import BlindIndexField, MaskField, TextCipherField

#: Rows about those who work here, and the framework's own: staff are no data subjects of this house.
_OUT_OF_SCOPE = frozenset({"staff", "auth", "contenttypes", "oauth2_provider", "privacy"})
#: The names of staff in records, and columns that only code fills.
_NOT_TEXT = frozenset(
    {
        *("actor_name", "history_actor_name", "entry_point", "history_entry_point"),
        *("request_id", "history_request_id", "history_change_reason", "history_type"),
        *("sha256", "file_sha256", "mapping_sha256", "request_sha256", "proof_sha256", "content_hash"),
        *("statement", "statement_hash", "signature", "root", "previous", "wrapped"),
    }
)


@dataclass(frozen=True)
class Table:
    """One table with its texts: ``ciphers`` encrypted under a dossier's key, ``plain`` in the clear."""

    model: type[models.Model]
    ciphers: tuple[str, ...]
    plain: tuple[str, ...]

    @property
    def name(self) -> str:
        return self.model._meta.db_table

    @property
    def append_only(self) -> bool:
        """Whether the database refuses to change its rows."""
        return bool(getattr(self.model, "append_only", False))

    @property
    def tracked(self) -> bool:
        """Whether each change leaves a history row."""
        return hasattr(self.model, "history")

    @property
    def pointed_at(self) -> bool:
        """Whether other rows hold foreign keys to its rows, so that none of them can go."""
        return any(
            field.auto_created and not field.concrete
            for field in self.model._meta.get_fields(include_hidden=True)
        )


@cache
def tables() -> tuple[Table, ...]:
    """Every table that holds text, histories and logs included."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        if not model._meta.managed or model._meta.proxy or model._meta.app_label in _OUT_OF_SCOPE:
            continue
        fields = model._meta.local_concrete_fields
        ciphers = tuple(
            field.name
            for field in fields
            if isinstance(field, TextCipherField) or field.name == "history_reason_cipher"
        )
        plain = tuple(field.name for field in fields if _is_text(field))
        if ciphers or plain:
            found.append(Table(model, ciphers, plain))
    return tuple(found)


def _is_text(field: models.Field[Any, Any]) -> bool:
    if isinstance(field, (MaskField, BlindIndexField)) or field.name in _NOT_TEXT or field.choices:
        return False
    return isinstance(field, (models.CharField, models.TextField, models.JSONField))


@cache
def personal_models() -> tuple[type[models.Model], ...]:
    """The live models that declare personal fields."""
    return tuple(model for model in apps.get_models() if hasattr(model, "personal") and _is_live(model))


def _is_live(model: type[models.Model]) -> bool:
    return not hasattr(model, "instance_type")


@cache
def file_models() -> tuple[tuple[type[models.Model], str], ...]:
    """The models that keep files in a dossier, with the name of the column."""
    return tuple(_file_columns())


def _file_columns() -> Iterator[tuple[type[models.Model], str]]:
    for model in apps.get_models():
        names = {field.name for field in model._meta.local_concrete_fields}
        for field in model._meta.local_concrete_fields:
            if isinstance(field, models.FileField) and "dossier" in names and _is_live(model):
                yield model, field.name


def cipher_labels(model: type[models.Model], column: str) -> tuple[str, ...]:
    """The names under which a text of this column may have been encrypted (see ``privacy.services.label_of``)."""
    from backoffice.privacy.services import label_of

    if column == "history_reason_cipher":
        return ("reason",)
    own = label_of(model, column)
    return ("reason", own) if column == "reason_cipher" else (own,)
