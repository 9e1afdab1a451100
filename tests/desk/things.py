"""A thing of each kind whose reads are logged."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from backoffice.audit.models import Erasure, LegalHold, ReadEvent
from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.staff.roles import Role
from tests.factories import changes, evidence, loans, mediation
from tests.factories import collections as collection
from tests.factories import complaints as complaint
from tests.factories import desk as make
from tests.factories.staff import NOW, person
from tests.house.records.cases_loans_postings import waiting as waiting_posting


def _subject() -> Any:
    return collection.borrower().subject


def _hold() -> Any:
    from debt_collections import services

    case = collection.case()
    return services.place_hold(
        borrower=case.borrower, source=case.dossier, lifts_with="by_hand", scope="all", reason="complaint",
        by=complaint.handler(), at=NOW,
    )  # fmt: skip


def _legal_hold() -> LegalHold:
    officer = person(Role.PRIVACY_OFFICER)
    with context.acting(by=officer, reason_code="test"):
        return LegalHold.objects.create(
            dossier=make.dossier(), reason="other", placed_at=NOW, placed_by=officer
        )


def _erasure() -> Erasure:
    officer = person(Role.PRIVACY_OFFICER)
    with context.acting(by=officer, reason_code="test"):
        return Erasure.objects.create(
            subject=_subject(), basis="request", requested_at=NOW, requested_by=officer
        )


def _incident() -> Any:
    from backoffice.desk.services import incidents

    return incidents.report_incident(
        kind="leak", description="邮件发错了人", noticed_at=NOW, by=person(Role.HANDLER), at=NOW
    )


def _read() -> ReadEvent:
    with context.acting(by=person(Role.AUDITOR), reason_code="test"):
        return log_read(what="page", at=NOW, path="/", dossier=make.dossier())


#: A thing of each kind whose reads are logged. A new kind must be added here.
THINGS: dict[str, Callable[[], Any]] = {
    "desk.attachment": make.attachment,
    "desk.task": lambda: make.task(detail="请回电"),
    "desk.incident": _incident,
    "audit.readevent": _read,
    "audit.evidencebundle": lambda: evidence.asked(complaint.filed().dossier, person(Role.PRIVACY_OFFICER)),
    "audit.legalhold": _legal_hold,
    "audit.erasure": _erasure,
    "privacy.datasubject": _subject,
    "loans.borrower": collection.borrower,
    "loans.loan": loans.a_loan,
    "loans.postingrequest": waiting_posting,
    "loans.schedulechange": changes.a_proposal,
    "loans.writeoff": changes.a_write_off,
    "loans.repayment": lambda: loans.a_repayment(loans.a_loan(), "100.00", on=loans.TODAY),
    "collections.agency": collection.agency,
    "collections.collector": collection.collector,
    "collections.case": collection.case,
    "collections.hold": _hold,
    "collections.contactattempt": lambda: collection.contact(collection.case(), collection.collector(), NOW),
    "conduct.allegedcontact": lambda: collection.alleged_contact(about=collection.borrower(), alleged_at=NOW),
    "complaints.complaint": complaint.filed,
    "mediation.referral": lambda: mediation.offered(to=mediation.partner(), by=complaint.handler()),
    "mediation.mediationconsent": lambda: mediation.consent(
        about=mediation.complaint(by=complaint.handler()), to=mediation.partner(), by=complaint.handler()
    ),
}
