"""Evidence that the terms and the cost table (综合融资成本明示表) were shown, read and confirmed before the contract.

A tick alone proves nothing (合同编解释 art. 10): what counts is that it was rendered, how long it stayed on the
screen, that it was confirmed afterwards, and which table it was (the SHA-256 of what was shown).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import InputRefused
from backoffice.core.time import business_day
from backoffice.loans.pricing import CostPolicy

_SHA256 = re.compile("[0-9a-f]{64}")


#: Seconds are counted by one clock and moments told by another.
_INEXACT = timedelta(seconds=1)
#: Thirty years, and what the column holds.
_MOST_SECONDS = 10**9


@dataclass(frozen=True, slots=True)
class Shown:
    """When something was rendered, how many seconds it was on the screen, and when it was confirmed."""

    rendered_at: datetime | None = None
    dwell_seconds: int | None = None
    confirmed_at: datetime | None = None

    @property
    def longer_than_shown(self) -> bool:
        """Whether it is said to have been on the screen for longer than from its showing to its confirmation."""
        if self.rendered_at is None or self.confirmed_at is None or self.dwell_seconds is None:
            return False
        return timedelta(seconds=self.dwell_seconds) > self.confirmed_at - self.rendered_at + _INEXACT


@dataclass(frozen=True, slots=True)
class CostTableShown(Shown):
    """The same of the cost table, with its SHA-256."""

    table_hash: str = ""


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in lower-case hexadecimal."""
    return _SHA256.fullmatch(text) is not None


def check_terms_shown(shown: Shown, *, at: datetime) -> None:
    """Refuse evidence of the terms that cannot be. Raises ``InputRefused``."""
    _check(shown, "terms", _("The terms were confirmed before they were shown."), at=at)


def check_cost_table(shown: CostTableShown | None, *, at: datetime) -> None:
    """Refuse evidence of the cost table that cannot be. Raises ``InputRefused``."""
    if shown is None:
        return
    _check(shown, "cost", _("The cost table was confirmed before it was shown."), at=at)
    if shown.table_hash and not is_sha256(shown.table_hash):
        raise InputRefused(_("A SHA-256 is 64 characters of 0 to 9 and a to f."), field="cost_table_hash")


def _check(shown: Shown, what: str, confirmed_before: Any, *, at: datetime) -> None:
    for name in ("rendered_at", "confirmed_at"):
        moment = getattr(shown, name)
        if moment is not None and moment > at:
            raise InputRefused(_("This moment is still to come."), field=f"{what}_{name}")
    if shown.confirmed_at is not None and (
        shown.rendered_at is None or shown.confirmed_at < shown.rendered_at
    ):
        raise InputRefused(confirmed_before, field=f"{what}_confirmed_at")
    if shown.dwell_seconds is not None and not 0 <= shown.dwell_seconds < _MOST_SECONDS:
        raise InputRefused(_("Nothing is on a screen for so many seconds."), field=f"{what}_dwell_seconds")


def what_terms_lack(shown: Shown, *, disbursed_on: date) -> Iterator[Any]:
    """What the evidence of the terms lacks or contradicts, in words (Civil Code art. 496)."""
    if shown.rendered_at is None:
        yield _("There is no evidence that the terms were shown.")
        return
    if shown.confirmed_at is None:
        yield _("The terms were shown, but not confirmed.")
    elif business_day(shown.confirmed_at) > disbursed_on:
        yield _("The terms were confirmed only after the loan was paid out.")
    if not shown.dwell_seconds:
        yield _("It is not known that the terms stayed on the screen.")
    if shown.longer_than_shown:
        yield _("The terms are said to have been on the screen for longer than until they were confirmed.")


def what_is_missing(shown: CostTableShown | None, *, disbursed_on: date, costs: CostPolicy) -> Iterator[Any]:
    """What the law of the day of payment demands and the evidence lacks, or contradicts, in words."""
    if shown is not None and shown.longer_than_shown:
        yield _("The cost table is said to have been on the screen for longer than until it was confirmed.")
    if not costs.table_required:
        return
    if shown is None or shown.rendered_at is None:
        yield _("There is no evidence that the cost table was shown.")
        return
    if shown.confirmed_at is None:
        yield _("The cost table was shown, but not confirmed.")
    elif business_day(shown.confirmed_at) > disbursed_on:
        yield _("The cost table was confirmed only after the loan was paid out.")
    if shown.dwell_seconds is None or shown.dwell_seconds < costs.table_seconds:
        yield _("The cost table was not on the screen for %(seconds)s seconds.") % {
            "seconds": costs.table_seconds
        }
    if not shown.table_hash:
        yield _("It is not known which cost table was shown.")
