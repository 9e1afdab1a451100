"""The decision, its delivery, and how a complaint ends."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.core import context
from backoffice.core.errors import DomainError, InputRefused, NotPermitted, TransitionRefused
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


def test_told_in_the_second_of_the_approval_is_told_after_it(handler: User, supervisor: User) -> None:
    """The form says now, in whole seconds, of which the approval was in the middle of one."""
    decision = make.approved(by=handler, second=supervisor)
    approved_at = decision.approved_at.replace(microsecond=700_000)
    Decision.objects.filter(pk=decision.pk).update(approved_at=approved_at)
    notice = services.record_notice(
        decision=decision,
        mode="app",
        step="delivered",
        happened_at=approved_at.replace(microsecond=0),
        proof_reference="M1",
        by=handler,
        at=approved_at + timedelta(seconds=1),
    )
    assert notice.at == decision.complaint.deadlines.get().met_at == approved_at


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
