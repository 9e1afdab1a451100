"""In which years a day or a moment of the business may lie: one bound for files, API, forms and services.

Beyond it is a slip of the pen, and at the edge of the calendar a day more or another time zone does not exist.
"""

from __future__ import annotations

from datetime import date

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused

FIRST_YEAR, LAST_YEAR = 1990, 2100
OUT_OF_YEARS = _("The date must lie in the years 1990 to 2100.")


def is_in_years(day: date) -> bool:
    """Also of a moment, in whatever zone it is told: it is not about a day."""
    return FIRST_YEAR <= day.year <= LAST_YEAR


def check_years(day: date, *, field: str) -> None:
    """For services. Raises ``InputRefused``."""
    if not is_in_years(day):
        raise InputRefused(OUT_OF_YEARS, field=field)


def in_years(day: date) -> None:
    """For the fields of forms and of the API: a validator. Raises ``ValidationError``."""
    if not is_in_years(day):
        raise ValidationError(OUT_OF_YEARS, code="out-of-years")
