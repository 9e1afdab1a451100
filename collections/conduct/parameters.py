"""What a rule of each kind must say, and whether one does. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import time
from typing import Any

from backoffice.loans.choices import Channel
from conduct.choices import RuleKind
from debt_collections.choices import Purpose

#: The parameters each kind must have, and how each is read; anything else in a rule is refused.
PARAMETERS: dict[str, dict[str, Callable[[Any], Any]]] = {
    RuleKind.QUIET_HOURS: {
        "from": time.fromisoformat,
        "to": time.fromisoformat,
        "exempt_channels": lambda names: [Channel(name) for name in names],
    },
    RuleKind.CALLS_PER_DAY: {"limit": int},
    RuleKind.REDIALS: {"limit": int},
    RuleKind.HELD: {"purposes": lambda names: [Purpose(name) for name in names]},
    RuleKind.AUTHORISED: {"purposes": lambda names: [Purpose(name) for name in names]},
}


def parameter_errors(kind: str, parameters: Mapping[str, Any]) -> list[str]:
    """The names of parameters that are missing, unknown or unreadable; empty when the rule can be evaluated."""
    wanted = PARAMETERS[kind]
    wrong = sorted(set(parameters) ^ set(wanted))
    for name in sorted(set(parameters) & set(wanted)):
        try:
            wanted[name](parameters[name])
        except (TypeError, ValueError):
            wrong.append(name)
    return wrong
