"""Reads of the ground that every desk needs."""

from __future__ import annotations

from functools import lru_cache

from django.db.models import Count, Max

from backoffice.core.calendars import BusinessCalendar
from backoffice.core.models import CalendarDay


def business_calendar() -> BusinessCalendar:
    """Rest days and make-up workdays as published, from their rows; a year without any row is not published.

    Built once per process and edition: every change of a row leaves a history row, so the newest one tells
    whether the calendar at hand is still the present one.
    """
    edition = CalendarDay.history.aggregate(newest=Max("history_id"), rows=Count("history_id"))
    return _calendar(edition["newest"], edition["rows"])


@lru_cache(maxsize=1)
def _calendar(newest: int | None, rows: int) -> BusinessCalendar:
    days = list(CalendarDay.objects.only("date", "kind"))
    return BusinessCalendar.from_rows(days, published_years={day.date.year for day in days})
