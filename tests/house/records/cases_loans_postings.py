"""Money posted and taken back by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from backoffice.core import context
from backoffice.core.context import EntryPoint
from backoffice.loans import services
from backoffice.loans.models import PostingRequest
from backoffice.loans.services import clients, postings, reporting
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.api import api_client
from tests.factories.loans import NOW, TODAY, a_creditor, a_loan, a_repayment
from tests.factories.staff import person
from tests.house.records.case import Case

PDF = b"%PDF-1.7\n%%EOF\n"


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


def reported(amount: str) -> dict[str, Any]:
    return {**entry(amount), "by": machine()}


def machine() -> User:
    user: User = api_client("repayments:write")[0].user
    return user


def access() -> dict[str, Any]:
    client, _secret = api_client("loans:read")
    return {"creditor": a_creditor(), "client": client, "by": person(Role.PRIVACY_OFFICER), "at": NOW}


def opened() -> dict[str, Any]:
    with context.entering(EntryPoint.ADMIN):
        given = access()
        found = clients.open_creditor_to_client(**given, reason="合同")
    return {"access": found, "by": given["by"], "at": NOW}


CASES = [
    Case(
        service=services.attach_document,
        world=lambda: by_officer(loan=a_loan(), kind="contract", name="合同.pdf", content=PDF),
        events=("document_attached",),
        adds="one more file",
    ),
    Case(
        service=reporting.report_repayment,
        world=lambda: reported("500.00"),
        events=("repayment_posted",),
        door=EntryPoint.API,
    ),
    Case(
        service=reporting.report_repayment,
        world=lambda: reported("8000.00"),
        events=("posting_requested",),
        door=EntryPoint.API,
        variant="above the limit",
    ),
    Case(
        service=reporting.report_reversal,
        world=lambda: {**reversal("500.00"), "by": machine()},
        events=("repayment_reversed",),
        door=EntryPoint.API,
    ),
    Case(service=clients.open_creditor_to_client, world=access, events=("client.creditor_opened",)),
    Case(service=clients.end_creditor_access, world=opened, events=("client.creditor_ended",)),
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
