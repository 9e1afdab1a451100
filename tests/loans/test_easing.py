"""Pauses, costs and write-offs: who may, what becomes of days and default interest, and what stays owed."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.admin.easing import EndPauseForm
from backoffice.loans.choices import LoanState, PostingState
from backoffice.loans.models import Charge, Loan, WriteOff
from backoffice.loans.selectors import loan_snapshot
from backoffice.loans.services.repayments import NotReversible
from backoffice.loans.services.write_offs import NotWriteable
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_charge, a_pause, a_proposal, a_write_off
from tests.factories.loans import NOW, TODAY, a_loan, a_product, a_repayment
from tests.factories.staff import person
from tests.loans.test_account import CASES

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


@pytest.fixture
def other() -> User:
    return person(Role.LOAN_OFFICER)


def call(service: Any, **given: Any) -> Any:
    with entering(EntryPoint.ADMIN):
        return service(**{"at": NOW, "reason": "已核实", **given})


def fresh(loan: Loan) -> Loan:
    return Loan.objects.select_related("product").get(pk=loan.pk)


@pytest.mark.parametrize("role", [Role.HANDLER, Role.COLLECTOR, Role.COMPLIANCE, Role.AUDITOR])
def test_nobody_else_may(role: Role) -> None:
    loan, somebody = a_loan(), person(role)
    pause, charge, write_off = a_pause(loan), a_charge(loan), a_write_off(loan)
    for service, given in (
        (services.pause_loan, {"loan": loan, "kind": "other", "from_on": TODAY}),
        (services.end_pause, {"pause": pause}),
        (
            services.charge_cost,
            {"loan": loan, "amount": Decimal(1), "label": "费", "payee": "院", "charged_on": TODAY},
        ),
        (services.reverse_charge, {"charge": charge}),
        (services.request_write_off, {"loan": loan}),
        (services.approve_write_off, {"write_off": write_off}),
        (services.refuse_write_off, {"write_off": write_off}),
        (services.withdraw_write_off, {"write_off": write_off}),
    ):
        with pytest.raises(NotPermitted):
            call(service, by=somebody, **given)


# --- pauses ------------------------------------------------------------------------------------------------


def test_a_pause_takes_days_and_default_interest_off_but_no_day_of_the_contract(officer: User) -> None:
    """Overdue since 1 November with 1,000 of principal: 22 days at 0.60 are 13.20. Paused from the 6th to the 16th, ten
    days less."""
    product = a_product(method="equal_principal", annual_rate=Decimal("0.146"))
    loan = a_loan(product=product, disbursed_on=date(2026, 10, 1))
    before = loan_snapshot(loan.pk, on=TODAY)
    assert (before.days_past_due, before.delinquency.days) == (22, 22)
    assert before.outstanding.penalty == Decimal("13.20")
    a_pause(loan, from_on=date(2026, 11, 6), until=date(2026, 11, 16))
    after = loan_snapshot(loan.pk, on=TODAY)
    assert (after.days_past_due, after.delinquency.days) == (22, 12)
    assert after.outstanding.penalty == Decimal("7.20")
    a_pause(loan, from_on=date(2026, 11, 16), until=date(2026, 11, 18), stops_count=False)
    assert loan_snapshot(loan.pk, on=TODAY).delinquency.days == 12
    assert loan_snapshot(loan.pk, on=TODAY).outstanding.penalty == Decimal("6.00")


def test_one_person_forgives_no_default_interest_that_has_run_up() -> None:
    loan = a_loan()
    yesterday, before = TODAY - timedelta(days=1), TODAY - timedelta(days=2)
    with pytest.raises(InputRefused) as refused:
        a_pause(loan, from_on=before, at=NOW)
    assert refused.value.field == "stops_default_interest"
    owed = loan_snapshot(loan.pk, on=TODAY).outstanding.penalty
    a_pause(loan, from_on=date(2026, 4, 1), until=date(2026, 4, 30), at=NOW, stops_default_interest=False)
    assert loan_snapshot(loan.pk, on=TODAY).outstanding.penalty == owed
    # It begins to work when its first day ends: of today nothing has run up yet.
    a_pause(loan, from_on=yesterday, at=NOW)


def test_an_open_pause_is_ended_today_and_only_once(officer: User) -> None:
    loan = a_loan()
    pause = a_pause(loan, from_on=TODAY - timedelta(days=4))
    assert call(services.end_pause, pause=pause, by=officer).until == TODAY
    with pytest.raises(TransitionRefused):
        call(services.end_pause, pause=pause, by=officer)
    later = a_pause(loan, from_on=TODAY + timedelta(days=9))
    with pytest.raises(InputRefused, match=r"."):
        call(services.end_pause, pause=pause, by=officer)
    assert call(services.end_pause, pause=later, by=officer).until == later.from_on, "it never works"


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("kind", {"kind": "because"}),
        ("from_on", {"from_on": date(2026, 2, 28)}),
        ("until", {"until": TODAY}),
        ("until", {"until": date.max}),
        ("stops_count", {"stops_count": False, "stops_default_interest": False}),
    ],
)
def test_what_is_no_pause(field: str, given: dict[str, Any]) -> None:
    with pytest.raises(InputRefused) as refused:
        a_pause(**given)
    assert refused.value.field == field


def test_a_pause_that_changes_nothing_is_refused() -> None:
    loan, later = a_loan(), TODAY + timedelta(days=30)
    a_pause(loan, kind="disaster", from_on=TODAY, until=later, stops_default_interest=False)
    same = {"kind": "disaster", "stops_default_interest": False}
    for given in ({"from_on": TODAY, "until": later}, {"from_on": TODAY + timedelta(days=1), "until": later}):
        with pytest.raises(InputRefused) as refused:
            a_pause(loan, **same, **given)
        assert refused.value.field == "from_on"
    # Another kind, a day longer, without end, or more that is stopped: each is something else.
    a_pause(loan, kind="illness", from_on=TODAY, until=later, stops_default_interest=False)
    a_pause(loan, **same, from_on=TODAY, until=later + timedelta(days=1))
    a_pause(loan, kind="disaster", from_on=TODAY, until=later)
    a_pause(loan, **same, from_on=TODAY)
    with pytest.raises(InputRefused):
        a_pause(loan, **same, from_on=TODAY)
    assert loan.pauses.count() == 5


def test_who_ends_one_of_several_pauses_is_told_that_the_others_go_on(officer: User) -> None:
    loan = a_loan()
    a_pause(loan, from_on=TODAY)
    assert not EndPauseForm(obj=loan, viewer=officer).fields["pause"].help_text
    a_pause(loan, from_on=TODAY, kind="illness", until=TODAY + timedelta(days=999))
    field = EndPauseForm(obj=loan, viewer=officer).fields["pause"]
    assert field.help_text
    assert str(TODAY + timedelta(days=999)) in [text for _pk, text in field.choices][-1]


def test_a_paused_loan_keeps_the_event_that_has_come(officer: User) -> None:
    """The close of a day that has come must still find the loan."""
    loan = a_loan()
    Loan.objects.filter(pk=loan.pk).update(next_event_on=TODAY)
    a_pause(loan, until=TODAY + timedelta(days=30))
    assert fresh(loan).next_event_on == TODAY


# --- costs -------------------------------------------------------------------------------------------------


def test_a_cost_is_paid_first_and_can_be_taken_back(officer: User) -> None:
    loan = a_loan()
    charge = a_charge(loan, "50.00")
    assert loan_snapshot(loan.pk, on=TODAY).outstanding.cost == Decimal("50.00")
    a_repayment(loan, "60.00", on=TODAY)
    assert loan_snapshot(loan.pk, on=TODAY).outstanding.cost == 0
    reversal = call(services.reverse_charge, charge=charge, by=officer)
    assert (reversal.reverses, Charge.objects.count()) == (charge, 2)
    snapshot = loan_snapshot(loan.pk, on=TODAY)
    assert snapshot.outstanding.cost == 0
    assert snapshot.account.rows[0].paid["penalty"] == Decimal("60.00"), "the whole payment pays the debt"
    with pytest.raises(TransitionRefused):
        call(services.reverse_charge, charge=charge, by=officer)
    a_charge(loan, "20.00")
    for undone in (charge, reversal):
        with pytest.raises(InputRefused, match=r"."):
            call(services.reverse_charge, charge=undone, by=officer)


@pytest.mark.parametrize(
    ("field", "given"),
    [
        ("amount", {"amount": "0.00"}),
        ("amount", {"amount": "1.001"}),
        ("label", {"label": " "}),
        ("label", {"payee": ""}),
        ("charged_on", {"on": TODAY + timedelta(days=1)}),
        ("charged_on", {"on": date(2026, 2, 28)}),
    ],
)
def test_what_is_no_cost(field: str, given: dict[str, Any]) -> None:
    amount = given.pop("amount", "50.00")
    changed = {name: given.pop(name) for name in ("label", "payee") if name in given}
    with pytest.raises(InputRefused) as refused:
        a_charge(None, amount, **given, **changed)
    assert refused.value.field == field


# --- write-offs --------------------------------------------------------------------------------------------


def moment(day: str) -> datetime:
    return start_of_day(date.fromisoformat(day)) + timedelta(hours=10)


def test_what_is_written_off_and_what_is_refused_after_it_v23(officer: User, other: User) -> None:
    """The vector's down payment is our first instalment: 1,000 at 0 % in four, the first one due on 1 January."""
    expected = CASES["V23"]["expected"]
    product = a_product(
        method="equal_principal", annual_rate=Decimal(0), period_unit="day", every=15, day_count="ACT/365"
    )
    loan = a_loan(
        product=product,
        principal=Decimal("1000.00"),
        periods=4,
        disbursed_on=date(2022, 12, 17),
        at=moment("2022-12-17"),
    )
    a_repayment(loan, "250.00", on=date(2023, 1, 1), at=moment("2023-01-01"))
    paid = a_repayment(loan, "100.00", on=date(2023, 1, 22), at=moment("2023-01-22"))
    write_off = a_write_off(loan, by=officer, at=moment("2023-01-29"))
    with pytest.raises(TransitionRefused):
        call(services.approve_write_off, write_off=write_off, by=officer)
    call(services.approve_write_off, write_off=write_off, by=other, at=moment("2023-01-29"))
    loan = fresh(loan)
    assert (loan.state, loan.written_off_on) == (LoanState.WRITTEN_OFF, date(2023, 1, 29))
    assert str(loan.written_off_principal) == expected["written_off_principal"]
    # Refused: undoing the payment before it, and one back-dated to before it.
    assert expected["refused"] == [
        "undo of the 2023-01-22 payment",
        "a repayment back-dated to 2023-01-26",
    ]
    with pytest.raises(NotReversible):
        call(
            services.reverse_repayment,
            repayment=paid,
            external_id="UNDO",
            by=officer,
            at=moment("2023-02-01"),
        )
    with pytest.raises(InputRefused) as refused:
        a_repayment(loan, "10.00", on=date(2023, 1, 26), at=moment("2023-02-01"))
    assert refused.value.code == "before-write-off"
    # Nothing is forgiven: the borrower owes what they owed, and days go on.
    snapshot = loan_snapshot(loan.pk, on=date(2023, 3, 1))
    assert snapshot.outstanding.principal == Decimal("650.00")
    assert snapshot.days_past_due == 44, "since 16 January"
    a_repayment(loan, "650.00", on=date(2023, 3, 1), at=moment("2023-03-01"))
    loan = fresh(loan)
    assert (loan.state, loan.settled_on) == (LoanState.SETTLED, date(2023, 3, 1))
    assert loan.written_off_on == date(2023, 1, 29), "that it was written off stays known"


def test_money_that_bounces_makes_a_settled_write_off_one_again(officer: User, other: User) -> None:
    loan = a_loan(principal=Decimal("100.00"), disbursed_on=date(2026, 9, 1), periods=1)
    call(services.approve_write_off, write_off=a_write_off(loan, by=officer), by=other)
    owed = loan_snapshot(loan.pk, on=TODAY).outstanding.total
    paid = a_repayment(loan, owed, on=TODAY + timedelta(days=0), at=NOW)
    assert fresh(loan).state == LoanState.SETTLED
    # Written off without this money, though it came on the same day.
    call(services.reverse_repayment, repayment=paid, external_id="B1", by=officer)
    assert fresh(loan).state == LoanState.WRITTEN_OFF
    late = a_loan(principal=Decimal("100.00"), disbursed_on=date(2026, 9, 1), periods=1)
    call(services.approve_write_off, write_off=a_write_off(late, by=officer), by=other)
    tomorrow = TODAY + timedelta(days=1)
    owed = loan_snapshot(late.pk, on=tomorrow).outstanding.total
    paid = a_repayment(late, owed, on=tomorrow, at=NOW + timedelta(days=1))
    assert fresh(late).state == LoanState.SETTLED
    call(
        services.reverse_repayment,
        repayment=paid,
        external_id="B2",
        by=officer,
        at=NOW + timedelta(days=2),
    )
    assert fresh(late).state == LoanState.WRITTEN_OFF


def test_money_of_the_day_that_was_there_when_it_was_decided_stays(officer: User, other: User) -> None:
    loan = a_loan(principal=Decimal("100.00"), disbursed_on=date(2026, 9, 1), periods=1)
    paid = a_repayment(loan, "10.00", on=TODAY)
    call(services.approve_write_off, write_off=a_write_off(loan, by=officer), by=other)
    with pytest.raises(NotReversible):
        call(services.reverse_repayment, repayment=paid, external_id="B1", by=officer)


def test_a_written_off_loan_can_still_be_eased(officer: User, other: User) -> None:
    loan = a_loan()
    call(services.approve_write_off, write_off=a_write_off(loan, by=officer), by=other)
    tomorrow = NOW + timedelta(days=1)
    change = a_proposal(fresh(loan), by=officer, at=tomorrow)
    call(services.apply_change, change=change, by=other, at=tomorrow)
    loan = fresh(loan)
    assert (loan.state, loan.schedule_version) == (LoanState.WRITTEN_OFF, 2)
    with pytest.raises(TransitionRefused):
        a_write_off(loan)


def test_only_what_is_overdue_is_written_off_and_asked_for_once(officer: User, other: User) -> None:
    with pytest.raises(TransitionRefused):
        a_write_off(a_loan(disbursed_on=date(2026, 11, 1)))
    loan = a_loan()
    write_off = a_write_off(loan, by=officer)
    with pytest.raises(NotWriteable):
        a_write_off(loan, by=other)
    with pytest.raises(TransitionRefused):
        call(services.withdraw_write_off, write_off=write_off, by=other)
    assert call(services.withdraw_write_off, write_off=write_off, by=officer).state == PostingState.WITHDRAWN
    second = a_write_off(loan, by=officer)
    assert call(services.refuse_write_off, write_off=second, by=other).state == PostingState.REFUSED
    third = a_write_off(loan, by=officer)
    call(services.apply_change, change=a_proposal(fresh(loan), by=officer), by=other)
    with pytest.raises(TransitionRefused):
        call(services.approve_write_off, write_off=third, by=other)
    assert fresh(loan).state == LoanState.ACTIVE


def test_the_database_refuses_one_pair_of_eyes(officer: User) -> None:
    write_off = a_write_off(by=officer)
    with pytest.raises(IntegrityError, match="done_by_another_person"), transaction.atomic():
        WriteOff.objects.filter(pk=write_off.pk).update(state="done", decided_by=officer, decided_at=NOW)
