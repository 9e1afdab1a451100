"""One person of each kind with known values, behind real objects of every desk."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from backoffice.core.context import EntryPoint, entering
from backoffice.desk.services import open_task, store_attachment
from backoffice.loans import services as loans
from backoffice.privacy.rights import key_of, personal_fields, personal_models, spec_of
from backoffice.privacy.services import read_personal, set_personal
from backoffice.staff.models import Team, User
from backoffice.staff.roles import Role
from backoffice.staff.services import create_team
from complaints import services as complaint_desk
from complaints.services import NewAllegation, NewComplainant
from conduct.models import AllegedContact
from debt_collections.services import place_hold
from tests.factories import collections, complaints
from tests.factories.desk import PNG
from tests.factories.loans import NOW, job
from tests.factories.staff import person

#: Numbers that stand in nothing but words, each in its own.
IN_WORDS, IN_NOTE, IN_REASON, IN_FILE, IN_TASK = (
    "13511110001",
    "13511110002",
    "13511110003",
    "13511110004",
    "13511110005",
)
TEXTS = (IN_WORDS, IN_NOTE, IN_REASON, IN_FILE, IN_TASK)


@dataclass
class World:
    """The objects of the walk, and every value that must not be seen."""

    rows: list[Any]
    collector: User
    team: Team
    secrets: dict[str, str] = field(default_factory=dict)

    def written(self) -> set[str]:
        """Every value in every way somebody may write it."""
        found = set()
        for value in self.secrets.values():
            found |= spellings(value)
        return found


def spellings(value: str) -> set[str]:
    bare = value.removeprefix("+86")
    if bare.isdigit() and len(bare) == 11:
        return {bare, f"{bare[:3]} {bare[3:7]} {bare[7:]}", f"{bare[:3]}-{bare[3:7]}-{bare[7:]}"}
    return {bare}


def a_world() -> World:
    """Borrower, contact person, numbers, complainant and an alleged contact, in this order, with all around them."""
    team = create_team(name="投诉一组", by=job(), at=NOW)
    handler, collector = person(Role.COMPLAINT_SUPERVISOR), person(Role.COLLECTOR)
    works_it = collections.collector(user=collector)
    case = collections.case(works_it)
    borrower = case.borrower
    with entering(EntryPoint.ADMIN, actor=handler):
        set_personal(
            borrower,
            name="欧阳建国明",
            mobile="+8610022220001",
            id_number=complaints.valid_id(77),
            email="ouyang.jg@example.com",
            address="浙江省杭州市西湖区听雨路九十九号",
            service_address="浙江省杭州市西湖区稻香路八十八号",
        )
        borrower.save()
        friend = loans.register_contact_person(
            borrower=borrower, name="慕容秀英兰", relation="同事", mobile="+8610022220002", by=job(), at=NOW
        )
        number = loans.register_phone_number(
            borrower=borrower, number="10022220001", owner="own", by=job(), at=NOW
        )
        contact = collections.contact(
            case,
            works_it,
            collections.shanghai("2026-11-20 23:10"),
            phone_number=number,
            note=f"另有电话{IN_NOTE}",
        )
        complaint = complaint_desk.file_complaint(
            source="app",
            received_at=complaints.NOW,
            words=f"请打我的新号码{IN_WORDS}，不要再打旧的。",
            complainants=[
                NewComplainant(
                    name="司徒志远强",
                    id_number=complaints.valid_id(78),
                    phones=["+8610022220003"],
                    email="situ.zy@example.com",
                )
            ],
            allegations=[NewAllegation(category="collection.night_calls", text="夜间来电")],
            team=team,
            by=handler,
            at=complaints.NOW,
        )
        complaint_desk.accept_complaint(complaint=complaint, by=handler, at=complaints.NOW)
        complaint.refresh_from_db()
        complaint_desk.match_borrower(
            complaint=complaint,
            borrower=borrower,
            case=case,
            by=handler,
            at=complaints.NOW + timedelta(minutes=1),
            reason=f"来电{IN_REASON}确认",
        )
        complaint_desk.report_alleged_contact(
            allegation=complaint.allegations.get(),
            number="10022220004",
            alleged_at=complaints.NOW - timedelta(days=1),
            text="半夜来电",
            by=handler,
            at=complaints.NOW + timedelta(minutes=2),
        )
        store_attachment(
            dossier=complaint.dossier,
            kind="evidence",
            name=f"通话{IN_FILE}.png",
            content=PNG,
            origin="upload",
            by=handler,
            at=NOW,
        )
        open_task(
            dossier=complaint.dossier,
            kind="loans.assess_hardship",
            due_at=NOW + timedelta(days=1),
            detail=f"回电{IN_TASK}",
            by=handler,
            at=NOW,
        )
        place_hold(
            borrower=borrower,
            scope="number",
            reason="complaint",
            number=number,
            source=complaint.dossier,
            lifts_with="by_hand",
            by=handler,
            at=NOW,
        )
    assert contact.phone_number_id == number.pk
    complainant = complaint.complainants.get()
    alleged = AllegedContact.objects.get()
    rows = [
        borrower,
        friend,
        number,
        *friend.phone_numbers.all(),
        complainant,
        *complainant.phones.all(),
        alleged,
    ]
    found = World(rows, collector, team)
    for row in rows:
        row.refresh_from_db()
        for name in spec_of(row).fields:
            found.secrets[key_of(row, name)] = read_personal(row, name)
    assert {type(row) for row in rows} == set(personal_models())
    assert {
        (type(row), name) for row in rows for name in spec_of(row).fields if getattr(row, f"{name}_mask")
    } == set(personal_fields()), "every personal field of the house has a value in this walk"
    return found
