"""What the record does by itself: sealing every few minutes, verifying every night."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from celery import shared_task
from django.utils import timezone

from backoffice.audit.models import RetentionRun, Seal
from backoffice.audit.services.evidence import expire_bundles, make_in_background
from backoffice.audit.services.retention import apply_retention
from backoffice.audit.services.sealing import Sealing, seal_record
from backoffice.audit.services.verifying import Progress, Report, verify_record
from backoffice.audit.services.watching import detect_unusual_reads
from backoffice.core import context
from backoffice.staff.models import User
from backoffice.staff.services import system_user


def seal_what_is_new(
    *, at: datetime, entry_point: str, progress: Callable[[Seal], None] | None = None
) -> Sealing:
    """Seal every finished row, in the name of the system."""
    by = system_user("seals")
    with context.entering(entry_point, actor=by):
        return seal_record(by=by, at=at, progress=progress)


def verify_what_is_sealed(
    *,
    at: datetime,
    entry_point: str,
    full: bool = False,
    anchor: Mapping[str, Any] | None = None,
    progress: Progress | None = None,
) -> Report:
    """Check the record, in the name of the system."""
    by = system_user("seals")
    with context.entering(entry_point, actor=by):
        return verify_record(by=by, at=at, full=full, anchor=anchor, progress=progress)


@shared_task(name="audit.seal_record")
def seal_record_task() -> None:
    """As ``manage.py seal_audit``. Two at once do no harm: they take turns, tree by tree."""
    seal_what_is_new(at=timezone.now(), entry_point=context.EntryPoint.TASK)


@shared_task(name="audit.verify_record")
def verify_record_task() -> int:
    """As ``manage.py verify_audit``; answers the number of findings."""
    return verify_what_is_sealed(at=timezone.now(), entry_point=context.EntryPoint.TASK).finding_count


@shared_task(name="audit.verify_record_in_full")
def verify_in_full_task(user_id: int) -> int:
    """Everything, for somebody who asked for it on a page; answers the number of the verification."""
    by = User.objects.get(pk=user_id)
    with context.entering(context.EntryPoint.TASK, actor=by):
        report = verify_record(by=by, at=timezone.now(), full=True)
    return report.verification.pk if report.verification is not None else 0


@shared_task(name="audit.make_bundle")
def make_bundle_task(bundle_id: int) -> None:
    """Make one evidence bundle that was asked for; one that is not waiting any more is left alone."""
    make_in_background(bundle_id, at=timezone.now(), entry_point=context.EntryPoint.TASK)


@shared_task(name="audit.expire_bundles")
def expire_bundles_task() -> int:
    """Delete the files of evidence bundles whose time is over; answers how many."""
    by = system_user("bundles")
    with context.entering(context.EntryPoint.TASK, actor=by):
        return expire_bundles(by=by, at=timezone.now())


@shared_task(name="audit.preview_retention")
def preview_retention_task() -> int:
    """As ``manage.py apply_retention`` without ``--run``: what is due is stored; answers how much."""
    by = system_user("retention")
    with context.entering(context.EntryPoint.TASK, actor=by):
        run = apply_retention(mode=RetentionRun.Mode.PREVIEW, by=by, at=timezone.now())
    return sum(one["found"] for one in run.result)


@shared_task(name="audit.apply_retention")
def apply_retention_task(user_id: int, mode: str) -> int:
    """A preview or a run that somebody asked for on a page; answers the number of its row."""
    by = User.objects.get(pk=user_id)
    with context.entering(context.EntryPoint.TASK, actor=by):
        return apply_retention(mode=mode, by=by, at=timezone.now()).pk


@shared_task(name="audit.detect_unusual_reads")
def detect_unusual_reads_task() -> int:
    """As ``manage.py detect_unusual_reads``; answers how many alerts are new."""
    by = system_user("watch")
    with context.entering(context.EntryPoint.TASK, actor=by):
        return len(detect_unusual_reads(by=by, at=timezone.now()))
