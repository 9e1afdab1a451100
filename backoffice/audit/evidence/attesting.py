"""The part of a bundle that proves the rest: proofs of inclusion, the chain of seals, keys, the signed manifest."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings

from backoffice.audit import canonical, proofs, signing
from backoffice.audit.evidence.archive import Archive
from backoffice.audit.evidence.gathering import batches
from backoffice.audit.evidence.records import Sealed
from backoffice.audit.models import Seal, SealKey

#: Rows whose proofs are made at once: each tree is built once per batch, each proof takes about a kilobyte.
_PROOFS = 5_000
_SEALS = 500


@dataclass(slots=True)
class Attested:
    """What the proofs came to: seal → rows of the bundle in it, and the rows no seal covers yet."""

    by_seal: dict[int, int] = field(default_factory=dict)
    unsealed: int = 0

    @property
    def sealed(self) -> int:
        return sum(self.by_seal.values())


def write_proofs(archive: Archive, sealed: Sealed) -> Iterator[tuple[Attested, int]]:
    """``proofs/<table>.json`` for every table; answers after each table what was found, and its number of rows."""
    found = Attested()
    for table in sorted(sealed):
        ids = sorted(set(sealed[table]))
        archive.put_list(f"proofs/{table}.json", {"table": table}, "rows", _proofs(table, ids, found))
        yield found, len(ids)


def _proofs(table: str, ids: list[int], found: Attested) -> Iterator[dict[str, Any]]:
    for some in batches(ids, _PROOFS):
        included = proofs.inclusions(table, some)
        texts = proofs.leaf_texts(table, included)
        for row_id in some:
            place = included.get(row_id)
            if place is None:
                found.unsealed += 1
                yield {"id": row_id, "seal": None}
                continue
            found.by_seal[place.seal.number] = found.by_seal.get(place.seal.number, 0) + 1
            yield {
                "id": row_id,
                "seal": place.seal.number,
                "position": place.position,
                "path": [step.hex() for step in place.path],
                "leaf": texts.get(row_id, ""),
            }


def write_seals(archive: Archive, found: Attested) -> list[Seal]:
    """``seals/<number>.json`` from the oldest needed to the newest there is, so that the chain can be walked."""
    if not found.by_seal:
        return []
    listed = []
    chain = Seal.objects.filter(number__gte=min(found.by_seal)).select_related("key").order_by("number")
    for seal in chain.iterator(chunk_size=_SEALS):
        archive.put_json(
            f"seals/{seal.number}.json",
            {
                "number": seal.number,
                "statement": seal.statement,
                "statement_hash": seal.statement_hash,
                "signature": seal.signature,
                "public_key": seal.key.public_key,
            },
        )
        if seal.number in found.by_seal:
            listed.append(seal)
    return listed


def write_keys(archive: Archive) -> None:
    """``keys.json``: every signing key there ever was, and how they vouch for each other."""
    archive.put_json(
        "keys.json",
        {
            "keys": [
                {
                    "name": key.name,
                    "public_key": key.public_key,
                    "since": key.since.isoformat(),
                    "predecessor": key.predecessor.public_key if key.predecessor is not None else None,
                    "endorsement": key.endorsement,
                    "countersignature": key.countersignature,
                }
                for key in SealKey.objects.select_related("predecessor").order_by("pk")
            ]
        },
    )


def sign_manifest(manifest_sha256: str, *, bundle: str) -> dict[str, Any] | None:
    """The key that signs seals also signs the manifest: what no seal covers (labels, words, PDF) is then the house's
    word of that day. None when there is no key."""
    if not settings.SEAL_SIGNING_KEYS:
        return None
    signer = signing.signers()[0]
    statement = canonical.text_of(
        {"bundle": bundle, "manifest": manifest_sha256, "purpose": "backoffice-evidence-bundle", "v": 1}
    )
    return {
        "statement": statement,
        "signature": signer.sign(statement),
        "public_key": signer.public_key,
        "key": signer.name,
    }


def fingerprint(key: SealKey) -> str:
    """The SHA-256 of a public key, short enough to be read out over the telephone."""
    return hashlib.sha256(base64.b64decode(key.public_key)).hexdigest()
