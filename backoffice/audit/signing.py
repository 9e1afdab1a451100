"""The keys that sign seals (Ed25519): from the environment, vouching for each other when they change.

``SEAL_SIGNING_KEYS`` is ``name:base64 of a 32-byte seed``, comma separated; the first signs, the others may endorse.
``SEAL_TRUSTED_KEYS`` are public keys (base64) that are trusted besides, for instance those handed to an auditor.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from backoffice.audit import canonical
from backoffice.audit.models import SealKey

_FORM = "SEAL_SIGNING_KEYS is “name:base64 of 32 bytes”, comma separated."


@dataclass(frozen=True, slots=True)
class Signer:
    """A signing key of the environment."""

    name: str
    private: Ed25519PrivateKey
    public_key: str

    def sign(self, text: str) -> str:
        """The signature over ``text`` in base64."""
        return base64.b64encode(self.private.sign(text.encode())).decode()


@lru_cache(maxsize=4)
def _signers(configured: str) -> tuple[Signer, ...]:
    signers = []
    for part in configured.split(","):
        name, _sep, encoded = part.strip().partition(":")
        try:
            private = Ed25519PrivateKey.from_private_bytes(base64.b64decode(encoded, validate=True))
        except (ValueError, binascii.Error) as error:
            raise ImproperlyConfigured(_FORM) from error
        if not name or len(name) > 40:
            raise ImproperlyConfigured(_FORM)
        public = base64.b64encode(private.public_key().public_bytes_raw()).decode()
        signers.append(Signer(name, private, public))
    return tuple(signers)


def signers() -> tuple[Signer, ...]:
    """The signing keys of the environment, the one that signs first. Raises ``ImproperlyConfigured`` without any."""
    if not settings.SEAL_SIGNING_KEYS:
        raise ImproperlyConfigured("SEAL_SIGNING_KEYS is not set: nothing can be sealed.")
    return _signers(settings.SEAL_SIGNING_KEYS)


def is_signed(text: str, *, signature: str, public_key: str) -> bool:
    """Whether ``signature`` (base64) over ``text`` was made with the private half of ``public_key`` (base64)."""
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(signature, validate=True), text.encode())
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def key_text(key: SealKey) -> str:
    """What another key signs to vouch for ``key``."""
    return canonical.text_of(
        {"key": key.public_key, "name": key.name, "purpose": "backoffice-seal-key", "v": 1}
    )


def in_force(*, at: datetime) -> tuple[Signer, SealKey]:
    """The signing key and its published half; on first use the row is written, vouched for by its predecessor.

    Called within the transaction of a seal. Raises ``ImproperlyConfigured`` when the first key of the environment
    was replaced before, or its name belongs to another key.
    """
    signer = signers()[0]
    row = SealKey.objects.filter(public_key=signer.public_key).first()
    if row is None:
        return signer, _publish(signer, at=at)
    if SealKey.objects.filter(predecessor=row).exists():
        raise ImproperlyConfigured(f"The signing key “{row.name}” was replaced before; it cannot sign again.")
    return signer, row


def _publish(signer: Signer, *, at: datetime) -> SealKey:
    if SealKey.objects.filter(name=signer.name).exists():
        raise ImproperlyConfigured(f"The name “{signer.name}” belongs to another signing key.")
    row = SealKey(name=signer.name, public_key=signer.public_key, since=at)
    before = SealKey.objects.filter(successor=None).order_by("-pk").first()
    if before is not None:
        row.predecessor = before
        row.countersignature = signer.sign(key_text(before))
        old = next((one for one in signers() if one.public_key == before.public_key), None)
        if old is not None:
            row.endorsement = old.sign(key_text(row))
    row.save(force_insert=True)
    return row


def anchors() -> set[str]:
    """The public keys that are trusted as such: those of the environment."""
    given = {one.strip() for one in settings.SEAL_TRUSTED_KEYS if one.strip()}
    return given | ({one.public_key for one in signers()} if settings.SEAL_SIGNING_KEYS else set())


def trusted(keys: Iterable[SealKey]) -> set[str]:
    """The public keys that are anchors or vouched for, in either direction, by a chain that begins at one."""
    rows = list(keys)
    by_id = {row.pk: row for row in rows}
    known = anchors()
    grew = True
    while grew:
        before = len(known)
        for row in rows:
            if row.predecessor_id is None:
                continue
            older = by_id[row.predecessor_id]
            if older.public_key in known and is_signed(
                key_text(row), signature=row.endorsement, public_key=older.public_key
            ):
                known.add(row.public_key)
            if row.public_key in known and is_signed(
                key_text(older), signature=row.countersignature, public_key=row.public_key
            ):
                known.add(older.public_key)
        grew = len(known) > before
    return known
