"""Complaints from a foreign file: the fields, and the service that takes them in (see ``desk.file_import``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from backoffice.core.imports.mapping import as_amount, as_choice, as_date, as_moment, as_short, as_text
from backoffice.desk.file_import import FileImport, Progress, import_file
from backoffice.desk.file_kinds import FileKind, TakenIn
from backoffice.staff.models import User
from complaints.choices import (
    ENDED_STATES,
    ComplainantRole,
    ComplaintSeverity,
    ComplaintState,
    NotAdmittedReason,
    Source,
)
from complaints.importing import AllegationRow, ComplaintRow, DemandRow
from complaints.services.changes import demand_right
from complaints.services.filing import NewComplainant
from complaints.services.imports import import_complaints_bulk

KIND = "complaints"
BATCH = 500
#: Our fields, and how the text of a cell becomes a value of each.
FIELDS: dict[str, Callable[..., Any]] = {
    "received_at": as_moment,
    "source": as_choice(Source.values),
    "words": as_text,
    "category": as_text,
    "allegation": as_text,
    "state": as_choice(ComplaintState.values),
    "severity": as_choice(ComplaintSeverity.values),
    "closed_at": as_moment,
    "not_admitted_reason": as_choice(NotAdmittedReason.values),
    "external_id": as_short(64),
    "sender_reference": as_short(60),
    "sender_due_on": as_date,
    "complainant_role": as_choice(ComplainantRole.values),
    "complainant_name": as_short(200),
    "complainant_id_number": as_text,
    "complainant_phone": as_text,
    "complainant_email": as_short(100),
    "demand": as_text,
    "demand_amount": as_amount,
}
REQUIRED = ("received_at", "source", "words", "category")

#: What the service calls a field that the mapping calls otherwise.
_OF_THE_SERVICE = {
    "allegations.0.category": "category",
    "demands.0.text": "demand",
    "complainant.phones.0": "complainant_phone",
    **{
        f"complainant.{name.removeprefix('complainant_')}": name
        for name in FIELDS
        if name.startswith("complainant_")
    },
}


class Complaints(FileKind[ComplaintRow]):
    """Complaints as another system wrote them, in their final states."""

    kind = KIND
    act = "complaint"
    fields = FIELDS
    required = REQUIRED
    names = _OF_THE_SERVICE

    def check(self, by: User) -> None:
        demand_right(by, "complaints.file_complaint")

    def row(self, values: dict[str, Any]) -> ComplaintRow:
        return _complaint_row(values)

    def take_in(self, rows: Sequence[ComplaintRow], *, by: User, at: datetime) -> TakenIn:
        made = import_complaints_bulk(rows, by=by, at=at)
        return TakenIn(
            created={position: complaint.dossier_id for position, complaint in made.created.items()},
            refused=made.refused,
        )


def import_complaints_file(
    *,
    path: Path,
    mapping_path: Path,
    by: User,
    at: datetime,
    dry_run: bool = False,
    progress: Progress | None = None,
) -> FileImport:
    """Take in the complaints of a CSV or XLSX file. Raises ``FileError`` or ``MappingError`` with nothing taken in,
    ``NotPermitted``. Rows at fault are refused one by one and named in the result."""
    return import_file(
        Complaints(),
        path=path,
        mapping_path=mapping_path,
        by=by,
        at=at,
        batch=BATCH,
        dry_run=dry_run,
        progress=progress,
    )


def _complaint_row(values: dict[str, Any]) -> ComplaintRow:
    """The row for the bulk service. An end is only that of an ended state."""

    def text(name: str) -> str:
        return values.get(name) or ""

    state = values.get("state") or ComplaintState.RECEIVED
    return ComplaintRow(
        received_at=values["received_at"],
        source=text("source"),
        words=text("words"),
        complainant=NewComplainant(
            role=values.get("complainant_role") or ComplainantRole.UNKNOWN,
            name=text("complainant_name"),
            id_number=text("complainant_id_number"),
            phones=tuple(filter(None, [text("complainant_phone")])),
            email=text("complainant_email"),
        ),
        state=state,
        severity=values.get("severity") or ComplaintSeverity.NORMAL,
        sender_reference=text("sender_reference"),
        sender_due_on=values.get("sender_due_on"),
        external_id=text("external_id"),
        not_admitted_reason=text("not_admitted_reason"),
        closed_at=values.get("closed_at") if state in ENDED_STATES else None,
        allegations=[AllegationRow(category=text("category"), text=text("allegation"))],
        # An amount without a text is refused, not dropped.
        demands=[DemandRow(text=text("demand"), amount=values.get("demand_amount"))]
        if text("demand") or values.get("demand_amount") is not None
        else [],
    )
