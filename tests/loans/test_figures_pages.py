"""What the pages say of waivers, of settlements that do not hold, of limits that were not in force, and of arrears."""

from __future__ import annotations

import re
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day
from backoffice.loans import services
from backoffice.loans.admin.cost import cost_card
from backoffice.loans.admin.difference import difference_context
from backoffice.loans.changes import WaiverOf
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Loan, ScheduleChange
from backoffice.loans.quotes import quote_of
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_charge, a_proposal
from tests.factories.loans import a_loan, a_product, a_repayment
from tests.factories.staff import person

pytestmark = pytest.mark.django_db

BACKEND = "django.contrib.auth.backends.ModelBackend"


@pytest.fixture
def officer(client: Client) -> User:
    user = person(Role.LOAN_OFFICER)
    client.force_login(user, backend=BACKEND)
    client.cookies["django_language"] = "en"
    return user


def today() -> date:
    return business_day(timezone.now())


def a_late_loan(**facts: Any) -> Loan:
    """Three instalments overdue, by the clock; 500 yuan were paid late on the first one."""
    loan = a_loan(disbursed_on=today() - timedelta(days=110), at=timezone.now(), **facts)
    a_repayment(loan, "500.00", on=today() - timedelta(days=30), at=timezone.now())
    return loan


def read(client: Client, loan: Loan) -> str:
    answer = client.get(reverse("admin:loans_loan_change", args=(loan.pk,)))
    assert answer.status_code == 200
    return re.sub(r"\s+", " ", answer.content.decode())


def waived(loan: Loan, component: str, amount: str) -> ScheduleChange:
    now = timezone.now()
    change = a_proposal(loan, WaiverOf(((component, Decimal(amount)),)), at=now)
    with entering(EntryPoint.ADMIN):
        return services.apply_change(change=change, by=person(Role.LOAN_OFFICER), at=now, reason="同意")


def test_the_card_says_what_settles_and_what_clears(client: Client, officer: User) -> None:
    loan = a_late_loan()
    a_charge(loan, "50.00", on=today(), at=timezone.now())
    text = read(client, loan)
    quote = quote_of(ledger_of(loan), on=today())
    assert f'Settles the loan today</dt><dd><b><span class="num">{quote.total:,.2f} yuan' in text
    answer = client.get(reverse("admin:loans_loan_change", args=(loan.pk,)))
    late = [one for one, *_rest in answer.context["schedule"] if one.state == "overdue"]
    arrears = sum((one.open for one in late), Decimal(0))
    assert len(late) == 3
    assert f'Clears the arrears today</dt><dd><b><span class="num">{arrears:,.2f} yuan' in text
    person_page = client.get(reverse("admin:loans_borrower_change", args=(loan.borrower_id,)))
    shown = person_page.content.decode()
    assert f'<td class="num right">{quote.total:,.2f}</td><td class="num right">{arrears:,.2f}</td>' in shown


def test_the_day_beside_an_overdue_instalment_is_told_apart(client: Client, officer: User) -> None:
    loan = a_late_loan()
    paid_on = today() - timedelta(days=30)
    assert f'last paid <span class="num">{paid_on}</span>' in read(client, loan)


def test_an_instalment_that_is_paid_but_for_its_default_interest(client: Client, officer: User) -> None:
    loan = a_late_loan(product=a_product(order_past_due="principal,interest,fee,penalty,cost"))
    a_repayment(loan, "580.84", on=today(), at=timezone.now())
    answer = client.get(reverse("admin:loans_loan_change", args=(loan.pk,)))
    first, _words, tone, _waived = answer.context["schedule"][0]
    assert first.state == "paid"
    assert first.open == first.penalty_due > 0
    assert tone == "warn"


def test_a_waiver_says_what_was_waived_where(client: Client, officer: User) -> None:
    loan = a_late_loan()
    second = loan.instalments.get(sequence=2)
    first = loan.instalments.get(sequence=1)
    open_first = first.interest_due - first.interest_paid
    waived(loan, "interest", str(open_first + second.interest_due))
    text = read(client, loan)
    assert f"Waived: Interest {second.interest_due:,.2f}" in text
    assert text.count("Waived: Interest ") == (3 if open_first else 2), "the rows, and the card of the change"
    assert f'Waived: Interest <span class="num">{open_first + second.interest_due:,.2f} yuan</span>' in text


def test_a_settlement_whose_money_bounced_says_so(client: Client, officer: User) -> None:
    now = timezone.now()
    loan = a_loan(disbursed_on=today() - timedelta(days=20), at=now)
    paid = a_repayment(loan, quote_of(ledger_of(loan), on=today()).total, on=today(), at=now)
    with entering(EntryPoint.ADMIN):
        change = services.settle_early(loan=loan, on=today(), by=officer, at=now, reason="提前还清")
    url = reverse("admin:loans_schedulechange_change", args=(change.pk,))
    assert client.get(url).context["short"] is None
    assert "Does not hold" not in read(client, loan)
    with entering(EntryPoint.ADMIN):
        services.reverse_repayment(
            repayment=paid, external_id="BACK-8", by=officer, at=now, reason="扣款退回"
        )
    answer = client.get(url)
    assert answer.context["short"] == paid.amount
    assert [tone for _words, tone in answer.context["page_chips"]] == ["bad"]
    assert f"is {paid.amount:,.2f} yuan less than what it takes" in answer.content.decode()
    assert "Does not hold" in read(client, loan)


@pytest.mark.parametrize(("day", "tone"), [(date(2025, 11, 20), "neutral"), (date(2026, 3, 1), "warn")])
def test_within_no_limit_where_none_was_in_force(day: date, tone: str) -> None:
    card = cost_card(a_loan(disbursed_on=day))
    assert card["tone"] == tone
    assert (card["cap"] is None) == (tone == "neutral")


def test_before_it_was_paid_out_there_was_no_last_change(client: Client, officer: User) -> None:
    now = timezone.now()
    loan = a_loan(disbursed_on=today() - timedelta(days=20), at=now)
    with entering(EntryPoint.ADMIN), pytest.raises(InputRefused, match="paid out") as refused:
        services.settle_early(
            loan=loan, on=today() - timedelta(days=21), by=officer, at=now, reason="提前还清"
        )
    assert str(loan.disbursed_on) in str(refused.value)


def test_both_schedules_of_a_change_add_up() -> None:
    loan = a_late_loan()
    a_charge(loan, "50.00", on=today(), at=timezone.now())
    change = a_proposal(loan, at=timezone.now())
    before = difference_context(change.simulation)["before"]
    assert before["columns"] == ["penalty", "cost", "paid"]
    for row in before["rows"]:
        dues = (row["principal"], row["interest"], row["fee"], row["penalty"], row["cost"])
        assert row["open"] == sum(dues) - row["paid"]
