"""Taking a list of the loan book along is on record: as an event, and as a read of what was taken."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Purpose, ReadEvent, RecordEvent
from backoffice.audit.services import act, log_read
from backoffice.core.errors import InputRefused
from backoffice.loans.services.rights import require
from backoffice.staff.models import User


def record_book_export(
    *,
    part: str,
    rows: int,
    form: str,
    filters: dict[str, Any],
    listed: Sequence[int],
    purpose_code: str,
    path: str,
    by: User,
    at: datetime,
) -> RecordEvent:
    """Put an export of ``part`` (loans, repayments) on record before it is handed out.

    ``listed`` are the dossiers of the loans in it; ``filters`` holds codes and days, never words somebody typed.
    Raises ``NotPermitted`` and, for a purpose that is none, ``InputRefused``.
    """
    require(by, "loans.export_loanbook")
    if purpose_code not in Purpose.values:
        raise InputRefused(_("Say what the export is for."), field="purpose")
    with act(by=by, at=at, code="loan_book.exported") as frame:
        log_read(
            what=ReadEvent.What.EXPORT,
            at=at,
            path=path,
            count=rows,
            listed=listed,
            purpose_code=purpose_code,
        )
        return frame.record(
            RecordEvent,
            "loan_book.exported",
            dossier=None,
            data={"part": part, "rows": rows, "form": form, "filters": filters},
        )
