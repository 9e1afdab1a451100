"""Changes of loans for tests, made through the real services."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.changes import Deferral, Terms
from backoffice.loans.models import Charge, Loan, PaymentPause, ScheduleChange, WriteOff
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.loans import NOW, TODAY, a_loan
from tests.factories.staff import person


def a_proposal(
    loan: Loan | None = None,
    terms: Terms | None = None,
    *,
    by: User | None = None,
    at: datetime = NOW,
    **facts: Any,
) -> ScheduleChange:
    """A proposed change: a deferral by nine months unless told otherwise, of a loan overdue since April."""
    with entering(EntryPoint.ADMIN):
        return services.propose_change(
            loan=loan or a_loan(),
            terms=terms or Deferral(9),
            by=by or person(Role.LOAN_OFFICER),
            at=at,
            reason="借款人暂时失业",
            **facts,
        )


def a_pause(loan: Loan | None = None, *, from_on: date = TODAY, **facts: Any) -> PaymentPause:
    with entering(EntryPoint.ADMIN):
        return services.pause_loan(
            **{
                "loan": loan or a_loan(),
                "kind": "disaster",
                "from_on": from_on,
                "by": person(Role.LOAN_OFFICER),
                # In time: default interest that has run up is no single person's to forgive.
                "at": min(NOW, start_of_day(from_on) + timedelta(hours=10)),
                "reason": "台风灾害",
                **facts,
            }
        )


def a_charge(loan: Loan | None = None, amount: str = "50.00", *, on: date = TODAY, **facts: Any) -> Charge:
    with entering(EntryPoint.ADMIN):
        return services.charge_cost(
            **{
                "loan": loan or a_loan(),
                "amount": Decimal(amount),
                "label": "诉讼费",
                "payee": "杭州互联网法院",
                "charged_on": on,
                "by": person(Role.LOAN_OFFICER),
                "at": NOW,
                "reason": "法院缴费凭证",
                **facts,
            }
        )


def a_write_off(loan: Loan | None = None, *, by: User | None = None, at: datetime = NOW) -> WriteOff:
    """A write-off that was asked for and awaits a second person."""
    with entering(EntryPoint.ADMIN):
        return services.request_write_off(
            loan=loan or a_loan(), by=by or person(Role.LOAN_OFFICER), at=at, reason="多次催收未果"
        )
