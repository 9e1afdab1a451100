"""Complaints: who may do what, what it does, and what is refused — service by service."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.core import context
from backoffice.core.errors import DomainError, InputRefused, NotPermitted, TransitionRefused
from backoffice.desk.models import Task
from backoffice.privacy.services import read_text
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints import services, signals, workflow
from complaints.models import Complaint, ComplaintEvent, Decision
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


# -- decision ----------------------------------------------------------------------------------------------


def test_nothing_is_proposed_before_every_finding_and_answer(handler: User) -> None:
    complaint = make.investigated(by=handler)

    def propose() -> Decision:
        return services.propose_decision(
            complaint=complaint, outcome="upheld", basis="依据", by=handler, at=LATER
        )

    with pytest.raises(TransitionRefused, match="1"):
        propose()
    services.set_finding(
        allegation=complaint.allegations.get(), finding="substantiated", reason="属实", by=handler, at=LATER
    )
    with pytest.raises(TransitionRefused):
        propose()
    services.answer_demand(demand=complaint.demands.get(), answer="照办", by=handler, at=LATER)
    assert propose().state == "proposed"


def test_nothing_changes_while_a_decision_is_proposed(supervisor: User) -> None:
    decision = make.proposed(by=supervisor)
    complaint = decision.complaint
    for attempt in (
        lambda: services.set_finding(
            allegation=complaint.allegations.get(),
            finding="undetermined",
            reason="x",
            by=supervisor,
            at=LATER,
        ),
        lambda: services.answer_demand(demand=complaint.demands.get(), answer="否", by=supervisor, at=LATER),
        lambda: services.add_remedy(complaint=complaint, kind="apology", by=supervisor, at=LATER),
        lambda: services.remove_remedy(remedy=complaint.remedies.get(), by=supervisor, at=LATER),
        lambda: services.add_allegation(complaint=complaint, category="other.other", by=supervisor, at=LATER),
    ):
        with pytest.raises(TransitionRefused):
            attempt()


def test_the_proposer_cannot_approve_by_service_by_table_or_by_database(supervisor: User) -> None:
    decision = make.proposed(by=supervisor)
    with pytest.raises(TransitionRefused):
        services.approve_decision(decision=decision, by=supervisor, at=LATER)
    answer = workflow.complaint.availability("approve", decision.complaint, by=supervisor, at=LATER)
    assert (answer.allowed, answer.code) == (False, "condition-not-met")
    decision.approved_by, decision.approved_at, decision.state = supervisor, LATER, "approved"
    with (
        context.acting(by=supervisor, reason_code="test"),
        transaction.atomic(),
        pytest.raises(IntegrityError),
    ):
        decision.save(force_update=True)
    decision.refresh_from_db()
    assert decision.state == "proposed"


def test_handlers_cannot_approve(handler: User) -> None:
    with pytest.raises(NotPermitted):
        services.approve_decision(decision=make.proposed(by=handler), by=make.handler(), at=LATER)


def test_whoever_is_complained_of_cannot_approve(handler: User, supervisor: User) -> None:
    collector = floor.collector(user=supervisor)
    case = floor.case(collector)
    call = floor.contact(case, collector, floor.shanghai("2026-11-19 23:10"))
    said = NewContact(at=call.started_at)
    decision = make.proposed(
        by=handler,
        about=case,
        allegations=[NewAllegation(category="collection.night_calls", contacts=[said])],
    )
    with pytest.raises(TransitionRefused):
        services.approve_decision(decision=decision, by=supervisor, at=LATER)


def test_a_changed_text_voids_the_proposal(handler: User, supervisor: User) -> None:
    decision = make.proposed(by=handler)
    allegation = decision.complaint.allegations.get()
    with context.acting(by=handler, reason_code="test"):
        allegation.finding = "undetermined"
        allegation.save()
    with pytest.raises(TransitionRefused):
        services.approve_decision(decision=decision, by=supervisor, at=NOW + timedelta(hours=4))


def test_sent_back_goes_to_the_handler_with_the_reason(handler: User, supervisor: User) -> None:
    decision = make.proposed(by=handler)
    with pytest.raises(InputRefused):
        services.send_back(decision=decision, reason=" ", by=supervisor, at=LATER)
    decision = services.send_back(decision=decision, reason="请补充依据", by=supervisor, at=LATER)
    decision.complaint.refresh_from_db()
    assert (decision.state, decision.complaint.state) == ("sent_back", "investigating")
    again = services.propose_decision(
        complaint=decision.complaint, outcome="partly", basis="新依据", by=handler, at=LATER
    )
    assert again.sequence == 2
    assert again.remedies.get().kind == "apology"


def test_approval_grants_the_remedies_and_keeps_the_letter(handler: User, supervisor: User) -> None:
    decision = make.approved(by=handler, second=supervisor, remedies=("apology", "no_contact"))
    decision.complaint.refresh_from_db()
    assert decision.complaint.state == "decided"
    assert {remedy.state for remedy in decision.remedies.all()} == {"granted"}
    assert decision.letter is not None
    with decision.letter.file.open() as file:
        assert file.read(5) == b"%PDF-"
    assert decision.complaint.deadlines.get().met_at is None


def test_only_delivery_with_proof_meets_the_deadline(handler: User, supervisor: User) -> None:
    decision = make.approved(by=handler, second=supervisor)
    at = NOW + timedelta(days=1)
    with pytest.raises(InputRefused):
        services.record_notice(decision=decision, mode="app", step="delivered", by=handler, at=at)
    for step in ("sent", "failed"):
        services.record_notice(decision=decision, mode="app", step=step, by=handler, at=at)
        decision.complaint.refresh_from_db()
        assert decision.complaint.state == "decided"
    told_at = at - timedelta(hours=2)
    heard: list[Any] = []
    signals.decision_delivered.connect(lambda **given: heard.append(given["decision"]), weak=False)
    services.record_notice(
        decision=decision,
        mode="app",
        step="delivered",
        happened_at=told_at,
        proof_reference="M1",
        by=handler,
        at=at,
    )
    decision.complaint.refresh_from_db()
    deadline = decision.complaint.deadlines.get()
    assert decision.complaint.state == "notified"
    assert (deadline.met_at, deadline.met_by) == (told_at, "decision_delivered")
    assert heard == [decision]
    assert decision.remedies.get().state == "executed"


def test_nothing_is_delivered_before_it_was_approved(handler: User, supervisor: User) -> None:
    decision = make.approved(by=handler, second=supervisor)
    with pytest.raises(InputRefused):
        services.record_notice(
            decision=decision,
            mode="app",
            step="delivered",
            happened_at=NOW,
            proof_reference="M1",
            by=handler,
            at=NOW + timedelta(days=1),
        )


def test_a_no_contact_remedy_outlives_the_complaint(handler: User, supervisor: User) -> None:
    case = floor.case()
    decision = make.delivered(by=handler, second=supervisor, about=case, remedies=())
    complaint = decision.complaint
    closed = services.close_complaint(complaint=complaint, by=handler, at=NOW + timedelta(days=2))
    assert holds(closed) == set()
    second = make.proposed(by=handler, about=case, at=NOW + timedelta(days=3), remedies=())
    services.send_back(decision=second, reason="加上停止联系", by=supervisor, at=NOW + timedelta(days=4))
    services.add_remedy(
        complaint=second.complaint, kind="no_contact", channel="sms", by=handler, at=NOW + timedelta(days=4)
    )
    third = services.propose_decision(
        complaint=second.complaint, outcome="upheld", basis="x", by=handler, at=NOW + timedelta(days=4)
    )
    services.approve_decision(decision=third, by=supervisor, at=NOW + timedelta(days=5))
    services.record_notice(
        decision=third,
        mode="app",
        step="delivered",
        proof_reference="M",
        by=handler,
        at=NOW + timedelta(days=6),
    )
    last = services.close_complaint(complaint=second.complaint, by=handler, at=NOW + timedelta(days=7))
    assert holds(last) == {("channel", "complaint")}


@pytest.mark.parametrize(
    "given", [{"kind": "waiver"}, {"kind": "waiver", "amount": Decimal(0)}, {"kind": "gift"}]
)
def test_remedies_that_make_no_sense(given: dict[str, Any], handler: User) -> None:
    with pytest.raises(InputRefused):
        services.add_remedy(complaint=make.investigated(by=handler), by=handler, at=LATER, **given)


def test_a_granted_waiver_is_carried_out_later(handler: User, supervisor: User) -> None:
    decision = make.proposed(by=handler)
    services.send_back(decision=decision, reason="加上减免", by=supervisor, at=LATER)
    waiver = services.add_remedy(
        complaint=decision.complaint, kind="waiver", amount=Decimal("88.5"), by=handler, at=LATER
    )
    with pytest.raises(TransitionRefused):
        services.execute_remedy(remedy=waiver, reason="已入账", by=handler, at=LATER)
    again = services.propose_decision(
        complaint=decision.complaint, outcome="upheld", basis="x", by=handler, at=LATER
    )
    services.approve_decision(decision=again, by=supervisor, at=LATER)
    services.record_notice(
        decision=again,
        mode="app",
        step="delivered",
        proof_reference="M",
        by=handler,
        at=NOW + timedelta(days=1),
    )
    waiver.refresh_from_db()
    assert waiver.state == "granted"
    assert (
        services.execute_remedy(remedy=waiver, reason="已入账", by=handler, at=NOW + timedelta(days=1)).state
        == "executed"
    )


# -- ends --------------------------------------------------------------------------------------------------


def test_nothing_closes_before_the_decision_is_delivered(handler: User, supervisor: User) -> None:
    decision = make.approved(by=handler, second=supervisor)
    with pytest.raises(TransitionRefused):
        services.close_complaint(complaint=decision.complaint, by=handler, at=LATER)


def test_withdrawal_ends_it_that_day_and_lifts_what_it_stopped(handler: User) -> None:
    complaint = make.investigated(
        by=handler, about=floor.case(), allegations=[NewAllegation(category="leak.published")]
    )
    assert holds(complaint)
    heard: list[Any] = []
    signals.complaint_ended.connect(lambda **given: heard.append(given["because"]), weak=False)
    complaint = services.withdraw(complaint=complaint, reason="来电撤诉", by=handler, at=LATER)
    assert (complaint.state, complaint.closed_at, holds(complaint)) == ("withdrawn", LATER, set())
    assert complaint.deadlines.get().cancelled_at == LATER
    assert heard == ["withdrawn"]


def test_withdrawing_takes_a_waiting_proposal_back(supervisor: User) -> None:
    decision = make.proposed(by=supervisor)
    services.withdraw(complaint=decision.complaint, reason="撤诉", by=supervisor, at=LATER)
    decision.refresh_from_db()
    assert decision.state == "sent_back"


def test_merging_takes_another_open_complaint_of_the_same_borrower(handler: User) -> None:
    case = floor.case()
    one, two, stranger = make.filed(about=case), make.filed(about=case), make.filed(about=floor.case())
    for wrong in (one, stranger):
        with pytest.raises(InputRefused):
            services.merge(complaint=one, into=wrong, by=handler, at=LATER)
    merged = services.merge(complaint=two, into=one, by=handler, at=LATER)
    assert (merged.state, merged.merged_into) == ("merged", one)


def test_new_facts_open_it_again_with_a_deadline_of_its_own(handler: User, supervisor: User) -> None:
    decision = make.delivered(by=handler, second=supervisor)
    closed = services.close_complaint(complaint=decision.complaint, by=handler, at=NOW + timedelta(days=2))
    opened = services.reopen(complaint=closed, reason="新录音", by=handler, at=NOW + timedelta(days=10))
    assert (opened.state, opened.closed_at) == ("investigating", None)
    due = opened.deadlines.order_by("id").values_list("due_on", "met_at")
    assert [day.isoformat() for day, _met in due] == ["2026-12-08", "2026-12-18"]
    assert [met is None for _day, met in due] == [False, True]
    assert not workflow.complaint.availability("close", opened, by=handler, at=LATER).allowed


def test_not_admitting_needs_a_known_reason_and_ends_the_clock(handler: User) -> None:
    complaint = make.filed()
    with pytest.raises(InputRefused):
        services.not_admit(complaint=complaint, reason_code="bored", reason="x", by=handler, at=LATER)
    complaint = services.not_admit(
        complaint=complaint, reason_code="enquiry", reason="x", by=handler, at=LATER
    )
    assert complaint.state == "not_admitted"
    assert complaint.deadlines.get().cancelled_at == LATER


def test_only_handlers_are_given_complaints(supervisor: User) -> None:
    complaint = make.filed()
    for wrong in (person(Role.AUDITOR), floor.officer()):
        with pytest.raises(InputRefused):
            services.assign(complaint=complaint, handler=wrong, by=supervisor, at=LATER)
    right = make.handler()
    assert services.assign(complaint=complaint, handler=right, by=supervisor, at=LATER).handler == right


def test_every_refusal_is_a_sentence_for_people(handler: User) -> None:
    complaint = make.filed()
    for answer in workflow.complaint.available(complaint, by=handler, at=LATER):
        assert answer.allowed or str(answer.reason), answer.transition.name


def test_errors_name_no_personal_data() -> None:
    with pytest.raises(DomainError) as refusal:
        make.filed(complainants=[make.complainant(id_number="110101199003070000")])
    assert "110101" not in str(refusal.value)
