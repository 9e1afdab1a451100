"""What the close of a day reports of a loan. Pure: what was reported last and how the loan stands, no tables, no clock.

Every report compares with the last one, not with the day before. So a fact that was entered late, back-dated or
reversed is reported once, at the close of the day on which it was entered, whatever day it is about.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Protocol

from backoffice.loans.ageing import Standing


class Reported(Protocol):
    """What the last close reported: since when the loan is overdue (None: it is not), and its class."""

    fell_overdue_on: date | None
    reported_class: str


#: Kind of event and its data.
Report = tuple[str, Mapping[str, object]]


def reported(loan: Reported, standing: Standing) -> bool:
    """Whether a close would have nothing to say about a loan that stands so."""
    overdue = standing.oldest_unpaid_due_on is not None
    return overdue == (loan.fell_overdue_on is not None) and standing.risk_class == loan.reported_class


def take_reports(loan: Reported, standing: Standing, *, on: date) -> list[Report]:
    """What the close of ``on`` has to report of a loan that stands so at its end; the loan keeps that it did."""
    reports = list(_reports(loan, standing, on))
    if standing.oldest_unpaid_due_on is None:
        loan.fell_overdue_on = None
    elif loan.fell_overdue_on is None:
        loan.fell_overdue_on = on
    loan.reported_class = standing.risk_class
    return reports


def _reports(loan: Reported, standing: Standing, on: date) -> Iterator[Report]:
    since = standing.oldest_unpaid_due_on
    facts = {"day": on.isoformat(), "days": (on - since).days if since is not None else 0}
    if since is not None and loan.fell_overdue_on is None:
        yield (
            "loan_fell_overdue",
            {**facts, "since": since.isoformat(), "kind": standing.overdue_kind},
        )
    if since is None and loan.fell_overdue_on is not None:
        yield "loan_overdue_ended", {**facts, "reported_on": loan.fell_overdue_on.isoformat()}
    if standing.risk_class != loan.reported_class:
        yield (
            "loan_class_changed",
            {**facts, "from": loan.reported_class, "to": standing.risk_class, "kind": standing.overdue_kind},
        )
