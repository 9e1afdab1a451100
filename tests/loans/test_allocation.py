"""Payments go where the Civil Code says, and not a cent is lost or invented."""

from datetime import date
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backoffice.loans.allocation import STATUTORY_ORDER, Allocation, OpenInstalment, Share, allocate
from backoffice.loans.choices import Component

OCTOBER = OpenInstalment(1, date(2026, 10, 1), {"interest": Decimal(10), "principal": Decimal(90)})
NOVEMBER = OpenInstalment(2, date(2026, 11, 1), {"interest": Decimal(9), "principal": Decimal(91)})


def test_interest_before_principal_and_old_before_new() -> None:
    assert allocate(amount=Decimal("104.00"), instalments=[NOVEMBER, OCTOBER]) == Allocation(
        (
            Share(1, "interest", Decimal(10)),
            Share(1, "principal", Decimal(90)),
            Share(2, "interest", Decimal("4.00")),
        ),
        Decimal(0),
    )


def test_cost_penalty_and_fee_come_first() -> None:
    everything = OpenInstalment(1, date(2026, 10, 1), dict.fromkeys(Component.values, Decimal(1)))
    paid = allocate(amount=Decimal(5), instalments=[everything])
    assert [share.component for share in paid.shares] == ["cost", "penalty", "fee", "interest", "principal"]


def test_the_order_names_every_component() -> None:
    assert set(STATUTORY_ORDER) == set(Component.values)


def test_what_nothing_was_owed_for_is_surplus() -> None:
    assert allocate(amount=Decimal("250.00"), instalments=[OCTOBER, NOVEMBER]).surplus == Decimal(50)


@pytest.mark.parametrize("amount", [Decimal(0), Decimal(-1)])
def test_no_payment_of_nothing(amount: Decimal) -> None:
    with pytest.raises(ValueError, match="payment"):
        allocate(amount=amount, instalments=[OCTOBER])


def test_nothing_is_owed_less_than_nothing() -> None:
    with pytest.raises(ValueError, match="owed"):
        allocate(amount=Decimal(1), instalments=[OpenInstalment(1, date(2026, 1, 1), {"fee": Decimal(-1)})])


amounts = st.decimals(min_value=0, max_value=5000, places=2)
instalments = st.lists(
    st.builds(
        lambda day, parts: (day, parts),
        st.dates(date(2025, 1, 1), date(2027, 1, 1)),
        st.dictionaries(st.sampled_from(STATUTORY_ORDER), amounts, max_size=5),
    ),
    max_size=12,
).map(lambda rows: [OpenInstalment(key, day, parts) for key, (day, parts) in enumerate(rows)])


@given(amount=st.decimals(min_value="0.01", max_value=50_000, places=2), rows=instalments)
def test_not_a_cent_is_lost(amount: Decimal, rows: list[OpenInstalment]) -> None:
    result = allocate(amount=amount, instalments=rows)
    owed = {(row.key, part): open_ for row in rows for part, open_ in row.open.items()}
    paid = {(share.key, share.component): share.amount for share in result.shares}
    assert len(paid) == len(result.shares), "no part is paid twice"
    assert sum(paid.values()) + result.surplus == amount
    assert all(0 < part <= owed[name] for name, part in paid.items())
    if result.surplus:
        assert sum(paid.values()) == sum(owed.values()), "a surplus only when all is paid"
    # Whatever comes before a part that was paid was paid in full.
    order = [
        (row.key, part) for row in sorted(rows, key=lambda r: (r.due_on, r.key)) for part in STATUTORY_ORDER
    ]
    open_ones = [name for name in order if owed.get(name, 0) > paid.get(name, 0)]
    if open_ones:
        assert not [name for name in order[order.index(open_ones[0]) + 1 :] if name in paid]


@given(
    first=st.decimals(min_value="0.01", max_value=2000, places=2),
    second=st.decimals(min_value="0.01", max_value=2000, places=2),
    rows=instalments,
)
def test_two_payments_pay_what_one_would(first: Decimal, second: Decimal, rows: list[OpenInstalment]) -> None:
    together = allocate(amount=first + second, instalments=rows)
    one = allocate(amount=first, instalments=rows)
    paid: dict[tuple[int, str], Decimal] = {(s.key, s.component): s.amount for s in one.shares}
    rest = [
        OpenInstalment(r.key, r.due_on, {c: a - paid.get((r.key, c), Decimal(0)) for c, a in r.open.items()})
        for r in rows
    ]
    two = allocate(amount=second, instalments=rest)
    for share in two.shares:
        paid[share.key, share.component] = paid.get((share.key, share.component), Decimal(0)) + share.amount
    assert paid == {(s.key, s.component): s.amount for s in together.shares}
