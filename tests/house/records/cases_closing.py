"""The close of day, and what it and payments do to cases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from backoffice.core.context import EntryPoint
from backoffice.loans.services.closing import close_day
from backoffice.staff.roles import Role
from debt_collections import services
from debt_collections.choices import CuredBy
from tests.factories import collections as make
from tests.factories.loans import NOW, TODAY, a_loan
from tests.factories.staff import person
from tests.house.records.case import Case

YESTERDAY = TODAY - timedelta(days=1)


def an_overdue_loan() -> dict[str, Any]:
    a_loan()
    return {"day": YESTERDAY, "by": person(Role.LOAN_OFFICER), "at": NOW}


def two_that_fell_overdue() -> dict[str, Any]:
    """One of somebody whose case is open already, one of somebody else."""
    case = make.case()
    for owed_by in (case.borrower, make.borrower()):
        loan = make.loan(owed_by)
        loan.fell_overdue_on = YESTERDAY
        with make.context.acting(by=make.system(), reason_code="test"):
            loan.save()
    return {"first_id": 0, "day": YESTERDAY, "by": make.officer(), "at": NOW}


def a_cured_case() -> dict[str, Any]:
    case = make.case(make.collector())
    for row in case.case_loans.select_related("loan"):
        row.loan.oldest_unpaid_due_on, row.loan.overdue_kind = None, "none"
        with make.context.acting(by=make.system(), reason_code="test"):
            row.loan.save()
    return {"borrower_ids": [case.borrower_id], "cured_by": CuredBy.PAYMENT, "by": make.officer(), "at": NOW}


CASES = [
    Case(
        service=close_day,
        world=an_overdue_loan,
        events=("loan_fell_overdue", "loan_class_changed", "case_opened"),
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=services.collect_overdue,
        world=two_that_fell_overdue,
        events=("case_opened", "loan_added"),
        door=EntryPoint.COMMAND,
    ),
    Case(
        service=services.close_cured_cases,
        world=a_cured_case,
        events=("case_closed",),
        door=EntryPoint.COMMAND,
    ),
]
