"""Complaints: from receipt to the investigation, and what is found in it."""

from __future__ import annotations

import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any

from backoffice.core.context import EntryPoint
from backoffice.staff.roles import Role
from backoffice.staff.services import system_user
from complaints import services
from complaints.importing import AllegationRow, ComplaintRow, DemandRow
from complaints.models import Complaint
from complaints.services import NewAllegation, NewContact, NewDemand, NewFile
from complaints.services.file_import import import_complaints_file
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories import imports
from tests.factories.complaints import NOW, WORDS
from tests.factories.desk import PNG
from tests.factories.staff import person
from tests.house.records.case import Case

LATER = NOW + timedelta(hours=2)
STEPS = "each step on the way is on record: registered, accepted, under investigation"


def by_handler(**given: Any) -> dict[str, Any]:
    return {"by": make.handler(), "at": LATER, **given}


def by_supervisor(**given: Any) -> dict[str, Any]:
    return {"by": make.supervisor(), "at": LATER, **given}


def filing(**given: Any) -> dict[str, Any]:
    return {
        "source": "app",
        "received_at": NOW,
        "words": WORDS,
        "complainants": [make.complainant()],
        "allegations": [
            NewAllegation(
                category="collection.night_calls",
                text="夜间来电",
                contacts=[NewContact(at=NOW - timedelta(days=1), number="17612348810")],
            )
        ],
        "demands": [NewDemand(text="停止夜间联系")],
        "files": [NewFile(name="截图.png", content=PNG)],
        "by": system_user("tests"),
        "at": NOW,
        **given,
    }


def filing_about_a_loan() -> dict[str, Any]:
    case = floor.case(floor.collector())
    return filing(loan_refs=[case.case_loans.get().loan.number])


def filed(**given: Any) -> dict[str, Any]:
    return by_handler(complaint=make.filed(), **given)


def with_a_borrower() -> dict[str, Any]:
    return by_handler(complaint=make.filed(about=floor.case(floor.collector())))


def imported(state: str) -> dict[str, Any]:
    """One that came in from elsewhere in the middle of its way."""
    row = complaint_row(state=state, closed_at=None)
    done = services.import_complaints_bulk([row], by=system_user("imports"), at=NOW)
    return by_handler(complaint=done.created[0])


def complaint_row(**given: Any) -> ComplaintRow:
    facts: dict[str, Any] = {
        "received_at": NOW - timedelta(days=3),
        "source": "import",
        "words": WORDS,
        "complainant": make.complainant(role="unknown"),
        "state": "closed",
        "closed_at": NOW - timedelta(days=1),
        "allegations": [AllegationRow(category="collection.too_many_calls", text="每天来电")],
        "demands": [DemandRow(text="停止来电")],
    }
    return ComplaintRow(**{**facts, **given})


def a_file() -> dict[str, Any]:
    folder = imports.Folder(Path(tempfile.mkdtemp()))
    path = folder.file(imports.text(imports.row(1), imports.row(2)))
    return {"path": path, "mapping_path": folder.mapping, "by": system_user("imports"), "at": NOW}


def investigated(**given: Any) -> dict[str, Any]:
    by = make.handler()
    return {"complaint": make.investigated(by=by, **given), "by": by, "at": LATER}


def allegation_of(given: dict[str, Any]) -> dict[str, Any]:
    complaint: Complaint = given.pop("complaint")
    return {"allegation": complaint.allegations.get(), **given}


def demand_of(given: dict[str, Any]) -> dict[str, Any]:
    complaint: Complaint = given.pop("complaint")
    return {"demand": complaint.demands.get(), **given}


def a_contact() -> dict[str, Any]:
    """An allegation about a borrower, and one of our contacts with them."""
    collector = floor.collector()
    case = floor.case(collector)
    contact = floor.contact(case, collector, NOW - timedelta(days=1))
    return {**allegation_of(investigated(about=case)), "contact": contact}


def a_link() -> dict[str, Any]:
    given = a_contact()
    link = services.link_contact(**given)
    return {"link": link, "by": given["by"], "at": LATER}


def ours_after_all() -> dict[str, Any]:
    """A contact of ours, reported as one that we do not hold."""
    given = a_contact()
    contact = given.pop("contact")
    return {**given, "alleged_at": contact.started_at + timedelta(minutes=2), "text": "晚上打来"}


def unmatched() -> dict[str, Any]:
    """A complaint without a borrower, whose complainant turns out to be one."""
    case = floor.case(floor.collector())
    return {**investigated(), "borrower": case.borrower, "loan": case.case_loans.get().loan, "case": case}


def waiting() -> dict[str, Any]:
    given = investigated()
    return {**given, "complaint": services.await_complainant(**given)}


def colleague() -> dict[str, Any]:
    return by_supervisor(complaint=make.filed(), handler=person(Role.HANDLER))


CASES = [
    Case(service=services.file_complaint, world=filing, events=("filed",), adds="another complaint"),
    Case(
        service=services.file_complaint,
        world=filing_about_a_loan,
        events=("filed",),
        variant="about a loan",
        adds="another complaint",
    ),
    Case(
        service=services.import_complaints_bulk,
        world=lambda: {
            "rows": [complaint_row(), complaint_row(state="investigating", closed_at=None)],
            "by": system_user("imports"),
            "at": NOW,
        },
        events=("imported", "imported"),
        door=EntryPoint.COMMAND,
        adds="the same complaints again: rows of a file are told apart by import_complaints_file",
    ),
    Case(
        service=import_complaints_file,
        world=a_file,
        events=("imported", "imported"),
        several={"core_importrun": (2, "the import began and ended: what breaks off is on record as begun")},
        door=EntryPoint.COMMAND,
    ),
    Case(service=services.register_complaint, world=filed, events=("registered",)),
    Case(
        service=services.accept_complaint,
        world=filed,
        events=("registered", "accepted", "investigation_begun"),
        several={"complaints_complaint": (3, STEPS)},
    ),
    Case(
        service=services.accept_complaint,
        world=with_a_borrower,
        events=("registered", "accepted", "investigation_begun"),
        several={"complaints_complaint": (3, STEPS)},
        variant="about collection",
    ),
    Case(
        service=services.start_investigation,
        world=lambda: imported("accepted"),
        events=("investigation_begun",),
    ),
    Case(
        service=services.not_admit,
        world=lambda: filed(reason_code="enquiry", reason="属于咨询"),
        events=("not_admitted",),
    ),
    Case(service=services.await_complainant, world=investigated, events=("awaiting_complainant",)),
    Case(service=services.resume_investigation, world=waiting, events=("resumed",)),
    Case(service=services.assign, world=colleague, events=("assigned",), adds="the next version"),
    Case(
        service=services.verify_identity,
        world=lambda: filed(how="call_back"),
        events=("identity_verified",),
        adds="the next version",
    ),
    Case(
        service=services.match_borrower,
        world=unmatched,
        # Complainant and borrower are one person from now on.
        events=("borrower_matched", "subject.linked"),
        adds="the next version",
    ),
    Case(
        service=services.add_allegation,
        world=lambda: filed(category="collection.too_many_calls", text="一天四次"),
        events=("allegation_added",),
        adds="another allegation",
    ),
    Case(service=services.link_contact, world=a_contact, events=("contact_linked", "hold_placed")),
    Case(service=services.unlink_contact, world=a_link, events=("contact_unlinked", "hold_lifted")),
    Case(
        service=services.report_alleged_contact,
        world=lambda: {
            **allegation_of(investigated()),
            "alleged_at": NOW - timedelta(days=1),
            "number": "17612348810",
        },
        events=("alleged_contact_reported",),
        adds="another contact",
    ),
    Case(
        service=services.report_alleged_contact,
        world=ours_after_all,
        events=("alleged_contact_reported", "hold_placed"),
        variant="it was ours",
        adds="another contact",
    ),
    Case(
        service=services.set_finding,
        world=lambda: {**allegation_of(investigated()), "finding": "substantiated"},
        events=("finding_set",),
        adds="the event: the same was found again, and no row changes",
    ),
    Case(
        service=services.add_demand,
        world=lambda: filed(text="退还多收利息"),
        events=("demand_added",),
        adds="another demand",
    ),
    Case(
        service=services.answer_demand,
        world=lambda: {**demand_of(investigated()), "answer": "已停止"},
        events=("demand_answered",),
        adds="the event: the same answer was given again, and no row changes",
    ),
]
