"""Money paid in advance that bounces after the schedule was changed: owed again from its own due day, not before."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from decimal import Decimal

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.account import (
    Beginning,
    Cost,
    Facts,
    Receipt,
    as_agreed_at_first,
    at_change,
    derive,
    payoff,
)
from backoffice.loans.ageing import days_past_due
from backoffice.loans.allocation import AllocationRule
from backoffice.loans.changes import Deferral, ExtraInstalments, RateCut, Reschedule, Terms, plan
from backoffice.loans.selectors import loan_snapshot
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal
from tests.factories.loans import a_loan as a_stored_loan
from tests.factories.loans import a_repayment, job
from tests.factories.staff import person
from tests.loans.test_account import START, facts_of, loans
from tests.loans.test_account import plan as first_plan
from tests.loans.test_changes import a_loan, days, kinds, paid, planned_or_none

ON = date(2024, 3, 16)
IN_TIME = ((date(2024, 2, 1), "1120.00"), (date(2024, 3, 1), "1110.00"))
#: That of 1 April, paid on 10 March.
AHEAD = (date(2024, 3, 10), "1100.00")


def past_due(facts: Facts, on: date) -> int:
    dues, payments = derive(facts, on=on).dues_and_payments()
    return days_past_due(on=on, schedule=dues, payments=payments).days


def bounced(terms: Terms, *, daily: bool = False) -> Facts:
    """Two instalments paid on their days and the third one ahead; changed on 16 March; then the third one bounces."""
    day_count = "act/365" if daily else "equal"
    facts = a_loan(receipts=paid(*IN_TIME, AHEAD), daily_interest=daily, day_count=day_count)
    changed = plan(facts, terms, on=ON).on_top_of(facts)
    return replace(changed, receipts=changed.receipts[:2])


@pytest.mark.parametrize("daily", [False, True])
@pytest.mark.parametrize("terms", [Deferral(2), RateCut(Decimal("0.06"))])
def test_what_was_paid_ahead_falls_due_on_its_own_day(terms: Terms, daily: bool) -> None:
    facts = bounced(terms, daily=daily)
    third = derive(facts, on=ON).rows[2]
    assert third.due_on == date(2024, 4, 1)
    assert third.open("principal") > 0
    for on, number in ((date(2024, 3, 31), 0), (date(2024, 4, 1), 0), (date(2024, 4, 2), 1)):
        assert past_due(facts, on) == number
    assert derive(facts, on=date(2024, 4, 1)).owed("penalty") == 0
    assert derive(facts, on=date(2024, 4, 11)).owed("penalty") > 0


def test_interest_to_the_day_takes_what_was_paid_ahead_into_account() -> None:
    """10,000 left after 1 March, of which 1,000 paid ahead with 100.00 of interest; put off by two months.

    On 16 March 48.39 had run up and 100.00 was paid, 51.61 too much: the 9,000 bear 16/31 of 90.00 to 1 April (46.45),
    so on that day what was paid ahead is 5.16 too much still. By 1 May 84.84 are owed.
    """
    facts = a_loan(receipts=paid(*IN_TIME, AHEAD))
    changed = plan(facts, Deferral(2), on=ON).on_top_of(facts)
    assert payoff(changed, on=date(2024, 4, 1))["interest"] == Decimal("-5.16")
    assert payoff(changed, on=date(2024, 5, 1))["interest"] == Decimal("84.84")
    # Bounced, the 100.00 are owed again, and the principal with them.
    owed = payoff(replace(changed, receipts=changed.receipts[:2]), on=date(2024, 3, 20))
    assert owed["principal"] == 10_000
    assert owed["interest"] == Decimal("48.39") + Decimal("11.61")


def test_interest_ahead_that_a_lower_rate_has_no_use_for_pays_principal() -> None:
    """100.00 of interest paid ahead, 48.39 of it run up by 16 March; without interest from then on 51.61 are free."""
    facts = a_loan(receipts=paid(*IN_TIME, AHEAD))
    changed = plan(facts, RateCut(Decimal(0)), on=ON).on_top_of(facts)
    third, may = derive(changed, on=ON).rows[2:4]
    assert (third.due_on, third.paid["interest"]) == (date(2024, 4, 1), Decimal("48.39"))
    assert (may.due_on, may.due["interest"], may.paid["principal"]) == (date(2024, 5, 1), 0, Decimal("51.61"))
    assert payoff(changed, on=ON)["principal"] == Decimal("8948.39")
    # Bounced, only what the days up to the change bore is asked for again.
    owed = payoff(replace(changed, receipts=changed.receipts[:2]), on=date(2024, 4, 1))
    assert (owed["principal"], owed["interest"]) == (10_000, Decimal("48.39"))


def test_a_cost_goes_with_what_is_due_first() -> None:
    facts = bounced(Reschedule(10, date(2024, 3, 20)))
    account = derive(replace(facts, costs=(Cost(1, ON, Decimal(50)),)), on=date(2024, 3, 20))
    assert [row.due_on for row in account.rows if row.due["cost"]] == [date(2024, 3, 20)]


def test_a_second_change_takes_it_along() -> None:
    facts = bounced(Deferral(2))
    version = plan(facts, Deferral(1), on=date(2024, 3, 20)).version
    assert version is not None
    dues = [row.due_on for row in version.rows]
    assert dues[:4] == [date(2024, 2, 1), date(2024, 3, 1), date(2024, 5, 1), date(2024, 8, 1)]
    assert version.rows[2].principal == 1000
    assert sum(row.principal for row in version.rows) == 12_000


@pytest.mark.parametrize("daily", [False, True])
@pytest.mark.parametrize(
    ("terms", "each"), [(ExtraInstalments(1), "909.09"), (RateCut(Decimal("0.08")), "1000.00")]
)
def test_in_a_second_change_it_is_one_instalment_with_that_of_its_day(
    daily: bool, terms: Terms, each: str
) -> None:
    """600 paid ahead on that of 1 April bounced: with the open rest it is one instalment, not two on one day."""
    facts = a_loan(
        receipts=paid(*IN_TIME, (AHEAD[0], "600.00")),
        daily_interest=daily,
        day_count="30/360" if daily else "equal",
    )
    changed = plan(facts, RateCut(Decimal("0.10")), on=ON).on_top_of(facts)
    bounced = replace(changed, receipts=changed.receipts[:2])
    version = plan(bounced, terms, on=date(2024, 3, 20)).version
    assert version is not None
    rows = version.rows[version.taken_over :]
    assert rows[0].due_on == date(2024, 4, 1)
    assert {row.principal for row in rows[:-1]} == {Decimal(each)}
    assert len({row.due_on for row in rows}) == len(rows) == {"909.09": 11, "1000.00": 10}[each]


easings = st.one_of(
    st.builds(Deferral, st.integers(1, 14)),
    st.builds(RateCut, st.sampled_from([Decimal(0), Decimal("0.03"), Decimal("0.1")])),
)


@settings(max_examples=1000, deadline=None)
@given(loans(), easings, days, st.sets(st.integers(0, 5)), st.integers(0, 400))
def test_a_change_makes_nothing_overdue_sooner_whatever_bounces(
    facts: Facts, terms: Terms, on: date, gone: set[int], more: int
) -> None:
    """Of what came in before the change any payments bounce: by the contract as it was made it is no better.

    What enforcing costs after the change is left out: it is paid out of the credit first (Civil Code art. 561), and of
    a debt that was put off more is left to be enforced.
    """
    facts = replace(
        facts,
        receipts=tuple(one for one in facts.receipts if one.on < on),
        reliefs=(),
        costs=tuple(one for one in facts.costs if one.on <= on),
    )
    planned = planned_or_none(facts, terms, on)
    if planned is None:
        return
    left = tuple(one for one in facts.receipts if one.key not in gone)
    changed = replace(planned.on_top_of(facts), receipts=left)
    later = on + timedelta(days=more)
    assert past_due(changed, later) <= past_due(as_agreed_at_first(changed), later)


def what_was_before(facts: Facts, on: date) -> Facts:
    return replace(
        facts,
        receipts=tuple(one for one in facts.receipts if one.on < on),
        reliefs=tuple(one for one in facts.reliefs if one.on < on),
        costs=tuple(one for one in facts.costs if one.on < on),
    )


def whole_debt(start: Beginning, *, on: date) -> Decimal:
    """What settles the loan with all fees still to come, less the credit that would go to it."""
    account = start.account
    owed = sum((account.owed(name) for name in ("principal", "fee", "penalty", "cost")), Decimal(0))
    return owed + account.owed("interest", due_by=on) + start.settling - sum(account.surplus.values())


def last_surplus(receipt: str, *, fee: Decimal = Decimal(0)) -> Facts:
    """10 yuan in two instalments; what came on the day of payment paid interest of the second one ahead."""
    rows = first_plan(
        principal=Decimal(10),
        annual_rate=Decimal("0.24"),
        periods=2,
        method="equal_instalment",
        disbursed_on=START,
        fee=fee,
    )
    receipts = (Receipt(0, START, Decimal(receipt), (0,)),)
    return facts_of(rows, rate="0.24", rule=AllocationRule(surplus="last"), receipts=receipts)


@settings(max_examples=1000, deadline=None)
@example(last_surplus("0.01"), RateCut(Decimal(0)), date(2024, 2, 1))
@example(last_surplus("1.51", fee=Decimal("1.50")), RateCut(Decimal(0)), date(2024, 2, 1))
@given(loans(), easings, days)
def test_interest_runs_on_without_a_jump_after_a_change(facts: Facts, terms: Terms, on: date) -> None:
    """The interest that settles the loan on the day of the change is the same before it and after it.

    More was paid in advance than the new schedule has interest to take it off from: then the rest of it pays what else
    is owed.
    """
    facts = replace(
        facts,
        receipts=tuple(one for one in facts.receipts if one.on < on),
        reliefs=(),
        costs=(),
    )
    planned = planned_or_none(facts, terms, on)
    if planned is None:
        return
    changed = planned.on_top_of(facts)
    before, after = at_change(facts, on=on), at_change(changed, on=on)
    was = before.account.owed("interest", due_by=on) + before.run_up
    now = after.account.owed("interest", due_by=on) + after.run_up
    assert now == was if was >= 0 else was <= now <= 0


@settings(max_examples=1000, deadline=None)
@example(last_surplus("0.01"), RateCut(Decimal(0)), date(2024, 2, 1))
@given(loans(), kinds, days)
def test_a_change_makes_no_cent_and_loses_none(facts: Facts, terms: Terms, on: date) -> None:
    """What settles the loan on the day of the change is the same before it and after it, with waivers and costs too."""
    facts = what_was_before(facts, on)
    planned = planned_or_none(facts, terms, on)
    if planned is None or planned.version is None or planned.version.if_paid:
        return
    before, after = at_change(facts, on=on), at_change(planned.on_top_of(facts), on=on)
    assert whole_debt(before, on=on) == whole_debt(after, on=on)


@settings(max_examples=1000, deadline=None)
@given(loans(), kinds, days, st.sets(st.integers(0, 5)), kinds, st.integers(0, 60))
def test_a_second_change_after_money_bounced_is_planned_to_the_cent_too(
    facts: Facts, terms: Terms, on: date, gone: set[int], second: Terms, more: int
) -> None:
    """One instalment a day, none of them negative, and not a cent made or lost."""
    facts = what_was_before(facts, on)
    planned = planned_or_none(facts, terms, on)
    if planned is None or planned.version is None or planned.version.if_paid:
        return
    changed = planned.on_top_of(facts)
    changed = replace(changed, receipts=tuple(one for one in changed.receipts if one.key not in gone))
    later = on + timedelta(days=more)
    again = planned_or_none(changed, second, later)
    if again is None or again.version is None or again.version.if_paid:
        return
    new = again.version.rows[again.version.taken_over :]
    assert len({row.due_on for row in new}) == len(new)
    assert all(min(row.principal, row.interest, row.fee, row.penalty) >= 0 for row in new)
    before, after = at_change(changed, on=later), at_change(again.on_top_of(changed), on=later)
    lost = whole_debt(before, on=later) - whole_debt(after, on=later)
    # Interest ahead that bounced leaves a cent of rounding less than nothing: no settlement pays out what nobody paid,
    # but the next instalments bear it, in the borrower's favour.
    assert 0 <= lost <= max(before.settling - before.run_up, Decimal(0)) if before.run_up < 0 else lost == 0


def morning(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=10)


@pytest.mark.django_db
def test_the_book_counts_from_that_day_too() -> None:
    """1,000 a month, the one of 1 July paid on 10 June; put off on 16 June; on 20 June the money bounces."""
    loan = a_stored_loan(at=morning(date(2026, 3, 1)))
    due = list(loan.instalments.order_by("sequence"))
    for number, one in enumerate(due[:4]):
        on = date(2026, 6, 10) if number == 3 else one.due_on
        last = a_repayment(loan, one.principal_due + one.interest_due, on=on, at=morning(on))
    change = a_proposal(loan, Deferral(2), at=morning(date(2026, 6, 16)))
    with entering(EntryPoint.ADMIN):
        services.apply_change(
            change=change, by=person(Role.LOAN_OFFICER), at=morning(date(2026, 6, 16)), reason="同意"
        )
    change.refresh_from_db()
    assert change.rows_taken_over == 4
    with entering(EntryPoint.COMMAND):
        services.reverse_repayment(
            repayment=last,
            external_id="reversal",
            by=job(),
            at=morning(date(2026, 6, 20)),
            reason="退票",
        )
    loan.refresh_from_db()
    assert (loan.oldest_unpaid_due_on, loan.overdue_kind) == (None, "none")
    assert loan.next_event_on == date(2026, 7, 2)
    for on, number in ((date(2026, 7, 1), 0), (date(2026, 7, 2), 1)):
        assert loan_snapshot(loan.pk, on=on).past_due.days == number
    on = date(2026, 7, 2)
    a_repayment(loan, "0.01", on=on, at=morning(on))
    loan.refresh_from_db()
    assert loan.oldest_unpaid_due_on == date(2026, 7, 1)
