"""Changes of what was agreed, pauses, costs, early settlement and write-offs."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from backoffice.loans import services
from backoffice.loans.changes import Deferral
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_charge, a_pause, a_proposal, a_write_off
from tests.factories.loans import NOW, TODAY, a_loan, a_repayment
from tests.factories.staff import person
from tests.house.records.case import Case


def by_officer(**given: Any) -> dict[str, Any]:
    return {"by": person(Role.LOAN_OFFICER), "at": NOW, **given}


def own_change() -> dict[str, Any]:
    change = a_proposal()
    return {"change": change, "by": User.objects.get(pk=change.proposed_by_id), "at": NOW}


def own_write_off() -> dict[str, Any]:
    write_off = a_write_off()
    return {"write_off": write_off, "by": User.objects.get(pk=write_off.requested_by_id), "at": NOW}


def paid_off() -> dict[str, Any]:
    loan = a_loan(disbursed_on=date(2026, 11, 1))
    a_repayment(loan, "12107.07", on=TODAY)
    return by_officer(loan=loan, on=TODAY)


CASES = [
    Case(
        service=services.propose_change,
        world=lambda: by_officer(loan=a_loan(), terms=Deferral(9)),
        events=("change_proposed",),
    ),
    Case(
        service=services.apply_change,
        world=lambda: by_officer(change=a_proposal()),
        events=("change_applied",),
    ),
    Case(
        service=services.refuse_change,
        world=lambda: by_officer(change=a_proposal()),
        events=("change_refused",),
    ),
    Case(service=services.withdraw_change, world=own_change, events=("change_withdrawn",)),
    Case(service=services.settle_early, world=paid_off, events=("loan_settled", "settled_early")),
    Case(
        service=services.pause_loan,
        world=lambda: by_officer(
            loan=a_loan(), kind="disaster", from_on=TODAY, until=TODAY + timedelta(days=30)
        ),
        events=("loan_paused",),
    ),
    Case(
        service=services.end_pause,
        world=lambda: by_officer(pause=a_pause()),
        events=("pause_ended",),
    ),
    Case(
        service=services.charge_cost,
        world=lambda: by_officer(
            loan=a_loan(),
            amount=Decimal("50.00"),
            label="诉讼费",
            payee="杭州互联网法院",
            charged_on=TODAY,
        ),
        events=("cost_charged",),
        adds="a second cost: two equal ones are possible",
    ),
    Case(
        service=services.reverse_charge,
        world=lambda: by_officer(charge=a_charge()),
        events=("cost_reversed",),
    ),
    Case(
        service=services.request_write_off,
        world=lambda: by_officer(loan=a_loan()),
        events=("write_off_requested",),
    ),
    Case(
        service=services.approve_write_off,
        world=lambda: by_officer(write_off=a_write_off()),
        events=("loan_written_off",),
    ),
    Case(
        service=services.refuse_write_off,
        world=lambda: by_officer(write_off=a_write_off()),
        events=("write_off_refused",),
    ),
    Case(service=services.withdraw_write_off, world=own_write_off, events=("write_off_withdrawn",)),
]
