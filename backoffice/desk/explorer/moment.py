"""An object as it stood at a moment, from the history row that was in force then."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.text import capfirst

from backoffice.desk import record


@dataclass(frozen=True, slots=True)
class FieldThen:
    """One field then and now. ``secret`` fields say only whether they had a value, and whether it is another now."""

    name: str
    then: str
    now: str
    differs: bool
    secret: bool
    held: bool


@dataclass(frozen=True, slots=True)
class Moment:
    """``before`` is the act that made it so, ``after`` the next one; ``fields`` is empty when it did not exist."""

    at: datetime
    fields: list[FieldThen]
    before: record.Entry | None
    after: record.Entry | None
    deleted: bool

    @property
    def differences(self) -> int:
        return sum(one.differs for one in self.fields)


def moment_of(model: type[models.Model], pk: Any, *, at: datetime) -> Moment:
    """The object ``pk`` of ``model`` as it was at ``at``. Three queries, whatever the length of its record."""
    history: Any = model.history.model  # type: ignore[attr-defined]
    rows = record.with_previous(history.objects.filter(**{model._meta.pk.attname: pk}))
    then = rows.filter(history_date__lte=at).order_by("-history_id").first()
    # What came next is next in the record's order, whatever two clocks said.
    later = rows.filter(history_id__gt=then.history_id) if then is not None else rows
    after = later.order_by("history_id").first()
    now = rows.order_by("-history_id").first()
    shown = [row for row in (then, after) if row is not None]
    entries = dict(zip((row.history_id for row in shown), record.entries_of(shown), strict=True))
    exists = then is not None and then.history_type != "-"
    return Moment(
        at=at,
        fields=_fields(then, now) if exists else [],
        before=entries[then.history_id] if then is not None else None,
        after=entries[after.history_id] if after is not None else None,
        deleted=then is not None and not exists,
    )


def _fields(then: Any, now: Any) -> list[FieldThen]:
    labels = record.labels_of([then, now])
    found = []
    for field in then.tracked_fields:
        if field.primary_key:
            continue
        old, new = getattr(then, field.attname), getattr(now, field.attname)
        secret = record.is_secret(field)
        differs = bytes(old or b"") != bytes(new or b"") if secret else old != new
        found.append(
            FieldThen(
                name=capfirst(str(field.verbose_name)),
                then="" if secret else record.value_text(field, then, labels),
                now="" if secret else record.value_text(field, now, labels),
                differs=differs,
                secret=secret,
                held=bool(old),
            )
        )
    return found
