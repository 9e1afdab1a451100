"""The close of day: what it finds, how often it may run, and that a late run tells what a punctual one would."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.models import PolicyValue
from backoffice.core.time import start_of_day
from backoffice.loans.models import ClosedDay, CloseRun, Loan, LoanEvent
from backoffice.loans.policy import SUBSTANDARD_AFTER, TECHNICAL_DAYS
from backoffice.loans.services import closing, closing_loans
from backoffice.loans.services.closing import Closed, DayBeforeFirst, DayNotOver, close_day
from backoffice.loans.services.repayments import LoanNotOpen
from tests.factories.loans import a_loan, a_repayment, job

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
#: Of the loan that the factory makes.
FIRST_DUE = date(2026, 4, 1)
REPORTS = ("loan_fell_overdue", "loan_overdue_ended", "loan_class_changed", "loan_settled")


@pytest.fixture(autouse=True)
def this_step_alone(settings: Any) -> None:
    """What the desks above do with it is tested there."""
    settings.CLOSE_OF_DAY_STEPS = ["backoffice.loans.services.closing.loans"]


def night_after(day: date) -> datetime:
    return start_of_day(day + DAY) + timedelta(minutes=30)


def close(day: date, *, at: datetime | None = None) -> list[Closed]:
    with entering(EntryPoint.COMMAND):
        return close_day(day=day, by=job(), at=at or night_after(day))


def noon(day: date) -> datetime:
    return start_of_day(day) + timedelta(hours=12)


def a_new_loan(**facts: Any) -> Loan:
    """Entered on the day it was paid out, as in daily work."""
    return a_loan(at=noon(date(2026, 3, 1)), **facts)


def reports(loan: Loan) -> list[tuple[str, dict[str, Any]]]:
    return list(
        LoanEvent.objects.filter(loan=loan, kind__in=REPORTS).order_by("pk").values_list("kind", "data")
    )


def kinds(loan: Loan) -> list[tuple[str, str]]:
    return [(kind, data["day"]) for kind, data in reports(loan) if "day" in data]


# --- what it finds ---


def test_a_loan_falls_overdue_on_the_first_day_after_the_due_date_and_not_on_it() -> None:
    loan = a_new_loan()
    close(FIRST_DUE)
    loan.refresh_from_db()
    assert (loan.oldest_unpaid_due_on, loan.fell_overdue_on, kinds(loan)) == (None, None, [])
    close(FIRST_DUE + DAY)
    loan.refresh_from_db()
    assert (loan.oldest_unpaid_due_on, loan.overdue_kind, loan.overdue_spells) == (FIRST_DUE, "minor", 1)
    assert loan.fell_overdue_on == FIRST_DUE + DAY
    assert reports(loan) == [
        ("loan_fell_overdue", {"day": "2026-04-02", "days": 1, "since": "2026-04-01", "kind": "minor"})
    ]
    assert loan.history.first().history_change_reason == "loan.day_closed"


def test_classes_follow_by_time_alone_each_on_its_first_day() -> None:
    loan = a_new_loan(periods=1)
    close(FIRST_DUE)
    close(FIRST_DUE + 400 * DAY)
    changes = [(data["to"], data["days"]) for kind, data in reports(loan) if kind == "loan_class_changed"]
    assert changes == [("special_mention", 8), ("substandard", 91), ("doubtful", 271), ("loss", 361)]


def test_only_loans_with_something_to_do_are_touched() -> None:
    loan = a_new_loan()
    close(FIRST_DUE - 10 * DAY)
    versions = loan.history.count()
    done = close(FIRST_DUE - 9 * DAY)
    assert [(one.touched, one.rows) for one in done] == [(0, 0)]
    assert loan.history.count() == versions
    assert CloseRun.objects.count() == 0
    assert ClosedDay.objects.count() == 2


def test_a_payment_ends_it_and_the_close_of_its_day_says_so() -> None:
    loan = a_new_loan()
    close(FIRST_DUE + 3 * DAY)
    paid_on = FIRST_DUE + 4 * DAY
    a_repayment(loan, "1100.00", on=paid_on, at=noon(paid_on))
    loan.refresh_from_db()
    assert (loan.oldest_unpaid_due_on, loan.fell_overdue_on) == (None, FIRST_DUE + 3 * DAY)
    close(paid_on)
    loan.refresh_from_db()
    assert loan.fell_overdue_on is None
    assert [kind for kind, _day in kinds(loan)] == ["loan_fell_overdue", "loan_overdue_ended"]


def test_credit_pays_on_the_due_date_and_keeps_the_loan_from_falling_overdue() -> None:
    loan = a_new_loan()
    loan.product.surplus = "credit"
    with entering(EntryPoint.COMMAND, actor=job()):
        loan.product.save()
    before = FIRST_DUE - 10 * DAY
    a_repayment(loan, "1500.00", on=before, at=noon(before))
    loan.refresh_from_db()
    credit = loan.credit
    assert credit > 0
    close(FIRST_DUE + DAY)
    loan.refresh_from_db()
    first = loan.instalments.get(sequence=1)
    assert first.principal_paid == first.principal_due
    assert loan.credit == credit - first.principal_due - first.interest_due
    assert (loan.oldest_unpaid_due_on, kinds(loan)) == (None, [])


def test_an_import_of_overdue_loans_is_reported_by_the_next_close() -> None:
    close(date(2026, 10, 1))
    loan = a_loan(at=noon(date(2026, 10, 2)))
    assert loan.oldest_unpaid_due_on == FIRST_DUE
    assert kinds(loan) == []
    close(date(2026, 10, 2))
    assert [kind for kind, _day in kinds(loan)] == ["loan_fell_overdue", "loan_class_changed"]
    close(date(2026, 10, 3))
    assert len(kinds(loan)) == 2


def test_new_rules_are_applied_on_the_day_they_begin() -> None:
    loan = a_new_loan(periods=1)
    begin = FIRST_DUE + 40 * DAY
    close(begin - DAY)
    new_rule(begin)
    close(begin)
    loan.refresh_from_db()
    assert loan.risk_class == "substandard"
    assert kinds(loan)[-1] == ("loan_class_changed", begin.isoformat())


def new_rule(begin: date) -> None:
    with entering(EntryPoint.COMMAND, actor=job()):
        old = PolicyValue.objects.get(code=SUBSTANDARD_AFTER)
        PolicyValue.objects.create(
            code=SUBSTANDARD_AFTER,
            value=Decimal(30),
            unit=old.unit,
            title=old.title,
            effective_from=begin,
            source="test",
            legal_force=old.legal_force,
            confidence=old.confidence,
        )


def test_new_rules_leave_no_line_of_history_where_nothing_changed() -> None:
    loan = a_new_loan(periods=1)
    begin = FIRST_DUE + 20 * DAY
    close(begin - DAY)
    new_rule(begin)
    # So it stands as of the day on which the rules begin before that day is closed.
    a_repayment(loan, "1.00", on=begin, at=noon(begin))
    lines = loan.history.count()
    [done] = close(begin)
    assert done.touched == 1
    assert loan.history.count() == lines


# --- when and how often ---


def test_a_day_that_is_not_over_is_refused() -> None:
    with pytest.raises(DayNotOver):
        close(FIRST_DUE, at=noon(FIRST_DUE))
    with pytest.raises(CommandError, match="--date"):
        call_command("close_day", date=date(2999, 1, 1))
    assert not ClosedDay.objects.exists()


def test_a_second_run_does_nothing_and_says_so() -> None:
    loan = a_new_loan()
    close(FIRST_DUE + DAY)
    before = loan.history.count(), LoanEvent.objects.count()
    again = close(FIRST_DUE + DAY)
    assert [one.before for one in again] == [True]
    assert (loan.history.count(), LoanEvent.objects.count()) == before


def test_a_day_before_the_first_close_was_never_closed() -> None:
    a_new_loan()
    close(FIRST_DUE)
    with pytest.raises(DayBeforeFirst):
        close(FIRST_DUE - DAY)


def test_new_rules_of_a_missed_day_are_told_though_the_loan_is_cured_since() -> None:
    loan = a_new_loan()
    begin = FIRST_DUE + 5 * DAY
    close(begin - DAY)
    technical = PolicyValue.objects.get(code=TECHNICAL_DAYS)
    with entering(EntryPoint.COMMAND, actor=job()):
        PolicyValue.objects.create(
            code=TECHNICAL_DAYS,
            value=Decimal(3),
            unit=technical.unit,
            title=technical.title,
            effective_from=begin,
            source="test",
            legal_force=technical.legal_force,
            confidence=technical.confidence,
        )
    paid_on = begin + 2 * DAY
    a_repayment(loan, "1100.00", on=paid_on, at=noon(paid_on))
    close(begin + 3 * DAY)
    assert kinds(loan) == [
        ("loan_fell_overdue", (FIRST_DUE + 4 * DAY).isoformat()),
        ("loan_class_changed", begin.isoformat()),
        ("loan_overdue_ended", paid_on.isoformat()),
        ("loan_class_changed", paid_on.isoformat()),
    ]


def test_missed_days_are_closed_one_by_one() -> None:
    a_new_loan()
    close(FIRST_DUE - DAY)
    done = close(FIRST_DUE + 8 * DAY)
    assert [one.day for one in done] == [FIRST_DUE + number * DAY for number in range(9)]
    assert [one.touched for one in done] == [0, 1, 0, 0, 0, 0, 0, 0, 1]
    assert list(ClosedDay.objects.order_by("day").values_list("touched", flat=True))[-9:] == [
        one.touched for one in done
    ]


@contextmanager
def killed_after(parts: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The process goes away within the part after so many."""
    real, count = closing_loans._Batch.write, iter(range(1_000))

    def write(batch: Any, *, at: datetime) -> int:
        rows = real(batch, at=at)
        if next(count) >= parts:
            raise KeyboardInterrupt
        return rows

    monkeypatch.setattr(closing_loans._Batch, "write", write)
    with pytest.raises(KeyboardInterrupt):
        yield
    monkeypatch.setattr(closing_loans._Batch, "write", real)


def test_killed_at_any_part_the_next_run_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing_loans, "WIDTH", 1)
    monkeypatch.setattr(
        closing,
        "loans",
        closing.Step("loans", "loans", 1, closing_loans.loan_parts, closing_loans.close_loans),
    )
    loans = [a_new_loan() for _ in range(4)]
    for parts in (1, 0, 2):
        with killed_after(parts, monkeypatch):
            close(FIRST_DUE + DAY)
    assert not ClosedDay.objects.exists()
    assert CloseRun.objects.count() == 3
    [done] = close(FIRST_DUE + DAY)
    assert (len(done.parts), done.touched) == (1, 4)
    assert ClosedDay.objects.get().touched == 4
    for loan in loans:
        assert kinds(loan) == [("loan_fell_overdue", "2026-04-02")]


def test_the_command_prints_what_it_did(capsys: pytest.CaptureFixture[str]) -> None:
    a_loan()
    call_command("close_day", json=True)
    [outcome] = json.loads(capsys.readouterr().out)
    assert outcome["touched"] == 1
    assert outcome["rows"] == 4
    call_command("close_day")
    assert "closed already" in capsys.readouterr().out


def test_many_loans_cost_no_more_statements_than_few() -> None:
    close(FIRST_DUE)
    costs = []
    for many in (2, 30):
        begin = FIRST_DUE + 40 * DAY * (1 + len(costs))
        loans = [a_loan(disbursed_on=begin, at=noon(begin), periods=1) for _ in range(many)]
        due = loans[0].instalments.get().due_on
        close(due)
        with CaptureQueriesContext(connection) as queries:
            [done] = close(due + DAY)
        assert done.touched == many
        costs.append(len(queries))
    assert costs[1] <= costs[0]


# --- late is as punctual ---

payments = st.lists(
    st.tuples(
        st.integers(0, 130),
        st.one_of(st.sampled_from([108_092, 216_184, 50_000, 108_091]), st.integers(1, 400_000)),
    ),
    max_size=5,
)


def life(paid: list[tuple[int, int]], closes: set[int], surplus: str) -> tuple[Any, ...]:
    """A loan to which payments come on the day they are made; the book is closed on some nights, and at the end."""
    loan = a_new_loan(periods=4)
    loan.product.surplus = surplus
    with entering(EntryPoint.COMMAND, actor=job()):
        loan.product.save()
    start = date(2026, 3, 20)
    for number in range(131):
        day = start + number * DAY
        for days, cents in paid:
            if days == number:
                try:
                    a_repayment(loan, Decimal(cents) / 100, on=day, at=noon(day))
                except LoanNotOpen:
                    continue
        if number in closes or number in (0, 130):
            close(day)
    loan.refresh_from_db()
    state = [
        getattr(loan, name)
        for name in (*closing_loans.LOAN_COLUMNS, *closing_loans._REPORTED)
        if name != "stood_on"
    ]
    told = [(kind, data.get("day"), data.get("days"), data.get("to")) for kind, data in reports(loan)]
    return state, sorted(told, key=str)


@examples(
    max_examples=25,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    paid=payments,
    closes=st.sets(st.integers(0, 130), max_size=4),
    surplus=st.sampled_from(["next", "credit", "last"]),
)
def test_a_late_close_tells_what_punctual_ones_would(
    paid: list[tuple[int, int]], closes: set[int], surplus: str
) -> None:
    lives = []
    for nights in (set(range(131)), closes):
        with transaction.atomic():
            lives.append(life(paid, nights, surplus))
            transaction.set_rollback(True)
    assert lives[1] == lives[0]
