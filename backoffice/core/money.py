"""Yuan as ``Decimal`` with two places; nothing here knows floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")
#: The most that a column of ours holds: twelve digits, two of them after the point.
MOST = Decimal("9999999999.99")


def to_cents(amount: Decimal, *, rounding: str = ROUND_HALF_UP) -> Decimal:
    """``amount`` in yuan rounded to the cent (half up unless told otherwise)."""
    return amount.quantize(CENT, rounding=rounding)


def is_amount(amount: Decimal) -> bool:
    """Whether it is a number, of whole cents, that a column holds; of less than nothing too."""
    return amount.is_finite() and abs(amount) <= MOST and amount == to_cents(amount)
