"""What a person can be recognised by in a text: names, numbers, addresses in the ways people write them. Pure.

A needle is sure when it belongs to one person (a number, a document, an address), and a name otherwise: two people
may share one, so that a human decides.
"""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property

from backoffice.privacy.detector import find_numbers, mask_numbers

#: What stands where a person's data stood.
MARK = "〔已删除〕"

_BETWEEN = r"[\s\-‐-―－.·()（）]*"
#: Separators gone, full-width letters and digits as the others: what a probe is looked for in.
_BARE = {ord(char): None for char in " \t\r\n\u3000\u00a0-‐‑‒–—―－.·()（）"} | {
    code: code - 0xFEE0 for code in range(0xFF10, 0xFF5B) if chr(code).isalnum()
}
_FULL_WIDTH = {str(digit): f"[{digit}{chr(0xFF10 + digit)}]" for digit in range(10)}
_IN_WORDS = re.compile(r"[零〇一二三四五六七八九幺](?:[\s\-]?[零〇一二三四五六七八九幺]){9}")
#: Stands for a star until the text is cut; no text holds it.
_STAR = "\ue000"
#: Shorter ones say where half a city lives.
_ADDRESS_MIN = 6


@dataclass(frozen=True, slots=True)
class Needle:
    """One datum: its pattern, a piece a database can look for first, and whether it can only be this person's."""

    kind: str
    pattern: str
    probe: str
    sure: bool


def _digits(text: str) -> str:
    return _BETWEEN.join(_FULL_WIDTH.get(char, _either_case(char)) for char in text)


def _either_case(char: str) -> str:
    if not char.isalpha():
        return re.escape(char)
    wide = [chr(ord(one) + 0xFEE0) for one in {char.upper(), char.lower()} if "!" <= one <= "~"]
    return f"[{char.upper()}{char.lower()}{''.join(wide)}]"


def _spaced(text: str) -> str:
    words = [r"\s*".join(re.escape(char) for char in word) for word in text.split()]
    return (r"\s+" if text.isascii() else r"\s*").join(words)


def needle(kind: str, value: str) -> Needle | None:
    """The needle for a normalised value of a kind (``privacy.kinds``); None when it is too short to tell anybody."""
    value = unicodedata.normalize("NFKC", value).strip()
    if kind == "name":
        if len(value) < 2:
            return None
        # Half of a longer word is nobody's name; Chinese knows no such edges.
        edges = (r"(?<![^\W\d_])", r"(?![^\W\d_])") if value.isascii() else ("", "")
        probe = re.split(r"[\s.\-]+", value.rstrip("."))[-1] if value.isascii() else value[-1]
        return Needle(kind, edges[0] + _spaced(value) + edges[1], probe, sure=False)
    if kind == "phone":
        local = value.removeprefix("+86").lstrip("+")
        if len(local) < 6:
            return None
        prefix = rf"(?:[+＋]?{_digits('86')}{_BETWEEN})?" if value.startswith("+86") else "[+＋]?"
        return Needle(kind, rf"(?<!\d){prefix}{_digits(local)}(?!\d)", local[-4:], sure=True)
    if kind == "id_number":
        if len(value) < 5:
            return None
        bare = re.sub(r"[^0-9A-Za-z]", "", value)
        return Needle(kind, rf"(?<![0-9A-Za-z]){_digits(bare)}(?![0-9A-Za-z])", bare[-4:-1], sure=True)
    if kind == "email":
        local = re.split(r"[.\-]", value.partition("@")[0])[-1]
        return Needle(kind, rf"(?<![\w.+-]){re.escape(value)}(?![\w-])", f"{local}@", sure=True)
    if len(value) < _ADDRESS_MIN:
        return None
    return Needle(kind, _spaced(value), re.sub(r"[\s\-.·()（）]", "", value)[:2], sure=True)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a text speaks of the person: from ``start`` up to ``end``."""

    start: int
    end: int
    kind: str
    sure: bool


@dataclass(frozen=True)
class Needles:
    """Everything one person can be recognised by. ``numbers`` are bare digits, for numbers written out in words."""

    needles: tuple[Needle, ...]
    numbers: frozenset[str] = frozenset()

    def __or__(self, other: Needles) -> Needles:
        """Those of several people at once."""
        both = sorted({*self.needles, *other.needles}, key=lambda one: -len(one.pattern))
        return Needles(tuple(both), self.numbers | other.numbers)

    @classmethod
    def of(cls, values: Iterable[tuple[str, str]]) -> Needles:
        """From pairs of kind and normalised value."""
        unique = dict.fromkeys(values)
        found = tuple(one for kind, value in unique if (one := needle(kind, value)) is not None)
        numbers = {
            value.removeprefix("+86") for kind, value in unique if kind in {"phone", "id_number"} and value
        }
        # The longest first: an address may hold a name.
        return cls(tuple(sorted(found, key=lambda one: -len(one.pattern))), frozenset(numbers))

    @cached_property
    def _pattern(self) -> re.Pattern[str] | None:
        if not self.needles:
            return None
        groups = "|".join(f"(?P<n{index}>{one.pattern})" for index, one in enumerate(self.needles))
        return re.compile(groups, re.IGNORECASE)

    @cached_property
    def probes(self) -> tuple[str, ...]:
        """Short pieces of which at least one is in every text that matches; for a database's first look.

        A spaced-out name is told by its last character; JSON may hold it escaped.
        """
        pieces = {one.probe for one in self.needles}
        escaped = {json.dumps(piece)[1:-1] for piece in pieces}
        wide = {"".join(chr(0xFEE0 + ord(char)) for char in piece) for piece in pieces if piece.isdigit()}
        return tuple(sorted(pieces | escaped | wide))

    @cached_property
    def _pieces(self) -> tuple[str, ...]:
        return tuple({one.probe.lower() for one in self.needles})

    def _may_hold(self, text: str) -> bool:
        # Most texts speak of somebody else, and a pattern for a hundred people is slow to say so.
        bare = text.translate(_BARE).lower()
        return any(piece in bare for piece in self._pieces) or bool(_IN_WORDS.search(text))

    def found(self, text: str) -> list[Place]:
        """Every place in ``text``, in order, none overlapping another."""
        if self._pattern is None or not text or not self._may_hold(text):
            return []
        places = []
        for match in self._pattern.finditer(text):
            one = self.needles[int((match.lastgroup or "n0")[1:])]
            places.append(Place(match.start(), match.end(), one.kind, one.sure))
        if _IN_WORDS.search(text):
            places += [
                Place(one.start, one.end, one.kind, True)
                for one in find_numbers(text)
                if one.value in self.numbers
                and not any(place.start < one.end and one.start < place.end for place in places)
            ]
        return sorted(places, key=lambda place: place.start)

    def rewritten(self, text: str) -> str:
        """``text`` with the mark wherever the person was."""
        parts, last = [], 0
        for place in self.found(text):
            parts += [text[last : place.start], MARK]
            last = place.end
        return "".join([*parts, text[last:]])


def context(text: str, needles: Needles, *, around: int = 12) -> str:
    """A little of what stands around the first place of the person; theirs and everybody's numbers starred out.

    Stars are set over the whole text before it is cut: half a number is still a number. Empty without a place.
    """
    parts, last = [], 0
    for place in needles.found(text):
        parts += [text[last : place.start], _STAR * min(place.end - place.start, 8)]
        last = place.end
    if not parts:
        return ""
    starred = mask_numbers("".join([*parts, text[last:]]))
    start = starred.index(_STAR)
    end = start + len(starred[start:]) - len(starred[start:].lstrip(_STAR))
    before = ("…" if start > around else "") + starred[max(0, start - around) : start]
    after = starred[end : end + around] + ("…" if end + around < len(starred) else "")
    return " ".join(f"{before}{starred[start:end]}{after}".split()).replace(_STAR, "*")
