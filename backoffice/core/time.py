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
