"""Codes in words: states, events, deadlines."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from complaints.mediation.choices import (
    DeclineReason,
    EndReason,
    ReferralState,
    SuspensionReason,
)
from complaints.mediation.models import MediationEvent

EVENT_TITLES: dict[str, Any] = {
    "offered": _("Offered to the organisation"),
    "recalled": _("Offer recalled"),
    "expired": _("Offer expired unanswered"),
    "accepted": _("Accepted by the organisation"),
    "declined": _("Declined by the organisation"),
    "suspended": _("Mediation suspended"),
    "resumed": _("Mediation resumed"),
    "extended": _("Mediation period extended"),
    "closed": _("Closed by the organisation"),
    "ended": _("Ended from our side"),
}
EVENT_TONES = {
    "accepted": "info",
    "declined": "warn",
    "expired": "warn",
    "closed": "neutral",
    "ended": "warn",
}
DEADLINES: dict[str, Any] = {"confirm": _("Confirm the case"), "mediation": _("Mediation period")}
_REASONS: dict[str, dict[str, Any]] = {
    "declined": dict(DeclineReason.choices),
    "suspended": dict(SuspensionReason.choices),
    "closed": dict(EndReason.choices),
    "ended": dict(EndReason.choices),
}
_TONES = {
    ReferralState.OFFERED: "warn",
    ReferralState.ACCEPTED: "info",
    ReferralState.SUSPENDED: "warn",
}


def state_tone(state: str) -> str:
    """Waiting for them is a warning, under way is information, ended is quiet."""
    return _TONES.get(ReferralState(state), "neutral")


def event_title(event: MediationEvent) -> Any:
    return EVENT_TITLES.get(event.kind, event.kind)


def event_detail(event: MediationEvent) -> str:
    """The reason in words, or the new last day."""
    data = event.data
    code = data.get("reason_code", "")
    return str(_REASONS.get(event.kind, {}).get(code, code) or data.get("until") or data.get("due_on") or "")


def deadline_name(kind: str) -> Any:
    return DEADLINES.get(kind, kind)
