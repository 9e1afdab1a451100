"""Going on from the posted amounts gives what the whole account gives."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import event, given, settings
from hypothesis import strategies as st

from backoffice.core.money import ZERO
from backoffice.loans import onward
from backoffice.loans.account import COMPONENTS, Account, Facts, PlanRow, Receipt, Version, derive
from backoffice.loans.allocation import STATUTORY_ORDER, AllocationRule
from backoffice.loans.default_interest import day_basis
from backoffice.loans.schedule import ROUNDINGS, build_schedule
from backoffice.loans.spells import spells_of

START = date(2026, 1, 31)
DAY = timedelta(days=1)
orders = st.permutations(STATUTORY_ORDER).map(tuple)
rules = st.builds(
    AllocationRule,
    past_due=orders,
    due=orders,
    in_advance=orders,
    surplus=st.sampled_from(["next", "next", "last", "spread", "credit"]),
    filling=st.sampled_from(["instalment", "component"]),
)
payments = st.lists(
    st.tuples(st.integers(0, 220), st.one_of(st.integers(1, 60_000), st.sampled_from([25_500, 51_000]))),
    min_size=1,
    max_size=6,
)


@st.composite
def loans(draw: Any) -> Facts:
    method = draw(st.sampled_from(["equal_instalment", "equal_principal", "interest_only", "bullet"]))
    rounding = draw(st.sampled_from(["half_up", "half_even"]))
    rate = Decimal(draw(st.integers(0, 24))) / 100
    rows = build_schedule(
        principal=Decimal("1500.00"),
        annual_rate=rate,
        periods=draw(st.integers(1, 6)),
        method=method,
        disbursed_on=START,
        rounding=rounding,
    )
    fee = draw(st.sampled_from([ZERO, Decimal("3.21")]))
    plan = tuple(PlanRow(row.sequence, row.due_on, row.principal, row.interest, fee) for row in rows)
    return Facts(
        principal=Decimal("1500.00"),
        disbursed_on=START,
        method=method,
        day_count=draw(st.sampled_from(["equal", "30/360"])),
        rounding=rounding,
        versions=(Version(1, START, plan, rate, rate * Decimal("1.5")),),
        rule=draw(rules),
    )


def posted(account: Account) -> dict[int, dict[str, Decimal]]:
    """The columns of the instalments, as ``services.accounts`` writes them."""
    found = {}
    for row in account.rows:
        penalty = row.paid["penalty"] if row.open("principal") else row.due["penalty"]
        found[row.sequence] = {
            **{f"{name}_paid": row.paid[name] for name in COMPONENTS if name != "cost"},
            **{f"{name}_due": row.due[name] for name in ("principal", "interest", "fee")},
            "penalty_due": penalty,
        }
    return found


def position_at(account: Account, facts: Facts) -> onward.Position:
    version = facts.versions[0]
    lines = [
        line
        for row in account.rows
        if not (
            line := onward.Line(row.sequence, row.sequence, row.due_on, **posted(account)[row.sequence])
        ).settled
    ]
    unpaid = [row.due_on for row in account.rows if row.contract_open and row.due_on < account.on]
    return onward.Position(
        terms=onward.Terms(
            facts.rule, version.default_rate, day_basis(facts.day_count), ROUNDINGS[facts.rounding]
        ),
        lines=lines,
        last_on=max((one.on for one in facts.receipts), default=facts.disbursed_on),
        spells=spells_of(account),
        oldest_unpaid=min(unpaid, default=None),
    )


@settings(max_examples=1000, deadline=None)
@given(
    facts=loans(),
    paid=payments,
    split=st.integers(0, 5),
    stored=st.integers(0, 120),
    later=st.integers(0, 120),
)
def test_going_on_is_deriving_all(
    facts: Facts, paid: list[tuple[int, int]], split: int, stored: int, later: int
) -> None:
    """Some payments are posted on some day, the standing told then or later; then the others come."""
    receipts = [
        Receipt(key, START + days * DAY, Decimal(cents) / 100, (key,))
        for key, (days, cents) in enumerate(sorted(paid))
    ]
    old, new = receipts[:split], receipts[split:]
    before = replace(facts, receipts=tuple(old))
    on = receipts[-1].on + later * DAY
    last = old[-1].on if old else START
    told = derive(before, on=min(last + stored * DAY, on))
    if not new or told.settled or any(told.surplus.values()):
        return
    position = position_at(told, before)
    if not onward.may_go_on(position, first_on=new[0].on, on=on):
        event("derived")
        return
    onward.set_out(position, first_on=new[0].on)
    shares = []
    for receipt in new:
        parts = onward.put(position, amount=receipt.amount, on=receipt.on)
        if parts is None:
            event("surplus")
            return
        shares += [(receipt.key, part.key, part.component, part.amount) for part in parts]
    onward.finish(position, on=on)
    whole = derive(replace(facts, receipts=tuple(receipts)), on=on)
    assert shares == [
        (one.receipt, one.sequence, one.component, one.amount)
        for one in whole.shares
        if one.receipt >= len(old)
    ]
    expected = posted(whole)
    names = list(expected[1])
    for line in position.lines:
        assert {name: getattr(line, name) for name in names} == expected[line.sequence]
    assert not any(whole.surplus.values())
    assert position.settled == whole.settled
    assert position.spells == spells_of(whole)
    assert sorted(position.unpaid()) == sorted(row.due_on for row in whole.rows if row.contract_open)
    event("on and on")


@settings(max_examples=300, deadline=None)
@given(facts=loans(), paid=payments)
def test_only_the_first_instalments_matter_where_one_is_paid_after_the_other(
    facts: Facts, paid: list[tuple[int, int]]
) -> None:
    """The short way over the first instalments gives what all of them give, in any order of components."""
    facts = replace(facts, rule=replace(facts.rule, surplus="next", filling="instalment"))
    position = position_at(derive(facts, on=START), facts)
    assert position.terms.in_order_of_dues
    receipts = [
        Receipt(key, START + (days + 1) * DAY, Decimal(cents) / 100, (key,))
        for key, (days, cents) in enumerate(sorted(paid))
    ]
    onward.set_out(position, first_on=receipts[0].on)
    for number, receipt in enumerate(receipts, 1):
        parts = onward.put(position, amount=receipt.amount, on=receipt.on)
        whole = derive(replace(facts, receipts=tuple(receipts[:number])), on=receipt.on)
        if parts is None:
            assert whole.surplus.get(receipt.key)
            return
        assert [(part.key, part.component, part.amount) for part in parts] == [
            (one.sequence, one.component, one.amount) for one in whole.shares if one.receipt == receipt.key
        ]


def test_an_order_that_leaves_a_component_out_is_no_order_of_dues() -> None:
    rule = AllocationRule(due=("principal",))
    assert not onward.Terms(rule, ZERO, 365, "ROUND_HALF_UP").in_order_of_dues
