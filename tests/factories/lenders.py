"""A creditor's machine: an API client that sees the loans of one creditor."""

from __future__ import annotations

import itertools
from typing import Any

from django.test import Client as HttpClient
from django.utils import timezone

from backoffice.api.formats import moment
from backoffice.core.context import EntryPoint, entering
from backoffice.loans.models import Creditor, CreditorClient, Loan
from backoffice.loans.services.clients import end_creditor_access, open_creditor_to_client
from backoffice.staff.roles import Role
from tests.factories.api import api_client, bearer
from tests.factories.loans import NOW, a_creditor, job
from tests.factories.staff import person

SCOPES = ("loans:read", "repayments:read", "repayments:write")
_numbers = itertools.count(1)


def opened(creditor: Creditor, client: Any) -> CreditorClient:
    with entering(EntryPoint.COMMAND):
        return open_creditor_to_client(
            creditor=creditor, client=client, by=job(), at=timezone.now(), reason="核心系统"
        )


def ended(access: CreditorClient | None) -> None:
    """What ``opened`` opened is closed again."""
    with entering(EntryPoint.COMMAND):
        end_creditor_access(
            access=access, by=person(Role.PRIVACY_OFFICER), at=timezone.now(), reason="委托到期"
        )


class Lender:
    """Speaks JSON to ``/api/v1`` for one creditor (None: for nobody)."""

    def __init__(self, creditor: Creditor | None = None, *scopes: str, name: str = "核心系统") -> None:
        self.client, self.secret = api_client(*(scopes or SCOPES), name=name)
        self.access = opened(creditor, self.client) if creditor is not None else None
        self.renew()

    def renew(self) -> None:
        """Get a fresh token."""
        self.headers = bearer(self.client, self.secret)

    def get(self, path: str, **query: Any) -> Any:
        return HttpClient().get(f"/api/v1/{path}", query, headers=self.headers)

    def post(self, path: str, body: Any, key: str = "") -> Any:
        headers = {**self.headers, "Idempotency-Key": key or f"key-{next(_numbers)}"}
        return HttpClient().post(f"/api/v1/{path}", body, "application/json", headers=headers)


def lender(**given: Any) -> Lender:
    """The machine of the creditor that test loans have."""
    return Lender(a_creditor(), **given)


def yuan(amount: str) -> dict[str, str]:
    return {"amount": amount, "currency": "CNY"}


def body(loan: Loan, amount: str = "1080.89", **given: Any) -> dict[str, Any]:
    """A report of money received at ``NOW``."""
    return {
        "loan_number": loan.number,
        "external_id": "DD-1",
        "amount": yuan(amount),
        "received_at": moment(NOW),
        "channel": "debit",
        **given,
    }
