"""Civil Code art. 560: which of several loans a payment pays that names none."""

import itertools
from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from hypothesis import given, settings
from hypothesis import strategies as st

from backoffice.loans.models import Loan, Repayment
from backoffice.loans.several import Debt, distribute
from backoffice.staff.roles import Role
from tests.factories.loans import a_borrower, a_fee, a_loan, a_product
from tests.factories.staff import person


def debt(key: str, due: str = "100.00", **facts: Any) -> Debt:
    values = {"due_since": date(2026, 5, 1), "secured": False, "rate": Decimal("0.18"), **facts}
    return Debt(key, Decimal(due), **values)


def parts(amount: str, *debts: Debt) -> dict[str, str]:
    return {one.key: str(one.amount) for one in distribute(Decimal(amount), debts).portions}


def test_what_is_due_comes_first() -> None:
    assert parts("50.00", debt("A", "0.00", due_since=None, rate=Decimal(1)), debt("B")) == {"B": "50.00"}


def test_then_what_nobody_else_answers_for() -> None:
    assert parts("150.00", debt("A", secured=True, rate=Decimal("0.24")), debt("B")) == {
        "B": "100.00",
        "A": "50.00",
    }


def test_then_what_weighs_most() -> None:
    assert parts("50.00", debt("A", due_since=date(2026, 1, 1)), debt("B", rate=Decimal("0.24"))) == {
        "B": "50.00"
    }


def test_then_what_fell_due_first() -> None:
    assert parts("50.00", debt("A"), debt("B", due_since=date(2026, 4, 30))) == {"B": "50.00"}


def test_then_each_in_proportion_to_the_cent() -> None:
    assert parts("100.00", debt("A", "100.00"), debt("B", "200.00")) == {"A": "33.34", "B": "66.66"}


def test_more_than_is_due_is_left_over() -> None:
    found = distribute(Decimal("250.00"), [debt("A"), debt("B")])
    assert found.rest == Decimal("50.00")


def test_the_reason_is_the_step_that_decided() -> None:
    first, second = distribute(Decimal(150), [debt("A"), debt("B", rate=Decimal("0.24"))]).portions
    assert first.reason.text == "Of equal security; unpaid it costs 24.00 % a year."
    assert second.reason.text == "Of equal security; unpaid it costs 18.00 % a year."
    assert distribute(Decimal(1), [debt("A")]).portions[0].reason.text == "It alone is due."
    with pytest.raises(ValueError, match="more than nothing"):
        distribute(Decimal(0), [debt("A")])


DEBTS = st.lists(
    st.builds(
        Debt,
        key=st.uuids().map(str),
        due=st.integers(0, 30_000).map(lambda cents: Decimal(cents) / 100),
        due_since=st.none() | st.dates(date(2026, 1, 1), date(2026, 1, 3)),
        secured=st.booleans(),
        rate=st.sampled_from([Decimal("0.18"), Decimal("0.24")]),
    ),
    max_size=5,
    unique_by=lambda one: one.key,
)


@given(debts=DEBTS, cents=st.integers(1, 100_000))
@settings(max_examples=1000, deadline=None)
def test_every_cent_goes_somewhere_and_no_debt_gets_more_than_is_due(debts: list[Debt], cents: int) -> None:
    amount = Decimal(cents) / 100
    found = distribute(amount, debts)
    by_key = {one.key: one for one in debts}
    assert sum((one.amount for one in found.portions), found.rest) == amount
    assert all(Decimal(0) < one.amount <= by_key[one.key].due for one in found.portions)
    assert all(by_key[one.key].due_since for one in found.portions)
    # Nobody gets anything while somebody before lacks something.
    places = [
        (by_key[one.key].secured, -by_key[one.key].rate, by_key[one.key].due_since) for one in found.portions
    ]
    assert places == sorted(places)
    for (before, _after), place in zip(
        itertools.pairwise(found.portions), itertools.pairwise(places), strict=True
    ):
        assert place[0] == place[1] or before.amount == by_key[before.key].due
    assert found.rest == 0 or sum(one.amount for one in found.portions) == sum(
        one.due for one in debts if one.due_since
    )
    assert distribute(amount, debts[::-1]) == found, "the order of asking changes nothing"


@pytest.mark.django_db
class TestTheForm:
    """Entering money for a person with several loans."""

    FORM = {"received_at": "2026-11-20T09:30", "channel": "transfer", "reason": "柜面"}

    @pytest.fixture
    def loans(self, client: Client) -> tuple[Loan, Loan]:
        client.force_login(person(Role.LOAN_OFFICER), backend="django.contrib.auth.backends.ModelBackend")
        borrower = a_borrower()
        guaranteed = a_product(annual_rate=Decimal("0.15"))
        a_fee(guaranteed)
        return a_loan(borrower=borrower, product=guaranteed), a_loan(borrower=borrower)

    def post(self, client: Client, loan: Loan, **given: str) -> Any:
        url = reverse("admin:loans_loan_transition", args=(loan.pk, "post_repayment"))
        return client.post(url, {**self.FORM, **given})

    def test_money_for_the_wrong_loan_is_sent_on(self, client: Client, loans: tuple[Loan, Loan]) -> None:
        secured, plain = loans
        answer = self.post(client, secured, amount="300.00")
        assert answer.status_code == 422
        text = answer.content.decode()
        assert plain.number in text
        assert "第五百六十条" in text
        assert not Repayment.objects.exists()
        assert self.post(client, plain, amount="300.00").status_code == 302

    def test_the_payer_decides(self, client: Client, loans: tuple[Loan, Loan]) -> None:
        assert self.post(client, loans[0], amount="300.00", named="on").status_code == 302
        assert Repayment.objects.get().loan == loans[0]

    def test_with_one_loan_nothing_is_asked(self, client: Client, loans: tuple[Loan, Loan]) -> None:
        other = a_loan()
        url = reverse("admin:loans_loan_transition", args=(other.pk, "post_repayment"))
        assert 'name="named"' not in client.get(url).content.decode()
        url = reverse("admin:loans_loan_transition", args=(loans[0].pk, "post_repayment"))
        assert 'name="named"' in client.get(url).content.decode()
        assert self.post(client, other, amount="300.00").status_code == 302
