"""Complaints: who may do what, what it does, and what is refused — service by service."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.desk.models import Task
from backoffice.privacy.services import read_text
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints import services
from complaints.models import Complaint, ComplaintEvent
from complaints.services import NewAllegation, NewContact
from debt_collections.models import Hold
from tests.factories import collections as floor
from tests.factories import complaints as make
from tests.factories.staff import person

pytestmark = pytest.mark.django_db
NOW = make.NOW
LATER = NOW + timedelta(hours=1)


@pytest.fixture
def handler() -> User:
    return make.handler()


@pytest.fixture
def supervisor() -> User:
    return make.supervisor()


def holds(complaint: Complaint) -> set[tuple[str, str]]:
    return set(
        Hold.objects.filter(source=complaint.dossier, lifted_at__isnull=True).values_list("scope", "reason")
    )


def events(complaint: Complaint) -> list[str]:
    return list(
        ComplaintEvent.objects.filter(complaint=complaint).order_by("id").values_list("kind", flat=True)
    )


ACTS: dict[str, Callable[[Complaint, User], Any]] = {
    "register": lambda c, u: services.register_complaint(complaint=c, by=u, at=LATER),
    "accept": lambda c, u: services.accept_complaint(complaint=c, by=u, at=LATER),
    "not_admit": lambda c, u: services.not_admit(
        complaint=c, reason_code="enquiry", reason="这是咨询", by=u, at=LATER
    ),
    "assign": lambda c, u: services.assign(complaint=c, handler=None, by=u, at=LATER),
    "verify_identity": lambda c, u: services.verify_identity(complaint=c, how="call_back", by=u, at=LATER),
    "withdraw": lambda c, u: services.withdraw(complaint=c, reason="来电撤诉", by=u, at=LATER),
    "add_allegation": lambda c, u: services.add_allegation(
        complaint=c, category="collection.threat", by=u, at=LATER
    ),
    "report_alleged_contact": lambda c, u: services.report_alleged_contact(
        allegation=c.allegations.order_by("id")[0], alleged_at=NOW - timedelta(days=1), by=u, at=LATER
    ),
    "add_demand": lambda c, u: services.add_demand(complaint=c, text="道歉", by=u, at=LATER),
    "add_note": lambda c, u: services.add_note(complaint=c, text="备注", by=u, at=LATER),
    "log_conversation": lambda c, u: services.log_conversation(
        complaint=c, direction="out", connected=False, started_at=NOW, by=u, at=LATER
    ),
    "attach_file": lambda c, u: services.attach_file(complaint=c, name="a.txt", content=b"x", by=u, at=LATER),
    "extend": lambda c, u: services.extend(complaint=c, reason="案情复杂", by=u, at=LATER),
}


@pytest.mark.parametrize("name", sorted(ACTS))
def test_needs_the_right(name: str) -> None:
    complaint = make.filed()
    with pytest.raises(NotPermitted):
        ACTS[name](complaint, person(Role.CONDUCT_SUPERVISOR))
    complaint.refresh_from_db()
    assert complaint.state == "received"
    assert events(complaint) == ["filed"]


@pytest.mark.parametrize("name", sorted(ACTS))
def test_whoever_has_the_right_can(name: str, supervisor: User) -> None:
    complaint = make.filed()
    ACTS[name](complaint, supervisor)
    assert len(events(complaint)) > 1
    newest = Complaint.history.filter(id=complaint.pk).first()
    assert newest is not None


@pytest.mark.parametrize("name", sorted(set(ACTS) - {"assign"}))
def test_nobody_handles_a_complaint_about_himself(name: str, supervisor: User) -> None:
    """Recusal, regulation.md K7."""
    complaint = make.filed()
    accused = floor.collector(user=supervisor)
    services.add_allegation(
        complaint=complaint, category="collection.threat", collector=accused, by=make.handler(), at=NOW
    )
    before = events(complaint)
    with pytest.raises(TransitionRefused):
        ACTS[name](complaint, supervisor)
    assert events(complaint) == before


# -- filing ------------------------------------------------------------------------------------------------


def test_filing_needs_the_right() -> None:
    with pytest.raises(NotPermitted):
        make.filed(by=person(Role.AUDITOR))
    assert not Complaint.objects.exists()


def test_filing_gives_number_deadline_and_keeps_the_words_encrypted() -> None:
    complaint = make.filed()
    assert complaint.number == "TS20261123-000001"
    assert complaint.deadlines.get().due_on.isoformat() == "2026-12-08"
    assert read_text(complaint, "words_cipher") == make.WORDS
    assert make.WORDS.encode() not in bytes(complaint.words_cipher or b"")
    person_row = complaint.complainants.get()
    assert (person_row.name_mask, person_row.phones.get().number_mask[:3]) == ("王**", "137")
    assert events(complaint) == ["filed"]


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"words": "  "}, "words"),
        ({"source": "pigeon"}, "source"),
        ({"received_at": NOW + timedelta(days=1)}, "received_at"),
        ({"complainants": []}, "complainants"),
        ({"complainants": [make.complainant() for _ in range(6)]}, "complainants"),
        ({"complainants": [make.complainant(id_number="110101199003070000")]}, "complainants.0.id_number"),
        ({"complainants": [make.complainant(phones=["12"])]}, "complainants.0.phones.0"),
        ({"complainants": [make.complainant(name=" ")]}, "complainants.0.name"),
        ({"allegations": [NewAllegation(category="collection.bribery")]}, "allegations.0.category"),
        (
            {"allegations": [NewAllegation(category="other.other", contacts=[NewContact(number="x")])]},
            "allegations.0.contacts.0.number",
        ),
        ({"files": [services.NewFile(name="a.exe", content=b"MZ")]}, "attachments.0"),
    ],
)
def test_filing_refuses_what_cannot_be(given: dict[str, Any], field: str) -> None:
    with pytest.raises(InputRefused) as refusal:
        make.filed(**given)
    assert refusal.value.field == field
    assert not Complaint.objects.exists()


def test_borrower_is_matched_by_loan_number_and_never_made_an_alias_by_it() -> None:
    case = floor.case()
    complaint = make.filed(about=case)
    assert (complaint.borrower, complaint.case) == (case.borrower, case)
    assert complaint.complainants.get().subject.same_as is None
    complaint = services.match_borrower(
        complaint=complaint, borrower=case.borrower, by=make.handler(), at=LATER
    )
    assert complaint.complainants.get().subject.same_as == case.borrower.subject


def test_loan_numbers_of_two_borrowers_match_nobody() -> None:
    refs = [floor.case().case_loans.get().loan.number for _ in range(2)]
    complaint = make.filed(loan_refs=refs)
    assert complaint.borrower is None
    assert ComplaintEvent.objects.get(complaint=complaint).data["matched"] == "conflict"


def test_the_second_complaint_is_a_repeat_of_the_first() -> None:
    case = floor.case()
    first = make.filed(about=case)
    assert make.filed(about=case, at=LATER).repeat_of == first
    assert make.filed(about=case, at=NOW + timedelta(days=400)).repeat_of is None


@pytest.mark.parametrize(
    ("category", "from_receipt", "when_accepted"),
    [
        ("not_my_loan.identity_theft", {("all", "not_my_loan")}, {("all", "not_my_loan")}),
        ("pricing.amount", {("all", "dispute")}, {("all", "dispute")}),
        ("bureau.wrong_record", {("all", "dispute")}, {("all", "dispute")}),
        ("leak.by_collection", set(), {("all", "complaint")}),
        ("repayment.instalments_refused", set(), {("all", "hardship")}),
        ("collection.night_calls", set(), set()),
        ("service.slow", set(), set()),
    ],
)
def test_what_a_complaint_stops(category: str, from_receipt: set, when_accepted: set, handler: User) -> None:
    complaint = make.filed(about=floor.case(), allegations=[NewAllegation(category=category)])
    assert holds(complaint) == from_receipt
    complaint = services.accept_complaint(complaint=complaint, by=handler, at=LATER)
    assert holds(complaint) == when_accepted


# -- contacts ----------------------------------------------------------------------------------------------


@pytest.fixture
def night() -> dict[str, Any]:
    """A collector, the case placed with him, and a call at 23:10."""
    collector = floor.collector()
    case = floor.case(collector)
    call = floor.contact(case, collector, floor.shanghai("2026-11-19 23:10"))
    return {"collector": collector, "case": case, "call": call}


def test_linked_contact_names_the_collector_and_accepting_holds_him_and_the_channel(
    night: dict[str, Any], handler: User
) -> None:
    complaint = make.filed(about=night["case"])
    services.link_contact(allegation=complaint.allegations.get(), contact=night["call"], by=handler, at=NOW)
    assert complaint.allegations.get().collector == night["collector"]
    assert holds(complaint) == set()
    complaint = services.accept_complaint(complaint=complaint, by=handler, at=LATER)
    assert complaint.state == "investigating"
    assert complaint.handler == handler
    assert events(complaint) == ["filed", "contact_linked", "registered", "accepted", "investigation_begun"]
    hold = Hold.objects.get(source=complaint.dossier)
    assert (hold.scope, hold.collector, hold.channel) == ("collector_channel", night["collector"], "call")
    task = Task.objects.get(dossier=complaint.dossier)
    assert (task.kind, task.due_at) == (
        "conduct.investigate_complaint",
        datetime(2026, 11, 26, 16, tzinfo=UTC),
    )


def test_unlinking_releases_collector_and_hold(night: dict[str, Any], handler: User) -> None:
    complaint = make.investigated(by=handler, about=night["case"])
    link = services.link_contact(
        allegation=complaint.allegations.get(), contact=night["call"], by=handler, at=LATER
    )
    assert holds(complaint) == {("collector_channel", "complaint")}
    services.unlink_contact(link=link, by=handler, at=LATER)
    assert holds(complaint) == set()
    assert complaint.allegations.get().collector is None
    with pytest.raises(InputRefused):
        services.unlink_contact(link=link, by=handler, at=LATER)


def test_another_borrowers_contact_cannot_be_linked(night: dict[str, Any], handler: User) -> None:
    complaint = make.filed(about=floor.case())
    with pytest.raises(InputRefused):
        services.link_contact(
            allegation=complaint.allegations.get(), contact=night["call"], by=handler, at=NOW
        )


def test_contacts_need_a_borrower(night: dict[str, Any], handler: User) -> None:
    complaint = make.filed()
    with pytest.raises(TransitionRefused):
        services.link_contact(
            allegation=complaint.allegations.get(), contact=night["call"], by=handler, at=NOW
        )


@pytest.mark.parametrize(
    ("minutes", "number", "found"), [(4, "", True), (6, "", False), (0, "+8617600008810", False)]
)
def test_alleged_contact_is_ours_if_time_and_number_fit(
    night: dict[str, Any], minutes: int, number: str, found: bool
) -> None:
    said = NewContact(at=night["call"].started_at + timedelta(minutes=minutes), number=number)
    complaint = make.filed(
        about=night["case"], allegations=[NewAllegation(category="collection.night_calls", contacts=[said])]
    )
    allegation = complaint.allegations.get()
    assert allegation.contacts.get().alleged.matched == (night["call"] if found else None)
    assert allegation.collector == (night["collector"] if found else None)


def test_alleged_contacts_are_looked_for_again_once_the_borrower_is_known(
    night: dict[str, Any], handler: User
) -> None:
    said = NewContact(at=night["call"].started_at)
    complaint = make.filed(allegations=[NewAllegation(category="collection.night_calls", contacts=[said])])
    services.match_borrower(complaint=complaint, borrower=night["case"].borrower, by=handler, at=LATER)
    assert complaint.allegations.get().collector == night["collector"]
