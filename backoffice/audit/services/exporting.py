"""Taking something out of the record is on the record itself: as an event, and as a read of what was taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Purpose, ReadEvent, RecordEvent
from backoffice.audit.services.acting import act, log_read
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.staff.models import User

EXPORTED = "record.exported"


class Part(models.TextChoices):
    """What of the record was taken; the value stands in the event."""

    CHANGES = "changes", _("Changes")
    EVENTS = "events", _("Events")
    PERSON = "person", _("Who saw a person")
    READS = "reads", _("What a user saw")


#: Part of the record → the right to see it, which is the right to take it along.
RIGHTS = {
    Part.CHANGES: "audit.explore_record",
    Part.EVENTS: "audit.explore_record",
    Part.PERSON: "audit.view_readevent",
    Part.READS: "audit.view_readevent",
}


def export_limit(*, at: datetime) -> int:
    """The most rows that one export may hold on the day of ``at``. Raises ``PolicyMissing``."""
    return int(policy_value("record.export_rows", on=business_day(at)))


def record_export(
    *,
    part: str,
    rows: int,
    capped: bool,
    form: str,
    filters: dict[str, Any],
    listed: Sequence[int],
    purpose_code: str,
    path: str,
    by: User,
    at: datetime,
    subject_id: int | None = None,
    user: User | None = None,
) -> RecordEvent:
    """Put an export on record before it is handed out: what, how many rows, by which filters, for what purpose.

    ``filters`` holds codes, ids and moments, never words somebody typed. Raises ``NotPermitted`` and, for a purpose
    that is none, ``InputRefused``.
    """
    if not by.has_perm(RIGHTS[Part(part)]):
        raise NotPermitted()
    if purpose_code not in Purpose.values:
        raise InputRefused(_("Say what the export is for."), field="purpose")
    with act(by=by, at=at, code=EXPORTED) as frame:
        log_read(
            what=ReadEvent.What.EXPORT,
            at=at,
            path=path,
            subject_id=subject_id,
            count=rows,
            listed=listed,
            purpose_code=purpose_code,
        )
        return frame.record(
            RecordEvent,
            EXPORTED,
            dossier=None,
            subject_id=subject_id,
            user=user,
            data={"part": part, "rows": rows, "capped": capped, "form": form, "filters": filters},
        )
