"""Ageing as lists show it: days from the loan's stored date, and the customary buckets as a filter."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.loans.models import Loan

#: Name → first and last day past due. A custom of reporting, not a rule: nothing but this filter hangs on it.
BUCKETS: dict[str, tuple[int, int | None]] = {
    "1-7": (1, 7),
    "8-30": (8, 30),
    "31-60": (31, 60),
    "61-90": (61, 90),
    "91+": (91, None),
}


def today() -> date:
    """The present day in Shanghai."""
    return business_day(timezone.now())


class OverdueFilter(SimpleListFilter):
    """Not overdue, overdue, or overdue for a number of days. Asks the partial index of overdue loans."""

    title = _("overdue")
    parameter_name = "overdue"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [
            ("no", _("Not overdue")),
            ("yes", _("Overdue")),
            *((name, _("%(days)s days") % {"days": name}) for name in BUCKETS),
        ]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Loan]) -> QuerySet[Loan]:
        value = self.value()
        if value == "no":
            return queryset.filter(oldest_unpaid_due_on__isnull=True)
        if value == "yes":
            return queryset.filter(oldest_unpaid_due_on__isnull=False)
        if value in BUCKETS:
            first, last = BUCKETS[value]
            queryset = queryset.filter(oldest_unpaid_due_on__lte=today() - timedelta(days=first))
            if last is not None:
                queryset = queryset.filter(oldest_unpaid_due_on__gte=today() - timedelta(days=last))
        return queryset
