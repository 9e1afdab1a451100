"""Free text as somebody may read it: with the numbers of people masked for those without the right to them."""

from __future__ import annotations

from typing import Any

from backoffice.privacy.detector import mask_numbers
from backoffice.privacy.rights import READ_NUMBERS, Holder
from backoffice.privacy.services import read_reason, read_text


def words_for(user: Holder | None, text: str) -> str:
    """``text`` as ``user`` may read it; for nobody in particular (a job, a machine) always masked."""
    if user is not None and user.has_perm(READ_NUMBERS):
        return text
    return mask_numbers(text)


def text_for(user: Holder | None, obj: Any, field: str) -> str:
    """The free text ``field`` of ``obj`` as ``user`` may read it; empty when there is none. Raises ``Erased``.

    The caller has checked that the text as such may be read (``complaints.read_words``, …).
    """
    return words_for(user, read_text(obj, field))


def reason_for(user: Holder | None, cipher: bytes | None) -> str:
    """A reason in words as ``user`` may read it; empty when there is none. Raises ``Erased``."""
    return words_for(user, read_reason(cipher))
