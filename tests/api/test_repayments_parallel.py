"""The same money reported by several requests at once: locks decide, which only PostgreSQL has."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection, connections

from backoffice.loans.models import Loan, LoanEvent, PostingRequest, Repayment
from tests.factories.lenders import Lender, body, lender
from tests.factories.loans import a_creditor, a_loan

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def at_once(calls: list[Callable[[], Any]]) -> list[Any]:
    """Run the calls in threads that start together; answers what each returned."""
    gate, found = threading.Barrier(len(calls)), []

    def run(call: Callable[[], Any]) -> None:
        gate.wait()
        try:
            found.append(call())
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(call,)) for call in calls]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == len(calls)
    return found


def report(
    app: Lender, loan: Loan, *, amount: str = "300.00", key: str = "", external_id: str = "DD-1"
) -> Any:
    # Before now, whatever the clock of this machine says.
    facts = {"external_id": external_id, "received_at": "2026-11-20T08:00:00+08:00"}
    return app.post("repayments", body(loan, amount, **facts), key=key)


def test_one_id_under_many_keys_is_posted_once() -> None:
    app, loan = lender(), a_loan()
    answers = at_once([lambda n=n: report(app, loan, key=f"k-{n}") for n in range(6)])
    assert connection.vendor == "postgresql"
    assert sorted(answer.status_code for answer in answers) == [200] * 5 + [201]
    assert len({answer.content for answer in answers}) == 1
    assert Repayment.objects.count() == LoanEvent.objects.filter(kind="repayment_posted").count() == 1


def test_one_key_many_times_is_one_effect() -> None:
    app, loan = lender(), a_loan()
    codes = sorted(answer.status_code for answer in at_once([lambda: report(app, loan, key="same")] * 6))
    assert 201 in codes
    assert set(codes) <= {201, 409}
    assert Repayment.objects.count() == 1


def test_one_id_with_two_amounts_keeps_the_first() -> None:
    app, loan = lender(), a_loan()
    calls = [lambda n=n: report(app, loan, amount=f"30{n}.00", key=f"k-{n}") for n in range(4)]
    codes = sorted(answer.status_code for answer in at_once(calls))
    assert codes == [201, 409, 409, 409]
    assert Repayment.objects.count() == 1


def test_one_id_on_two_loans_is_one_repayment() -> None:
    app, loans = lender(), [a_loan(), a_loan()]
    calls = [lambda loan=loan: report(app, loan, key=f"k-{loan.pk}") for loan in loans]
    answers = at_once(calls)
    assert sorted(answer.status_code for answer in answers) == [201, 409]
    assert Repayment.objects.count() == 1


def test_one_id_of_two_creditors_is_two_repayments() -> None:
    loans = [a_loan(), a_loan(creditor=a_creditor("另一家小贷"))]
    apps = [Lender(loan.creditor, name=loan.number) for loan in loans]
    calls = [lambda app=app, loan=loan: report(app, loan) for app, loan in zip(apps, loans, strict=True)]
    assert [answer.status_code for answer in at_once(calls)] == [201, 201]
    assert {one.loan for one in Repayment.objects.filter(external_id="DD-1")} == set(loans)


def test_many_ids_on_one_loan_all_count() -> None:
    app, loan = lender(), a_loan()
    calls = [lambda n=n: report(app, loan, key=f"k-{n}", external_id=f"DD-{n}") for n in range(6)]
    assert {answer.status_code for answer in at_once(calls)} == {201}
    paid = sum(one.principal_paid + one.interest_paid + one.penalty_paid for one in loan.instalments.all())
    assert paid == 1800


def test_a_second_person_is_asked_once() -> None:
    app, loan = lender(), a_loan()
    answers = at_once([lambda n=n: report(app, loan, amount="6000.00", key=f"k-{n}") for n in range(4)])
    assert {answer.status_code for answer in answers} == {202}
    assert PostingRequest.objects.count() == 1


def test_a_repayment_is_taken_back_once() -> None:
    app, loan = lender(), a_loan()
    report(app, loan)
    calls = [
        lambda n=n: app.post("repayments/DD-1/reversal", {"reason": "银行退回"}, key=f"r-{n}")
        for n in range(4)
    ]
    assert sorted(answer.status_code for answer in at_once(calls)) == [200, 200, 200, 201]
    assert Repayment.objects.filter(reverses__isnull=False).count() == 1
