"""Rates as people type them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from django import forms

_PERCENT = Decimal(100)


def plain(number: Decimal) -> Decimal:
    """The number as one would type it, without the zeros that its column adds."""
    return Decimal(f"{number.normalize():f}")


def as_percent(fraction: Decimal) -> Decimal:
    """14.6 for 0.146000."""
    return plain(fraction * _PERCENT)


def as_fraction(percent: Decimal) -> Decimal:
    return percent / _PERCENT


class PercentField(forms.DecimalField):
    """A yearly rate, typed and shown in per cent and kept as a fraction."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(min_value=0, max_value=100, max_digits=7, decimal_places=4, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        # What was typed is text and stays as it was typed.
        return as_percent(value) if isinstance(value, Decimal) else value

    def clean(self, value: Any) -> Any:
        percent = super().clean(value)
        return None if percent is None else as_fraction(percent)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return super().has_changed(None if initial is None else as_percent(initial), data)
