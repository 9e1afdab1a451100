"""Money of the time before a change of the schedule that comes to be known after it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, assume, given, reject, settings
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.account import Facts, derive
from backoffice.loans.changes import Deferral, ExtraInstalments, RateCut, Reschedule, Terms
from backoffice.loans.facts import COMPONENTS, Receipt
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal
from tests.factories.loans import a_loan, a_product, a_repayment
from tests.factories.staff import person
from tests.loans.test_account import START, loans
from tests.loans.test_changes import days, planned_or_none

NOON = timedelta(hours=12)

terms = st.one_of(
    st.builds(Deferral, st.integers(1, 6)),
    st.builds(RateCut, st.sampled_from([Decimal(0), Decimal("0.03")])),
    st.builds(ExtraInstalments, st.integers(1, 4)),
    st.builds(
        lambda number, after: Reschedule(number, START + timedelta(days=after)),
        st.integers(1, 6),
        st.integers(1, 500),
    ),
)


@settings(
    max_examples=1000,
    deadline=None,
    suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow],
)
@given(
    loans(),
    terms,
    days,
    st.integers(1, 60),
    st.integers(1, 300_000).map(lambda cents: Decimal(cents) / 100),
    st.integers(0, 60),
)
def test_nothing_is_paid_beyond_what_is_due(
    facts: Facts, changed: Terms, on: date, back: int, amount: Decimal, later: int
) -> None:
    received = on - timedelta(days=back)
    assume(received >= START)
    facts = replace(facts, receipts=tuple(one for one in facts.receipts if one.on < on), reliefs=())
    planned = planned_or_none(facts, changed, on)
    if planned is None or planned.version is None:
        reject()
    facts = planned.on_top_of(facts)
    facts = replace(facts, receipts=(*facts.receipts, Receipt(99, received, amount, (99,))))
    for day in (on, on + timedelta(days=later)):
        for row in derive(facts, on=day).rows:
            assert all(row.paid[name] <= row.due[name] for name in COMPONENTS), row


@pytest.mark.django_db
@pytest.mark.parametrize("amount", ["100", "1083.33", "2200.50"])
def test_a_late_payment_of_a_changed_loan_with_daily_interest_is_posted(amount: str) -> None:
    paid_out, changed_on = date(2026, 3, 15), date(2026, 7, 11)
    noon = start_of_day(changed_on) + NOON
    loan = a_loan(
        product=a_product(day_count="ACT/365", daily_interest=True),
        at=start_of_day(paid_out) + NOON,
        disbursed_on=paid_out,
        periods=12,
    )
    for day, money in ((date(2026, 3, 31), "7000"), (date(2026, 4, 13), "100")):
        a_repayment(loan, money, on=day, at=start_of_day(day) + NOON)
    change = a_proposal(loan, ExtraInstalments(2), at=noon)
    with entering(EntryPoint.ADMIN):
        services.apply_change(change=change, by=person(Role.LOAN_OFFICER), at=noon, reason="同意")
    posted = a_repayment(loan, amount, on=changed_on - timedelta(days=3), at=noon)
    spread = sum(share.amount for share in posted.allocations.all())
    loan.refresh_from_db()
    assert spread + loan.credit == Decimal(amount)
