"""Legal holds, erasure, retention and keys."""

from __future__ import annotations

import base64
import functools
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.test import override_settings

from backoffice.audit.models import Erasure, LegalHold
from backoffice.audit.services import erasure, holds, retention, rotation
from backoffice.core import context
from backoffice.core.context import EntryPoint
from backoffice.core.time import business_day
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from tests.factories import complaints as make
from tests.factories import loans as book
from tests.factories.complaints import NOW
from tests.factories.staff import person
from tests.house.records.case import Case

#: Longer than anything is kept.
LATER = NOW + timedelta(days=366 * 20)
NEW_KEY = base64.b64encode(b"8" * 32).decode()


def officer() -> User:
    return person(Role.PRIVACY_OFFICER)


def new_hold() -> dict[str, Any]:
    return {
        "dossier": make.filed().dossier,
        "reason_code": LegalHold.Reason.AUTHORITY,
        "reference": "沪金监〔2026〕1号",
        "detail": "监管要求保存",
        "until": business_day(NOW) + timedelta(days=90),
        "by": officer(),
        "at": NOW,
    }


def hold() -> dict[str, Any]:
    given = new_hold()
    with context.entering("command"):
        return {"hold": holds.place_legal_hold(**given), "by": officer(), "at": NOW}


def asking(at: datetime = LATER) -> dict[str, Any]:
    subject = book.a_borrower().subject
    return {"subject": subject, "basis": Erasure.Basis.REQUEST, "by": officer(), "at": at}


def asked(at: datetime = LATER) -> dict[str, Any]:
    with context.entering("command"):
        request = erasure.request_erasure(**asking(at))
    return {"erasure": request, "by": person(Role.COMPLIANCE), "at": at}


def asked_and_named_elsewhere() -> dict[str, Any]:
    """Somebody else's complaint speaks of the person."""
    borrower = book.a_borrower(name="司马文竹", mobile="13911112222")
    make.filed(words="司马文竹也一样")
    with context.entering("command"):
        request = erasure.request_erasure(
            subject=borrower.subject, basis=Erasure.Basis.REQUEST, by=officer(), at=LATER
        )
    return {"erasure": request, "by": person(Role.COMPLIANCE), "at": LATER}


def old_customer() -> dict[str, Any]:
    # The job in whose name retention asks; its account comes with the first run.
    system_user("retention")
    book.a_borrower()
    return {"mode": "run", "kinds": ["customer"], "by": officer(), "at": LATER}


@functools.wraps(rotation.rotate_keys)
def rotate_keys(**given: Any) -> rotation.Rotation:
    """With a new key in front of the present ones, without which there is nothing to rotate."""
    with override_settings(PRIVACY_MASTER_KEYS=f"new:{NEW_KEY},{settings.PRIVACY_MASTER_KEYS}"):
        return rotation.rotate_keys(**given)


def old_keys() -> dict[str, Any]:
    book.a_borrower()
    return {"by": system_user("keys"), "at": NOW}


CASES = [
    Case(service=holds.place_legal_hold, events=("legal_hold.placed",), world=new_hold, adds="one more hold"),
    Case(service=holds.lift_legal_hold, events=("legal_hold.lifted",), world=hold),
    Case(service=erasure.request_erasure, events=("erasure.requested",), world=asking),
    Case(service=erasure.refuse_erasure, events=("erasure.refused",), world=asked),
    Case(service=erasure.carry_out_erasure, events=("person.erased",), world=asked),
    Case(
        service=erasure.carry_out_erasure,
        variant="named-elsewhere",
        events=("person.erased", "person.erased_elsewhere"),
        world=asked_and_named_elsewhere,
    ),
    Case(
        service=retention.apply_retention,
        events=("person.erased", "retention.applied"),
        world=old_customer,
        several={"audit_erasure": (2, "the rule asks, the person who runs it decides")},
        adds="one more run that finds nothing, and no row changes",
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=rotate_keys,
        events=("keys.rotated",),
        world=old_keys,
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=rotation.reindex_personal,
        events=("keys.reindexed",),
        world=lambda: {"by": system_user("keys"), "at": NOW},
        adds="the event of another run, and no row changes",
        door=EntryPoint.COMMAND,
    ),
]
