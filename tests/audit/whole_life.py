"""One person at every desk, made through the services, and everything the house holds, read back byte by byte."""

from __future__ import annotations

import uuid
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.test import Client as Http

from backoffice.api.formats import moment
from backoffice.core import context
from backoffice.desk import services as desk
from backoffice.desk.services import open_task, store_attachment
from backoffice.loans.models import Borrower
from backoffice.loans.seed import resident_id
from backoffice.loans.services import register_contact_person
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints import services as complaints
from complaints.mediation import services as mediators
from complaints.mediation.choices import DeclineReason
from complaints.models import Complaint
from debt_collections import services as collections
from tests.factories import api as machines
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories import incidents, mediation
from tests.factories import loans as book
from tests.factories.desk import PNG
from tests.factories.staff import person

NOW = make.NOW
#: Ten years and more after everything: nothing of it has to be kept any longer.
LATER = datetime(2041, 3, 1, 2, 0, tzinfo=UTC)

NAME, MOTHER, OTHER = "欧阳静姝", "尉迟桂枝", "诸葛长青"
MOBILE, SECOND, MOTHERS = "13911112222", "13622223333", "13733334444"
EMAIL, ADDRESS = "jingshu.oy@example.com", "上海市徐汇区漕溪北路一千零八弄七号"
ID_NUMBER = resident_id(date(1988, 4, 9), 77)


@dataclass
class Life:
    """What was made. ``strings`` may be found nowhere after the erasure, ``kept`` must still be there."""

    borrower: Borrower
    complaint: Complaint
    other: Complaint
    other_note: Any
    contact_of_other: Any
    stranger: Complaint
    handler: User
    strings: list[str]
    kept: list[str]


def lead() -> Life:
    """A borrower with a contact person, loan, case, contact, two complaints and mentions in somebody else's file."""
    handler = person(Role.HANDLER)
    borrower = book.a_borrower(
        name=NAME, mobile=MOBILE, id_number=ID_NUMBER, email=EMAIL, address=ADDRESS, service_address=ADDRESS
    )
    with context.entering("command"):
        register_contact_person(
            borrower=borrower, name=MOTHER, relation="母亲", mobile=MOTHERS, by=book.job(), at=NOW
        )
    collector = floor.collector()
    case = floor.case(collector, owed_by=borrower)
    loan = case.case_loans.get().loan
    floor.contact(case, collector, NOW - timedelta(days=3), note=f"{NAME}说手机{MOBILE}以后不要打")
    complaint = _own_complaint(borrower, loan.number, handler)
    complaints.withdraw(
        complaint=_filed_by_machine(loan.number), by=handler, at=NOW + timedelta(hours=2), reason="同一件事"
    )
    other, note, contact = _mentions(handler)
    _elsewhere(borrower, handler)
    with context.acting(by=book.job(), reason_code="test"):
        loan.refresh_from_db()
        loan.state, loan.written_off_on, loan.written_off_principal = (
            "written_off",
            loan.disbursed_on,
            loan.principal,
        )
        loan.save()
    collections.close_case(
        case=case, close_reason="written_off", by=floor.officer(), at=NOW, reason=f"{NAME}结清"
    )
    strings = [
        NAME,
        MOTHER,
        MOBILE,
        SECOND,
        MOTHERS,
        EMAIL,
        ADDRESS,
        ID_NUMBER,
        "139 1111 2222",
        "不要告诉我母亲",
    ]
    return Life(
        borrower,
        complaint,
        other,
        note,
        contact,
        make.filed(words="与任何人无关", complainants=[make.complainant(name="公孙无名")]),
        handler,
        strings,
        [OTHER, "利息算错了", "另一位客户也说了同样的事"],
    )


def _own_complaint(borrower: Borrower, loan: str, handler: User) -> Complaint:
    complaint = make.investigated(
        by=handler,
        loan_refs=[loan],
        words=f"我是{NAME}，住{ADDRESS}，请打{SECOND}，不要告诉我母亲。",
        complainants=[make.complainant(name=NAME, phones=[MOBILE, SECOND], email=EMAIL)],
    )
    complaints.add_note(
        complaint=complaint, text=f"已回电{NAME}（{MOBILE}）", by=handler, at=NOW + timedelta(hours=1)
    )
    complaints.log_conversation(
        complaint=complaint,
        direction="out",
        connected=True,
        started_at=NOW,
        summary=f"{NAME}情绪激动",
        by=handler,
        at=NOW + timedelta(hours=1),
    )
    open_task(
        dossier=complaint.dossier,
        kind="call_back",
        due_at=NOW + timedelta(days=1),
        by=handler,
        at=NOW,
        detail=f"给{NAME}回电 {MOBILE}",
    )
    store_attachment(
        dossier=complaint.dossier,
        kind="evidence",
        name=f"{NAME}的截图.png",
        content=PNG + NAME.encode(),
        origin="upload",
        by=handler,
        at=NOW,
    )
    return complaints.withdraw(
        complaint=complaint, by=handler, at=NOW + timedelta(hours=3), reason=f"{NAME}来电撤回"
    )


def _filed_by_machine(loan: str) -> Complaint:
    client, secret = machines.api_client(
        "complaints:read", "complaints:write", name=f"应用{uuid.uuid4().hex[:6]}"
    )
    answer = Http().post(
        "/api/v1/complaints",
        {
            "source": "app",
            "received_at": moment(NOW),
            "complainant": {"role": "borrower", "name": NAME, "phones": [MOBILE], "email": EMAIL},
            "loan_refs": [loan],
            "words": f"{NAME}：又打电话了",
            "allegations": [{"category": "collection.night_calls", "text": f"打给{NAME}"}],
            "demands": [],
            "external_id": "APP-77",
        },
        "application/json",
        headers={**machines.bearer(client, secret), "Idempotency-Key": "life-1"},
    )
    assert answer.status_code == 201, answer.content
    return Complaint.objects.get(external_id="APP-77")


def _mentions(handler: User) -> tuple[Complaint, Any, Any]:
    """Somebody else's files that speak of the person, in words of all kinds."""
    other = make.investigated(
        by=handler,
        words=f"利息算错了。隔壁的{NAME}（电话 139 1111 2222）也一样。",
        complainants=[make.complainant(name=OTHER, phones=["13555556666"])],
    )
    note = complaints.add_note(
        complaint=other, text="另一位客户也说了同样的事", by=handler, at=NOW + timedelta(hours=1)
    )
    complaints.add_note(
        complaint=other,
        text=f"查证件 {ID_NUMBER} 邮箱 {EMAIL.upper()}",
        by=handler,
        at=NOW + timedelta(hours=1),
    )
    open_task(
        dossier=other.dossier, kind="call_back", due_at=NOW, by=handler, at=NOW, detail=f"问一下{NAME}的事"
    )
    case = floor.case(floor.collector())
    contact = floor.contact(
        case, case.placements.get().collector, NOW - timedelta(days=1), note=f"问起{NAME}"
    )
    other = complaints.await_complainant(
        complaint=other, by=handler, at=NOW + timedelta(hours=2), reason=f"等{NAME}作证"
    )
    return other, note, contact


def _elsewhere(borrower: Borrower, handler: User) -> None:
    """An incident about the person, one that only mentions them, words of a mediator, what they say happened."""
    by, at = person(Role.COMPLIANCE), NOW + timedelta(hours=2)
    for source in (borrower.dossier, None):
        incident = incidents.report("media", source=source, description=f"{NAME}（{MOBILE}）在网上发帖")
        with context.entering("command"):
            for duty in incident.duties.all():
                desk.notify(
                    incident=incident,
                    duty=duty,
                    way="call",
                    told_at=NOW,
                    note=f"事关{NAME}",
                    by=by,
                    at=at,
                )
            desk.contain_incident(incident=incident, contained_at=NOW, measures=f"联系{NAME}", by=by, at=at)
            desk.mark_reported(incident=incident, by=by, at=at)
            desk.close_incident(incident=incident, report=f"{NAME}已删帖", by=by, at=at)
    floor.alleged_contact(about=borrower, alleged_at=NOW - timedelta(days=2), number=SECOND)
    partner = mediation.partner()
    referral = mediation.offered(to=partner, by=handler)
    mediators.decline_referral(
        referral=referral,
        reason_code=DeclineReason.values[0],
        reason=f"已在调解{NAME}的同类案件",
        by=partner.user,
        at=mediation.ACCEPTED,
    )


def everything() -> Iterator[tuple[str, bytes]]:
    """Every value of every column of every table, the database's own files, and the files in the media folder."""
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")  # noqa: S608  (names of our own)
            for row in cursor.fetchall():
                for value in row:
                    yield f"{table}", _bytes(value)
    if connection.vendor == "sqlite":
        path = Path(connection.settings_dict["NAME"])
        for one in (path, Path(f"{path}-wal")):
            if one.exists():
                yield one.name, one.read_bytes()
    for file in Path(settings.MEDIA_ROOT).rglob("*"):
        if not file.is_file():
            continue
        yield str(file), file.read_bytes()
        if zipfile.is_zipfile(file):
            with zipfile.ZipFile(file) as archive:
                for name in archive.namelist():
                    yield f"{file}/{name}", archive.read(name)


def _bytes(value: Any) -> bytes:
    if isinstance(value, memoryview | bytes):
        return bytes(value)
    return str(value).encode()


def where(strings: list[str]) -> list[tuple[str, str]]:
    """Where any of the strings is, in plain or as JSON escapes it."""
    wanted = [(one, form) for one in strings for form in _forms(one)]
    found = set()
    for place, value in everything():
        found |= {(place, one) for one, form in wanted if form in value}
    return sorted(found)


def _forms(text: str) -> list[bytes]:
    escaped = text.encode("ascii", "backslashreplace")
    return list({text.encode(), escaped})
