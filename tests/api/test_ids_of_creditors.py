"""Ids of repayments: every creditor gives its own, whichever way the money comes in, and learns of no other's."""

from __future__ import annotations

from decimal import Decimal

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans.importing import PaymentRow, RepaymentRow
from backoffice.loans.models import Loan, PostingRequest, Repayment
from backoffice.loans.services import import_loans, import_repayments, postings
from backoffice.staff.roles import Role
from tests.factories.lenders import Lender, body, opened
from tests.factories.loans import NOW, TODAY, a_borrower, a_creditor, a_loan, a_product, a_repayment, job
from tests.factories.staff import person
from tests.loans.test_imports import loan_row

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_that_day")]

ELSEWHERE = "另一家小贷"


@pytest.fixture
def elsewhere() -> Loan:
    """A loan of another creditor."""
    return a_loan(creditor=a_creditor(ELSEWHERE))


# --- two machines --------------------------------------------------------------------------------------


def test_nobody_learns_that_another_creditor_uses_an_id(app: Lender, elsewhere: Loan) -> None:
    a_repayment(elsewhere, "77.00", on=TODAY, external_id="DD-1")
    loan = a_loan()
    assert app.get("repayments/DD-1").status_code == 404
    assert app.post("repayments/DD-1/reversal", {"reason": "错"}).status_code == 404
    answer = app.post("repayments", body(loan, "100.00"))
    assert (answer.status_code, answer.json()["creditor"]) == (201, loan.creditor.name)
    assert app.post("repayments", body(loan, "100.00")).status_code == 200
    # Nor the number under which the reversal goes.
    a_repayment(elsewhere, "78.00", on=TODAY, external_id="DD-1-R")
    assert app.post("repayments/DD-1/reversal", {"reason": "银行退回"}).json()["reversed_by"] == "DD-1-R"
    assert Repayment.objects.filter(external_id="DD-1").count() == 2
    assert not Repayment.objects.filter(creditor=elsewhere.creditor, reverses__isnull=False).exists()


def test_nor_that_money_under_it_awaits_a_second_person(app: Lender, elsewhere: Loan) -> None:
    theirs = Lender(elsewhere.creditor, name="另一家核心")
    assert theirs.post("repayments", body(elsewhere, "6000.00")).status_code == 202
    loan = a_loan()
    assert app.get("repayments/DD-1").status_code == 404
    assert app.post("repayments", body(loan, "100.00")).status_code == 201
    assert app.post("repayments", body(loan, "100.00")).status_code == 200
    again = theirs.post("repayments", body(elsewhere, "6000.00"))
    assert (again.status_code, PostingRequest.objects.count()) == (202, 1)
    with entering(EntryPoint.ADMIN):
        done = postings.approve_posting(
            request=PostingRequest.objects.get(), by=person(Role.LOAN_OFFICER), at=NOW, reason="已核对流水"
        )
    assert (done.loan, done.external_id) == (elsewhere, "DD-1")


# --- one machine of two creditors ----------------------------------------------------------------------


def test_a_machine_of_two_creditors_says_whose_id_it_means(app: Lender, elsewhere: Loan) -> None:
    loan = a_loan()
    opened(elsewhere.creditor, app.client)
    mine = app.post("repayments", body(loan, "100.00"))
    theirs = app.post("repayments", body(elsewhere, "6000.00"))
    assert (mine.status_code, theirs.status_code) == (201, 202)
    unclear = app.get("repayments/DD-1")
    assert (unclear.status_code, unclear.json()["code"]) == (400, "parameter-invalid")
    assert "creditor" in unclear.json()["detail"]
    for answer, of in ((mine, loan), (theirs, elsewhere)):
        assert answer.json()["creditor"] == of.creditor.name
        assert app.get("repayments/DD-1", creditor=of.creditor.name).json() == answer.json()
        assert app.get(answer["Location"].partition("/api/v1/")[2]).json() == answer.json()
    assert app.get("repayments/DD-1", creditor="none").status_code == 404
    assert app.post("repayments/DD-1/reversal", {"reason": "错"}).status_code == 400
    path = f"repayments/DD-1/reversal?creditor={loan.creditor.name}"
    assert app.post(path, {"reason": "银行退回"}).json()["state"] == "reversed"
    assert app.post(f"repayments/DD-1/reversal?creditor={ELSEWHERE}", {"reason": "错"}).status_code == 404


def test_a_name_opens_no_creditor(app: Lender, elsewhere: Loan) -> None:
    paid = a_repayment(elsewhere, "77.00", on=TODAY)
    assert app.get(f"repayments/{paid.external_id}", creditor=ELSEWHERE).status_code == 404


# --- other ways in -------------------------------------------------------------------------------------


def test_by_hand(elsewhere: Loan) -> None:
    officer, loan = person(Role.LOAN_OFFICER), a_loan()
    for of, amount in ((loan, "100.00"), (elsewhere, "200.00"), (loan, "100.00")):
        with entering(EntryPoint.ADMIN):
            postings.enter_repayment(
                loan=of,
                amount=Decimal(amount),
                received_at=NOW,
                channel="transfer",
                external_id="HK-1",
                by=officer,
                at=NOW,
            )
    found = Repayment.objects.order_by("pk").values_list("creditor", "loan", "amount")
    assert list(found) == [
        (loan.creditor_id, loan.pk, Decimal(100)),
        (elsewhere.creditor_id, elsewhere.pk, Decimal(200)),
    ]


def test_in_one_file(elsewhere: Loan) -> None:
    loan, second = a_loan(), a_loan()
    rows = [
        RepaymentRow(of.number, "F1", start_of_day(TODAY), Decimal("100.00"), "debit")
        for of in (loan, elsewhere, second)
    ]
    with entering(EntryPoint.COMMAND):
        result = import_repayments(rows, by=job(), at=NOW)
        again = import_repayments(rows, by=job(), at=NOW)
    assert {(one.creditor, one.loan) for one in result.created} == {
        (loan.creditor, loan),
        (elsewhere.creditor, elsewhere),
    }
    for of, known in ((result, 0), (again, 2)):
        assert [(place, error.code) for place, error in of.refused] == [(2, "external-id-reused")]
        assert len(of.known) == known


def test_with_the_loans_they_paid(elsewhere: Loan) -> None:
    a_repayment(elsewhere, "77.00", on=TODAY, external_id="P1")
    a_borrower(customer_number="K1")
    product, paid = a_product(), [PaymentRow("P1", NOW, Decimal("10.00"), "app")]
    rows = [
        loan_row("A", product.code, customer_number="K1", payments=paid),
        loan_row("B", product.code, customer_number="K1", payments=paid),
        loan_row("C", product.code, customer_number="K1", payments=paid, creditor_name=ELSEWHERE),
    ]
    with entering(EntryPoint.COMMAND):
        result = import_loans(rows, by=job(), at=NOW)
    assert [one.number for one in result.created] == ["A"]
    assert [(place, error.code) for place, error in result.refused] == [
        (1, "external-id-reused"),
        (2, "external-id-reused"),
    ]
    assert Repayment.objects.get(loan__number="A").creditor.name == "测试小贷"
