"""The collection desk and the conduct desk."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any

from backoffice.core.choices import DossierKind
from backoffice.core.context import EntryPoint
from backoffice.core.services import open_dossier
from backoffice.staff.roles import Role
from conduct import services as conduct
from debt_collections import services
from debt_collections.models import Case as DebtCase
from debt_collections.services import CaseRow, ContactRow, PlacementRow
from tests.factories import collections as make
from tests.factories.collections import NOW
from tests.factories.staff import person
from tests.house.records.case import Case

EARLIER = NOW - timedelta(days=10)


def by_officer(**given: Any) -> dict[str, Any]:
    return {"by": make.officer(), "at": NOW, **given}


def by_supervisor(**given: Any) -> dict[str, Any]:
    return {"by": person(Role.CONDUCT_SUPERVISOR), "at": NOW, **given}


def placed_elsewhere() -> dict[str, Any]:
    """A case with a collector that goes to one of another agency."""
    other = make.collector()
    return by_officer(
        case=make.case(make.collector()), agency=other.agency, collector=other, borrower_told_at=EARLIER
    )


def another_loan() -> dict[str, Any]:
    case = make.case()
    return by_officer(case=case, loan=make.loan(case.borrower))


def call() -> dict[str, Any]:
    collector = make.collector()
    case = make.case(collector)
    return by_officer(
        **make.contact_facts(case, collector, EARLIER, note="答应下周还款", external_id="D-RECORD")
    )


def new_hold(case: DebtCase | None = None) -> dict[str, Any]:
    case = case or make.case()
    return {
        "borrower": case.borrower,
        "source": case.dossier,
        "scope": "all",
        "reason": "dispute",
        "loans": [one.loan for one in case.case_loans.all()],
        "lifts_with": "by_hand",
        "reason_text": "与律师核实中",
        "by": make.officer(),
        "at": EARLIER,
    }


def two_holds() -> dict[str, Any]:
    case = make.case()
    for scope, channel in (("all", ""), ("channel", "call")):
        services.place_hold(**{**new_hold(case), "scope": scope, "channel": channel})
    return by_supervisor(source=case.dossier, because="case.closed")


def cases_as_they_stand() -> dict[str, Any]:
    collector = make.collector()
    rows = []
    for _number in range(2):
        borrower = make.borrower()
        placement = PlacementRow(collector.agency_id, collector.pk, date(2026, 10, 1), None, EARLIER)
        rows.append(
            CaseRow(
                borrower_id=borrower.pk,
                loan_ids=(make.loan(borrower).pk,),
                opened_on=date(2026, 10, 1),
                placements=(placement,),
            )
        )
    return by_officer(rows=rows)


def contacts() -> dict[str, Any]:
    collector = make.collector()
    case = make.case(collector)
    facts = make.contact_facts(case, collector, EARLIER)
    kind = {name: facts[name] for name in ("purpose", "channel", "direction", "party", "connection")}
    return by_officer(
        rows=[
            ContactRow(
                external_id=f"D-RECORD-{number}",
                borrower_id=case.borrower_id,
                case_id=case.pk,
                collector_id=collector.pk,
                number_owner="unknown",
                started_at=EARLIER,
                ended_at=EARLIER + timedelta(minutes=1),
                note="答应下周还款",
                **kind,
            )
            for number in (1, 2)
        ]
    )


def alleged(at: datetime = EARLIER) -> dict[str, Any]:
    collector = make.collector()
    case = make.case(collector)
    contact = make.contact(case, collector, at)
    return by_supervisor(alleged=make.alleged_contact(about=case.borrower, alleged_at=at), contact=contact)


def new_alleged() -> dict[str, Any]:
    borrower = make.borrower()
    return by_supervisor(
        dossier=open_dossier(kind=DossierKind.COMPLAINT, number="TST-RECORD", at=NOW),
        subject=borrower.subject,
        borrower=borrower,
        number="17612348810",
        alleged_at=EARLIER,
        text="晚上十一点打来",
    )


CASES = [
    Case(
        service=services.register_agency,
        world=lambda: by_officer(code="A-RECORD", name="新机构"),
        events=("agency_registered",),
    ),
    Case(
        service=services.register_collector,
        world=lambda: by_officer(agency=make.agency(), staff_number="C-RECORD", name="陈立"),
        events=("collector_registered",),
    ),
    Case(
        service=services.authorise_collector,
        world=lambda: by_officer(
            collector=make.collector(until=None),
            background_checked_on=date(2026, 11, 1),
            from_on=date(2026, 11, 20),
            until=date(2027, 5, 31),
        ),
        events=("collector_authorised",),
        adds="one more authorisation",
    ),
    Case(
        service=services.suspend_collector,
        world=lambda: by_supervisor(collector=make.collector()),
        events=("collector_suspended",),
    ),
    Case(
        service=services.open_case,
        world=lambda: (lambda owed_by: by_officer(borrower=owed_by, loans=[make.loan(owed_by)]))(
            make.borrower()
        ),
        events=("case_opened",),
    ),
    Case(service=services.add_loan_to_case, world=another_loan, events=("loan_added",)),
    Case(
        service=services.place_case,
        world=placed_elsewhere,
        events=("case_placed",),
        adds="a placement that begins anew",
    ),
    Case(
        service=services.close_case,
        world=lambda: by_officer(case=make.case(make.collector()), close_reason="cured"),
        events=("case_closed",),
    ),
    Case(service=services.log_contact, world=call, events=("contact_logged",)),
    Case(service=services.place_hold, world=new_hold, events=("hold_placed",), adds="one more hold"),
    Case(
        service=services.lift_hold,
        world=lambda: by_supervisor(hold=services.place_hold(**new_hold())),
        events=("hold_lifted",),
    ),
    Case(service=services.lift_holds_of, world=two_holds, events=("hold_lifted", "hold_lifted")),
    Case(
        service=services.import_cases_bulk,
        world=cases_as_they_stand,
        events=("case_imported", "case_imported"),
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=services.import_contacts_bulk,
        world=contacts,
        events=("contact.imported",),
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=conduct.register_alleged_contact,
        world=new_alleged,
        events=("alleged_contact_registered",),
        adds="a second report",
    ),
    Case(
        service=conduct.match_alleged_contact,
        world=alleged,
        events=("alleged_contact_matched",),
        adds="the event: the same was said again, and no row changes",
    ),
    Case(
        service=conduct.match_alleged_contact,
        world=lambda: {
            **(given := alleged()),
            "alleged": conduct.match_alleged_contact(**given),
            "contact": None,
        },
        events=("alleged_contact_unmatched",),
        variant="taken back",
        adds="the event: the same was said again, and no row changes",
    ),
]
