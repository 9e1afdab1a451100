"""Periods in months, as the Civil Code counts them. Pure."""

from __future__ import annotations

import calendar
from datetime import date, timedelta

_DAY = timedelta(days=1)


def add_months(day: date, months: int) -> date:
    """The corresponding day ``months`` later (earlier when negative); the last of the month where there is none."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def free_from(ended_on: date, months: int) -> date:
    """The first day on which something whose use ended on ``ended_on`` need not be kept any more.

    A period in months begins on the day after and ends with the corresponding day of the last month, or with the
    last day of that month (民法典 art. 201, 202): what lies on that day is still kept.
    """
    return add_months(ended_on, months) + _DAY


def cut_off(today: date, months: int) -> date:
    """The latest day of end of use that is free on ``today``: ``ended_on <= cut_off`` is ``free_from <= today``."""
    day = add_months(today, -months)
    # The clipping at the ends of months goes one way only; a few days settle it.
    while free_from(day, months) > today:
        day -= _DAY
    while free_from(day + _DAY, months) <= today:
        day += _DAY
    return day
