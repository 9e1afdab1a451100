"""Changes by service: who may, two persons, what the tables hold afterwards, and when nothing is applied."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.account import derive, payoff
from backoffice.loans.change_terms import fingerprint, kind_of_terms, terms_as_data, terms_from_data
from backoffice.loans.changes import (
    Deferral,
    EarlySettlement,
    ExtraInstalments,
    RateCut,
    Reschedule,
    Terms,
    WaiverOf,
)
from backoffice.loans.choices import ChangeKind, ChangeState, LoanState
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Instalment, Loan, LoanEvent, ScheduleChange
from backoffice.loans.quotes import quote_of
from backoffice.loans.selectors import loan_for_page, loan_snapshot
from backoffice.loans.services.changes import (
    AccountChanged,
    AlreadyProposed,
    NotPaidOff,
    as_shown,
    simulated,
)
from backoffice.loans.simulation import simulate
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_pause, a_proposal
from tests.factories.loans import NOW, TODAY, a_loan, a_product, a_repayment
from tests.factories.staff import person
from tests.loans.test_changes import POLICY

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


@pytest.fixture
def other() -> User:
    return person(Role.LOAN_OFFICER)


def decide(service: Any, change: ScheduleChange, by: User, at: datetime = NOW) -> ScheduleChange:
    with entering(EntryPoint.ADMIN):
        return service(change=change, by=by, at=at, reason="已核实收入证明")


def fresh(loan: Loan) -> Loan:
    return Loan.objects.select_related("product").get(pk=loan.pk)


def due_on(loan: Loan, version: int) -> list[date]:
    rows = Instalment.objects.filter(loan=loan, schedule_version=version).order_by("sequence")
    return list(rows.values_list("due_on", flat=True))


# --- who may -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("role", [Role.HANDLER, Role.COLLECTOR, Role.COMPLIANCE, Role.AUDITOR])
def test_nobody_else_changes_a_loan(role: Role, officer: User) -> None:
    loan, somebody = a_loan(), person(role)
    with pytest.raises(NotPermitted):
        a_proposal(loan, by=somebody)
    change = a_proposal(loan, by=officer)
    for service in (services.apply_change, services.refuse_change, services.withdraw_change):
        with pytest.raises(NotPermitted):
            decide(service, change, somebody)
    with entering(EntryPoint.ADMIN), pytest.raises(NotPermitted):
        services.settle_early(loan=loan, on=TODAY, by=somebody, at=NOW)
    assert fresh(loan).schedule_version == 1


def test_one_person_proposes_and_another_one_applies(officer: User, other: User) -> None:
    loan = a_loan()
    change = a_proposal(loan, by=officer)
    assert (change.state, change.kind, change.effective_on) == ("proposed", "deferral", TODAY)
    assert fresh(loan).schedule_version == 1, "a proposal changes nothing"
    with pytest.raises(TransitionRefused):
        decide(services.apply_change, change, officer)
    change = decide(services.apply_change, change, other)
    assert (change.state, change.version, change.decided_by) == (ChangeState.APPLIED, 2, other)
    with pytest.raises(TransitionRefused):
        decide(services.apply_change, change, other)
    kinds = LoanEvent.objects.filter(loan=loan).order_by("pk").values_list("kind", flat=True)
    assert list(kinds) == ["loan_created", "change_proposed", "change_applied"]


def test_the_database_refuses_one_pair_of_eyes(officer: User) -> None:
    change = a_proposal(by=officer)
    change.state, change.decided_by, change.decided_at = ChangeState.APPLIED, officer, NOW
    with entering(EntryPoint.ADMIN, actor=officer), pytest.raises(IntegrityError), transaction.atomic():
        change.save()


def test_one_proposal_at_a_time_and_every_end_makes_room(officer: User, other: User) -> None:
    loan = a_loan()
    change = a_proposal(loan, by=officer)
    with pytest.raises(AlreadyProposed):
        a_proposal(loan, ExtraInstalments(2), by=other)
    with pytest.raises(TransitionRefused):
        decide(services.withdraw_change, change, other)
    assert decide(services.withdraw_change, change, officer).state == ChangeState.WITHDRAWN
    change = a_proposal(loan, ExtraInstalments(2), by=other)
    with pytest.raises(TransitionRefused):
        decide(services.refuse_change, change, other)
    assert decide(services.refuse_change, change, officer).state == ChangeState.REFUSED
    assert fresh(loan).schedule_version == 1


# --- what it makes of the loan -----------------------------------------------------------------------------


def test_a_deferral_of_an_overdue_loan(officer: User, other: User) -> None:
    """Eight instalments are overdue on 23 November; nine months later nothing is, and the loan is watched."""
    loan = a_loan()
    before = loan_snapshot(loan.pk, on=TODAY)
    assert before.days_past_due == 236
    decide(services.apply_change, a_proposal(loan, by=officer), other)
    loan = fresh(loan)
    assert (loan.schedule_version, loan.matures_on) == (2, date(2027, 12, 1))
    assert due_on(loan, 2)[0] == date(2027, 1, 1)
    assert due_on(loan, 1)[0] == date(2026, 4, 1), "the first schedule stays readable"
    assert loan.oldest_unpaid_due_on is None
    assert (loan.risk_class, loan.watched_until) == ("special_mention", date(2027, 11, 23))
    after = loan_snapshot(loan.pk, on=TODAY)
    assert after.days_past_due == 0
    assert after.original is not None
    assert after.original.days == 236, "the days of the original contract stay known"
    assert after.outstanding.penalty == before.outstanding.penalty, "what had run up is carried over"
    assert after.spells == 1
    # Restructured again while it is watched: substandard, and the watch starts anew.
    decide(services.apply_change, a_proposal(loan, ExtraInstalments(6), by=officer), other)
    loan = fresh(loan)
    assert (loan.risk_class, loan.restructurings_in_watch, loan.schedule_version) == ("substandard", 2, 3)


def test_a_change_of_a_loan_that_is_not_overdue_is_no_restructuring_unless_said(
    officer: User, other: User
) -> None:
    loan = a_loan(disbursed_on=date(2026, 11, 1))
    change = a_proposal(loan, Deferral(1), by=officer)
    assert not change.restructuring
    decide(services.apply_change, change, other)
    assert fresh(loan).watched_until is None
    assert a_proposal(loan, Deferral(1), by=officer, restructuring=True).restructuring


def test_a_lower_rate_and_a_waiver(officer: User, other: User) -> None:
    loan = a_loan()
    decide(services.apply_change, a_proposal(loan, RateCut(Decimal("0.073")), by=officer), other)
    loan = fresh(loan)
    assert (loan.annual_rate, loan.default_rate) == (Decimal("0.073000"), Decimal("0.109500"))
    assert loan_snapshot(loan.pk, on=TODAY).days_past_due == 236, "what is overdue stays overdue"
    owed = loan_snapshot(loan.pk, on=TODAY).outstanding.penalty
    waiver = a_proposal(loan, WaiverOf((("penalty", owed),)), by=officer)
    decide(services.apply_change, waiver, other)
    assert loan_snapshot(loan.pk, on=TODAY).outstanding.penalty == 0
    assert loan.waivers.get().amount == owed
    waiver.refresh_from_db()
    assert waiver.version is None


@pytest.mark.parametrize("daily", [False, True])
def test_the_tables_say_what_the_facts_say(daily: bool, officer: User, other: User) -> None:
    """After a change the posted amounts are those of the account, and stay so with the next payment."""
    product = a_product(daily_interest=daily, day_count="ACT/365")
    loan = a_loan(product=product)
    a_repayment(loan, "1500.00", on=date(2026, 5, 3))
    decide(services.apply_change, a_proposal(loan, Reschedule(10, date(2026, 12, 20)), by=officer), other)
    a_repayment(loan, "700.00", on=TODAY + timedelta(days=1), at=NOW + timedelta(days=1))
    loan = fresh(loan)
    account = derive(ledger_of(loan).facts(), on=TODAY + timedelta(days=1))
    rows = Instalment.objects.filter(loan=loan, schedule_version=loan.schedule_version).order_by("sequence")
    for row, one in zip(rows, account.rows, strict=True):
        assert (row.principal_due, row.interest_due) == (one.due["principal"], one.due["interest"])
        assert (row.principal_paid, row.interest_paid) == (one.paid["principal"], one.paid["interest"])
    assert sum(row.principal_due for row in rows) == loan.principal
    assert account.rows[-1].due_on == date(2027, 9, 20)


# --- when nothing is applied -------------------------------------------------------------------------------


def test_what_was_shown_is_what_is_proposed(officer: User) -> None:
    loan = fresh(a_loan())
    _planned, difference, _eases = simulated(ledger_of(loan), Deferral(9), on=TODAY, restructuring=False)
    shown = fingerprint(difference.as_data())
    a_repayment(loan, "10.00", on=TODAY)
    with pytest.raises(AccountChanged):
        a_proposal(loan, by=officer, shown=shown)
    _planned, difference, _eases = simulated(ledger_of(loan), Deferral(9), on=TODAY, restructuring=False)
    assert a_proposal(loan, by=officer, shown=fingerprint(difference.as_data())).simulation["after"]


@pytest.mark.parametrize("paid_on", [TODAY - timedelta(days=20), TODAY, TODAY + timedelta(days=1)])
def test_a_payment_meanwhile_makes_it_another_difference(paid_on: date, officer: User, other: User) -> None:
    loan = a_loan()
    change = a_proposal(loan, by=officer)
    tomorrow = NOW + timedelta(days=1)
    a_repayment(loan, "100.00", on=paid_on, at=tomorrow)
    with pytest.raises(AccountChanged):
        decide(services.apply_change, change, other, at=tomorrow)
    change.refresh_from_db()
    assert (change.state, fresh(loan).schedule_version) == ("proposed", 1)
    assert as_shown(change, ledger_of(fresh(loan))) is None


def test_time_alone_does_not_stop_it(officer: User, other: User) -> None:
    loan = a_loan()
    change = a_proposal(loan, by=officer)
    decide(services.apply_change, change, other, at=NOW + timedelta(days=5))
    assert due_on(fresh(loan), 2)[0] == date(2027, 1, 1)


def test_bad_terms_are_refused_with_their_reason(officer: User) -> None:
    with pytest.raises(InputRefused) as refused:
        a_proposal(a_loan(), Deferral(2), by=officer)
    assert refused.value.field == "periods"
    loan = a_loan(principal=Decimal("100.00"), disbursed_on=date(2026, 11, 1))
    a_repayment(loan, "103.00", on=TODAY)
    a_repayment(loan, "20.00", on=TODAY)
    assert fresh(loan).state == LoanState.SETTLED
    with pytest.raises(TransitionRefused):
        a_proposal(loan, by=officer)


# --- early settlement --------------------------------------------------------------------------------------


def settle(loan: Loan, by: User, on: date = TODAY) -> ScheduleChange:
    with entering(EntryPoint.ADMIN):
        return services.settle_early(loan=loan, on=on, by=by, at=NOW, reason="提前还清")


def test_early_settlement_takes_the_money_and_one_person(officer: User) -> None:
    loan = a_loan(disbursed_on=date(2026, 11, 1))
    owed = sum(payoff(ledger_of(fresh(loan)).facts(), on=TODAY).values())
    # 22 of 30 days of 146.00.
    assert owed == Decimal("12107.07")
    quote = quote_of(ledger_of(fresh(loan)), on=TODAY)
    assert (quote.total, quote.each_day) == (owed, Decimal("4.86"))
    with pytest.raises(NotPaidOff, match=r"12,107\.07"):
        settle(loan, officer)
    a_repayment(loan, owed, on=TODAY)
    assert fresh(loan).state == LoanState.ACTIVE, "without the settlement it pays the next instalments"
    change = settle(loan, officer)
    loan = fresh(loan)
    assert (change.state, change.proposed_by, change.decided_by) == (ChangeState.APPLIED, officer, officer)
    assert (loan.state, loan.settled_on, loan.credit, loan.schedule_version) == ("settled", TODAY, 0, 2)
    assert due_on(loan, 2) == [TODAY]


def test_settled_on_the_day_on_which_the_money_came(officer: User) -> None:
    loan = a_loan(disbursed_on=date(2026, 11, 1))
    friday = TODAY - timedelta(days=3)
    a_repayment(loan, "12092.47", on=friday)
    with pytest.raises(NotPaidOff, match=r"14\.60"):
        settle(loan, officer)
    settle(loan, officer, on=friday)
    assert fresh(loan).settled_on == friday
    # What had been paid for months to come pays principal now: nothing stands in two places.
    [line] = loan_for_page(fresh(loan), on=TODAY).repayments
    assert sum(part.amount for part in line.parts) == Decimal("12092.47")
    assert line.unallocated == 0
    with pytest.raises(TransitionRefused):
        settle(loan, officer)


def test_money_that_bounces_undoes_the_settlement(officer: User) -> None:
    loan = a_loan(disbursed_on=date(2026, 11, 1))
    paid = a_repayment(loan, "12107.07", on=TODAY)
    settle(loan, officer)
    with entering(EntryPoint.ADMIN):
        services.reverse_repayment(
            repayment=paid, external_id="BACK-7", by=officer, at=NOW, reason="扣款退回"
        )
    loan = fresh(loan)
    assert (loan.state, loan.schedule_version, loan.oldest_unpaid_due_on) == ("active", 1, None)
    snapshot = loan_snapshot(loan.pk, on=TODAY + timedelta(days=3))
    assert snapshot.days_past_due == 0, "nothing has fallen due by the contract"
    a_repayment(loan, "12107.07", on=TODAY)
    loan = fresh(loan)
    assert (loan.state, loan.schedule_version) == ("settled", 2), "the money of that day is there again"


# --- terms and simulation ----------------------------------------------------------------------------------

TERMS: tuple[Terms, ...] = (
    Deferral(2),
    ExtraInstalments(3),
    Reschedule(4, date(2026, 12, 1), Decimal("0.06")),
    Reschedule(4, date(2026, 12, 1)),
    RateCut(Decimal("0.06")),
    WaiverOf((("fee", Decimal("1.00")), ("penalty", Decimal("2.50")))),
    EarlySettlement(to_period_end=True),
)


@pytest.mark.parametrize("terms", TERMS, ids=lambda terms: type(terms).__name__)
def test_terms_are_kept_as_plain_data(terms: Terms) -> None:
    assert terms_from_data(kind_of_terms(terms), terms_as_data(terms)) == terms


def test_every_kind_has_terms() -> None:
    assert {kind_of_terms(terms) for terms in TERMS} == set(ChangeKind)


@settings(
    max_examples=12,
    deadline=None,
    phases=(Phase.explicit, Phase.generate),
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.one_of(
        st.builds(Deferral, st.integers(9, 14)),
        st.builds(ExtraInstalments, st.integers(1, 12)),
        st.builds(RateCut, st.sampled_from([Decimal(0), Decimal("0.05")])),
        st.just(WaiverOf((("interest", Decimal("12.34")),))),
    ),
    st.booleans(),
    st.lists(st.tuples(st.integers(10, 260), st.integers(1, 200_000)), max_size=3),
)
def test_applying_gives_what_was_simulated(
    terms: Terms, daily: bool, payments: list[tuple[int, int]]
) -> None:
    loan = a_loan(product=a_product(daily_interest=daily, day_count="ACT/365"))
    for offset, amount in payments:
        a_repayment(loan, Decimal(amount) / 100, on=date(2026, 3, 1) + timedelta(days=offset))
    a_pause(loan, from_on=date(2026, 10, 1), until=date(2026, 10, 11))
    try:
        change = a_proposal(loan, terms)
    except InputRefused:
        return
    decide(services.apply_change, change, person(Role.LOAN_OFFICER))
    facts = ledger_of(fresh(loan)).facts()
    account = derive(facts, on=TODAY)
    rows = change.simulation["after"]["rows"]
    assert [(row["due_on"], row["principal"], row["interest"], row["penalty"]) for row in rows] == [
        (
            row.due_on.isoformat(),
            str(row.due["principal"]),
            str(row.due["interest"]),
            str(row.due["penalty"]),
        )
        for row in account.rows
    ]
    loan = fresh(loan)
    assert change.simulation["after"]["risk_class"] == loan.risk_class
    assert change.simulation["after"]["days_past_due"] == (
        0 if loan.oldest_unpaid_due_on is None else (TODAY - loan.oldest_unpaid_due_on).days
    )


def test_the_policy_of_tests_is_a_policy() -> None:
    loan = fresh(a_loan())
    facts = ledger_of(loan).facts()
    change = a_proposal(loan)
    assert (
        change.simulation["before"] == simulate(facts, _nothing(), on=TODAY, policy=POLICY).before.as_data()
    )
    assert start_of_day(TODAY) < NOW


def _nothing() -> Any:
    from backoffice.loans.changes import Planned

    return Planned()
