"""The readable part of a bundle: what ``summary.pdf`` says. Plain data in, the bytes of a PDF out."""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from backoffice.core.pdf import CharacterMissing, render_pdf
from backoffice.core.time import SHANGHAI

TEMPLATE = "backoffice.audit.evidence:enclosed/summary.typ"
#: Lines of the timeline that a person can be expected to read; all of them are in events.json.
TIMELINE_LINES = 1_200
#: The mark Chinese printers set for a character they do not have.
_GETA = "〓"


def moment(at: datetime) -> str:
    """A moment as the summary shows it (Shanghai)."""
    return at.astimezone(SHANGHAI).strftime("%Y-%m-%d %H:%M")


@dataclass(slots=True)
class Timeline:
    """The newest lines of all that are added, never more in memory than are shown."""

    total: int = 0
    _newest: list[tuple[datetime, int, dict[str, str]]] = field(default_factory=list)
    _order: itertools.count[int] = field(default_factory=itertools.count)

    def add(self, at: datetime, text: str, *, actor: str = "", reason: str = "") -> None:
        """One line; an event without words is told by something else and left out."""
        if not text:
            return
        self.total += 1
        line = {"at": moment(at), "text": text, "actor": actor, "reason": reason}
        entry = (at, next(self._order), line)
        if len(self._newest) < TIMELINE_LINES:
            heapq.heappush(self._newest, entry)
        else:
            heapq.heappushpop(self._newest, entry)

    def lines(self) -> list[dict[str, str]]:
        """Oldest first."""
        return [line for _at, _order, line in sorted(self._newest)]


def words() -> dict[str, str]:
    """The fixed words of the summary in the language that is active."""
    return {
        "title": _("Evidence bundle"),
        "asked": _("What was asked for"),
        "contents": _("Contents"),
        "kind": _("Kind of record"),
        "rows": _("Rows"),
        "timeline": _("Course of events"),
        "at": _("When (Shanghai)"),
        "what": _("What"),
        "who": _("Who"),
        "reason": _("Reason"),
        "seals": _("Seals that cover it"),
        "seal": _("Seal"),
        "made_at": _("Made at"),
        "key": _("Signing key"),
        "here": _("Rows of this bundle"),
        "masked": _("What is masked or missing"),
        "verify": _("How to check it"),
        "binding": _("What the proofs bind, and what they do not"),
        "empty": _("Nothing was recorded in this period."),
        "no_seals": _(
            "None of these rows is in a seal yet: nothing here can be proved until the next sealing."
        ),
    }


def how_to_verify(fingerprints: list[str]) -> list[str]:
    """What a stranger does, step by step."""
    steps = [
        _("Keep the ZIP as it is. Note its SHA-256 if it was given to you separately."),
        _(
            "On any computer with Python 3.9 or newer and the package “cryptography”, take verify.py out of the "
            "ZIP and run: python verify.py <the ZIP>. It needs no network and nothing of the lender's."
        ),
        _(
            "Ask the lender, or somebody to whom it gave seals before (a regulator, a notary), for the fingerprint "
            "of its signing key, and run it again with --key <fingerprint>."
        ),
    ]
    if fingerprints:
        steps.append(
            _("Fingerprints of the keys in this bundle: %(keys)s") % {"keys": "; ".join(fingerprints)}
        )
    return steps


def what_binds() -> list[str]:
    """Said plainly, because a court will ask."""
    return [
        _(
            "Every line of history, event and read that is marked as sealed lies in a signed tree; the seals are "
            "chained. It cannot have been changed since its seal was made without the check failing."
        ),
        _(
            "Personal data and free texts lie encrypted in those lines. The seal binds the hash of the ciphertext; "
            "that the words shown here are what it says is the lender's statement, which it signs with this bundle. "
            "The lender can disclose the key of one text to an expert, who can then check it."
        ),
        _(
            "A seal proves that a line existed when it was made, not that it was true, and not that this bundle "
            "holds every line there is."
        ),
        _(
            "Words for codes, this summary and the files are bound by the signed manifest; a file also by its hash in "
            "the sealed line that recorded it."
        ),
    ]


def render(data: Mapping[str, Any]) -> bytes:
    """The PDF. Characters that no font here can show (emoji) are replaced by 〓: evidence is not held up by them."""
    try:
        return render_pdf(TEMPLATE, data)
    except CharacterMissing:
        return render_pdf(TEMPLATE, _showable(data))


def _showable(value: Any) -> Any:
    if isinstance(value, str):
        return "".join(char if _is_common(char) else _GETA for char in value)
    if isinstance(value, Mapping):
        return {key: _showable(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_showable(part) for part in value]
    return value


def _is_common(char: str) -> bool:
    code = ord(char)
    return (
        code < 0x180
        or 0x2010 <= code <= 0x2027
        or 0x3000 <= code <= 0x303F
        or 0x3400 <= code <= 0x4DBF
        or 0x4E00 <= code <= 0x9FFF
        or 0xFF00 <= code <= 0xFFE5
        or char in "‰€№→↔×÷≤≥"
    )
