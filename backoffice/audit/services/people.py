"""Correcting what we hold about a person, and recording that two data subjects are one person."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import RecordEvent
from backoffice.audit.services.acting import act, lock
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.models import Dossier
from backoffice.privacy import workflow
from backoffice.privacy.models import DataSubject
from backoffice.privacy.rights import Right, right, spec_of
from backoffice.privacy.services import set_personal
from backoffice.privacy.signals import personal_corrected
from backoffice.staff.models import User


def correct_personal(*, row: Any, values: Mapping[str, str], reason: str, by: User, at: datetime) -> Any:
    """Put right what is wrong about a person (PIPL art. 46): ``values`` are the new ones, by field.

    Mask and index follow; the old value stays in history as ciphertext. Raises ``NotPermitted``, ``InputRefused``
    (``field`` is the field at fault; also when a desk refuses, or nothing would change).
    """
    if not values or any(right(by, row, name) < Right.CHANGE for name in values):
        raise NotPermitted()
    if not reason.strip():
        raise InputRefused(_("Say why this is corrected."), field="reason")
    dossier = spec_of(row).dossier_of(row)
    with act(by=by, at=at, code="personal.corrected", reason=reason.strip(), dossier=dossier) as frame:
        row = lock(type(row), row.pk)
        changed = [name for name, value in values.items() if _set(row, name, value)]
        if not changed:
            raise InputRefused(_("This is what stands there already."), field=next(iter(values)))
        row.save()
        personal_corrected.send(sender=type(row), row=row, fields=changed, by=by, at=at)
        frame.record(
            RecordEvent,
            "personal.corrected",
            dossier=dossier,
            subject_id=spec_of(row).subject_id(row),
            data={"fields": [f"{row._meta.label_lower}.{name}" for name in changed]},
        )
    return row


def _set(row: Any, name: str, value: str) -> bool:
    if not value.strip():
        raise InputRefused(_("A correction needs a value; what may not be kept is erased."), field=name)
    before = getattr(row, f"{name}_cipher")
    try:
        set_personal(row, **{name: value})
    except InputRefused as refusal:
        # The kind names itself; the form knows the field.
        raise InputRefused(refusal.message, code=refusal.code, field=name) from refusal
    return getattr(row, f"{name}_cipher") is not before


def link_subjects(
    *,
    subject: DataSubject,
    same_as: DataSubject,
    by: User,
    at: datetime,
    reason: str = "",
    dossier: Dossier | None = None,
) -> DataSubject:
    """Record that ``subject`` is the same person as ``same_as``; nothing is re-encrypted.

    Aliases point at the root, never at another alias: those of ``subject`` move along. Linking the same pair again
    changes nothing. Raises ``NotPermitted`` and ``InputRefused`` (with itself, or in a circle).
    """
    with act(by=by, at=at, code="subject.linked", reason=reason, dossier=dossier) as frame:
        locked = _locked(subject, same_as)
        subject, target = locked[subject.pk], locked[same_as.pk]
        workflow.subject.check("link", subject, by=by, at=at)
        root = lock(DataSubject, target.same_as_id) if target.same_as_id else target
        if subject.pk in (target.pk, root.pk):
            raise InputRefused(_("These are recorded as one person already."), field="same_as")
        if subject.same_as_id == root.pk:
            return subject
        for one in [subject, *DataSubject.objects.select_for_update().filter(same_as=subject).order_by("pk")]:
            one.same_as = root
            one.save()
        frame.record(
            RecordEvent,
            "subject.linked",
            dossier=dossier,
            subject=subject,
            data={"same_as": str(root.uid)},
        )
    return subject


def unlink_subjects(
    *, subject: DataSubject, by: User, at: datetime, reason: str = "", dossier: Dossier | None = None
) -> DataSubject:
    """Take back that ``subject`` is the same person as another. Raises ``NotPermitted``, ``TransitionRefused``."""
    with act(by=by, at=at, code="subject.unlinked", reason=reason, dossier=dossier) as frame:
        subject = lock(DataSubject, subject.pk)
        workflow.subject.check("unlink", subject, by=by, at=at)
        root_uid = DataSubject.objects.values_list("uid", flat=True).get(aliases=subject)
        subject.same_as = None
        subject.save()
        frame.record(
            RecordEvent,
            "subject.unlinked",
            dossier=dossier,
            subject=subject,
            data={"same_as": str(root_uid)},
        )
    return subject


def _locked(*subjects: DataSubject) -> dict[int, DataSubject]:
    """Locked in the order of their keys, so that two who link crosswise do not wait for each other."""
    return {pk: lock(DataSubject, pk) for pk in sorted({one.pk for one in subjects})}
