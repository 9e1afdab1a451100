"""Money posted and taken back by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backoffice.core import context
from backoffice.core.context import EntryPoint
from backoffice.loans import services
from backoffice.loans.models import PostingRequest
from backoffice.loans.services import postings
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_loan, a_repayment
from tests.factories.staff import person
from tests.house.records.case import Case


def by_officer(**given: Any) -> dict[str, Any]:
    return {"by": person(Role.LOAN_OFFICER), "at": NOW, **given}


def entry(amount: str) -> dict[str, Any]:
    return by_officer(
        loan=a_loan(), amount=Decimal(amount), received_at=NOW, channel="transfer", external_id="HAND-1"
    )


def waiting() -> PostingRequest:
    with context.entering(EntryPoint.ADMIN):
        request = postings.enter_repayment(**entry("8000.00"))
    assert isinstance(request, PostingRequest)
    return request


def decision() -> dict[str, Any]:
    return by_officer(request=waiting())


def taking_back() -> dict[str, Any]:
    request = waiting()
    return {"request": request, "by": User.objects.get(pk=request.requested_by_id), "at": NOW}


def reversal(amount: str) -> dict[str, Any]:
    return by_officer(repayment=a_repayment(a_loan(), amount, on=TODAY))


CASES = [
    Case(
        service=services.reverse_repayment,
        world=lambda: {**reversal("500.00"), "external_id": "BACK-1"},
        events=("repayment_reversed",),
    ),
    Case(service=postings.enter_repayment, world=lambda: entry("500.00"), events=("repayment_posted",)),
    Case(
        service=postings.enter_repayment,
        world=lambda: entry("8000.00"),
        events=("posting_requested",),
        variant="above the limit",
        adds="asked twice it waits twice, until a second person decides",
    ),
    Case(service=postings.enter_reversal, world=lambda: reversal("500.00"), events=("repayment_reversed",)),
    Case(
        service=postings.approve_posting,
        world=decision,
        events=("repayment_posted", "posting_approved"),
    ),
    Case(service=postings.refuse_posting, world=decision, events=("posting_refused",)),
    Case(service=postings.withdraw_posting, world=taking_back, events=("posting_withdrawn",)),
]
