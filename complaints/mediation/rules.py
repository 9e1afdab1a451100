"""What may leave the house, as pure functions: numbers cut out of free text, the door open or closed."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from complaints.mediation.choices import EndReason, ReferralState

REMOVED = "[…]"

# Seven digits in a row are a telephone, document or account number; so are eleven with single separators between
# them. Shorter groups (amounts up to 200,000 yuan, dates, times) stay. The last character of a resident ID may
# be a letter.
_NUMBER = re.compile(r"(?<!\d)(?:\d{7,}[Xx]?|\d(?:[ \-‐–—]?\d){10,}[Xx]?)(?!\d)")
_EMAIL = re.compile(r"[\w.+\-]+@[\w\-]+(?:\.[\w\-]+)+")

#: States in which the organisation never had, or no longer has, the case: it keeps number and state only.
CLOSED_DOOR_STATES = frozenset({ReferralState.RECALLED, ReferralState.DECLINED, ReferralState.EXPIRED})


def without_numbers(text: str) -> str:
    """``text`` without telephone, document and account numbers and e-mail addresses, whoever wrote them there."""
    return _NUMBER.sub(REMOVED, _EMAIL.sub(REMOVED, text))


def is_tombstone(*, state: str, end_reason: str) -> bool:
    """Whether the door is closed: recalled, never accepted, or the consent was withdrawn."""
    return state in CLOSED_DOOR_STATES or end_reason == EndReason.CONSENT_WITHDRAWN


def access_began_after(*, days: int, at: datetime) -> datetime:
    """The earliest end of a case that an organisation with ``days`` of access after the end still sees at ``at``."""
    return at - timedelta(days=days)
