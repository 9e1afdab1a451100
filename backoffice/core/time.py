"""The one business time zone. Storage is UTC; days, deadlines and quiet hours are Shanghai's."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")


def business_day(at: datetime) -> date:
    """The calendar day in Shanghai on which the aware moment ``at`` falls."""
    return at.astimezone(SHANGHAI).date()


def start_of_day(day: date) -> datetime:
    """Midnight in Shanghai at which ``day`` begins."""
    return datetime.combine(day, time.min, SHANGHAI)


def ends_early(start: date | None, end: date | None) -> bool:
    """Whether a period ends before it begins. One without beginning is wrong elsewhere, one without end goes on."""
    return start is not None and end is not None and end < start
