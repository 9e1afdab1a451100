"""What was paid beyond what was owed: it pays what falls due and what enforcing costs, on its day."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from backoffice.loans.account import Cost, PlanRow, Receipt, derive
from backoffice.loans.allocation import AllocationRule
from tests.loans.test_account import facts_of


def test_credit_pays_what_falls_due_on_its_day() -> None:
    rows = [
        PlanRow(1, date(2024, 2, 1), Decimal(100), Decimal(1)),
        PlanRow(2, date(2024, 3, 1), Decimal(100), Decimal(1)),
    ]
    facts = facts_of(
        rows, rule=AllocationRule(surplus="credit"), receipts=(Receipt(7, date(2024, 2, 1), Decimal(250)),)
    )
    assert derive(facts, on=date(2024, 2, 29)).surplus == {7: Decimal(149)}
    march = derive(facts, on=date(2024, 3, 1))
    assert march.settled
    assert march.surplus == {7: Decimal(48)}


def test_credit_pays_a_cost_on_the_day_it_is_charged_though_nothing_falls_due_any_more() -> None:
    facts = facts_of(
        [PlanRow(1, date(2024, 2, 1), Decimal(100), Decimal(1))],
        costs=(Cost(1, date(2024, 2, 10), Decimal(25)), Cost(2, date(2024, 2, 20), Decimal(30))),
        receipts=(Receipt(7, date(2024, 2, 1), Decimal(150)),),
    )
    tenth = derive(facts, on=date(2024, 2, 10))
    assert (tenth.settled, tenth.surplus) == (True, {7: Decimal(24)})
    twentieth = derive(facts, on=date(2024, 2, 20))
    assert (twentieth.owed("cost"), twentieth.surplus) == (Decimal(6), {})


def test_a_cost_of_a_loan_that_is_not_overdue_is_owed_at_once_and_paid_out_of_the_credit_first() -> None:
    rows = [
        PlanRow(1, date(2024, 2, 1), Decimal(100), Decimal(1)),
        PlanRow(2, date(2024, 3, 1), Decimal(100), Decimal(1)),
    ]
    facts = facts_of(
        rows,
        rule=AllocationRule(surplus="credit"),
        costs=(Cost(1, date(2024, 1, 15), Decimal(30)),),
        receipts=(Receipt(7, date(2024, 1, 10), Decimal(20)), Receipt(8, date(2024, 1, 20), Decimal(15))),
    )
    assert derive(facts, on=date(2024, 1, 14)).surplus == {7: Decimal(20)}
    assert derive(facts, on=date(2024, 1, 15)).owed("cost") == 10
    later = derive(facts, on=date(2024, 1, 20))
    assert (later.owed("cost"), later.surplus) == (0, {8: Decimal(5)})
