"""Interest to the end of the running period: on a due date that period has just ended."""

from __future__ import annotations

from datetime import date

import pytest

from backoffice.loans.account import payoff
from backoffice.loans.ledger import ledger_of
from tests.factories.loans import a_loan

pytestmark = pytest.mark.django_db


def test_on_a_due_date_no_interest_of_the_next_period_is_asked() -> None:
    loan = a_loan(disbursed_on=date(2026, 3, 1))
    first = loan.instalments.get(sequence=1)
    facts = ledger_of(loan).facts()
    assert payoff(facts, on=first.due_on, to_period_end=True)["interest"] == first.interest_due
    within = payoff(facts, on=date(2026, 3, 15), to_period_end=True)["interest"]
    assert within == first.interest_due, "within a period its whole interest, and no more"
