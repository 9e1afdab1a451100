"""The record's own services, and people's data."""

from __future__ import annotations

import base64
from datetime import date, timedelta
from typing import Any

from django.conf import settings
from django.core.files.base import ContentFile

from backoffice.audit.models import EvidenceBundle
from backoffice.audit.services import (
    erasure,
    evidence,
    exporting,
    holds,
    log_read,
    people,
    retention,
    revealing,
    rotation,
    watching,
)
from backoffice.core import context
from backoffice.core.context import EntryPoint
from backoffice.privacy.services import forget_keys
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import complaints
from tests.factories import loans as book
from tests.factories.complaints import NOW
from tests.factories.staff import person
from tests.house.records.case import REASON, Case

NO_ROW = "the event: it was done again, and no row changes"
#: More than anybody reads within an hour.
SEARCHES = 121
#: A borrower without loans is kept for ten years.
LONG_AFTER = NOW + timedelta(days=366 * 11)


def by(role: Role, **given: Any) -> dict[str, Any]:
    return {"by": person(role), "at": NOW, **given}


def officer(**given: Any) -> dict[str, Any]:
    return by(Role.PRIVACY_OFFICER, **given)


def job(name: str, **given: Any) -> dict[str, Any]:
    return {"by": system_user(name), "at": NOW, **given}


# -- people ------------------------------------------------------------------------------------------------


def two_of_one() -> dict[str, Any]:
    """Two data subjects that are one person; the second has an alias of its own."""
    first, second, third = book.a_borrower(), book.a_borrower(), book.a_borrower()
    given = officer(dossier=second.dossier)
    people.link_subjects(subject=third.subject, same_as=second.subject, **given)
    second.subject.refresh_from_db()
    return {**given, "subject": second.subject, "same_as": first.subject}


def linked() -> dict[str, Any]:
    given = two_of_one()
    return {**given, "subject": people.link_subjects(**given)}


def unlinking() -> dict[str, Any]:
    given = linked()
    del given["same_as"]
    return given


def shown() -> dict[str, Any]:
    borrower = book.a_borrower()
    return officer(
        values=[(borrower, "name"), (borrower, "mobile")], purpose="rights", reason="本人申请查阅", path="/x/"
    )


def searches() -> User:
    reader = person(Role.HANDLER)
    with context.acting(by=reader, reason_code="test"):
        for _number in range(SEARCHES):
            log_read(what="search", at=NOW - timedelta(minutes=5), path="/search/")
    return reader


def unusual() -> dict[str, Any]:
    searches()
    return job("reads")


def an_alert() -> dict[str, Any]:
    [alert] = watching.detect_unusual_reads(**unusual())
    return officer(alert=alert, outcome="plausible")


def an_export() -> dict[str, Any]:
    return officer(
        part="reads",
        rows=12,
        capped=False,
        form="csv",
        filters={"user": 1},
        listed=[],
        purpose_code="audit",
        path="/x/",
        user=person(Role.HANDLER),
    )


# -- keeping -----------------------------------------------------------------------------------------------


def a_hold() -> dict[str, Any]:
    given = by(Role.COMPLIANCE)
    hold = holds.place_legal_hold(dossier=book.a_borrower().dossier, reason_code="litigation", **given)
    return {"hold": hold, **given}


def asking() -> dict[str, Any]:
    return officer(subject=book.a_borrower(name="诸葛长青").subject, basis="request")


def asked() -> dict[str, Any]:
    request = erasure.request_erasure(**{**asking(), "at": LONG_AFTER})
    return by(Role.COMPLIANCE, erasure=request, at=LONG_AFTER)


def spoken_of_elsewhere() -> dict[str, Any]:
    """Somebody else's complaint names the person, who is erased."""
    borrower = book.a_borrower(name="诸葛长青")
    complaints.filed(words="邻居诸葛长青也收到了电话")
    request = erasure.request_erasure(**officer(subject=borrower.subject, basis="request", at=LONG_AFTER))
    return by(Role.COMPLIANCE, erasure=request, at=LONG_AFTER)


def an_old_master_key() -> dict[str, Any]:
    book.a_borrower()
    new = "test-2:" + base64.b64encode(b"3" * 32).decode()
    # Put back by the fixture of the test.
    settings.PRIVACY_MASTER_KEYS = f"{new},{settings.PRIVACY_MASTER_KEYS}"
    forget_keys()
    return job("keys")


# -- bundles -----------------------------------------------------------------------------------------------


def asking_for_a_bundle() -> dict[str, Any]:
    given = by(Role.COMPLAINT_SUPERVISOR)
    dossier = complaints.filed().dossier
    return {**given, "dossier": dossier, "since": date(2026, 11, 1), "start": False}


def a_bundle(state: str) -> dict[str, Any]:
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
    return job("bundles", at=NOW + timedelta(days=2))


CASES = [
    Case(
        service=people.correct_personal,
        world=lambda: officer(row=book.a_borrower(), values={"email": "new@example.com"}),
        events=("personal.corrected",),
    ),
    Case(service=people.link_subjects, world=two_of_one, events=("subject.linked",)),
    Case(service=people.unlink_subjects, world=unlinking, events=("subject.unlinked",)),
    Case(service=revealing.reveal, world=shown, events=("personal.revealed",), adds=NO_ROW),
    Case(service=exporting.record_export, world=an_export, events=("record.exported",), adds=NO_ROW),
    Case(
        service=watching.detect_unusual_reads,
        world=unusual,
        events=("reads.unusual",),
        door=EntryPoint.TASK,
    ),
    Case(service=watching.answer_alert, world=an_alert, events=("reads.answered",)),
    Case(
        service=holds.place_legal_hold,
        world=lambda: by(
            Role.COMPLIANCE,
            dossier=book.a_borrower().dossier,
            reason_code="litigation",
            detail="原告申请保全",
        ),
        events=("legal_hold.placed",),
        adds="a second hold",
    ),
    Case(service=holds.lift_legal_hold, world=a_hold, events=("legal_hold.lifted",)),
    Case(service=erasure.request_erasure, world=asking, events=("erasure.requested",)),
    Case(service=erasure.refuse_erasure, world=asked, events=("erasure.refused",)),
    Case(service=erasure.carry_out_erasure, world=asked, events=("person.erased",)),
    Case(
        service=erasure.carry_out_erasure,
        world=spoken_of_elsewhere,
        events=("person.erased", "person.erased_elsewhere"),
        variant="spoken of elsewhere",
    ),
    Case(
        service=retention.apply_retention,
        world=lambda: officer(mode="run", kinds=[]),
        events=("retention.applied",),
        adds=NO_ROW,
    ),
    Case(
        service=rotation.rotate_keys,
        world=an_old_master_key,
        events=("keys.rotated",),
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=rotation.reindex_personal,
        world=lambda: job("keys"),
        events=("keys.reindexed",),
        door=EntryPoint.COMMAND,
        adds=NO_ROW,
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
        adds=NO_ROW,
    ),
    Case(
        service=evidence.expire_bundles,
        world=over,
        events=("bundle.expired",),
        door=EntryPoint.TASK,
    ),
]
