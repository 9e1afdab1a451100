"""Notes, calls and files: what is said and handed over while a complaint runs."""

from __future__ import annotations

from datetime import datetime

from backoffice.core.errors import InputRefused
from backoffice.desk.models import Attachment
from backoffice.desk.services import store_attachment
from backoffice.privacy.services import set_text
from backoffice.staff.models import User
from complaints.choices import ConversationDirection, NoteKind
from complaints.models import Complaint, Conversation, Note
from complaints.services.changes import Change, changing, demand_text


def write_note(change: Change, *, kind: str, text: str) -> Note:
    """Write a remark within another act."""
    note = Note(complaint=change.complaint, kind=kind, written_at=change.frame.at, author=change.frame.by)
    set_text(note, "text_cipher", text, dossier_id=change.complaint.dossier_id)
    note.save()
    return note


def add_note(
    *, complaint: Complaint, text: str, kind: str = NoteKind.INTERNAL, by: User, at: datetime
) -> Note:
    """A remark in the file; ``external`` ones are what the complainant was told. Raises ``InputRefused``."""
    text = demand_text(text, "text")
    if kind not in NoteKind.values:
        raise InputRefused(field="kind")
    with changing(complaint, by=by, at=at, code="complaint.note_added") as change:
        change.step("add_note")
        note = write_note(change, kind=kind, text=text)
        change.record("note_added", data={"kind": kind})
    return note


def log_conversation(
    *,
    complaint: Complaint,
    direction: str,
    connected: bool,
    started_at: datetime,
    summary: str = "",
    agreed: str = "",
    next_call_at: datetime | None = None,
    recording: Attachment | None = None,
    by: User,
    at: datetime,
) -> Conversation:
    """A call with the complainant, reached or not. Raises ``InputRefused`` for a call that is still to come."""
    if direction not in ConversationDirection.values:
        raise InputRefused(field="direction")
    if started_at > at:
        raise InputRefused(field="started_at")
    if next_call_at is not None and next_call_at <= at:
        raise InputRefused(field="next_call_at")
    if connected:
        demand_text(summary, "summary")
    with changing(complaint, by=by, at=at, code="complaint.conversation_logged") as change:
        change.step("log_conversation")
        call = Conversation(
            complaint=change.complaint,
            direction=direction,
            connected=connected,
            started_at=started_at,
            handler=by,
            next_call_at=next_call_at,
            recording=recording,
        )
        set_text(call, "summary_cipher", summary, dossier_id=change.complaint.dossier_id)
        set_text(call, "agreed_cipher", agreed, dossier_id=change.complaint.dossier_id)
        call.save()
        change.record("conversation_logged", data={"direction": direction, "connected": connected})
    return call


def attach_file(
    *,
    complaint: Complaint,
    name: str,
    content: bytes,
    kind: str = "evidence",
    origin: str = Attachment.Origin.UPLOAD,
    by: User,
    at: datetime,
) -> Attachment:
    """Put a file into the complaint's folder; sniffed, limited and hashed by the desk. Raises ``InputRefused``."""
    with changing(complaint, by=by, at=at, code="complaint.file_attached") as change:
        change.step("attach_file")
        stored: Attachment = store_attachment(
            dossier=change.complaint.dossier,
            kind=kind,
            name=name,
            content=content,
            origin=origin,
            by=by,
            at=at,
        )
        change.record("file_attached", data={"kind": kind})
    return stored
