"""What lists of loans ask: ages by the stored dates, buckets as days, what is owed by many loans at once.

Amounts are yuan; days are Shanghai's. Stored dates and classes are as of the loan's last event, which the close of
day brings up to the present day.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import F, Q, Sum

from backoffice.core.money import ZERO
from backoffice.loans.choices import LoanState
from backoffice.loans.models import Instalment, Loan
from backoffice.loans.policy import LoanPolicy


def past_due_between(first: int, last: int | None, *, on: date) -> Q:
    """Loans past due for ``first`` to ``last`` days on ``on`` (None: no end), by their stored date; 0: not past due."""
    column = "oldest_unpaid_due_on"
    wanted = Q(**{f"{column}__lte": on - timedelta(days=first)})
    if last is not None:
        wanted &= Q(**{f"{column}__gte": on - timedelta(days=last)})
    return wanted | Q(**{f"{column}__isnull": True}) if first <= 0 else wanted


def bucket_days(policy: LoanPolicy) -> dict[str, tuple[int, int | None]]:
    """The buckets of reports by name: first and last day past due."""
    firsts = policy.ageing.buckets
    lasts = [first - 1 for first in firsts[1:]]
    return {
        "M0": (0, 0),
        **{f"M{number}": days for number, days in enumerate(zip(firsts, [*lasts, None], strict=True), 1)},
    }


def principal_owed(loans: Iterable[Loan]) -> dict[int, Decimal]:
    """What is still owed of the principal, in yuan, by the loans' ids; nothing where it is owed to somebody else now.

    As posted at the loan's last event. One query, by the index of the schedule's rows.
    """
    of_version: dict[int, list[int]] = {}
    for loan in loans:
        if loan.state != LoanState.ASSIGNED:
            of_version.setdefault(loan.schedule_version, []).append(loan.pk)
    found = {pk: ZERO for ids in of_version.values() for pk in ids}
    # Version by version: joined to the loans, the planner would rather walk through all of them.
    in_force = Q(pk__in=[])
    for version, ids in of_version.items():
        in_force |= Q(loan__in=ids, schedule_version=version)
    rows = Instalment.objects.filter(in_force).order_by().values_list("loan")
    found.update(rows.annotate(owed=Sum(F("principal_due") - F("principal_paid"))))
    return found
