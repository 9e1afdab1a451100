"""Merkle trees of RFC 9162: leaf = SHA-256(0x00 ‖ text), node = SHA-256(0x01 ‖ left ‖ right).

Pure functions over hashes of 32 bytes. A node without a sibling moves up unchanged, which gives the same tree
as the RFC's split at the largest power of two. The root of no leaves is SHA-256 of nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256

SIZE = 32


def leaf_hash(text: bytes) -> bytes:
    """The hash of a leaf with this text."""
    return sha256(b"\x00" + text).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of a node over its two children."""
    return sha256(b"\x01" + left + right).digest()


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = iter(level)
    up = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
    if len(level) % 2:
        up.append(level[-1])
    return up


def root(leaves: Sequence[bytes]) -> bytes:
    """The root over leaf hashes."""
    level = leaves
    while len(level) > 1:
        level = _above(level)
    return level[0] if level else sha256(b"").digest()


class Tree:
    """A tree that is kept, for many proofs over the same leaves."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self.levels: list[Sequence[bytes]] = [leaves]
        while len(self.levels[-1]) > 1:
            self.levels.append(_above(self.levels[-1]))

    @property
    def root(self) -> bytes:
        return self.levels[-1][0] if self.levels[0] else root(())

    def path(self, index: int) -> list[bytes]:
        """The siblings from the leaf ``index`` up to the root. Raises ``IndexError`` for no such leaf."""
        if not 0 <= index < len(self.levels[0]):
            raise IndexError(index)
        path = []
        for level in self.levels[:-1]:
            sibling = index ^ 1
            if sibling < len(level):
                path.append(level[sibling])
            index >>= 1
        return path


def audit_path(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of one leaf (for several of one tree, keep a ``Tree``)."""
    return Tree(leaves).path(index)


def verify_path(leaf: bytes, *, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether ``path`` leads from the leaf hash at ``index`` of ``size`` leaves to ``root`` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, reached = index, size - 1, leaf
    for step in path:
        if last == 0:
            return False
        if place % 2 or place == last:
            reached = node_hash(step, reached)
            while place % 2 == 0 and place != 0:
                place >>= 1
                last >>= 1
        else:
            reached = node_hash(reached, step)
        place >>= 1
        last >>= 1
    return last == 0 and reached == root


def split(blob: bytes | memoryview, size: int = SIZE) -> list[bytes]:
    """The hashes (or numbers) that lie one behind the other in ``blob``."""
    blob = bytes(blob)
    return [blob[start : start + size] for start in range(0, len(blob), size)]
