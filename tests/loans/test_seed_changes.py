"""The demo has one loan of each kind of change, made by two persons; a book too small goes without."""

from __future__ import annotations

import random

import pytest

from backoffice.core import context
from backoffice.desk.seeding import Demo
from backoffice.loans import seed_changes
from backoffice.loans.models import Charge, Loan, PaymentPause, ScheduleChange, WriteOff
from backoffice.loans.seed import Counts, seed_loans
from backoffice.staff.demo import create_people
from tests.factories.loans import NOW, TODAY, job

pytestmark = pytest.mark.django_db


def seeded(count: int) -> list[Loan]:
    demo = Demo(rng=random.Random(7), now=NOW, by=job())
    with context.acting(by=job(), reason_code="demo.seeded"):
        create_people(by=job(), at=NOW)
        counts = Counts(borrowers=count, loans=count)
        demo.results["loans"] = seed_loans(rng=demo.rng, now=NOW, by=job(), counts=counts)
        seed_changes.seed(demo)
    loans: list[Loan] = demo.results["loans"].loans
    return loans


def test_one_of_each_kind() -> None:
    loans = seeded(120)
    changes = ScheduleChange.objects.order_by("kind").values_list("kind", "state", "effective_on")
    assert list(changes) == [
        ("deferral", "applied", TODAY),
        ("early_settlement", "applied", TODAY),
        ("extra_instalments", "proposed", TODAY),
    ]
    deferral = ScheduleChange.objects.select_related("loan").get(kind="deferral")
    assert (deferral.restructuring, deferral.loan.oldest_unpaid_due_on) == (True, None)
    assert deferral.loan.watched_until is not None
    assert ScheduleChange.objects.get(kind="early_settlement").loan.state == "settled"
    assert WriteOff.objects.get().loan.state == "written_off"
    assert (PaymentPause.objects.count(), Charge.objects.count()) == (1, 1)
    stored = {loan.pk: loan.state for loan in Loan.objects.all()}
    assert {loan.pk: loan.state for loan in loans} == stored, "what later steps build on is up to date"


def test_a_small_book_goes_without() -> None:
    seeded(1)
    assert not WriteOff.objects.exists()
