"""Watching over the read log, taking something out of the record, and evidence bundles."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.files.base import ContentFile

from backoffice.audit.models import EvidenceBundle
from backoffice.audit.services import evidence, exporting, log_read, watching
from backoffice.core import context
from backoffice.core.context import EntryPoint
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import complaints
from tests.factories.complaints import NOW
from tests.factories.staff import person
from tests.house.records.case import REASON, Case

#: One more than anybody searches within an hour.
SEARCHES = 121


def unusual() -> dict[str, Any]:
    """Somebody searched more than work explains."""
    with context.acting(by=person(Role.HANDLER), reason_code="test"):
        for _number in range(SEARCHES):
            log_read(what="search", at=NOW - timedelta(minutes=5), path="/search/")
    return {"by": system_user("reads"), "at": NOW}


def an_alert() -> dict[str, Any]:
    [alert] = watching.detect_unusual_reads(**unusual())
    return {"alert": alert, "outcome": "plausible", "by": person(Role.PRIVACY_OFFICER), "at": NOW}


def an_export() -> dict[str, Any]:
    return {
        "part": "reads",
        "rows": 12,
        "capped": False,
        "form": "csv",
        "filters": {"user": 1},
        "listed": [],
        "purpose_code": "audit",
        "path": "/x/",
        "user": person(Role.HANDLER),
        "by": person(Role.PRIVACY_OFFICER),
        "at": NOW,
    }


def asking_for_a_bundle() -> dict[str, Any]:
    return {
        "dossier": complaints.filed().dossier,
        "since": date(2026, 11, 1),
        "start": False,
        "by": person(Role.COMPLAINT_SUPERVISOR),
        "at": NOW,
    }


def a_bundle(state: str) -> dict[str, Any]:
    """One that has come to ``state``; what is in the file matters to no record."""
    given = asking_for_a_bundle()
    bundle = evidence.request_bundle(reason=REASON, **given)
    with context.acting(by=given["by"], reason_code="bundle.made"):
        bundle.state = state
        if state == EvidenceBundle.State.READY:
            bundle.file.save("a.zip", ContentFile(b"PK"), save=False)
            bundle.sha256, bundle.expires_at = "0" * 64, NOW + timedelta(days=1)
        bundle.save()
    return {"bundle": bundle, "by": given["by"], "at": NOW}


def over() -> dict[str, Any]:
    a_bundle("ready")
    return {"by": system_user("bundles"), "at": NOW + timedelta(days=2)}


CASES = [
    Case(
        service=watching.detect_unusual_reads,
        world=unusual,
        events=("reads.unusual",),
        door=EntryPoint.TASK,
    ),
    Case(service=watching.answer_alert, world=an_alert, events=("reads.answered",)),
    Case(
        service=exporting.record_export,
        world=an_export,
        events=("record.exported",),
        adds="the event of another export, and no row changes",
    ),
    Case(
        service=evidence.request_bundle,
        world=asking_for_a_bundle,
        events=("bundle.requested",),
        adds="another bundle",
    ),
    Case(service=evidence.make_again, world=lambda: a_bundle("failed")),
    Case(
        service=evidence.hand_over,
        world=lambda: a_bundle("ready"),
        events=("bundle.downloaded",),
        adds="the event of another download, and no row changes",
    ),
    Case(
        service=evidence.expire_bundles,
        world=over,
        events=("bundle.expired",),
        door=EntryPoint.TASK,
    ),
]
