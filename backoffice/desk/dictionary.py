"""Every table and column of ours as a page of the documentation (docs/data-dictionary.md), kept equal by a test."""

from __future__ import annotations

from collections.abc import Iterator

from django.apps import AppConfig, apps
from django.db.models import Field, Model, TextField
from django.utils import translation
from simple_history.models import HistoricalChanges

from backoffice.privacy.fields import BlindIndexField, CipherField, MaskField, TextCipherField

#: The first names of our packages.
OURS = ("backoffice", "complaints", "debt_collections", "conduct")

INTRODUCTION = """# Data dictionary

Written from the models by `manage.py data_dictionary`; a test keeps them equal.

- **tracked**: every change leaves a row in the table's history (`…_historical…`), which can only be added to.
- **log**: rows are written once; the database refuses changes and deletions.
- **plain**: neither; what stands there can be derived, or says where to look and nothing about anybody.

A personal datum is three columns: `…_cipher` (AES-256-GCM under the person's key), `…_mask` (what screens show) and
`…_index` (keyed hash for exact search). Free text about a matter is one ciphertext under the key of its dossier. Both
become unreadable everywhere, history and backups included, when the key is deleted. Mask and index are not copied into
history. **Text in the clear** is listed at the end: no personal data belongs there.

History rows carry, beside the columns of their table: `history_id`, `history_date`, `history_type` (+, ~, -),
`history_change_reason` (the code of the act), `history_user`, `history_actor_name`, `history_entry_point` (admin, api,
command, task), `history_request_id`, `history_reason_cipher`, `xact_id`, `epoch`.
"""


def page() -> str:
    """Markdown: every app from the bottom up, its models, their columns."""
    with translation.override("en"):
        parts = [INTRODUCTION]
        for app in _our_apps():
            parts.append(f"## {app.label}\n")
            parts += [_model(model) for model in _models(app)]
        parts.append(_in_the_clear())
    return "\n".join(parts)


def _our_apps() -> list[AppConfig]:
    return [app for app in apps.get_app_configs() if app.name.partition(".")[0] in OURS and _models(app)]


def _models(app: AppConfig) -> list[type[Model]]:
    found = [model for model in app.get_models() if not issubclass(model, HistoricalChanges)]
    return sorted(found, key=lambda model: model.__name__)


def _model(model: type[Model]) -> str:
    lines = [
        f"### {model.__name__}",
        "",
        f"`{model._meta.db_table}`, {_kind(model)}. {_purpose(model)}".rstrip(),
    ]
    lines += ["", "| Column | Type | Meaning | Protection |", "|---|---|---|---|"]
    lines += [
        f"| `{field.column}` | {_type(field)} | {field.verbose_name} | {_protection(field)} |"
        for field in model._meta.concrete_fields
    ]
    return "\n".join(lines) + "\n"


def _kind(model: type[Model]) -> str:
    if getattr(model, "append_only", False):
        return "log"
    return "tracked" if hasattr(model._meta, "simple_history_manager_attribute") else "plain"


def _purpose(model: type[Model]) -> str:
    text = (model.__doc__ or "").strip()
    # Django writes a list of the fields where there is no docstring.
    return "" if text.startswith(f"{model.__name__}(") else " ".join(text.split("\n\n")[0].split())


def _type(field: Field) -> str:
    target = field.remote_field.model if field.is_relation and field.remote_field else None
    if target is not None:
        name = f"→ {target._meta.label}"
    else:
        name = field.get_internal_type().removesuffix("Field")
        digits = getattr(field, "max_digits", None)
        size = f"{digits}, {field.decimal_places}" if digits else field.max_length  # type: ignore[attr-defined]
        name += f"({size})" if size else ""
    marks = [
        word
        for word, holds in (("unique", field.unique and not field.primary_key), ("null", field.null))
        if holds
    ]
    return ", ".join([name, *marks])


def _protection(field: Field) -> str:
    if isinstance(field, TextCipherField):
        return "free text, encrypted"
    if isinstance(field, CipherField):
        return "personal, encrypted"
    if isinstance(field, MaskField):
        return "personal, masked"
    return "personal, keyed hash" if isinstance(field, BlindIndexField) else ""


def _in_the_clear() -> str:
    lines = ["## Text in the clear", "", "| Column | Meaning |", "|---|---|"]
    lines += [
        f"| `{field.model._meta.db_table}.{field.column}` | {field.verbose_name} |"
        for field in _text_fields()
    ]
    return "\n".join(lines) + "\n"


def _text_fields() -> Iterator[Field]:
    for app in _our_apps():
        for model in _models(app):
            yield from (field for field in model._meta.concrete_fields if isinstance(field, TextField))
