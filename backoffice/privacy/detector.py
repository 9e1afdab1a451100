"""Numbers of people inside free text: found wherever somebody wrote them, shown with their middle missing.

Pure functions over text. Found are mainland telephone numbers, resident IDs (18 and old 15 digits), bank cards and
e-mail addresses, also when written with spaces, dashes, full-width digits or Chinese numerals. Service numbers
(95588, 12378, 400…) belong to nobody and stay, and so do amounts, dates and the numbers of our own things. In
doubt a number is taken for a person's: masking one too many costs a glance, showing one too many cannot be undone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date

from stdnum import luhn
from stdnum.cn import ric

PHONE, ID_NUMBER, CARD, EMAIL = "phone", "id_number", "card", "email"

#: One character for one, so that a place in the plain text is the same place in the text as it was written.
_PLAIN = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | str.maketrans(
    "‐‑‒–—―\u3000\u00a0", "------  "
)
_CHINESE = str.maketrans("零〇一二三四五六七八九幺", "001234567891")

_EMAIL = re.compile(r"[A-Za-z0-9_.+%\-]+@[A-Za-z0-9\-]+(?:\.[A-Za-z0-9\-]+)+")
_CHINESE_RUN = re.compile(r"[零〇一二三四五六七八九幺](?:[ \-]?[零〇一二三四五六七八九幺]){10,18}")
#: Digits with at most a space, a dash, a dot or a bracket between them.
_RUN = re.compile(r"\d(?:[ \-.·()]{0,2}\d)*(?:[ \-]?[Xx](?![A-Za-z0-9]))?")
_GROUP = re.compile(r"\d+[Xx]?|[Xx]")
#: Identifiers and digests of our own: digits in them are nobody's.
_HEXADECIMAL = re.compile(r"(?=[0-9]*[A-Fa-f])[0-9A-Fa-f]{32,}")

_MOBILE = re.compile(r"(?:00?86|86)?(1(?!06)\d{10})")
_LANDLINE = re.compile(r"(?:00?86|86)?(0(?:10|2\d)\d{8}|0[3-9]\d{2}\d{7,8})")
#: How people break up a mobile number: 138-0013-8000, 138 00138000, 1380013 8000, 1-3-8-0 …
_MOBILE_GROUPS = frozenset(
    [(3, 4, 4), (3, 8), (7, 4), (4, 4, 3), (3, 3, 5), (3, 5, 3), (3, 4, 2, 2), (3, 2, 3, 3), (1,) * 11]
)
_ID_GROUPS = frozenset([(6, 8, 4), (6, 4, 4, 4), (6, 12), (3, 3, 4, 4, 4), (6, 8, 3, 1), (14, 4), (17, 1)])


@dataclass(frozen=True, slots=True)
class Found:
    """One number in a text, from ``start`` up to ``end``; ``value`` without separators."""

    start: int
    end: int
    kind: str
    value: str

    @property
    def mask(self) -> str:
        """What stands in its place: enough to tell two numbers apart, not enough to use one."""
        if self.kind == EMAIL:
            return f"{self.value[:1]}***@{self.value.partition('@')[2]}"
        if self.kind == CARD:
            return f"****{self.value[-4:]}"
        if self.kind == ID_NUMBER:
            return f"{self.value[:3]}{'*' * (len(self.value) - 7)}{self.value[-4:]}"
        area = 4 if self.value[0] == "0" and len(self.value) > 11 else 3
        return f"{self.value[:area]}****{self.value[-4:]}"


def find_numbers(text: str) -> list[Found]:
    """Every number of a person in ``text``, in order, none overlapping another."""
    plain = text.translate(_PLAIN)
    found = [Found(one.start(), one.end(), EMAIL, one[0]) for one in _EMAIL.finditer(plain)]
    plain = _EMAIL.sub(_blank, _HEXADECIMAL.sub(_blank, plain))
    for run in _CHINESE_RUN.finditer(plain):
        found += _in_run(run[0].translate(_CHINESE), run.start(), letters_before=False)
    for run in _RUN.finditer(plain):
        found += _in_run(run[0], run.start(), letters_before=_follows_letter(plain, run.start()))
    return sorted((_with_sign(one, plain) for one in found), key=lambda one: one.start)


def mask_numbers(text: str) -> str:
    """``text`` with every number of a person masked (138****8000); everything else stays as it is."""
    if len(text) < 6:
        return text
    parts, last = [], 0
    for one in find_numbers(text):
        parts += [text[last : one.start], one.mask]
        last = one.end
    return "".join([*parts, text[last:]])


def has_numbers(text: str) -> bool:
    """Whether a number of a person stands in ``text``."""
    return bool(find_numbers(text))


def _blank(found: re.Match[str]) -> str:
    # A letter, not a space: what stood on both sides must not become one number.
    return "#" * len(found[0])


def _with_sign(found: Found, plain: str) -> Found:
    """With the plus or the bracket it begins with, which would be left over."""
    before = plain[found.start - 1 : found.start]
    if before == "+" or (before == "(" and ")" in plain[found.start : found.end]):
        return replace(found, start=found.start - 1)
    return found


def _follows_letter(text: str, at: int) -> bool:
    before = text[at - 1 : at]
    return before.isascii() and before.isalnum()


@dataclass(frozen=True, slots=True)
class _Group:
    digits: str
    start: int
    end: int


def _in_run(run: str, offset: int, *, letters_before: bool) -> list[Found]:
    """The numbers in one run of digits and separators: whole groups first, then groups that belong together."""
    groups = [_Group(one[0], offset + one.start(), offset + one.end()) for one in _GROUP.finditer(run)]
    alone = {
        at: kind for at, group in enumerate(groups) if (kind := _alone(group.digits, letters_before, at == 0))
    }
    found, at = [], 0
    while at < len(groups):
        if at in alone:
            found.append(_found(groups[at : at + 1], alone[at]))
            at += 1
            continue
        end, kind = _joined(groups, at, alone)
        if kind:
            found.append(_found(groups[at:end], kind))
        at = end
    return found


def _alone(digits: str, letters_before: bool, is_first: bool) -> str:
    # “CP20260101…” is the number of one of our things; “tel13800138000” is a telephone all the same.
    glued = letters_before and is_first
    if _MOBILE.fullmatch(digits):
        return PHONE
    if glued:
        return ID_NUMBER if _is_resident_id(digits) else ""
    return _kind_of(digits)


def _kind_of(digits: str) -> str:
    if _is_resident_id(digits):
        return ID_NUMBER
    if _MOBILE.fullmatch(digits) or _LANDLINE.fullmatch(digits):
        return PHONE
    if digits.startswith("86") and _LANDLINE.fullmatch(f"0{digits[2:]}"):
        # As we keep them ourselves: +8657188889999.
        return PHONE
    if digits.isdecimal() and 13 <= len(digits) <= 19 and digits[0] != "0" and luhn.is_valid(digits):
        return CARD
    return ID_NUMBER if _is_old_id(digits) else ""


def _joined(groups: Sequence[_Group], at: int, alone: dict[int, str]) -> tuple[int, str]:
    """The end of the groups from ``at`` on that make up one number, and its kind; one group on if none do."""
    last = next((n for n in range(at, len(groups)) if n in alone), len(groups))
    tries = list(_beginnings(groups[at:last]))
    for kind, fits in ((ID_NUMBER, _groups_of_id), (PHONE, _groups_of_phone), (CARD, _groups_of_card)):
        for count in tries:
            if fits([group.digits for group in groups[at : at + count]]):
                return at + count, kind
    return at + 1, ""


def _beginnings(groups: Sequence[_Group]) -> Iterator[int]:
    """How many groups to try, the most first: a card is four groups of four and may be five."""
    yield from range(min(len(groups), 19), 1, -1)


def _lengths(parts: Sequence[str]) -> tuple[int, ...]:
    return tuple(len(part) for part in parts)


def _groups_of_id(parts: Sequence[str]) -> bool:
    return (_lengths(parts) in _ID_GROUPS or _lengths(parts) == (1,) * 18) and _is_resident_id("".join(parts))


def _groups_of_phone(parts: Sequence[str]) -> bool:
    if _is_broken_up(parts):
        return True
    for code in ("0086", "086", "86"):
        # +86 138 0013 8000, +86138 0013 8000, +86 571 8888 9999
        if parts[0].startswith(code):
            rest = [part for part in (parts[0].removeprefix(code), *parts[1:]) if part]
            local = rest if rest[0][0] == "0" else [f"0{rest[0]}", *rest[1:]]
            if _is_broken_up(rest) or _is_broken_up(local):
                return True
    return False


def _is_broken_up(parts: Sequence[str]) -> bool:
    sizes, digits = _lengths(parts), "".join(parts)
    if (sizes in _MOBILE_GROUPS or len(parts) == 1) and _MOBILE.fullmatch(digits):
        return True
    regular = len(parts) <= 3 and len(parts[0]) in {3, 4} and min(sizes) >= 3
    return (regular or len(parts) == 1) and digits[0] == "0" and bool(_LANDLINE.fullmatch(digits))


def _groups_of_card(parts: Sequence[str]) -> bool:
    sizes, digits = _lengths(parts), "".join(parts)
    regular = set(sizes[:-1]) == {4} or (sizes[0] == 6 and len(sizes) == 2) or sizes == (4, 6, 5)
    return (
        regular
        and 13 <= len(digits) <= 19
        and digits.isdecimal()
        and digits[0] != "0"
        and luhn.is_valid(digits)
    )


def _is_resident_id(text: str) -> bool:
    """17 digits and a check character, with a date somebody may be born on or a check character that fits."""
    if not re.fullmatch(r"[1-9]\d{16}[\dXx]", text):
        return False
    return _is_date(text[6:14]) or ric.calc_check_digit(text.upper()) == text[-1].upper()


def _is_old_id(text: str) -> bool:
    return bool(re.fullmatch(r"[1-9]\d{14}", text)) and _is_date("19" + text[6:12])


def _is_date(digits: str) -> bool:
    try:
        day = date(int(digits[:4]), int(digits[4:6]), int(digits[6:8]))
    except ValueError:
        return False
    # The upper end is generous on purpose: this module asks no clock.
    return 1850 <= day.year <= 2100


def _found(groups: Sequence[_Group], kind: str) -> Found:
    digits = "".join(group.digits for group in groups)
    start, end = groups[0].start, groups[-1].end
    if kind == PHONE:
        digits = re.sub(r"^(?:00?86|86)(?=[1-9]\d{9,10}$|0)", "", digits)
    return Found(start, end, kind, digits)
