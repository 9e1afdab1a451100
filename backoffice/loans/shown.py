"""Evidence that the cost table (综合融资成本明示表) was shown, read and confirmed before the contract.

A tick alone proves nothing (合同编解释 art. 10): what counts is that the table was rendered, how long it stayed on
the screen, that it was confirmed afterwards, and which table it was (the SHA-256 of what was shown).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.time import business_day
from backoffice.loans.pricing import CostPolicy

_SHA256 = re.compile("[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class CostTableShown:
    """When the table was rendered, how many seconds it was on the screen, when it was confirmed, and its SHA-256."""

    rendered_at: datetime | None = None
    dwell_seconds: int | None = None
    confirmed_at: datetime | None = None
    table_hash: str = ""


def is_sha256(text: str) -> bool:
    """Whether ``text`` is a SHA-256 in lower-case hexadecimal."""
    return _SHA256.fullmatch(text) is not None


def what_is_missing(shown: CostTableShown | None, *, disbursed_on: date, costs: CostPolicy) -> Iterator[Any]:
    """What the law of the day of payment demands and the evidence lacks, in words."""
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
