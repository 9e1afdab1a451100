"""What a loan owes, derived from its facts: worked examples to the cent, and what must hold for all of them."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.account import (
    COMPONENTS,
    Account,
    Cost,
    Facts,
    PlanRow,
    Receipt,
    Relief,
    Version,
    derive,
    payoff,
)
from backoffice.loans.allocation import AllocationRule
from backoffice.loans.schedule import build_schedule

CASES = {
    case["id"]: case
    for case in json.loads((Path(__file__).parents[1] / "vectors/loans.json").read_text())["cases"]
}
START = date(2024, 1, 1)


def day(text: str) -> date:
    return date.fromisoformat(text)


def facts_of(rows: list[PlanRow], *, rate: str = "0.07", default_rate: str = "0", **more: Any) -> Facts:
    disbursed_on = more.pop("disbursed_on", START)
    version = Version(1, disbursed_on, tuple(rows), Decimal(rate), Decimal(default_rate))
    return Facts(
        **{
            "principal": sum((row.principal for row in rows), Decimal(0)),
            "disbursed_on": disbursed_on,
            "method": "equal_instalment",
            "day_count": "30/360",
            "rounding": "half_even",
            "versions": (version,),
            **more,
        }
    )


def plan(**terms: Any) -> list[PlanRow]:
    return [
        PlanRow(row.sequence, row.due_on, row.principal, row.interest, row.fee)
        for row in build_schedule(**terms)
    ]


def v11_plan() -> list[PlanRow]:
    return [
        PlanRow(row["n"], day(row["due_date"]), Decimal(row["principal"]), Decimal(row["interest"]))
        for row in CASES["V11"]["expected"]["plan_rows"]
    ]


# --- worked examples ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "run", CASES["V10"]["expected"]["runs"], ids=lambda run: f"{run['as_of']}-{run['payments']}"
)
def test_unpaid_principal_keeps_earning_interest_v10(run: dict[str, Any]) -> None:
    receipts = ()
    if run["payments"]:
        amount, _on, when = run["payments"].split()
        receipts = (Receipt(1, day(when), Decimal(amount)),)
    facts = facts_of(v11_plan(), daily_interest=True, receipts=receipts, default_rate="0.07")
    account = derive(facts, on=day(run["as_of"]))
    balance = facts.principal
    for row, expected in zip(account.rows, run["rows"], strict=True):
        balance -= row.due["principal"]
        got = (str(row.due_on), str(row.due["principal"]), str(row.due["interest"]), str(balance))
        assert got == (
            expected["due_date"],
            expected["principal"],
            expected["interest"],
            expected["balance_after"],
        )


def test_paying_off_early_to_the_day_and_to_the_end_of_the_period_v11() -> None:
    facts = facts_of(v11_plan(), receipts=(Receipt(1, date(2024, 2, 1), Decimal("17.01")),))
    expected = CASES["V11"]["expected"]
    for daily in (False, True):
        whole = replace(facts, daily_interest=daily)
        for key, to_period_end in (
            ("payoff_interest_till_payoff_day", False),
            ("payoff_interest_till_period_end", True),
        ):
            owed = payoff(whole, on=date(2024, 2, 15), to_period_end=to_period_end)
            assert str(owed["principal"]) == expected[key]["principal"]
            assert str(owed["interest"]) == expected[key]["interest"], (daily, key)
            assert str(sum(owed.values())) == expected[key]["amount"]


def test_default_interest_by_hand() -> None:
    """1,000 yuan due on 1 February, 21.9 % a year on 365 days: 0.60 a day."""
    rows = [PlanRow(1, date(2024, 2, 1), Decimal(1000), Decimal(10))]
    facts = facts_of(rows, default_rate="0.219", day_count="equal")
    assert derive(facts, on=date(2024, 2, 1)).owed("penalty") == 0
    assert derive(facts, on=date(2024, 2, 2)).owed("penalty") == Decimal("0.60")
    assert derive(facts, on=date(2024, 2, 11)).owed("penalty") == Decimal("6.00")
    # Half the principal paid on the 11th: cost, default interest, interest come first (Civil Code art. 561).
    paid = replace(facts, receipts=(Receipt(1, date(2024, 2, 11), Decimal(516)),))
    account = derive(paid, on=date(2024, 2, 21))
    assert [(share.component, str(share.amount)) for share in account.shares] == [
        ("penalty", "6.00"),
        ("interest", "10.00"),
        ("principal", "500.00"),
    ]
    assert account.rows[0].due["penalty"] == Decimal("9.00"), "ten days on 1,000 and ten on 500"
    free = replace(facts, free=((date(2024, 2, 4), date(2024, 2, 8)),))
    assert derive(free, on=date(2024, 2, 11)).owed("penalty") == Decimal("3.00"), "five of ten days are free"
    on_360 = replace(facts, day_count="act/360")
    assert derive(on_360, on=date(2024, 2, 11)).owed("penalty") == Decimal("6.08")


def test_daily_interest_and_default_interest_together_make_the_default_rate() -> None:
    """On 36,500 yuan at 10 % and 15 %: 10 a day by the contract and 5 on top; after the last due date 15."""
    rows = [
        PlanRow(1, date(2024, 2, 1), Decimal(36_500), Decimal(310)),
        PlanRow(2, date(2024, 3, 1), Decimal(0), Decimal(0)),
    ]
    facts = facts_of(
        rows,
        rate="0.10",
        default_rate="0.15",
        day_count="act/365",
        daily_interest=True,
        method="interest_only",
    )
    account = derive(facts, on=date(2024, 2, 11))
    assert account.rows[0].due["penalty"] == Decimal("50.00")
    assert account.rows[1].due["interest"] == Decimal("100.00"), (
        "ten days so far; the rest is assumed to be paid"
    )
    late = derive(facts, on=date(2024, 3, 11))
    assert late.rows[1].due["interest"] == Decimal("290.00")
    assert late.rows[0].due["penalty"] == Decimal("145.00") + Decimal("150.00")


def test_a_waiver_lets_go_of_what_is_open_the_oldest_first() -> None:
    rows = [
        PlanRow(1, date(2024, 2, 1), Decimal(1000), Decimal(10)),
        PlanRow(2, date(2024, 3, 1), Decimal(1000), Decimal(5)),
    ]
    facts = facts_of(rows, default_rate="0.219", day_count="equal")
    waived = replace(facts, reliefs=(Relief(1, date(2024, 2, 11), "penalty", Decimal(5)),))
    assert derive(waived, on=date(2024, 2, 11)).owed("penalty") == Decimal("1.00")
    assert derive(waived, on=date(2024, 2, 12)).owed("penalty") == Decimal("1.60"), "it runs on"
    # A payment that turns up later and lies before it leaves less to let go.
    both = replace(waived, receipts=(Receipt(1, date(2024, 2, 6), Decimal(1013)),))
    assert derive(both, on=date(2024, 2, 12)).settled is False
    assert derive(both, on=date(2024, 2, 12)).owed("penalty") == 0


def test_costs_of_enforcing_are_paid_first() -> None:
    rows = [PlanRow(1, date(2024, 2, 1), Decimal(100), Decimal(1))]
    facts = facts_of(
        rows,
        costs=(Cost(1, date(2024, 2, 10), Decimal(25)),),
        receipts=(Receipt(1, date(2024, 2, 10), Decimal(30)),),
    )
    account = derive(facts, on=date(2024, 2, 10))
    assert [(share.component, share.amount) for share in account.shares] == [
        ("cost", Decimal(25)),
        ("interest", Decimal(1)),
        ("principal", Decimal(4)),
    ]


def test_a_new_schedule_takes_over_what_was_paid() -> None:
    rows = [PlanRow(n, date(2024, 1 + n, 1), Decimal(100), Decimal(10)) for n in range(1, 4)]
    # 110 paid; the other 200 over four instalments from June on, ten of interest and two of default interest carried.
    later = Version(
        2,
        date(2024, 3, 15),
        (
            PlanRow(1, date(2024, 2, 1), Decimal(100), Decimal(10)),
            PlanRow(2, date(2024, 6, 1), Decimal(50), Decimal(20), penalty=Decimal(2)),
            PlanRow(3, date(2024, 7, 1), Decimal(50), Decimal(5)),
            PlanRow(4, date(2024, 8, 1), Decimal(50), Decimal(5)),
            PlanRow(5, date(2024, 9, 1), Decimal(50), Decimal(5)),
        ),
        Decimal("0.05"),
        Decimal("0.073"),
    )
    facts = facts_of(rows, default_rate="0.219", receipts=(Receipt(1, date(2024, 2, 1), Decimal(110)),))
    changed = replace(facts, versions=(*facts.versions, later))
    before = derive(changed, on=date(2024, 3, 14))
    assert before == derive(facts, on=date(2024, 3, 14))
    account = derive(changed, on=date(2024, 3, 15))
    assert account.version.number == 2
    assert [row.contract_open for row in account.rows] == [0, 70, 55, 55, 55]
    assert account.owed("penalty") == Decimal(2)
    # Money from before the change that turns up late pays the first rows of the new schedule.
    more = replace(changed, receipts=(*changed.receipts, Receipt(2, date(2024, 2, 2), Decimal(60))))
    account = derive(more, on=date(2024, 3, 15))
    assert sum((row.contract_open for row in account.rows), Decimal(0)) == Decimal(175)
    assert account.rows[1].parts[0].on == date(2024, 2, 2)


def test_before_the_loan_was_paid_out_there_is_no_account() -> None:
    with pytest.raises(ValueError, match="not paid out"):
        derive(facts_of(v11_plan()), on=date(2023, 12, 31))


# --- what must hold for every loan -------------------------------------------------------------------------

cents = st.integers(1, 300_000).map(lambda n: Decimal(n) / 100)
RULES = st.sampled_from(
    [
        AllocationRule(),
        AllocationRule(surplus="last"),
        AllocationRule(surplus="spread"),
        AllocationRule(surplus="credit"),
        AllocationRule(filling="component"),
    ]
)


@st.composite
def loans(draw: st.DrawFn) -> Facts:
    daily = draw(st.booleans())
    method = draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"]))
    day_count = draw(st.sampled_from(["30/360", "act/360", "act/365"] + ([] if daily else ["equal"])))
    rate = draw(st.sampled_from([Decimal(0), Decimal("0.0365"), Decimal("0.146"), Decimal("0.24")]))
    rows = plan(
        principal=draw(st.integers(1000, 2_000_000).map(lambda n: Decimal(n) / 100)),
        annual_rate=rate,
        periods=draw(st.integers(1, 8)),
        method=method,
        disbursed_on=START,
        day_count=day_count,
        fee=draw(st.sampled_from([Decimal(0), Decimal("1.50")])),
    )
    receipts = draw(
        st.lists(
            st.builds(
                lambda offset, amount: (START + timedelta(days=offset), amount), st.integers(0, 400), cents
            ),
            max_size=6,
        )
    )
    return facts_of(
        rows,
        rate=str(rate),
        default_rate=str(rate * Decimal("1.5")),
        method=method,
        day_count=day_count,
        rounding=draw(st.sampled_from(["half_up", "half_even"])),
        daily_interest=daily,
        rule=draw(RULES),
        receipts=tuple(Receipt(n, on, amount, (n,)) for n, (on, amount) in enumerate(receipts)),
        reliefs=tuple(
            Relief(n, START + timedelta(days=offset), component, amount)
            for n, (offset, component, amount) in enumerate(
                draw(
                    st.lists(
                        st.tuples(
                            st.integers(0, 400),
                            st.sampled_from(["penalty", "interest", "fee", "cost"]),
                            cents,
                        ),
                        max_size=2,
                    )
                )
            )
        ),
        costs=tuple(
            Cost(n, START + timedelta(days=offset), amount)
            for n, (offset, amount) in enumerate(
                draw(st.lists(st.tuples(st.integers(0, 400), cents), max_size=2))
            )
        ),
    )


days = st.integers(0, 500).map(lambda offset: START + timedelta(days=offset))


@settings(max_examples=1000, deadline=None)
@given(loans(), days)
def test_the_sums_are_right_on_every_day(facts: Facts, on: date) -> None:
    account = derive(facts, on=on)
    assert sum((row.due["principal"] for row in account.rows), Decimal(0)) == facts.principal
    for row in account.rows:
        for name in COMPONENTS:
            assert 0 <= row.paid[name] <= row.due[name], (row, name)
        assert sum((part.amount for part in row.parts), Decimal(0)) == sum(row.paid.values())
    received = {one.key: one.amount for one in facts.receipts if one.on <= on}
    gone = {key: Decimal(0) for key in received}
    for share in account.shares:
        assert share.amount > 0
        gone[share.receipt] += share.amount
    # Every cent that came in paid something, or is the borrower's.
    assert {key: gone[key] + account.surplus.get(key, Decimal(0)) for key in received} == received


@settings(max_examples=1000, deadline=None)
@given(loans(), days, st.randoms(use_true_random=False))
def test_any_order_of_entry_gives_the_same_account(facts: Facts, on: date, dice: Any) -> None:
    shuffled = replace(
        facts,
        receipts=tuple(dice.sample(facts.receipts, len(facts.receipts))),
        reliefs=tuple(dice.sample(facts.reliefs, len(facts.reliefs))),
        costs=tuple(dice.sample(facts.costs, len(facts.costs))),
    )
    assert derive(shuffled, on=on) == derive(facts, on=on)


@settings(max_examples=1000, deadline=None)
@given(loans(), days)
def test_paying_what_is_quoted_settles_the_loan(facts: Facts, on: date) -> None:
    facts = replace(
        facts,
        daily_interest=True,
        day_count=facts.day_count if facts.day_count != "equal" else "act/365",
        receipts=tuple(one for one in facts.receipts if one.on <= on),
        reliefs=tuple(one for one in facts.reliefs if one.on <= on),
        costs=tuple(one for one in facts.costs if one.on <= on),
        rule=AllocationRule(),
    )
    owed = sum(payoff(facts, on=on).values())
    if owed == 0:
        return
    paid = replace(facts, receipts=(*facts.receipts, Receipt(99, on, owed, (99,))))
    account = derive(paid, on=on)
    assert account.settled
    assert account.surplus.get(99, Decimal(0)) == 0
    assert derive(paid, on=on + timedelta(days=400)).settled, "nothing is asked for afterwards"


@settings(max_examples=1000, deadline=None)
@given(loans(), days, st.integers(0, 60))
def test_what_was_paid_is_never_asked_for_again(facts: Facts, on: date, more: int) -> None:
    """Between two days without a payment only time works: nothing that was paid in full opens again."""
    later = on + timedelta(days=more)
    if any(on < one.on <= later for one in (*facts.receipts, *facts.reliefs, *facts.costs)):
        return
    first: Account = derive(facts, on=on)
    if first.surplus:
        # What lies there as credit pays what is open on the next due date: that is a payment.
        return
    second: Account = derive(facts, on=later)
    for before, after in zip(first.rows, second.rows, strict=True):
        if before.contract_open == 0 and before.due_on <= on:
            assert after.contract_open == 0
        assert after.due["penalty"] >= before.due["penalty"]
        assert before.paid == after.paid
