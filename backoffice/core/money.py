"""Yuan as ``Decimal`` with two places; nothing here knows floats."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

CENT = Decimal("0.01")
ZERO = Decimal("0.00")


def to_cents(amount: Decimal, *, rounding: str = ROUND_HALF_UP) -> Decimal:
    """``amount`` in yuan rounded to the cent (half up unless told otherwise)."""
    return amount.quantize(CENT, rounding=rounding)
