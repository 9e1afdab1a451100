"""Incidents: what each step leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backoffice.audit.services import log_read
from backoffice.core import context
from backoffice.desk import services
from backoffice.staff.roles import Role
from tests.factories import incidents as make
from tests.factories import loans as book
from tests.factories.desk import PNG
from tests.factories.staff import NOW, person
from tests.house.records.case import Case

AT = NOW + timedelta(hours=1)


def reported(kind: str = "leak", **given: Any) -> dict[str, Any]:
    """A fresh incident about a borrower, and the privacy officer an hour later."""
    officer = person(Role.PRIVACY_OFFICER)
    incident = make.report(kind, source=book.a_borrower().dossier)
    return {"incident": incident, "by": officer, "at": AT, **given}


def report() -> dict[str, Any]:
    person(Role.PRIVACY_OFFICER)
    borrower = book.a_borrower()
    return {
        "kind": "leak",
        "description": "名单外传",
        "noticed_at": NOW,
        "source": borrower.dossier,
        "by": person(Role.COLLECTOR),
        "at": NOW,
    }


def danger() -> dict[str, Any]:
    person(Role.COMPLIANCE)
    return {**report(), "kind": "self_harm"}


def with_duty() -> dict[str, Any]:
    given = reported()
    return {**given, "duty": given["incident"].duties.get(code="leak_authority")}


def with_person() -> dict[str, Any]:
    given = reported()
    return {**given, "persons": list(given["incident"].subjects.all())}


def seen() -> dict[str, Any]:
    given, reader, other = reported(), person(Role.HANDLER), book.a_borrower()
    with context.entering("command"), context.acting(by=reader, reason_code="task.done"):
        log_read(what="page", at=NOW, path="/x/", dossier=other.dossier)
    return {**given, "reader": reader, "since": NOW, "until": AT}


CASES = [
    Case(
        service=services.report_incident,
        events=("reported", "persons_added"),
        world=report,
        adds="one more incident",
    ),
    Case(
        service=services.report_incident,
        variant="danger",
        events=("reported", "persons_added", "hold_placed"),
        world=danger,
        adds="one more incident",
    ),
    Case(service=services.take_incident, events=("taken",), world=reported),
    Case(
        service=services.assess_incident,
        events=("assessed",),
        world=lambda: reported(level="large", persons=40),
        adds="the event: the same was said again, and no row changes",
    ),
    Case(
        service=services.contain_incident,
        events=("contained",),
        world=lambda: reported(contained_at=NOW, measures="已收回"),
    ),
    Case(service=services.mark_reported, events=("marked_reported",), world=lambda: make.led_to("contained")),
    Case(
        service=services.close_incident,
        events=("closed",),
        world=lambda: {**make.led_to("reported"), "report": "已整改"},
    ),
    Case(service=services.reopen_incident, events=("reopened",), world=lambda: make.led_to("closed")),
    Case(
        service=services.attach_to_incident,
        events=("file_added",),
        world=lambda: reported(name="截图.png", content=PNG),
        adds="one more file",
    ),
    Case(
        service=services.notify,
        events=("notified",),
        world=lambda: {**with_duty(), "way": "platform", "told_at": AT},
    ),
    Case(service=services.waive_duty, events=("duty_waived",), world=with_duty),
    Case(
        service=services.add_persons,
        events=("persons_added",),
        world=lambda: reported(numbers=[book.a_borrower().customer_number]),
    ),
    Case(service=services.add_seen, events=("persons_added",), world=seen),
    Case(
        service=services.tell_persons,
        events=("persons_told",),
        world=lambda: {**with_person(), "way": "sms", "told_at": AT},
    ),
    Case(
        service=services.leave_out,
        events=("persons_left_out",),
        world=lambda: {**with_person(), "because": "unreachable"},
    ),
]
