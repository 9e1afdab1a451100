"""Days at the edge of the calendar: refused at every door, before anybody counts a day more."""

from __future__ import annotations

from datetime import date, datetime

import pytest
from django import forms
from django.core.exceptions import ValidationError

from backoffice.core.bounds import check_years, in_years
from backoffice.core.errors import InputRefused
from backoffice.core.time import SHANGHAI
from backoffice.desk.operations import OperationForm


@pytest.mark.parametrize("day", [date.min, date(1989, 12, 31), date(2101, 1, 1), date.max])
def test_years_in_which_nothing_of_ours_happens(day: date) -> None:
    with pytest.raises(InputRefused) as refused:
        check_years(day, field="day")
    assert refused.value.field == "day"
    with pytest.raises(ValidationError):
        in_years(datetime.combine(day, datetime.max.time(), SHANGHAI))


@pytest.mark.parametrize("day", [date(1990, 1, 1), date(2100, 12, 31)])
def test_the_first_and_the_last_day(day: date) -> None:
    check_years(day, field="day")
    in_years(day)


class _Form(OperationForm):
    on = forms.DateField()
    at = forms.DateTimeField(required=False)


@pytest.mark.parametrize(
    ("given", "wrong"),
    [
        ({"on": "2026-11-01", "at": "2026-11-01T09:30"}, set()),
        ({"on": "2026-11-01", "at": ""}, set()),
        ({"on": "9999-12-31", "at": "0001-01-01T00:00"}, {"on", "at"}),
    ],
)
def test_every_form_of_a_step_asks_for_a_year_of_ours(given: dict[str, str], wrong: set[str]) -> None:
    assert set(_Form(given, obj=None, viewer=None).errors) == wrong
