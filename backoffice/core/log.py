"""Bases of everything that may be written once and never again.

``xact_id`` and ``epoch`` give the sealer and the feeds an order that a late commit cannot slip under: they
read only rows below the oldest running transaction of the present epoch; a restore opens a new epoch, and
rows of older ones count as finished.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models.functions import Coalesce
from django.db.models.sql.compiler import SQLCompiler
from django.utils.deconstruct import deconstructible
from django.utils.translation import gettext_lazy as _

#: The order in which rows became final, for feeds; without transaction numbers (SQLite) that of their keys. Rows that
#: are not finished yet are to be left out (``audit.services.horizon.finished_rows``).
IN_ORDER = (models.F("epoch"), Coalesce("xact_id", 0), models.F("id"))


@deconstructible(path="backoffice.core.log.CurrentXactId")
class CurrentXactId(models.Func):
    """The writing transaction's 64-bit id on PostgreSQL, NULL on SQLite (which has one writer at a time)."""

    output_field = models.BigIntegerField()

    def as_sql(self, compiler: SQLCompiler, connection: Any, **extra: Any) -> tuple[str, list[Any]]:  # type: ignore[override]
        if connection.vendor == "postgresql":
            return "(pg_current_xact_id()::text::bigint)", []
        return "NULL", []


def current_epoch() -> int:
    """The epoch of the running installation (``AUDIT_EPOCH``); raised by one after every restore."""
    return int(settings.AUDIT_EPOCH)


class OrderedRow(models.Model):
    """The two columns by which sealed rows are put in order."""

    xact_id = models.BigIntegerField(
        _("transaction number"), null=True, editable=False, db_default=CurrentXactId()
    )
    epoch = models.PositiveSmallIntegerField(_("epoch of the record"), default=current_epoch, editable=False)

    class Meta:
        abstract = True


class LogModel(OrderedRow):
    """Append-only evidence: triggers in the database refuse UPDATE, DELETE and TRUNCATE."""

    append_only = True

    class Meta:
        abstract = True
