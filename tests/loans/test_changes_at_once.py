"""Two at once on the same loan: on PostgreSQL, where rows are really locked."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import InputRefused, TransitionRefused
from backoffice.loans import services
from backoffice.loans.account import derive
from backoffice.loans.ledger import ledger_of
from backoffice.loans.models import Instalment, Loan, LoanEvent, Repayment
from backoffice.loans.services.changes import AccountChanged, AlreadyProposed
from backoffice.staff.roles import Role
from tests.complaints.test_concurrency import at_once
from tests.factories.changes import a_proposal, a_write_off
from tests.factories.loans import NOW, TODAY, a_loan
from tests.factories.staff import person

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def admin(service: Any, **given: Any) -> Any:
    with entering(EntryPoint.ADMIN):
        return service(at=NOW, **given)


def agrees(loan: Loan) -> bool:
    """Whether the posted amounts are those that follow from the facts."""
    loan = Loan.objects.select_related("product").get(pk=loan.pk)
    account = derive(ledger_of(loan).facts(), on=TODAY)
    rows = Instalment.objects.filter(loan=loan, schedule_version=loan.schedule_version).order_by("sequence")
    return [(row.principal_due, row.principal_paid, row.interest_paid) for row in rows] == [
        (row.due["principal"], row.paid["principal"], row.paid["interest"]) for row in account.rows
    ]


def test_two_who_apply_at_once_apply_it_once() -> None:
    change = a_proposal()
    seconds = [person(Role.LOAN_OFFICER), person(Role.LOAN_OFFICER)]
    answers = at_once(
        2,
        lambda place: admin(services.apply_change, change=change, by=seconds[place], reason="已核实"),
    )
    assert sorted(isinstance(answer, TransitionRefused) for answer in answers) == [False, True], answers
    assert LoanEvent.objects.filter(loan=change.loan, kind="change_applied").count() == 1
    loan = Loan.objects.get(pk=change.loan_id)
    assert loan.schedule_version == 2
    assert loan.instalments.filter(schedule_version=2).count() == 12
    assert agrees(loan)


def test_two_who_propose_at_once_propose_one() -> None:
    loan = a_loan()
    officers = [person(Role.LOAN_OFFICER), person(Role.LOAN_OFFICER)]
    answers = at_once(2, lambda place: a_proposal(loan, by=officers[place]))
    assert sorted(isinstance(answer, AlreadyProposed) for answer in answers) == [False, True], answers
    assert loan.schedule_changes.count() == 1


@pytest.mark.parametrize("attempt", range(3))
def test_a_payment_while_a_change_is_applied(attempt: int) -> None:
    """Whichever is first: the payment makes the change void, or it pays the new schedule. Never half of each."""
    change = a_proposal()
    loan, officer = change.loan, person(Role.LOAN_OFFICER)

    def work(place: int) -> Any:
        if place:
            return admin(services.apply_change, change=change, by=officer, reason="已核实")
        return admin(
            services.post_repayment,
            loan=loan,
            external_id=f"AT-ONCE-{attempt}",
            amount=Decimal("1500.00"),
            received_at=NOW,
            channel="app",
            by=officer,
        )

    paid, applied = at_once(2, work)
    assert isinstance(paid, Repayment), paid
    loan = Loan.objects.get(pk=loan.pk)
    if isinstance(applied, AccountChanged):
        assert loan.schedule_version == 1
    else:
        assert applied.version == loan.schedule_version == 2, applied
    assert agrees(loan)
    assert sum(share.amount for share in paid.allocations.all()) == Decimal("1500.00")


def test_two_who_write_off_at_once_write_off_once() -> None:
    write_off = a_write_off()
    seconds = [person(Role.LOAN_OFFICER), person(Role.LOAN_OFFICER)]
    answers = at_once(
        2,
        lambda place: admin(
            services.approve_write_off, write_off=write_off, by=seconds[place], reason="已核实"
        ),
    )
    refused = [isinstance(answer, TransitionRefused | InputRefused) for answer in answers]
    assert sorted(refused) == [False, True], answers
    assert LoanEvent.objects.filter(loan=write_off.loan, kind="loan_written_off").count() == 1
