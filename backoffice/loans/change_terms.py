"""The terms of a change as a proposal keeps them: plain data, and back. Pure."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from backoffice.loans.changes import (
    Deferral,
    EarlySettlement,
    ExtraInstalments,
    RateCut,
    Reschedule,
    Terms,
    WaiverOf,
)
from backoffice.loans.choices import ChangeKind

_KINDS: dict[type, ChangeKind] = {
    Deferral: ChangeKind.DEFERRAL,
    ExtraInstalments: ChangeKind.EXTRA_INSTALMENTS,
    Reschedule: ChangeKind.RESCHEDULE,
    RateCut: ChangeKind.RATE_CUT,
    WaiverOf: ChangeKind.WAIVER,
    EarlySettlement: ChangeKind.EARLY_SETTLEMENT,
}


def kind_of_terms(terms: Terms) -> ChangeKind:
    """What these terms are called."""
    return _KINDS[type(terms)]


def terms_as_data(terms: Terms) -> dict[str, Any]:
    """The terms as JSON holds them; amounts and rates as text."""
    match terms:
        case Deferral(periods):
            return {"periods": periods}
        case ExtraInstalments(extra):
            return {"extra": extra}
        case Reschedule(periods, first_due_on, annual_rate):
            rate = None if annual_rate is None else str(annual_rate)
            return {"periods": periods, "first_due_on": first_due_on.isoformat(), "annual_rate": rate}
        case RateCut(annual_rate):
            return {"annual_rate": str(annual_rate)}
        case WaiverOf(parts):
            return {name: str(amount) for name, amount in parts}
        case EarlySettlement(to_period_end):
            return {"to_period_end": to_period_end}


def terms_from_data(kind: str, data: Mapping[str, Any]) -> Terms:
    """The terms that ``terms_as_data`` wrote."""
    match ChangeKind(kind):
        case ChangeKind.DEFERRAL:
            return Deferral(data["periods"])
        case ChangeKind.EXTRA_INSTALMENTS:
            return ExtraInstalments(data["extra"])
        case ChangeKind.RESCHEDULE:
            rate = data["annual_rate"]
            return Reschedule(
                data["periods"],
                date.fromisoformat(data["first_due_on"]),
                None if rate is None else Decimal(rate),
            )
        case ChangeKind.RATE_CUT:
            return RateCut(Decimal(data["annual_rate"]))
        case ChangeKind.WAIVER:
            return WaiverOf(tuple((name, Decimal(amount)) for name, amount in sorted(data.items())))
        case ChangeKind.EARLY_SETTLEMENT:
            return EarlySettlement(data["to_period_end"])


def fingerprint(simulation: Mapping[str, Any]) -> str:
    """A short name for a difference, the same for equal ones: says that what is proposed is what was shown."""
    return hashlib.sha256(json.dumps(simulation, sort_keys=True).encode()).hexdigest()[:32]
