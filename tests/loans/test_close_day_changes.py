"""Loans on which something was agreed: a late close of day tells of them what punctual ones would have."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from backoffice.core.context import EntryPoint, entering
from backoffice.core.errors import DomainError
from backoffice.loans import services
from backoffice.loans.changes import Deferral, ExtraInstalments, RateCut, WaiverOf
from backoffice.loans.models import Loan
from backoffice.loans.services import closing_loans
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from tests.factories.changes import a_pause, a_proposal
from tests.factories.loans import a_repayment
from tests.factories.staff import person
from tests.loans.test_close_day import DAY, FIRST_DUE, a_new_loan, close, noon, reports, this_step_alone

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures(this_step_alone.__name__)]

TERMS = {
    "deferral": Deferral(2),
    "long deferral": Deferral(5),
    "more": ExtraInstalments(3),
    "cut": RateCut(Decimal("0.05")),
    "waiver": WaiverOf((("interest", Decimal("20.00")),)),
}


def happens(loan: Loan, what: str, day: date) -> None:
    """Something is agreed on ``day``, if it can be by then."""
    try:
        with transaction.atomic():
            if what == "pause":
                a_pause(loan, from_on=day, until=day + 12 * DAY, by=officer(), at=noon(day))
                return
            if what == "pay":
                a_repayment(loan, "1500.00", on=day, at=noon(day))
                return
            change = a_proposal(loan, TERMS[what], by=officer(), at=noon(day))
            with entering(EntryPoint.ADMIN):
                services.apply_change(change=change, by=officer(), at=noon(day), reason="同意")
    except DomainError:
        return


def officer() -> User:
    return person(Role.LOAN_OFFICER)


def life(acts: list[tuple[int, str]], closes: set[int]) -> tuple[Any, ...]:
    loan = a_new_loan(periods=4)
    start = date(2026, 3, 20)
    for number in range(131):
        day = start + number * DAY
        for days, what in acts:
            if days == number:
                loan.refresh_from_db()
                happens(loan, what, day)
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
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    acts=st.lists(
        st.tuples(st.integers(0, 130), st.sampled_from([*TERMS, "pause", "pay"])), min_size=1, max_size=4
    ),
    closes=st.sets(st.integers(0, 130), max_size=4),
)
def test_a_late_close_tells_what_punctual_ones_would(acts: list[tuple[int, str]], closes: set[int]) -> None:
    lives = []
    for nights in (set(range(131)), closes):
        with transaction.atomic():
            lives.append(life(acts, nights))
            transaction.set_rollback(True)
    assert lives[1] == lives[0]


def test_a_put_off_instalment_falls_overdue_on_its_new_day() -> None:
    loan = a_new_loan()
    happens(loan, "deferral", FIRST_DUE - DAY)
    close(FIRST_DUE + DAY)
    loan.refresh_from_db()
    assert (loan.schedule_version, loan.oldest_unpaid_due_on) == (2, None)
    close(date(2026, 6, 2))
    loan.refresh_from_db()
    assert loan.oldest_unpaid_due_on == date(2026, 6, 1)
