"""What a seal says and signs: one line of canonical JSON.

``{"v": 1, "number", "made_at", "epoch", "leaves", "root", "previous", "key", "window": [from, to, next], "closes",
"tables": {table: rows}, "parts"}``. ``previous`` is the SHA-256 of the statement before (64 zeros for the first),
``key`` the public key in base64, ``parts`` the SHA-256 over which rows lie where (``parts_digest``).
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from hashlib import sha256
from typing import Any

from backoffice.audit import canonical
from backoffice.audit.models import Seal, SealPart

VERSION = 1
#: What stands for the seal before the first.
BEGINNING = "0" * 64


def hash_of(statement: str) -> str:
    """The SHA-256 of a statement, by which the next seal and the outside world name it."""
    return sha256(statement.encode()).hexdigest()


def parts_digest(parts: Sequence[SealPart]) -> str:
    """SHA-256 over the parts in their order: which rows of which table, over which columns, from which position."""
    told = [
        [
            part.position,
            part.table,
            part.count,
            part.first_id,
            part.last_id,
            sha256(part.row_ids).hexdigest(),
            sha256(canonical.text_of(part.columns).encode()).hexdigest(),
        ]
        for part in parts
    ]
    return sha256(canonical.text_of(told).encode()).hexdigest()


def head_of(seal: Seal, *, public_key: str) -> dict[str, Any]:
    """What the seal's own columns say, as the statement says it."""
    return {
        "v": VERSION,
        "number": seal.number,
        "made_at": canonical.moment(seal.made_at),
        "epoch": seal.epoch,
        "leaves": seal.leaves,
        "root": seal.root,
        "previous": seal.previous,
        "key": public_key,
        "window": [seal.window_from, seal.window_to, seal.window_next],
        "closes": seal.closes_window,
    }


def body_of(parts: Sequence[SealPart]) -> dict[str, Any]:
    """What the parts say, as the statement says it."""
    counts: Counter[str] = Counter()
    for part in parts:
        counts[part.table] += part.count
    return {"tables": dict(counts), "parts": parts_digest(parts)}


def statement_of(seal: Seal, parts: Sequence[SealPart], *, public_key: str) -> str:
    """The text to be signed."""
    return canonical.text_of({**head_of(seal, public_key=public_key), **body_of(parts)})
