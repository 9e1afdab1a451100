"""A change as people read it: its terms in words, and both schedules side by side."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.loans.choices import ChangeKind, Component, RiskClass
from backoffice.loans.facts import COMPONENTS

_AMOUNTS = (*COMPONENTS, "paid", "open")


def difference_context(data: Mapping[str, Any]) -> dict[str, Any]:
    """What ``loans/parts/difference.html`` draws of a difference kept as plain data."""
    before, after = _side(data["before"]), _side(data["after"])
    charges = Decimal(data["charges"])
    return {
        "on": date.fromisoformat(data["on"]),
        "before": before,
        "after": after,
        "components": [
            (
                Component(name).label,
                before["open"][name],
                after["open"][name],
                after["open"][name] - before["open"][name],
            )
            for name in COMPONENTS
            if before["open"][name] or after["open"][name]
        ],
        "total": (before["total"], after["total"], after["total"] - before["total"]),
        "charges": charges,
        "dearer": charges > 0,
    }


def _side(side: Mapping[str, Any]) -> dict[str, Any]:
    rows = [
        {
            **row,
            **{name: Decimal(row[name]) for name in _AMOUNTS},
            "due_on": date.fromisoformat(row["due_on"]),
        }
        for row in side["rows"]
    ]
    return {
        "rows": rows,
        "open": {name: Decimal(amount) for name, amount in side["open"].items()},
        "total": Decimal(side["total"]),
        "last_due_on": date.fromisoformat(side["last_due_on"]),
        "days_past_due": side["days_past_due"],
        "risk_class": RiskClass(side["risk_class"]).label,
        "rate_percent": Decimal(side["annual_rate"]) * 100,
        "default_rate_percent": Decimal(side["default_rate"]) * 100,
        "columns": [name for name in ("fee", "penalty", "cost", "paid") if any(row[name] for row in rows)],
    }


def terms_in_words(kind: str, parameters: Mapping[str, Any]) -> list[tuple[Any, Any]]:
    """The terms of a change as pairs of label and value."""
    if kind == ChangeKind.WAIVER:
        return [
            (_("Waived: %(what)s") % {"what": Component(name).label}, _yuan(amount))
            for name, amount in parameters.items()
        ]
    words: dict[str, Any] = {
        "periods": _("Put off by periods") if kind == ChangeKind.DEFERRAL else _("Instalments"),
        "extra": _("More instalments"),
        "first_due_on": _("First due on"),
        "annual_rate": _("New annual rate"),
    }
    return [
        (words[name], f"{Decimal(value) * 100:.2f} %" if name == "annual_rate" else value)
        for name, value in parameters.items()
        if name in words and value is not None
    ]


def _yuan(amount: str) -> Any:
    return _("%(amount)s yuan") % {"amount": f"{Decimal(amount):,.2f}"}
