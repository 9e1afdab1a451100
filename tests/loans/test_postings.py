"""Postings by hand: who may, one person up to the limit, two above it, at service, page and database."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.loans.choices import PostingState
from backoffice.loans.importing import RepaymentRow
from backoffice.loans.models import Loan, PostingRequest, Repayment
from backoffice.loans.services import import_repayments, postings
from backoffice.loans.services.repayments import NotReversible
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_loan, a_repayment, job
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


def enter(loan: Loan, amount: str, by: User, **given: Any) -> Repayment | PostingRequest:
    with entering(EntryPoint.ADMIN):
        return postings.enter_repayment(
            **{
                "loan": loan,
                "amount": Decimal(amount),
                "received_at": NOW,
                "channel": "transfer",
                "by": by,
                "at": NOW,
                "reason": "柜面转账",
                **given,
            }
        )


def decide(service: Any, request: PostingRequest, by: User) -> Any:
    with entering(EntryPoint.ADMIN):
        return service(request=request, by=by, at=NOW, reason="已核对流水")


@pytest.mark.parametrize("role", [Role.HANDLER, Role.COLLECTOR, Role.COMPLIANCE, Role.AUDITOR])
def test_nobody_else_posts_or_takes_back(role: Role) -> None:
    loan, somebody = a_loan(), person(role)
    repayment = a_repayment(loan, "10.00", on=TODAY)
    with pytest.raises(NotPermitted):
        enter(loan, "10.00", somebody)
    with pytest.raises(NotPermitted):
        postings.enter_reversal(repayment=repayment, by=somebody, at=NOW, reason="错")
    assert Repayment.objects.count() == 1


def test_below_the_limit_one_person_is_enough(officer: User) -> None:
    done = enter(a_loan(), "4999.99", officer)
    assert isinstance(done, Repayment)
    assert done.external_id.startswith("HK20261123-")


def test_from_the_limit_on_it_takes_two(officer: User) -> None:
    loan, other = a_loan(), person(Role.LOAN_OFFICER)
    request = enter(loan, "5000.00", officer)
    assert isinstance(request, PostingRequest)
    assert Repayment.objects.count() == 0
    with pytest.raises(TransitionRefused):
        decide(postings.approve_posting, request, officer)
    done = decide(postings.approve_posting, request, other)
    request.refresh_from_db()
    assert (request.state, request.result, request.decided_by) == (PostingState.DONE, done, other)
    assert done.amount == Decimal("5000.00")
    with pytest.raises(TransitionRefused):
        decide(postings.approve_posting, request, other)


def test_a_supervisor_lets_through_what_they_may_not_enter(officer: User) -> None:
    loan, supervisor = a_loan(), person(Role.LOAN_SUPERVISOR)
    with pytest.raises(NotPermitted):
        enter(loan, "10.00", supervisor)
    request = enter(loan, "5000.00", officer)
    assert isinstance(request, PostingRequest)
    repayment = decide(postings.approve_posting, request, supervisor)
    with entering(EntryPoint.ADMIN):
        back = postings.enter_reversal(repayment=repayment, by=officer, at=NOW, reason="扣款退回")
    assert isinstance(back, PostingRequest)
    assert decide(postings.approve_posting, back, supervisor).reverses == repayment


def test_the_database_refuses_one_pair_of_eyes(officer: User) -> None:
    request = enter(a_loan(), "5000.00", officer)
    assert isinstance(request, PostingRequest)
    request.state, request.decided_by, request.decided_at = PostingState.DONE, officer, NOW
    with entering(EntryPoint.ADMIN, actor=officer), pytest.raises(IntegrityError), transaction.atomic():
        request.save()


def test_a_reversal_above_the_limit_waits_too_and_once(officer: User) -> None:
    loan, other = a_loan(), person(Role.LOAN_OFFICER)
    repayment = a_repayment(loan, "6000.00", on=TODAY - timedelta(days=3))
    with entering(EntryPoint.ADMIN):
        request = postings.enter_reversal(repayment=repayment, by=officer, at=NOW, reason="扣款退回")
        with pytest.raises(NotReversible):
            postings.enter_reversal(repayment=repayment, by=officer, at=NOW, reason="扣款退回")
    assert isinstance(request, PostingRequest)
    done = decide(postings.approve_posting, request, other)
    assert done.reverses == repayment


def test_what_is_asked_for_is_refused_or_taken_back_without_a_trace_on_the_loan(officer: User) -> None:
    loan, other = a_loan(), person(Role.LOAN_OFFICER)
    first, second = enter(loan, "5000.00", officer), enter(loan, "6000.00", officer)
    assert isinstance(first, PostingRequest)
    assert isinstance(second, PostingRequest)
    assert decide(postings.refuse_posting, first, other).state == PostingState.REFUSED
    with pytest.raises(TransitionRefused):
        decide(postings.withdraw_posting, second, other)
    assert decide(postings.withdraw_posting, second, officer).state == PostingState.WITHDRAWN
    assert Repayment.objects.count() == 0


def test_bad_money_is_refused_before_anybody_is_asked(officer: User) -> None:
    with pytest.raises(InputRefused):
        enter(a_loan(), "5000.001", officer)
    with pytest.raises(InputRefused):
        enter(a_loan(), "9000.00", officer, received_at=NOW + timedelta(days=1))
    assert PostingRequest.objects.count() == 0


@pytest.mark.parametrize("amount", ["1.00", "9000.00"])
def test_money_comes_by_a_channel_there_is(officer: User, amount: str) -> None:
    with pytest.raises(InputRefused) as refused:
        enter(a_loan(), amount, officer, channel="bogus")
    assert refused.value.field == "channel"
    assert (Repayment.objects.count(), PostingRequest.objects.count()) == (0, 0)


@pytest.mark.parametrize("amount", ["NaN", "sNaN", "Infinity", "-Infinity", "1e30", "10000000000.00"])
def test_what_is_no_number_is_no_money(officer: User, amount: str) -> None:
    with pytest.raises(InputRefused) as refused:
        enter(a_loan(), amount, officer)
    assert refused.value.field == "amount"


def test_on_the_pages(client: Client, officer: User) -> None:
    loan = a_loan()
    client.force_login(officer, backend="django.contrib.auth.backends.ModelBackend")
    page = reverse("admin:loans_loan_change", args=(loan.pk,))
    post = reverse("admin:loans_loan_transition", args=(loan.pk, "post_repayment"))
    assert post in client.get(page).content.decode()
    form = {"amount": "300.00", "received_at": "2026-11-20T09:30", "channel": "transfer", "reason": "柜面"}
    assert client.post(post, {**form, "amount": "3.001"}).status_code == 422
    assert client.post(post, form).status_code == 302
    repayment = Repayment.objects.get()
    back = reverse("admin:loans_loan_transition", args=(loan.pk, "reverse_repayment"))
    assert "300.00" in client.get(back).content.decode()
    assert client.post(back, {"repayment": repayment.pk, "reason": "退回"}).status_code == 302
    assert repayment.reversal.amount == Decimal("300.00")
    text = client.get(page).content.decode()
    assert text.count("还款已冲正<") == 1, "the repayment stays on the page, marked"
    assert text.count("冲正</span>") == 2, "the reversal is there as well"
    assert client.post(post, {**form, "amount": "7000.00"}).status_code == 302
    request = PostingRequest.objects.get()
    approve = reverse("admin:loans_postingrequest_transition", args=(request.pk, "approve"))
    assert client.post(approve, {"reason": "看过"}).status_code == 409, "not by the one who asked"
    client.force_login(person(Role.LOAN_OFFICER), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(approve, {"reason": "看过"}).status_code == 302
    client.force_login(person(Role.HANDLER), backend="django.contrib.auth.backends.ModelBackend")
    assert client.post(approve, {"reason": "看过"}).status_code == 403
    assert client.get(post).status_code == 403


def test_a_file_is_no_way_round_the_second_person(officer: User) -> None:
    loan = a_loan()
    rows = [
        RepaymentRow(loan.number, f"F{number}", NOW, Decimal(amount), "debit")
        for number, amount in ((1, "4999.99"), (2, "5000.00"))
    ]
    with entering(EntryPoint.ADMIN):
        result = import_repayments(rows, by=officer, at=NOW)
    assert [one.external_id for one in result.created] == ["F1"]
    [(position, error)] = result.refused
    assert (position, error.code) == (1, "needs-second-person")
    with entering(EntryPoint.COMMAND):
        assert [one.external_id for one in import_repayments(rows, by=job(), at=NOW).created] == ["F2"]


def test_an_id_that_is_taken_keeps_no_repayment_from_being_reversed(officer: User) -> None:
    loan = a_loan()
    repayment = a_repayment(loan, "100.00", on=TODAY, external_id="DD-1")
    a_repayment(loan, "100.00", on=TODAY, external_id="DD-1-R")
    with entering(EntryPoint.ADMIN):
        reversal = postings.enter_reversal(repayment=repayment, by=officer, at=NOW, reason="扣款退回")
    assert isinstance(reversal, Repayment)
    assert reversal.reverses == repayment
