"""What a complaint stops, by what it is about (product.md §5). Pure: claims in, holds wanted out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from complaints.choices import CategoryRoot
from debt_collections.choices import HoldReason, HoldScope

#: About whether, or how much, is owed at all: collection stops from receipt.
FROM_RECEIPT = {
    CategoryRoot.NOT_MY_LOAN.value: HoldReason.NOT_MY_LOAN.value,
    CategoryRoot.PRICING.value: HoldReason.DISPUTE.value,
    CategoryRoot.BUREAU.value: HoldReason.DISPUTE.value,
}
#: Collection stops once the complaint is accepted.
FROM_ACCEPTANCE = {
    CategoryRoot.LEAK.value: HoldReason.COMPLAINT.value,
    CategoryRoot.REPAYMENT.value: HoldReason.HARDSHIP.value,
}


@dataclass(frozen=True, slots=True)
class Claim:
    """One allegation: its root, the collector it names, and (collector, channel) of every contact linked to it."""

    root: str
    collector_id: int | None = None
    contacts: frozenset[tuple[int, str]] = frozenset()


@dataclass(frozen=True, slots=True)
class WantedHold:
    scope: str
    reason: str
    collector_id: int | None = None
    channel: str = ""


def wanted_holds(claims: Iterable[Claim], *, accepted: bool) -> frozenset[WantedHold]:
    """The holds that should stand. A collector nobody has named yet can be put on hold by nobody: the conduct desk
    is asked to find out who it was instead."""
    wanted: set[WantedHold] = set()
    for claim in claims:
        if claim.root in FROM_RECEIPT:
            wanted.add(WantedHold(HoldScope.ALL, FROM_RECEIPT[claim.root]))
        if not accepted:
            continue
        if claim.root in FROM_ACCEPTANCE:
            wanted.add(WantedHold(HoldScope.ALL, FROM_ACCEPTANCE[claim.root]))
        if claim.root == CategoryRoot.COLLECTION:
            wanted |= {
                WantedHold(HoldScope.COLLECTOR_CHANNEL, HoldReason.COMPLAINT, collector_id, channel)
                for collector_id, channel in claim.contacts
            }
            if claim.collector_id and claim.collector_id not in {pair[0] for pair in claim.contacts}:
                wanted.add(WantedHold(HoldScope.COLLECTOR, HoldReason.COMPLAINT, claim.collector_id))
    return frozenset(wanted)
