"""Planning a loan anew: worked examples to the cent, refusals, and what must hold for every loan and every kind."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.account import COMPONENTS, Facts, Receipt, at_change, derive, payoff
from backoffice.loans.ageing import AgeingPolicy
from backoffice.loans.changes import (
    ChangeRefused,
    Deferral,
    EarlySettlement,
    ExtraInstalments,
    Planned,
    RateCut,
    Reschedule,
    Terms,
    WaiverOf,
    plan,
)
from backoffice.loans.classification import ClassPolicy, OverduePolicy
from backoffice.loans.simulation import simulate
from tests.loans.test_account import START, facts_of, loans
from tests.loans.test_account import plan as first_plan

POLICY = AgeingPolicy(0, OverduePolicy(91, 4), ClassPolicy(7, 90, 270, 360), (1, 31, 61, 91, 181, 361), 12)
ZERO = Decimal(0)


def a_loan(**more: Any) -> Facts:
    """12,000 yuan at 12 % in twelve equal parts of principal from 1 February 2024: 1 % a month on what is left."""
    rows = first_plan(
        principal=Decimal(12_000),
        annual_rate=Decimal("0.12"),
        periods=12,
        method="equal_principal",
        disbursed_on=START,
    )
    return facts_of(
        rows,
        **{
            "rate": "0.12",
            "default_rate": "0.18",
            "day_count": "equal",
            "method": "equal_principal",
            "rounding": "half_up",
            **more,
        },
    )


def paid(*payments: tuple[date, str]) -> tuple[Receipt, ...]:
    return tuple(Receipt(n, on, Decimal(amount), (n,)) for n, (on, amount) in enumerate(payments))


#: The first two instalments, paid on their days.
TWO = paid((date(2024, 2, 1), "1120.00"), (date(2024, 3, 1), "1110.00"))


def rows_of(facts: Facts, terms: Terms, on: date) -> list[tuple[str, str, str, str]]:
    version = plan(facts, terms, on=on).version
    assert version is not None
    return [
        (str(row.due_on), str(row.principal), str(row.interest), str(row.penalty)) for row in version.rows
    ]


# --- worked examples ---------------------------------------------------------------------------------------


def test_a_deferral_by_two_months() -> None:
    """10,000 left after 1 March; on 16 March the next instalment goes from 1 April to 1 June: 3 % instead of 1 %."""
    rows = rows_of(a_loan(receipts=TWO), Deferral(2), date(2024, 3, 16))
    assert rows[:4] == [
        ("2024-02-01", "1000.00", "120.00", "0.00"),
        ("2024-03-01", "1000.00", "110.00", "0.00"),
        ("2024-06-01", "1000.00", "300.00", "0.00"),
        ("2024-07-01", "1000.00", "90.00", "0.00"),
    ]
    assert rows[-1][0] == "2025-03-01"
    assert len(rows) == 12


def test_a_deferral_of_what_is_overdue() -> None:
    """One paid; that of 1 March (110 of interest) is 15 days overdue on the 16th: 1,000 x 18 % x 15 / 365 = 7.40.

    Overdue principal bears the contract rate from the 16th on, the other 10,000 all the time: by 1 May they have borne
    200.00 since 1 March, and the overdue 1,000 bears 16/31 of 10.00 to 1 April and 10.00 to 1 May, 15.16.
    """
    facts = a_loan(receipts=TWO[:1])
    rows = rows_of(facts, Deferral(2), date(2024, 3, 16))
    assert rows[1] == ("2024-05-01", "1000.00", str(Decimal("110.00") + Decimal("215.16")), "7.40")
    assert rows[2] == ("2024-06-01", "1000.00", "100.00", "0.00")
    difference = simulate(
        facts, plan(facts, Deferral(2), on=date(2024, 3, 16)), on=date(2024, 3, 16), policy=POLICY
    )
    assert (difference.before.days_past_due, difference.after.days_past_due) == (15, 0)
    assert (difference.before.risk_class, difference.after.risk_class) == ("special_mention", "normal")


def test_a_restructured_loan_is_watched() -> None:
    facts = a_loan(receipts=TWO[:1])
    on = date(2024, 3, 16)
    planned = plan(facts, Deferral(2), on=on)
    watched = simulate(facts, planned, on=on, policy=POLICY, restructuring=True)
    assert watched.after.risk_class == "special_mention"
    again = simulate(facts, planned, on=on, policy=POLICY, restructured_on=[START], restructuring=True)
    assert again.after.risk_class == "substandard"


def test_more_instalments() -> None:
    """10,000 left in ten instalments: two more make twelve of 833.33, and interest by the month on what is left."""
    rows = rows_of(a_loan(receipts=TWO), ExtraInstalments(2), date(2024, 3, 1) + timedelta(days=1))
    assert rows[2] == ("2024-04-01", "833.33", "100.00", "0.00")
    assert rows[3] == ("2024-05-01", "833.33", "91.67", "0.00")
    assert rows[-1] == ("2025-03-01", "833.37", "8.33", "0.00")


def test_a_new_schedule_spreads_what_was_overdue() -> None:
    """11,000 left on 16 March, of it 1,000 overdue with 110.00 of interest and 7.40 of default interest.

    Both are spread over four: 27.50 and 1.85. The 10,000 have borne 15/31 of 100.00 since 1 March, 48.39, in the first
    one. At 6 % the 11,000 bear 16/31 of 55.00 to 1 April and 15/30 of 55.00 to the 16th: 55.89. Then 6 % on the rest.
    """
    rows = rows_of(
        a_loan(receipts=TWO[:1]), Reschedule(4, date(2024, 4, 16), Decimal("0.06")), date(2024, 3, 16)
    )
    assert rows[1] == (
        "2024-04-16",
        "2750.00",
        str(Decimal("27.50") + Decimal("48.39") + Decimal("55.89")),
        "1.85",
    )
    # 8,250 from 16 April to 16 May: 15 of 30 days of 41.25 and 15 of 31.
    assert rows[2] == ("2024-05-16", "2750.00", str(Decimal("27.50") + Decimal("40.58")), "1.85")
    assert [row[3] for row in rows[1:]] == ["1.85"] * 4


def test_a_lower_rate_from_the_day_on() -> None:
    """On 16 March from 12 % to 6 %: 15 days of March at 100.00 and 16 at 50.00; then half of what was planned."""
    facts = a_loan(receipts=TWO)
    planned = plan(facts, RateCut(Decimal("0.06")), on=date(2024, 3, 16))
    assert planned.version is not None
    assert planned.version.default_rate == Decimal("0.090000")
    rows = rows_of(facts, RateCut(Decimal("0.06")), date(2024, 3, 16))
    assert rows[2] == ("2024-04-01", "1000.00", "74.20", "0.00")
    assert rows[3] == ("2024-05-01", "1000.00", "45.00", "0.00")


def test_a_waiver_takes_what_is_due_and_no_more() -> None:
    facts = a_loan(receipts=TWO[:1])
    on = date(2024, 3, 16)
    planned = plan(facts, WaiverOf((("penalty", Decimal("7.40")),)), on=on)
    assert simulate(facts, planned, on=on, policy=POLICY).charges == Decimal("-7.40")
    for parts in (
        (),
        (("penalty", Decimal("7.41")),),
        (("interest", Decimal("110.01")),),
        (("principal", Decimal(1)),),
        (("penalty", ZERO),),
        (("penalty", Decimal("0.001")),),
    ):
        with pytest.raises(ChangeRefused):
            plan(facts, WaiverOf(parts), on=on)


def test_early_settlement_asks_for_interest_to_the_day() -> None:
    """10,000 left after 1 March; 15 of 31 days of 100.00: 48.39. To the end of the period it is 100.00."""
    facts = a_loan(receipts=TWO)
    on = date(2024, 3, 16)
    assert sum(payoff(facts, on=on).values()) == Decimal("10048.39")
    assert rows_of(facts, EarlySettlement(), on)[-1] == ("2024-03-16", "10000.00", "48.39", "0.00")
    assert rows_of(facts, EarlySettlement(to_period_end=True), on)[-1][2] == "100.00"


def test_early_settlement_holds_only_as_long_as_the_money_does() -> None:
    facts = a_loan(receipts=TWO)
    on = date(2024, 3, 16)
    planned = plan(facts, EarlySettlement(), on=on)
    bounced = planned.on_top_of(facts)
    assert derive(bounced, on=on + timedelta(days=60)) == derive(facts, on=on + timedelta(days=60))
    short = replace(bounced, receipts=(*TWO, Receipt(9, on, Decimal("10048.38"), (9,))))
    assert not derive(short, on=on).settled
    enough = replace(bounced, receipts=(*TWO, Receipt(9, on, Decimal("10048.40"), (9,))))
    account = derive(enough, on=on + timedelta(days=60))
    assert account.settled
    assert account.surplus == {9: Decimal("0.01")}


def test_interest_to_the_day_after_a_deferral() -> None:
    """10,000 left; put off on 16 March to 1 June. On 16 May: 48.39 to 16 March, 51.61 to 1 April, 100.00, 15/31."""
    facts = a_loan(receipts=TWO)
    later = plan(facts, Deferral(2), on=date(2024, 3, 16)).on_top_of(facts)
    owed = payoff(later, on=date(2024, 5, 16))
    assert owed["interest"] == Decimal("248.39")
    assert payoff(later, on=date(2024, 6, 1))["interest"] == Decimal("300.00")


# --- refusals ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("terms", "words"),
    [
        (Deferral(0), "one period at least"),
        (Deferral(1), "would still be overdue"),
        (ExtraInstalments(0), "one more instalment"),
        (Reschedule(0, date(2024, 7, 1)), "one instalment"),
        (Reschedule(3, date(2024, 6, 10)), "falls due after"),
        (Reschedule(3, date(2025, 6, 12)), "within a year"),
        (Reschedule(3, date(2024, 7, 1), Decimal("0.13")), "below the present one of 12.00"),
        (RateCut(Decimal("0.12")), "below the present one"),
        (RateCut(Decimal("-0.01")), "below the present one"),
    ],
)
def test_what_is_no_change_is_refused(terms: Terms, words: str) -> None:
    with pytest.raises(ChangeRefused, match=words):
        plan(a_loan(receipts=TWO), terms, on=date(2024, 6, 10))


def test_nothing_is_changed_backwards_or_when_nothing_is_left() -> None:
    facts = a_loan(receipts=TWO)
    with pytest.raises(ChangeRefused, match="after the day on which the loan was paid out"):
        plan(facts, Deferral(2), on=START)
    changed = plan(facts, Deferral(2), on=date(2024, 3, 16)).on_top_of(facts)
    with pytest.raises(ChangeRefused, match="no earlier than the last one"):
        plan(changed, Deferral(2), on=date(2024, 3, 15))
    assert plan(changed, Deferral(1), on=date(2024, 3, 16)).version is not None, (
        "on one day one after the other"
    )
    whole = a_loan(receipts=paid((date(2024, 1, 15), "13000.00")))
    with pytest.raises(ChangeRefused, match="Nothing is left"):
        plan(whole, Deferral(1), on=date(2024, 3, 16))
    with pytest.raises(ChangeRefused, match="Everything has fallen due"):
        plan(facts, RateCut(Decimal("0.06")), on=date(2025, 3, 16))


# --- what must hold for every loan and every kind ----------------------------------------------------------

kinds = st.one_of(
    st.builds(Deferral, st.integers(1, 14)),
    st.builds(ExtraInstalments, st.integers(1, 12)),
    st.builds(
        Reschedule,
        st.integers(1, 12),
        st.integers(1, 900).map(lambda offset: START + timedelta(days=offset)),
        st.sampled_from([None, ZERO, Decimal("0.03")]),
    ),
    st.builds(RateCut, st.sampled_from([ZERO, Decimal("0.03"), Decimal("0.1")])),
    st.builds(EarlySettlement, st.booleans()),
    st.builds(
        lambda parts: WaiverOf(tuple(parts.items())),
        st.dictionaries(
            st.sampled_from(["penalty", "interest", "fee", "cost"]),
            st.integers(1, 500).map(lambda n: Decimal(n) / 100),
            min_size=1,
        ),
    ),
)
days = st.integers(1, 420).map(lambda offset: START + timedelta(days=offset))


def planned_or_none(facts: Facts, terms: Terms, on: date) -> Planned | None:
    try:
        return plan(facts, terms, on=on)
    except ChangeRefused:
        return None


@settings(max_examples=1000, deadline=None)
@given(loans(), kinds, days)
def test_a_new_schedule_keeps_the_principal_and_opens_nothing_again(
    facts: Facts, terms: Terms, on: date
) -> None:
    planned = planned_or_none(facts, terms, on)
    if planned is None or planned.version is None:
        return
    version = planned.version
    assert sum((row.principal for row in version.rows), ZERO) == facts.principal
    for row in version.rows:
        assert min(row.principal, row.interest, row.fee, row.penalty) >= 0, row
    assert [row.sequence for row in version.rows] == list(range(1, len(version.rows) + 1))
    # Told up to the change, every part that was paid is in an instalment with nothing open.
    before = replace(
        facts,
        receipts=tuple(one for one in facts.receipts if one.on < on),
        reliefs=tuple(one for one in facts.reliefs if one.on < on),
        costs=tuple(one for one in facts.costs if one.on < on),
    )
    held = replace(planned, version=replace(version, if_paid=False))
    # On the day of the change the new schedule comes first: credit waits for what falls due by it.
    was, now = at_change(before, on=on).account, derive(held.on_top_of(before), on=on)
    gone = {name: sum((row.paid[name] for row in was.rows), ZERO) for name in COMPONENTS}
    kept = {name: sum((row.paid[name] for row in now.rows), ZERO) for name in COMPONENTS}
    # Interest paid for a time that bears none any more pays something else now, and nothing else does.
    assert all(kept[name] >= gone[name] for name in COMPONENTS if name != "interest")
    assert sum((*kept.values(), *now.surplus.values())) == sum((*gone.values(), *was.surplus.values()))
    assert now.owed("principal") <= was.owed("principal")
    assert now.owed("cost") <= was.owed("cost")
    assert now.owed("penalty") <= was.owed("penalty")
    if not isinstance(terms, RateCut):
        # By the new schedule nothing is overdue on the day of the change.
        assert all(row.contract_open == 0 for row in now.rows if row.due_on < on)


@settings(max_examples=1000, deadline=None)
@given(loans(), kinds, days, st.integers(0, 300))
def test_after_a_change_the_sums_are_right_on_every_day(
    facts: Facts, terms: Terms, on: date, more: int
) -> None:
    planned = planned_or_none(facts, terms, on)
    if planned is None:
        return
    changed = planned.on_top_of(facts)
    account = derive(changed, on=on + timedelta(days=more))
    assert sum((row.due["principal"] for row in account.rows), ZERO) == facts.principal
    for row in account.rows:
        for name in COMPONENTS:
            assert 0 <= row.paid[name] <= row.due[name], (row, name)
    received = {one.key: one.amount for one in facts.receipts if one.on <= account.on}
    gone = {key: account.surplus.get(key, ZERO) for key in received}
    for row in account.rows:
        for part in row.parts:
            gone[part.receipt] += part.amount
    assert gone == received, "every cent that came in has paid something, or is the borrower's"
    shared = {key: account.surplus.get(key, ZERO) for key in received}
    for share in account.shares:
        assert share.amount > 0
        shared[share.receipt] += share.amount
    assert shared == received, "and no cent stands in two places"
    assert derive(changed, on=on - timedelta(days=1)) == derive(facts, on=on - timedelta(days=1))


@settings(max_examples=1000, deadline=None)
@given(loans(), kinds, days)
def test_the_simulation_is_what_applying_gives(facts: Facts, terms: Terms, on: date) -> None:
    planned = planned_or_none(facts, terms, on)
    if planned is None:
        return
    difference = simulate(facts, planned, on=on, policy=POLICY)
    assert difference.after.account == derive(planned.on_top_of(facts), on=on)
    assert difference.before.account == derive(facts, on=on)
    data = difference.as_data()
    assert data == simulate(facts, planned, on=on, policy=POLICY).as_data()
    assert Decimal(data["after"]["total"]) == sum(
        (Decimal(row["open"]) for row in data["after"]["rows"]), ZERO
    )
    if isinstance(terms, WaiverOf):
        assert -difference.charges <= sum(amount for _name, amount in terms.parts)


@settings(max_examples=1000, deadline=None)
@given(loans(), st.booleans(), days, st.booleans())
def test_an_early_settlement_that_is_paid_settles(
    facts: Facts, to_period_end: bool, on: date, again: bool
) -> None:
    facts = replace(
        facts,
        receipts=tuple(one for one in facts.receipts if one.on < on),
        reliefs=tuple(one for one in facts.reliefs if one.on < on),
        costs=tuple(one for one in facts.costs if one.on < on),
    )
    if again:
        first = planned_or_none(facts, Deferral(3), on - timedelta(days=1))
        facts = first.on_top_of(facts) if first is not None else facts
    planned = planned_or_none(facts, EarlySettlement(to_period_end), on)
    owed = payoff(facts, on=on, to_period_end=to_period_end)
    if planned is None or planned.version is None:
        assert sum(owed.values()) <= 0, "whoever has paid everything in advance owes nothing"
        return
    # What is quoted is what the settlement asks for, to the cent, but for what lies there as credit.
    held = replace(planned, version=replace(planned.version, if_paid=False)).on_top_of(facts)
    credit = sum(derive(facts, on=on).surplus.values(), ZERO)
    asked = sum((derive(held, on=on).owed(name) for name in COMPONENTS), ZERO)
    assert asked == max(sum(owed.values()) - credit, ZERO)
    if asked == 0:
        return
    paid_off = replace(planned.on_top_of(facts), receipts=(*facts.receipts, Receipt(99, on, asked, (99,))))
    for later in (0, 400):
        account = derive(paid_off, on=on + timedelta(days=later))
        assert account.settled
        assert account.surplus.get(99, ZERO) == 0
