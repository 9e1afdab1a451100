"""What the home page says is waiting: what this person can decide now, and nothing else."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from backoffice.audit.models import ReadEvent
from backoffice.core.context import EntryPoint, entering
from backoffice.loans.admin.waiting import TILE_ROWS, decisions
from backoffice.loans.changes import WaiverOf
from backoffice.loans.services import postings
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_proposal, a_write_off
from tests.factories.loans import NOW, a_loan
from tests.factories.staff import person

pytestmark = pytest.mark.django_db


@pytest.fixture
def officer() -> User:
    return person(Role.LOAN_OFFICER)


def loans_of(user: User, at: Any = NOW) -> list[str]:
    return [one.loan for one in decisions(user, at=at)]


def test_only_who_may_decide_is_told(officer: User) -> None:
    change = a_proposal(by=officer)
    assert (
        loans_of(person(Role.LOAN_OFFICER)) == loans_of(person(Role.LOAN_SUPERVISOR)) == [change.loan.number]
    )
    assert loans_of(officer) == []
    for role in (Role.COMPLAINT_SUPERVISOR, Role.COMPLIANCE, Role.AUDITOR):
        assert loans_of(person(role)) == []


def test_changes_write_offs_and_postings_those_first_that_end_first(officer: User) -> None:
    with entering(EntryPoint.ADMIN):
        posting = postings.enter_repayment(
            loan=a_loan(),
            amount=Decimal("6000.00"),
            received_at=NOW,
            channel="transfer",
            by=officer,
            at=NOW,
            reason="柜面转账",
        )
    write_off = a_write_off(at=NOW - timedelta(days=2))
    change = a_proposal(by=officer, at=NOW - timedelta(days=1))
    expected = [write_off.loan.number, change.loan.number, posting.loan.number]
    assert loans_of(person(Role.LOAN_SUPERVISOR)) == expected


def test_what_is_too_old_or_above_the_limit_is_not_theirs(officer: User) -> None:
    loan = a_loan(principal=Decimal(100_000), disbursed_on=date(2026, 3, 1))
    a_proposal(loan, WaiverOf((("interest", Decimal("1500.00")),)), by=officer)
    assert loans_of(person(Role.LOAN_OFFICER)) == []
    supervisor = person(Role.LOAN_SUPERVISOR)
    assert loans_of(supervisor) == [loan.number]
    assert loans_of(supervisor, NOW + timedelta(days=30)) == []


def test_what_is_too_old_does_not_stand_before_what_can_be_decided(officer: User) -> None:
    for _number in range(TILE_ROWS):
        a_proposal(by=officer, at=NOW - timedelta(days=30))
    change = a_proposal(by=officer)
    assert loans_of(person(Role.LOAN_SUPERVISOR)) == [change.loan.number]


def test_the_home_page_shows_it_with_its_way_there_and_says_who_saw_it(client: Client, officer: User) -> None:
    supervisor = person(Role.LOAN_SUPERVISOR)
    client.force_login(supervisor)
    assert "Waiting for your decision" not in client.get(reverse("admin:index")).content.decode()
    change = a_proposal(by=officer, at=timezone.now())
    page = client.get(reverse("admin:index")).content.decode()
    assert reverse("admin:loans_schedulechange_change", args=(change.pk,)) in page
    assert change.loan.number in page
    seen = ReadEvent.objects.filter(actor=supervisor).latest("pk")
    assert change.loan.dossier_id in seen.listed
