"""The seals themselves: numbers, chain, signatures, keys; for the chosen ones the tree over their leaves."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from typing import Any

from backoffice.audit import merkle, proofs, signing, statements
from backoffice.audit.checking.findings import Findings
from backoffice.audit.models import Seal, SealKey, SealPart, Verification

#: A gap of any size is one finding per number up to this many.
_NAMED_GAPS = 100


@dataclass(slots=True)
class Period:
    """The seals of one window: what it took, when it began, and how far it came."""

    epoch: int
    start: int | None
    end: int | None
    next: int | None
    began: datetime
    first: int
    last: int
    closed: bool = False
    #: The seal that ends it, as a row.
    last_id: int = 0


@dataclass(slots=True)
class Chain:
    """What the check of the chain learnt for the check of the rows."""

    numbers: dict[int, int] = field(default_factory=dict)  # id of a seal → its number
    periods: list[Period] = field(default_factory=list)
    of_seal: dict[int, int] = field(default_factory=dict)  # id of a seal → place of its period
    count: int = 0
    last_number: int = 0

    def enter(self, seal: Seal) -> None:
        key = (seal.epoch, seal.window_from, seal.window_to)
        now = self.periods[-1] if self.periods else None
        if now is None or now.closed or (now.epoch, now.start, now.end) != key:
            # Whatever comes after a period's seals ends it, closed or not.
            if now is not None:
                now.closed = True
            now = Period(*key, seal.window_next, seal.made_at, seal.number, seal.number)
            self.periods.append(now)
        now.last, now.last_id, now.closed = seal.number, seal.pk, seal.closes_window
        self.numbers[seal.pk] = seal.number
        self.of_seal[seal.pk] = len(self.periods) - 1
        self.count += 1
        self.last_number = seal.number


def check_chain(
    findings: Findings,
    *,
    wanted: Callable[[int], bool],
    anchor: Mapping[str, Any] | None = None,
    progress: Callable[[int], None] | None = None,
) -> Chain:
    """Check every seal, and the tree of those whose number is ``wanted``. ``anchor``: what a third party kept."""
    chain = Chain()
    keys = {key.pk: key for key in SealKey.objects.order_by("pk")}
    known = signing.trusted(keys.values())
    kept = {int(one["number"]): one for one in (anchor or {}).get("seals", ())}
    replaced: set[int] = set()
    expected, previous = 1, statements.BEGINNING
    for seal in Seal.objects.order_by("number").iterator(chunk_size=500):
        _name_gap(findings, expected, seal.number)
        key = keys[seal.key_id]
        _check_one(findings, seal, key, previous=previous, follows=seal.number == expected)
        if key.public_key not in known:
            findings.add("key_untrusted", seal=seal.number, detail=key.name)
        if key.pk in replaced:
            findings.add("key_retired", seal=seal.number, detail=key.name)
        if key.predecessor_id is not None:
            replaced.add(key.predecessor_id)
        if wanted(seal.number):
            check_tree(findings, seal)
        if seal.number in kept:
            _compare(findings, seal, kept.pop(seal.number))
        chain.enter(seal)
        expected, previous = seal.number + 1, statements.hash_of(seal.statement)
        if progress is not None:
            progress(seal.number)
    for number in sorted(kept):
        findings.add("anchor_differs", seal=number, detail="not in the database")
    _check_memory(findings, chain)
    return chain


def _name_gap(findings: Findings, expected: int, number: int) -> None:
    for missing in range(expected, min(number, expected + _NAMED_GAPS)):
        findings.add("seal_missing", seal=missing)


def _check_one(findings: Findings, seal: Seal, key: SealKey, *, previous: str, follows: bool) -> None:
    number = seal.number
    if statements.hash_of(seal.statement) != seal.statement_hash:
        findings.add("seal_broken", seal=number, detail="hash of the statement")
    said = read_statement(seal.statement)
    own = statements.head_of(seal, public_key=key.public_key)
    different = sorted(name for name in own if said.get(name) != own[name])
    if different:
        findings.add("seal_broken", seal=number, detail="statement: " + ", ".join(different))
    if follows and seal.previous != previous:
        findings.add("chain_broken", seal=number, detail="hash of the seal before")
    if not signing.is_signed(seal.statement, signature=seal.signature, public_key=key.public_key):
        findings.add("signature_invalid", seal=number, detail=key.name)


def read_statement(text: str) -> dict[str, Any]:
    """The statement as a mapping; an empty one when it is no such thing."""
    try:
        said = json.loads(text)
    except ValueError:
        return {}
    return said if isinstance(said, dict) else {}


def check_tree(findings: Findings, seal: Seal) -> None:
    """The seal's parts and leaves give what its statement says."""
    parts = list(SealPart.objects.filter(seal=seal).order_by("position"))
    said = read_statement(seal.statement)
    for part in parts:
        _check_part(findings, seal, part)
    body = statements.body_of(parts)
    different = sorted(name for name in body if said.get(name) != body[name])
    if different:
        findings.add("seal_broken", seal=seal.number, detail="parts: " + ", ".join(different))
    leaves = merkle.split(b"".join(bytes(part.leaf_hashes) for part in parts))
    if len(leaves) != seal.leaves or merkle.root(leaves).hex() != seal.root:
        findings.add("seal_broken", seal=seal.number, detail="root")


def _check_part(findings: Findings, seal: Seal, part: SealPart) -> None:
    wrong = []
    if len(part.leaf_hashes) != part.count * merkle.SIZE:
        wrong.append("number of hashes")
    if len(part.row_ids) != part.count * proofs.ID_SIZE:
        wrong.append("number of rows")
    else:
        ids = proofs.unpack_ids(part.row_ids)
        if any(later <= earlier for earlier, later in pairwise(ids)):
            findings.add("reordered", table=part.table, seal=seal.number, detail="rows within the seal")
        if not ids or (ids[0], ids[-1]) != (part.first_id, part.last_id):
            wrong.append("bounds")
    if wrong:
        findings.add("seal_broken", table=part.table, seal=seal.number, detail=", ".join(wrong))


def _compare(findings: Findings, seal: Seal, kept: Mapping[str, Any]) -> None:
    statement = str(kept.get("statement", ""))
    if statement != seal.statement or kept.get("statement_hash") != seal.statement_hash:
        findings.add("anchor_differs", seal=seal.number, detail="statement")


def _check_memory(findings: Findings, chain: Chain) -> None:
    """Whoever cuts off the newest seals must also cut off the verifications that counted them."""
    most = Verification.objects.order_by("-seals").values_list("seals", flat=True).first() or 0
    if most > chain.last_number:
        findings.add("seals_forgotten", seal=most, detail=f"last seal now: {chain.last_number}")
