"""A complaint with all that may belong to its evidence bundle, and bundles made of it."""

from __future__ import annotations

import io
import json
import zipfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from backoffice.audit.models import EvidenceBundle
from backoffice.audit.services import log_read
from backoffice.audit.services.evidence import make_bundle, request_bundle
from backoffice.core import context
from backoffice.core.models import Dossier
from backoffice.desk.models import Attachment
from backoffice.loans.models import Borrower, ContactPerson, PhoneNumber
from backoffice.privacy.services import create_subjects, set_personal
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints import services as complaint_services
from complaints.models import Complaint
from debt_collections.models import Case, Collector, ContactAttempt
from tests.factories import collections as collection
from tests.factories import complaints, desk
from tests.factories.collections import NOW, shanghai
from tests.factories.staff import person

BORROWER, FRIEND, AGENT = "王小明", "李秀英", "赵大律"
FRIENDS_NUMBER, STRANGERS_NUMBER = "13712345678", "13987654321"
REASON = "金融监管局调查"


@dataclass(slots=True)
class Story:
    """A borrower called at night, also through a friend, who complains through an agent."""

    complaint: Complaint
    case: Case
    collector: Collector
    borrower: Borrower
    contact: ContactAttempt
    attachment: Attachment
    handler: User
    friend: ContactPerson


def story(*, at: datetime = NOW) -> Story:
    handler = person(Role.HANDLER)
    collector = collection.collector()
    owed_by = collection.borrower(BORROWER)
    case = collection.case(collector, owed_by=owed_by)
    friend, number = _friend(owed_by)
    contact = collection.contact(
        case,
        collector,
        shanghai("2026-11-19 23:10"),
        contact_person=friend,
        phone_number=number,
        party="contact_person",
        note=f"对方称不在，另留号码{STRANGERS_NUMBER}",
    )
    collection.contact(case, collector, shanghai("2026-09-02 10:00"))
    complaint = complaints.investigated(
        by=handler,
        at=at,
        about=case,
        complainants=[
            complaints.complainant(name=BORROWER, role="borrower"),
            complaints.complainant(name=AGENT, role="agent", on_behalf_of=BORROWER),
        ],
        words=f"他们半夜打到我朋友{STRANGERS_NUMBER}那里。",
    )
    complaint_services.link_contact(
        allegation=complaint.allegations.get(), contact=contact, by=handler, at=at + timedelta(hours=1)
    )
    attachment = desk.attachment(dossier=complaint.dossier, by=handler, name="通话截图.png", at=at)
    with context.entering(context.EntryPoint.ADMIN, actor=handler):
        log_read(what="page", at=at, path="/admin/x/", dossier=complaint.dossier)
    return Story(complaint, case, collector, owed_by, contact, attachment, handler, friend)


def _friend(owed_by: Borrower) -> tuple[ContactPerson, PhoneNumber]:
    with context.acting(by=collection.system(), reason_code="test"):
        [subject] = create_subjects(1)
        friend = ContactPerson(borrower=owed_by, subject=subject, relation="朋友")
        set_personal(friend, name=FRIEND)
        friend.save()
        number = PhoneNumber(borrower=owed_by, contact_person=friend, subject=subject, owner="contact_person")
        set_personal(number, number=FRIENDS_NUMBER)
        number.save()
    return friend, number


def asked(dossier: Dossier, by: User, **given: Any) -> EvidenceBundle:
    """A bundle that nobody has begun to make."""
    return request_bundle(
        **{"dossier": dossier, "reason": REASON, "by": by, "at": timezone.now(), "start": False, **given}
    )


def made(dossier: Dossier, by: User, **given: Any) -> EvidenceBundle:
    """A bundle that is ready."""
    bundle = make_bundle(bundle_id=asked(dossier, by, **given).pk, at=timezone.now())
    assert bundle.state == EvidenceBundle.State.READY, bundle.error
    return bundle


class Opened:
    """What is in a bundle."""

    def __init__(self, bundle: EvidenceBundle) -> None:
        with bundle.file.open("rb") as file:
            self.raw = file.read()
        self.files = {
            name: content
            for archive in [zipfile.ZipFile(io.BytesIO(self.raw))]
            for name in archive.namelist()
            for content in [archive.read(name)]
        }

    def json(self, name: str) -> Any:
        return json.loads(self.files[name])

    def records(self, model: str) -> list[dict[str, Any]]:
        return [self.json(name) for name in sorted(self.files) if name.startswith(f"records/{model}/")]

    def models(self) -> set[str]:
        return {name.split("/")[1] for name in self.files if name.startswith("records/")}

    def told(self, model: str, column: str) -> list[dict[str, Any]]:
        """What the records of a model say of a column."""
        return [
            one for document in self.records(model) for one in document["fields"] if one["name"] == column
        ]

    @property
    def everything(self) -> str:
        """All text in it but the PDF."""
        return "\n".join(content.decode() for name, content in self.files.items() if name.endswith(".json"))
