"""What is handed to a third party, so that not even we can cut the chain off or sign it anew unnoticed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django.db.models import QuerySet

from backoffice.audit import canonical
from backoffice.audit.models import Seal, SealKey

VERSION = 1


def key_entry(key: SealKey) -> dict[str, Any]:
    """A signing key as the outside world sees it."""
    return {
        "name": key.name,
        "public_key": key.public_key,
        "since": canonical.moment(key.since),
        "predecessor": key.predecessor.public_key if key.predecessor is not None else None,
        "endorsement": key.endorsement,
        "countersignature": key.countersignature,
    }


def seal_entry(seal: Seal) -> dict[str, Any]:
    """A seal as the outside world sees it. Everything else follows from the statement."""
    return {
        "number": seal.number,
        "statement": seal.statement,
        "statement_hash": seal.statement_hash,
        "signature": seal.signature,
        "key": seal.key.public_key,
        "root": seal.root,
    }


def anchor(*, at: datetime, after: int = 0) -> Iterator[bytes]:
    """The anchor file in pieces: the keys, and every seal with a number above ``after``. Holds no personal data."""
    keys = [key_entry(key) for key in SealKey.objects.select_related("predecessor").order_by("pk")]
    yield b'{"v":%d,"made_at":%b,"keys":%b,"seals":[' % (
        VERSION,
        orjson.dumps(canonical.moment(at)),
        orjson.dumps(keys),
    )
    for place, seal in enumerate(seals_after(after).iterator(chunk_size=500)):
        yield (b",\n" if place else b"\n") + orjson.dumps(seal_entry(seal))
    yield b"\n]}\n"


def seals_after(number: int) -> QuerySet[Seal]:
    """The seals above a number in their order, with their keys."""
    return Seal.objects.filter(number__gt=number).select_related("key").order_by("number")
