"""Codes in words: columns that hold a code without being a choice, since apps above may add values of their own.

Each app registers its columns in its ``admin`` package.
"""

from __future__ import annotations

from typing import Any, Protocol

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.registry import Registry
from backoffice.desk.registry import registries


class Labels(Protocol):
    """Code → label; a mapping or a registry."""

    def get(self, code: str, /) -> Any | None: ...


#: ``app.model.column`` → its labels.
code_labels: Registry[Labels] = Registry()

#: Code of a kind of file → its label; the desks that make files of their own add theirs.
attachment_kinds: Registry[Any] = Registry()
attachment_kinds.register_all({"evidence": _("Evidence"), "proof": _("Proof of delivery")})

#: Code of a kind of thing that comes in files → its label; the desks that take in files add theirs.
import_kinds: Registry[Any] = Registry()

code_labels.register_all(
    {
        "desk.task.kind": registries.task_kinds,
        "desk.attachment.kind": attachment_kinds,
        "core.importrun.kind": import_kinds,
    }
)


def label_of_code(field: models.Field[Any, Any], value: Any) -> str | None:
    """What people call the code in a column of codes; None for other columns and for a code nobody has named."""
    labels = code_labels.get(f"{field.model._meta.label_lower}.{field.name}")
    label = labels.get(value) if labels is not None else None
    return str(label) if label is not None else None
