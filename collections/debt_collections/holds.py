"""Whether a hold covers a contact. Pure: facts in, answer out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from backoffice.loans.choices import Channel
from debt_collections.choices import HoldScope

VOICE = frozenset({Channel.CALL.value, Channel.AI_CALL.value})
#: Channels that go to a telephone number.
NUMBERED = VOICE | {Channel.SMS.value}


@dataclass(frozen=True, slots=True)
class HoldFacts:
    """What is known of one hold. ``loan_ids`` empty: all loans. Moments are aware."""

    id: int
    scope: str
    reason: str
    starts_at: datetime
    until: datetime | None = None
    lifted_at: datetime | None = None
    collector_id: int | None = None
    channel: str = ""
    number_id: int | None = None
    loan_ids: frozenset[int] = frozenset()

    def live_at(self, at: datetime) -> bool:
        """In force at ``at``: begun, not yet lifted, not yet run out (the end itself is free again)."""
        return (
            self.starts_at <= at
            and (self.until is None or at < self.until)
            and (self.lifted_at is None or at < self.lifted_at)
        )


def hold_covers(
    hold: HoldFacts,
    *,
    collector_id: int | None,
    channel: str,
    number_id: int | None,
    loan_ids: Collection[int],
) -> bool:
    """Whether a contact by that collector on that channel, number and about those loans falls under ``hold``.

    What is unknown counts as covered: a contact whose debts are not known, or a call to an unknown number.
    A hold on calls covers AI calls and the reverse. What a contact asks for cannot be split by amount, so a
    disputed amount silences the debts it is in. Time is not judged here (see ``HoldFacts.live_at``).
    """
    if hold.loan_ids and loan_ids and hold.loan_ids.isdisjoint(loan_ids):
        return False
    same_collector = hold.collector_id == collector_id
    same_channel = hold.channel == channel or {hold.channel, channel} <= VOICE
    match hold.scope:
        case HoldScope.COLLECTOR:
            return same_collector
        case HoldScope.CHANNEL:
            return same_channel
        case HoldScope.COLLECTOR_CHANNEL:
            return same_collector and same_channel
        case HoldScope.NUMBER:
            return hold.number_id == number_id or (number_id is None and channel in NUMBERED)
        case _:
            return True
