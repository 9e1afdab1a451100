"""Ageing as lists and pages show it: the overdue filter, and why so many days on any day up to today."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from django.contrib.admin import SimpleListFilter
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.explain import Line
from backoffice.core.time import business_day
from backoffice.loans.ageing import beside_original
from backoffice.loans.choices import OverdueKind, RiskClass
from backoffice.loans.models import Loan
from backoffice.loans.selectors import LoanSnapshot, loan_snapshot

_DAY = timedelta(days=1)
#: Name → first and last day past due, for the filter of lists alone. The buckets of reports are policy.
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


def days_context(loan: Loan, asked: str) -> dict[str, Any]:
    """What the page "why so many days" shows for the day ``asked`` (ISO; empty: today).

    A day that is none, lies ahead or before the loan was paid out is refused with an ``error`` to be shown: another
    day's count must never stand where this one was asked for. So is any day of a loan that is going to be paid out.
    Eight queries, none when refused.
    """
    last = today()
    if loan.disbursed_on > last:
        words = _("The loan is paid out on %(day)s; until then there are no days to count.")
        return _refused(loan, asked="", error=words % {"day": loan.disbursed_on})
    try:
        on = date.fromisoformat(asked) if asked else last
    except ValueError:
        return _refused(
            loan, asked="", error=_("“%(asked)s” is no day. Write it as 2026-11-23.") % {"asked": asked[:40]}
        )
    facts = {"on": on, "first": loan.disbursed_on, "last": last}
    if on > last:
        words = _(
            "%(on)s lies ahead: nobody knows yet what will be paid. Choose a day up to today, %(last)s."
        )
        return _refused(loan, asked=on.isoformat(), error=words % facts)
    if on < loan.disbursed_on:
        words = _("On %(on)s the loan was not paid out yet. Choose a day from %(first)s on.")
        return _refused(loan, asked=on.isoformat(), error=words % facts)
    snapshot = loan_snapshot(loan.pk, on=on)
    return {
        "asked": on.isoformat(),
        **facts,
        "before": on - _DAY if on > loan.disbursed_on else None,
        "after": on + _DAY if on < last else None,
        "snapshot": snapshot,
        "pauses": [one for one in snapshot.pauses if one.from_on <= on],
        **_explained(snapshot),
    }


def _refused(loan: Loan, *, asked: str, error: str) -> dict[str, Any]:
    return {"asked": asked, "first": loan.disbursed_on, "last": today(), "error": error}


def _explained(snapshot: LoanSnapshot) -> dict[str, Any]:
    """The labels with their reasons, in the reader's language."""
    original = snapshot.original
    outstanding = snapshot.outstanding
    return {
        "kind": OverdueKind(snapshot.kind).label,
        "risk_class": RiskClass(snapshot.classification.value).label,
        "lines": _texts(snapshot.past_due.lines),
        "delinquency_lines": _texts(snapshot.delinquency.lines),
        "class_lines": _texts(snapshot.classification.lines),
        "kind_lines": _texts(snapshot.overdue.lines),
        "bucket_lines": _texts(snapshot.bucket.lines),
        "original_days": original,
        "original_text": (
            beside_original(present=snapshot.past_due, original=original).render(gettext) if original else ""
        ),
        "original_lines": _texts(original.lines) if original else [],
        "beside_schedule": snapshot.days_past_due == 0 and outstanding.penalty + outstanding.cost > 0,
    }


def _texts(lines: Iterable[Line]) -> list[str]:
    return [line.render(gettext) for line in lines]
