"""/api/v1/repayments: money reported by a creditor's machine, once, within its rights, and what comes of it."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from backoffice.api.formats import moment
from backoffice.core.context import EntryPoint, entering
from backoffice.loans.choices import LoanState, PostingState
from backoffice.loans.models import LoanEvent, PostingRequest, Repayment
from backoffice.loans.services import postings
from backoffice.staff.roles import Role
from tests.factories.lenders import Lender, body, ended, opened, yuan
from tests.factories.loans import NOW, TODAY, a_creditor, a_loan, a_repayment
from tests.factories.mediation import partner
from tests.factories.staff import person

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("on_that_day")]


def decide(service: Any, request: PostingRequest) -> Any:
    with entering(EntryPoint.ADMIN):
        return service(request=request, by=person(Role.LOAN_OFFICER), at=timezone.now(), reason="已核对流水")


# --- who may -------------------------------------------------------------------------------------------


def test_reading_is_no_right_to_report() -> None:
    loan = a_loan()
    reader = Lender(a_creditor(), "loans:read", "repayments:read", name="只读")
    assert reader.post("repayments", body(loan)).json()["code"] == "scope-missing"
    paid = a_repayment(loan, "10.00", on=TODAY)
    assert reader.post(f"repayments/{paid.external_id}/reversal", {"reason": "错"}).status_code == 403
    assert Repayment.objects.count() == 1


def test_the_account_behind_the_scope_needs_its_right(app: Lender) -> None:
    app.client.user.groups.clear()
    assert app.post("repayments", body(a_loan())).json()["code"] == "not-permitted"
    assert not Repayment.objects.exists()


def test_nothing_is_reported_on_another_creditors_loan(app: Lender) -> None:
    other = a_loan(creditor=a_creditor("另一家小贷"))
    paid = a_repayment(other, "10.00", on=TODAY)
    answer = app.post("repayments", body(other))
    assert answer.status_code == 422
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/loan_number"]
    assert answer.json()["detail"] == app.post("repayments", body(other, loan_number="none")).json()["detail"]
    assert app.post(f"repayments/{paid.external_id}/reversal", {"reason": "错"}).status_code == 404
    assert Repayment.objects.count() == 1


def test_a_mediators_machine_sees_no_loan() -> None:
    loan, to = a_loan(), partner()
    for path in ("loans", f"loans/{loan.dossier.uid}", "repayments"):
        asked = Lender.__new__(Lender)
        asked.headers = to.headers()
        assert asked.get(path).json()["code"] == "scope-missing", path
    assert asked.post("repayments", body(loan)).status_code == 403


# --- what it does --------------------------------------------------------------------------------------


def test_money_is_posted_where_it_belongs(app: Lender) -> None:
    loan = a_loan(disbursed_on=date(2026, 10, 14))
    answer = app.post("repayments", body(loan, "1000.00", reason="批扣"))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    repayment = Repayment.objects.get()
    assert (repayment.loan, repayment.amount, repayment.received_at) == (loan, Decimal("1000.00"), NOW)
    assert told["loan"] == {"id": str(loan.dossier.uid), "number": loan.number}
    assert (told["state"], told["unallocated"]) == ("posted", yuan("0.00"))
    parts = [Decimal(part["amount"]["amount"]) for part in told["allocations"]]
    assert sum(parts) == Decimal("1000.00")
    assert {part["component"] for part in told["allocations"]} == {"penalty", "interest", "principal"}
    assert answer["Location"].endswith("/api/v1/repayments/DD-1")
    assert app.get("repayments/DD-1").json() == told
    event = LoanEvent.objects.get(kind="repayment_posted")
    assert (event.entry_point, event.actor) == ("api", app.client.user)


def test_more_than_is_owed_stays_as_credit(app: Lender) -> None:
    loan = a_loan(principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 11, 1))
    told = app.post("repayments", body(loan, "150.00")).json()
    assert Decimal(told["unallocated"]["amount"]) > 0
    found = app.get(f"loans/{loan.dossier.uid}").json()
    assert (found["state"], found["credit"]) == ("settled", told["unallocated"])
    again = app.post("repayments", body(loan, "1.00", external_id="DD-2"))
    assert (again.status_code, again.json()["code"]) == (409, "loan-not-open")
    assert Repayment.objects.count() == 1


@pytest.mark.parametrize("received_at", ["0001-01-01T00:00:00+08:00", "9999-12-31T23:59:59-08:00"])
def test_a_moment_at_the_edge_of_the_calendar_is_refused(app: Lender, received_at: str) -> None:
    answer = app.post("repayments", {**body(a_loan(), "150.00"), "received_at": received_at})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["pointer"] == "/received_at"


# --- once ----------------------------------------------------------------------------------------------


def test_the_same_key_posts_once(app: Lender) -> None:
    content = body(a_loan())
    first, again = app.post("repayments", content, key="k"), app.post("repayments", content, key="k")
    assert (first.status_code, again.status_code, again["Idempotent-Replayed"]) == (201, 201, "true")
    assert first.json() == again.json()
    changed = app.post("repayments", {**content, "channel": "app"}, key="k")
    assert changed.json()["code"] == "idempotency-key-reused"
    assert Repayment.objects.count() == 1


def test_the_same_external_id_is_the_same_money_also_once_the_loan_is_settled(app: Lender) -> None:
    loan = a_loan(principal=Decimal("100.00"), periods=1, disbursed_on=date(2026, 11, 1))
    content = body(loan, "150.00")
    first, again = app.post("repayments", content), app.post("repayments", content)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    loan.refresh_from_db()
    assert loan.state == LoanState.SETTLED
    assert Repayment.objects.count() == LoanEvent.objects.filter(kind="repayment_posted").count() == 1


@pytest.mark.parametrize(
    "other", [{"amount": yuan("1080.88")}, {"received_at": moment(NOW - timedelta(hours=1))}]
)
def test_the_same_external_id_with_other_facts_is_refused(app: Lender, other: dict[str, Any]) -> None:
    loan = a_loan()
    app.post("repayments", body(loan))
    answer = app.post("repayments", {**body(loan), **other})
    assert (answer.status_code, answer.json()["code"]) == (409, "external-id-reused")
    assert [one["pointer"] for one in answer.json()["errors"]] == ["/external_id"]
    assert app.post("repayments", body(a_loan())).json()["code"] == "external-id-reused"
    assert Repayment.objects.get().amount == Decimal("1080.89")


# --- what is no payment --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("given", "pointer", "code"),
    [
        ({"amount": yuan("10.005")}, "/amount", "validation-failed"),
        ({"amount": yuan("-10.00")}, "/amount", "validation-failed"),
        ({"amount": yuan("0.00")}, "/amount", "validation-failed"),
        ({"amount": 10.0}, "/amount", "validation-failed"),
        ({"amount": "10.00"}, "/amount", "validation-failed"),
        ({"amount": {"amount": "10.00", "currency": "USD"}}, "/amount", "validation-failed"),
        ({"received_at": "2026-02-28T23:59:59+08:00"}, "/received_at", "before-disbursement"),
        ({"received_at": "2026-11-23T11:30:00+08:00"}, "/received_at", "validation-failed"),
        ({"received_at": "2026-02-29T10:00:00+08:00"}, "/received_at", "validation-failed"),
        ({"received_at": "2026-11-23T10:00:00"}, "/received_at", "validation-failed"),
        ({"channel": "cash"}, "/channel", "validation-failed"),
        ({"external_id": "a/b"}, "/external_id", "validation-failed"),
        ({"external_id": "a\n"}, None, None),
        ({"external_id": "x" * 65}, "/external_id", "validation-failed"),
        ({"external_id": ""}, "/external_id", "validation-failed"),
        ({"loan_number": ""}, "/loan_number", "validation-failed"),
        ({"recieved_at": "2026-11-23T10:00:00+08:00"}, "/recieved_at", "validation-failed"),
    ],
)
def test_values_at_fault_are_pointed_at(
    app: Lender, given: dict[str, Any], pointer: str | None, code: str | None
) -> None:
    answer = app.post("repayments", {**body(a_loan()), **given})
    if pointer is None:
        # A line break at the end is taken off, as everywhere.
        assert answer.json()["external_id"] == "a"
        return
    assert answer.status_code == 422, answer.content
    assert ([one["pointer"] for one in answer.json()["errors"]], answer.json()["code"]) == ([pointer], code)
    assert not Repayment.objects.exists()


def test_a_third_decimal_is_told_apart(app: Lender) -> None:
    answer = app.post("repayments", body(a_loan(), "10.005")).json()
    assert answer["errors"][0]["code"] == "decimals"
    assert "两位小数" in answer["errors"][0]["detail"]
    assert answer["errors"][0]["pointer"] == "/amount"


# --- two persons ---------------------------------------------------------------------------------------


def test_from_the_limit_on_a_person_approves(app: Lender) -> None:
    loan = a_loan()
    content = body(loan, "5000.00")
    answer = app.post("repayments", content)
    assert (answer.status_code, answer.json()["state"]) == (202, "requested")
    assert not Repayment.objects.exists()
    again = app.post("repayments", content)
    assert (again.status_code, again.json()) == (202, answer.json())
    assert app.get("repayments/DD-1").json() == answer.json()
    other = app.post("repayments", {**content, "amount": yuan("5000.01")})
    assert other.json()["code"] == "external-id-reused"
    request = PostingRequest.objects.get()
    assert request.requested_by == app.client.user
    decide(postings.approve_posting, request)
    done = app.post("repayments", content)
    assert (done.status_code, done.json()["state"]) == (200, "posted")
    assert app.get("repayments/DD-1").json() == done.json()


def test_what_a_person_refused_is_not_asked_again(app: Lender) -> None:
    content = body(a_loan(), "5000.00")
    app.post("repayments", content)
    decide(postings.refuse_posting, PostingRequest.objects.get())
    answer = app.post("repayments", content)
    assert (answer.status_code, answer.json()["code"]) == (409, "posting-refused")
    assert app.get("repayments/DD-1").json()["state"] == "refused"
    assert PostingRequest.objects.count() == 1
    assert not Repayment.objects.exists()


def test_a_reversal_that_a_person_refused_is_not_asked_again(app: Lender) -> None:
    app.post("repayments", body(a_loan(), "6000.00"))
    decide(postings.approve_posting, PostingRequest.objects.get())
    assert app.post("repayments/DD-1/reversal", {"reason": "银行退回"}).status_code == 202
    decide(postings.refuse_posting, PostingRequest.objects.latest("pk"))
    answer = app.post("repayments/DD-1/reversal", {"reason": "银行退回"})
    assert (answer.status_code, answer.json()["code"]) == (409, "posting-refused")
    assert PostingRequest.objects.count() == 2


def test_below_the_limit_the_machine_is_enough(app: Lender) -> None:
    assert app.post("repayments", body(a_loan(), "4999.99")).status_code == 201


# --- reversals -----------------------------------------------------------------------------------------


def test_a_reversal_takes_the_money_off_again(app: Lender) -> None:
    loan = a_loan(disbursed_on=date(2026, 10, 14))
    before = app.get(f"loans/{loan.dossier.uid}").json()
    app.post("repayments", body(loan, "1000.00"))
    assert app.get(f"loans/{loan.dossier.uid}").json()["outstanding"] != before["outstanding"]
    answer = app.post("repayments/DD-1/reversal", {"reason": "银行退回"})
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert (told["state"], told["reversed_by"], told["allocations"]) == ("reversed", "DD-1-R", [])
    assert app.get(f"loans/{loan.dossier.uid}").json() == before
    reversal = app.get("repayments/DD-1-R").json()
    assert (reversal["state"], reversal["reverses"]) == ("reversal", "DD-1")
    again = app.post("repayments/DD-1/reversal", {"reason": "银行退回"})
    assert (again.status_code, again.json()) == (200, told)
    back = app.post("repayments/DD-1-R/reversal", {"reason": "错"})
    assert (back.status_code, back.json()["code"]) == (409, "not-reversible")
    assert Repayment.objects.count() == 2


def test_a_reversal_needs_words(app: Lender) -> None:
    app.post("repayments", body(a_loan()))
    for given in ({}, {"reason": ""}, {"reason": "  "}):
        answer = app.post("repayments/DD-1/reversal", given)
        assert [one["pointer"] for one in answer.json()["errors"]] == ["/reason"]


def test_a_reversal_from_the_limit_on_waits_and_is_asked_once(app: Lender) -> None:
    loan = a_loan()
    paid = a_repayment(loan, "6000.00", on=TODAY)
    path = f"repayments/{paid.external_id}/reversal"
    first, again = (app.post(path, {"reason": "银行退回"}) for _ in range(2))
    assert (first.status_code, again.status_code) == (202, 202)
    assert (first.json()["state"], first.json()["reversal_requested"]) == ("posted", True)
    request = PostingRequest.objects.get()
    assert request.state == PostingState.REQUESTED
    decide(postings.approve_posting, request)
    assert app.post(path, {"reason": "银行退回"}).json()["state"] == "reversed"


# --- an end -------------------------------------------------------------------------------------------


def test_an_access_that_ends_ends_reporting(app: Lender) -> None:
    loan = a_loan()
    opened(a_creditor("另一家小贷"), app.client)
    assert app.post("repayments", body(loan)).status_code == 201
    ended(app.access)
    assert app.post("repayments", body(loan, external_id="DD-2")).status_code == 422
    assert app.get("repayments/DD-1").status_code == 404


def test_a_replay_is_answered_only_while_the_access_lasts(app: Lender) -> None:
    loan, other = a_loan(), a_creditor("另一家小贷")
    content, why = body(loan), {"reason": "银行退回"}
    first = app.post("repayments", content, key="k")
    back = app.post("repayments/DD-1/reversal", why, key="r")
    assert (first.status_code, back.status_code) == (201, 201)
    assert app.post("repayments", content, key="k")["Idempotent-Replayed"] == "true"
    assert app.post("repayments/DD-1/reversal", why, key="r")["Idempotent-Replayed"] == "true"
    ended(app.access)
    opened(other, app.client)
    again = app.post("repayments", content, key="k")
    assert (again.status_code, "Idempotent-Replayed" in again) == (422, False)
    assert [one["pointer"] for one in again.json()["errors"]] == ["/loan_number"]
    gone = app.post("repayments/DD-1/reversal", why, key="r")
    assert (gone.status_code, gone.json()["code"]) == (404, "not-found")
    for answer in (again, gone):
        assert "1080.89" not in answer.content.decode()
