"""The first published rule sets, as reference rows. Sources are rows of our regulation fact sheet."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from backoffice.core.choices import Confidence, LegalForce
from conduct.choices import Effect, RuleKind, RuleSetState, Severity


@dataclass(frozen=True, slots=True)
class RuleSetRow:
    number: int
    state: str
    effective_from: date
    effective_to: date | None
    note: str
    rules: tuple[dict[str, Any], ...]


def _rule(
    code: str, parameters: dict[str, Any], standing: tuple[str, str, str], **grading: str
) -> dict[str, Any]:
    force, confidence, source = standing
    return {
        "code": code,
        "kind": RuleKind[code].value,
        "parameters": parameters,
        "legal_force": force,
        "confidence": confidence,
        "source": source,
        **grading,
    }


_STANDARD = (LegalForce.NAT_STD_REC.value, Confidence.SECONDARY.value)
_ASSOCIATION = (LegalForce.SELF_REG.value, Confidence.SECONDARY.value)
_POLICY = (LegalForce.POLICY.value, Confidence.INFERRED.value)

_BLOCKS = {"severity": Severity.MAJOR.value, "effect": Effect.BLOCK.value}
_QUIET = {"from": "22:00", "to": "08:00", "exempt_channels": ["letter"]}
_COLLECT = {"purposes": ["collect"]}

_CALLS = _rule("CALLS_PER_DAY", {"limit": 3}, (*_STANDARD, "C3, C5: GB/T 45251-2025"), **_BLOCKS)
_HELD = _rule("HELD", _COLLECT, (*_POLICY, "信用卡办法第七十条（参照，P14）；内部政策"), **_BLOCKS)
_AUTHORISED = _rule("AUTHORISED", _COLLECT, (*_STANDARD, "V4: GB/T 45251-2025 5.2"), **_BLOCKS)

RULE_SETS = (
    RuleSetRow(
        number=1,
        state=RuleSetState.RETIRED.value,
        effective_from=date(2025, 2, 28),
        effective_to=date(2026, 1, 29),
        note="GB/T 45251-2025",
        rules=(
            _rule("QUIET_HOURS", _QUIET, (*_STANDARD, "C1: GB/T 45251-2025 5.3"), **_BLOCKS),
            _CALLS,
            _HELD,
            _AUTHORISED,
        ),
    ),
    RuleSetRow(
        number=2,
        state=RuleSetState.PUBLISHED.value,
        effective_from=date(2026, 1, 30),
        effective_to=None,
        note="GB/T 45251-2025; CBA 2026-01-30",
        rules=(
            _rule(
                "QUIET_HOURS",
                _QUIET,
                (*_ASSOCIATION, "C1, C2: GB/T 45251-2025 5.3; CBA 2026-01-30"),
                **_BLOCKS,
            ),
            _CALLS,
            _rule(
                "REDIALS",
                {"limit": 6},
                (*_ASSOCIATION, "C4: CBA 2026-01-30"),
                severity=Severity.MINOR.value,
                effect=Effect.OVERRIDE.value,
            ),
            _HELD,
            _AUTHORISED,
        ),
    ),
)
