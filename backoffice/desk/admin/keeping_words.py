"""Words for what keeping and erasing store as codes: tables, columns, hindrances, kinds of data."""

from __future__ import annotations

from functools import cache
from typing import Any

from django.apps import apps
from django.core.exceptions import FieldDoesNotExist
from django.db import models
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Erasure, LegalHold

ERASURE_TONES = {
    Erasure.State.REQUESTED: "warn",
    Erasure.State.DONE: "good",
    Erasure.State.REFUSED: "neutral",
}
HOLD_TONES = {LegalHold.State.STANDING: "bad", LegalHold.State.LIFTED: "neutral"}

#: Code of a blocker, as a preview or a run stores it → what it is called.
BLOCKERS: dict[str, Any] = {
    "active-loan": _("a loan is running"),
    "open-case": _("a collection case is open"),
    "live-hold": _("a hold on collection is in force"),
    "open-complaint": _("a complaint is open"),
    "live-referral": _("a mediation is under way"),
    "open-incident": _("an incident is open"),
    "legal-hold": _("a dossier is under a legal hold"),
    "legal-hold-elsewhere": _("a text in another dossier under a legal hold speaks of the person"),
    "retention": _("the time of keeping is not over"),
    "in-the-clear": _("rows that others rest on hold the person in the clear"),
    "not-sealed": _("rows that hold the person in the clear are not sealed yet"),
    "changed-meanwhile": _("something stood in the way when it came to it"),
}
#: Kind of datum (``privacy.kinds``) by which a text was found.
DATA: dict[str, Any] = {
    "name": _("name"),
    "phone": _("telephone number"),
    "id_number": _("document number"),
    "email": _("e-mail address"),
    "address": _("address"),
}


@cache
def _models() -> dict[str, type[models.Model]]:
    return {model._meta.db_table: model for model in apps.get_models(include_auto_created=True)}


def table_label(table: str) -> str:
    """The words for a table, or its name when no model has it any more."""
    model = _models().get(table)
    if model is None:
        return table
    tracked = getattr(model, "instance_type", None)
    if tracked is not None:
        return gettext("%(things)s: changes") % {"things": capfirst(str(tracked._meta.verbose_name_plural))}
    return capfirst(str(model._meta.verbose_name_plural))


def column_label(table: str, column: str) -> str:
    """The words for a column, or its name."""
    try:
        field = _models()[table]._meta.get_field(column)
    except (KeyError, FieldDoesNotExist):
        return column
    if column in {"history_reason_cipher", "reason_cipher"}:
        return gettext("reason in words")
    return str(getattr(field, "verbose_name", column))


def blocker_label(code: str) -> Any:
    """What a stored hindrance is called."""
    return BLOCKERS.get(code, code)


def data_label(kinds: Any) -> str:
    """The kinds of data by which a text was found, in one line."""
    return ", ".join(str(DATA.get(kind, kind)) for kind in kinds)
