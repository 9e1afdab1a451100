"""/api/v1/loans: what a creditor's machine sees of the loan book, and that it sees no other creditor's."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backoffice.api.formats import moment
from backoffice.audit.models import ReadEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.loans.choices import LoanState
from backoffice.loans.models import Loan
from backoffice.loans.selectors import loan_snapshot
from tests.factories.lenders import Lender, ended, lender, opened
from tests.factories.loans import TODAY, a_borrower, a_creditor, a_loan, a_product, a_repayment, job

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_that_day")]


def uid(loan: Loan) -> str:
    return str(loan.dossier.uid)


def numbers(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return [one["number"] for one in answer.json()["items"]]


# --- who sees what -------------------------------------------------------------------------------------


def test_a_client_without_a_creditor_sees_nothing() -> None:
    loan = a_loan()
    a_repayment(loan, "10.00", on=TODAY)
    nobody = Lender(None)
    assert numbers(nobody.get("loans")) == []
    assert nobody.get("repayments").json() == {"items": [], "resume": None}
    assert nobody.get(f"loans/{uid(loan)}").status_code == 404
    assert nobody.get(f"loans/{uid(loan)}/repayments").status_code == 404


def test_another_creditors_loan_does_not_exist(app: Lender) -> None:
    mine, other = a_loan(), a_loan(creditor=a_creditor("另一家小贷"))
    paid = a_repayment(other, "10.00", on=TODAY)
    assert numbers(app.get("loans")) == [mine.number]
    assert numbers(app.get("loans", number=other.number)) == []
    for path in (f"loans/{uid(other)}", f"loans/{uid(other)}/repayments", f"repayments/{paid.external_id}"):
        assert app.get(path).status_code == 404, path
    assert app.get("repayments").json()["items"] == []


def test_a_client_may_serve_several_creditors_until_its_access_ends(app: Lender) -> None:
    second = a_creditor("另一家小贷")
    loans = [a_loan(), a_loan(creditor=second)]
    access = opened(second, app.client)
    assert numbers(app.get("loans")) == [one.number for one in loans]
    ended(access)
    assert numbers(app.get("loans")) == [loans[0].number]


def test_scopes_are_asked_for() -> None:
    loan = a_loan()
    assert lender(name="还款").get("loans").status_code == 200
    other = Lender(a_creditor(), "repayments:read", name="只读还款")
    assert other.get("loans").json()["code"] == "scope-missing"
    assert other.get(f"loans/{uid(loan)}").status_code == 403
    assert other.get(f"loans/{uid(loan)}/repayments").status_code == 200


# --- one loan ------------------------------------------------------------------------------------------


def test_a_loan_is_told_as_the_page_tells_it(app: Lender) -> None:
    loan = a_loan()
    a_repayment(loan, "1500.00", on=date(2026, 4, 3))
    answer = app.get(f"loans/{uid(loan)}").json()
    snapshot = loan_snapshot(loan.pk, on=TODAY)
    assert (answer["days_past_due"], answer["bucket"], answer["risk_class"]) == (
        snapshot.days_past_due,
        snapshot.bucket.name,
        snapshot.classification.value,
    )
    assert answer["days_past_due"] == 206
    owed = snapshot.outstanding
    assert answer["outstanding"]["total"] == {"amount": f"{owed.total:.2f}", "currency": "CNY"}
    assert answer["outstanding"]["penalty"]["amount"] == f"{owed.penalty:.2f}"
    assert owed.penalty > 0
    told = {name: Decimal(yuan["amount"]) for name, yuan in answer["outstanding"].items()}
    overdue, total = told.pop("overdue"), told.pop("total")
    assert total == sum(told.values())
    late = [one for one in answer["instalments"] if one["state"] == "overdue"]
    assert overdue == sum(Decimal(one["open"]["amount"]) for one in late)
    assert len(answer["instalments"]) == 12
    assert answer["instalments"][0]["state"] == "paid"
    assert answer["annual_rate"] == "0.146000"


def test_a_past_day_is_answered_as_of_its_end(app: Lender) -> None:
    loan = a_loan()
    answer = app.get(f"loans/{uid(loan)}", on="2026-04-01").json()
    assert (answer["on"], answer["days_past_due"], answer["bucket"]) == ("2026-04-01", 0, "M0")
    answer = app.get(f"loans/{uid(loan)}", on="2026-04-02").json()
    assert (answer["days_past_due"], answer["oldest_unpaid_due_on"]) == (1, "2026-04-01")


def test_a_loan_that_is_going_to_be_paid_out_is_told_as_it_stands(app: Lender) -> None:
    loan = a_loan(disbursed_on=date(2026, 12, 9))
    answer = app.get(f"loans/{uid(loan)}")
    assert answer.status_code == 200, answer.content
    told = answer.json()
    assert (told["on"], told["state"], told["disbursed_on"]) == ("2026-11-23", "active", "2026-12-09")
    assert told["outstanding"]["total"]["amount"] == "0.00"
    assert {one["state"] for one in told["instalments"]} == {"upcoming"}
    assert (told["days_past_due"], told["bucket"]) == (0, "M0")
    assert app.get("loans").json()["items"][0].items() <= told.items()
    assert app.get(f"loans/{uid(loan)}", on="2026-11-23").json() == told
    for day in ("2026-11-22", "2026-12-09"):
        assert app.get(f"loans/{uid(loan)}", on=day).json()["code"] == "parameter-invalid"
    assert app.get(f"loans/{uid(loan)}/repayments").json()["items"] == []


def test_what_a_loan_costs(app: Lender) -> None:
    loan = a_loan(product=a_product(annual_rate=Decimal("0.146")))
    path = f"loans/{uid(loan)}"
    cost = app.get(path).json()["cost"]
    assert cost["nominal"] == f"{loan.cost_nominal:.6f}"
    assert cost["effective"] == f"{loan.cost_effective:.6f}"
    assert (cost["convention"], cost["standing"]) == ("periods", "above_lpr")
    assert cost["held_against"] == "nominal"
    assert cost["limits"] == {
        "cap": "0.240000",
        "lpr": "0.030000",
        "lpr_flagged": "0.120000",
        "lpr_cap": None,
        "lpr_cap_spares_months": 0,
    }
    assert app.get(path, on="2026-04-02").json()["cost"] == cost, "of the contract, whatever the day"
    assert "cost" not in app.get("loans").json()["items"][0]


def test_a_loan_whose_cost_nobody_computed_says_so(app: Lender) -> None:
    loan = a_loan()
    with entering(EntryPoint.COMMAND, actor=job()):
        loan.cost_nominal = loan.cost_effective = None
        loan.cost_convention = loan.cost_standing = ""
        loan.save()
    cost = app.get(f"loans/{uid(loan)}").json()["cost"]
    names = ("nominal", "effective", "convention", "standing")
    assert [cost[name] for name in names] == [None] * 4
    assert cost["limits"]["cap"] == "0.240000"


def test_one_loan_costs_few_queries(app: Lender) -> None:
    loan = a_loan()
    with CaptureQueriesContext(connection) as queries:
        assert app.get(f"loans/{uid(loan)}").status_code == 200
    # Token and client, creditors, the loan, the policies of ageing and of cost, seven for its account, one read row.
    assert len(queries) <= 14


@pytest.mark.parametrize("on", ["2026-02-28", "2026-11-24", "2026-02-30", "morgen"])
def test_a_day_that_cannot_be_asked_about_is_refused(app: Lender, on: str) -> None:
    answer = app.get(f"loans/{uid(a_loan())}", on=on)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter-invalid")
    assert "on" in answer.json()["detail"]


def test_no_person_is_told_in_full(app: Lender) -> None:
    borrower = a_borrower(name="欧阳小明", mobile="+8610012345678")
    loan = a_loan(borrower=borrower)
    for path in ("loans", f"loans/{uid(loan)}"):
        told = app.get(path).content.decode()
        for datum in ("欧阳小明", "小明", "12345678"):
            assert datum not in told
    assert app.get(f"loans/{uid(loan)}").json()["borrower_name"] == borrower.name_mask


def test_reads_are_on_record(app: Lender) -> None:
    first, second = a_loan(), a_loan()
    app.get("loans")
    app.get(f"loans/{uid(first)}", on="2026-05-01")
    listed, page = ReadEvent.objects.order_by("pk")
    assert (listed.what, listed.count, listed.listed) == ("list", 2, [first.dossier_id, second.dossier_id])
    assert (page.what, page.dossier, page.actor) == ("page", first.dossier, app.client.user)
    assert (page.entry_point, page.path) == ("api", f"/api/v1/loans/{uid(first)}")


# --- the list ------------------------------------------------------------------------------------------


@pytest.fixture
def book() -> dict[str, Loan]:
    """Not due yet, 9 days, 53 days, and 236 days past due; and one that is settled."""
    found = {
        "new": a_loan(disbursed_on=date(2026, 11, 1)),
        "m1": a_loan(disbursed_on=date(2026, 10, 14)),
        "m2": a_loan(disbursed_on=date(2026, 9, 1)),
        "m5": a_loan(disbursed_on=date(2026, 3, 1)),
        "settled": a_loan(disbursed_on=date(2026, 11, 1), periods=1, principal=Decimal("100.00")),
    }
    a_repayment(found["settled"], "200.00", on=TODAY)
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, "new m1 m2 m5 settled"),
        ({"state": "settled"}, "settled"),
        ({"state": ["settled", "active"]}, "new m1 m2 m5 settled"),
        ({"bucket": "M1"}, "m1"),
        ({"bucket": ["M2", "M5"]}, "m2 m5"),
        ({"bucket": "M0"}, "new settled"),
        ({"overdue_from": 9}, "m1 m2 m5"),
        ({"overdue_from": 10}, "m2 m5"),
        ({"overdue_from": 10, "overdue_to": 53}, "m2"),
        ({"overdue_to": 9}, "new m1 settled"),
        ({"overdue_from": 10, "overdue_to": 20}, ""),
        ({"risk_class": "special_mention"}, "m1 m2"),
        ({"risk_class": ["substandard", "doubtful"]}, "m5"),
        ({"overdue_kind": "long_term"}, "m5"),
        ({"disbursed_from": "2026-10-14", "disbursed_to": "2026-10-31"}, "m1"),
        ({"product": "none"}, ""),
        ({"creditor": "测试小贷", "state": "settled"}, "settled"),
    ],
)
def test_filters(app: Lender, book: dict[str, Loan], query: dict[str, Any], names: str) -> None:
    assert numbers(app.get("loans", **query)) == [book[name].number for name in names.split()]


def test_filters_by_what_belongs_to_one_loan(app: Lender, book: dict[str, Loan]) -> None:
    loan = book["m2"]
    for query in (
        {"number": loan.number},
        {"customer_number": loan.borrower.customer_number},
        {"product": loan.product.code},
    ):
        assert numbers(app.get("loans", **query)) == [loan.number]


def test_what_changed_since(app: Lender, book: dict[str, Loan]) -> None:
    later = timezone.now() + timedelta(minutes=1)
    assert numbers(app.get("loans", changed_since=moment(later))) == []
    with time_machine.travel(later + timedelta(minutes=1)):
        # A part payment changes no column of the loan itself.
        a_repayment(book["m2"], "5.00", on=TODAY, at=timezone.now())
        assert numbers(app.get("loans", changed_since=moment(later))) == [book["m2"].number]
        loan = book["m1"]
        with entering(EntryPoint.COMMAND, actor=job()):
            loan.watched_until = TODAY
            loan.save()
        assert numbers(app.get("loans", changed_since=moment(later))) == [loan.number, book["m2"].number]


@pytest.mark.parametrize(
    ("query", "pointer"),
    [
        ({"state": "sleeping"}, "/state"),
        ({"bucket": "M9"}, "/bucket"),
        ({"overdue_from": "-1"}, "/overdue_from"),
        ({"overdue_from": "x"}, "/overdue_from"),
        ({"disbursed_from": "2026-02-30"}, "/disbursed_from"),
        ({"disbursed_from": "2026/02/03"}, "/disbursed_from"),
        ({"changed_since": "2026-11-23T10:00:00"}, "/changed_since"),
        ({"statee": "active"}, "/statee"),
        ({"on": "2026-11-01"}, "/on"),
    ],
)
def test_a_filter_that_cannot_be_read_is_refused(app: Lender, query: dict[str, Any], pointer: str) -> None:
    answer = app.get("loans", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "parameter-invalid")
    assert [one["pointer"] for one in answer.json()["errors"]] == [pointer]


def test_pages_follow_each_other_without_gap_or_double(app: Lender, book: dict[str, Loan]) -> None:
    seen, url = [], "loans?limit=2"
    while url:
        answer = app.get(url)
        seen += numbers(answer)
        link = answer.headers.get("Link", "")
        url = link.split(">")[0].removeprefix("<").rpartition("/api/v1/")[2] if link else ""
    assert seen == [one.number for one in book.values()]


def test_a_list_costs_the_same_however_long_it_is(app: Lender) -> None:
    product = a_product()

    def cost() -> int:
        with CaptureQueriesContext(connection) as queries:
            assert app.get("loans", bucket="M5", state="active").status_code == 200
        return len(queries)

    a_loan(product=product)
    one = cost()
    for _ in range(4):
        a_loan(product=a_product())
    assert cost() == one
    # Token and client, creditors, policy of the buckets, the loans, seven for their accounts, one read row.
    assert one <= 14


def test_settled_loans_owe_nothing(app: Lender, book: dict[str, Loan]) -> None:
    answer = app.get(f"loans/{uid(book['settled'])}").json()
    assert (answer["state"], answer["settled_on"]) == (LoanState.SETTLED, TODAY.isoformat())
    assert answer["outstanding"]["total"]["amount"] == "0.00"
    due = sum(Decimal(one["principal_due"]["amount"]) for one in answer["instalments"])
    interest = sum(Decimal(one["interest_due"]["amount"]) for one in answer["instalments"])
    assert Decimal(answer["credit"]["amount"]) == Decimal("200.00") - due - interest
