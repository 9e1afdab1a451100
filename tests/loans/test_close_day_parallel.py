"""Two closes at once, and a payment while the close runs: on PostgreSQL only."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connections

from backoffice.core.context import EntryPoint, entering
from backoffice.core.time import start_of_day
from backoffice.loans import services
from backoffice.loans.models import ClosedDay, CloseRun, LoanEvent
from backoffice.loans.services import closing, closing_loans
from backoffice.loans.services.closing import close_day
from debt_collections.models import Case
from tests.factories.loans import a_loan, job

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]
START, FIRST_DUE = date(2026, 3, 1), date(2026, 4, 1)
DAY = timedelta(days=1)
NIGHT = start_of_day(FIRST_DUE + 2 * DAY) + timedelta(minutes=30)


def at_once(*jobs: Callable[[], Any]) -> list[Exception]:
    failed: list[Exception] = []
    gate = threading.Barrier(len(jobs))

    def run(work: Callable[[], Any]) -> None:
        try:
            gate.wait()
            with entering(EntryPoint.COMMAND):
                work()
        except Exception as error:  # noqa: BLE001 — told to the test
            failed.append(error)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(work,)) for work in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failed


def test_two_at_once_do_each_part_once() -> None:
    loans = [a_loan(disbursed_on=START, at=start_of_day(START) + 12 * timedelta(hours=1)) for _ in range(6)]
    by = job()
    assert at_once(*(lambda: close_day(day=FIRST_DUE + DAY, by=by, at=NIGHT) for _ in range(3))) == []
    assert [run.step for run in CloseRun.objects.order_by("pk")] == ["loans", "cases"]
    assert ClosedDay.objects.get().touched == 2 * len(loans)
    assert LoanEvent.objects.filter(kind="loan_fell_overdue").count() == len(loans)
    assert Case.objects.count() == len(loans)
    for loan in loans:
        assert loan.history.filter(history_change_reason="loan.day_closed").count() == 1


def test_a_payment_during_the_close_waits_and_cures(monkeypatch: pytest.MonkeyPatch) -> None:
    """The payment comes when the close has locked the loan: it is posted after it, and ends the case."""
    loan = a_loan(disbursed_on=START, at=start_of_day(START) + 12 * timedelta(hours=1))
    by, locked = job(), threading.Event()
    real = closing_loans._unpaid

    def slow(*given: Any) -> Any:
        locked.set()
        return real(*given)

    monkeypatch.setattr(closing_loans, "_unpaid", slow)

    def pay() -> None:
        assert locked.wait(10)
        services.post_repayment(
            loan=loan,
            external_id="R-RACE",
            amount=Decimal("1100.00"),
            received_at=NIGHT,
            channel="app",
            by=by,
            at=NIGHT,
        )

    assert at_once(lambda: close_day(day=FIRST_DUE + DAY, by=by, at=NIGHT), pay) == []
    loan.refresh_from_db()
    assert loan.oldest_unpaid_due_on is None
    assert not Case.objects.filter(state="open").exists()


def test_parts_side_by_side_do_what_one_after_the_other_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing_loans, "WIDTH", 1)
    step = closing.Step("loans", "loans", 1, closing_loans.loan_parts, closing_loans.close_loans)
    monkeypatch.setattr(closing, "loans", step)
    loans = [a_loan(disbursed_on=START, at=start_of_day(START) + 12 * timedelta(hours=1)) for _ in range(8)]
    by = job()
    with entering(EntryPoint.COMMAND):
        [done] = close_day(day=FIRST_DUE + DAY, by=by, at=NIGHT, workers=4)
    assert sum(run.step == "loans" for run in done.parts) == len(loans)
    fell = LoanEvent.objects.filter(kind="loan_fell_overdue")
    assert fell.count() == len(loans)
    assert {event.actor for event in fell} == {by}
    assert Case.objects.count() == len(loans)
