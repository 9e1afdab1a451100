"""Envelope encryption: AES-256-GCM under a data key, the data key wrapped by a master key.

Ciphertext = version (1 byte) ‖ data key id (16) ‖ nonce (12) ‖ AES-256-GCM output. The associated data is the
key's id and ``app.model.field``, so that a value cannot be moved to another column or another person.
Pure functions over bytes and settings; no tables.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import uuid
from functools import lru_cache

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

VERSION = b"\x01"
_NONCE = 12


class Undecipherable(ValueError):
    """The bytes are not a ciphertext of this field, or were tampered with."""


@lru_cache(maxsize=4)
def _master_keys(configured: str) -> dict[str, bytes]:
    keys: dict[str, bytes] = {}
    for part in configured.split(","):
        name, _sep, encoded = part.strip().partition(":")
        key = base64.b64decode(encoded)
        if not name or len(key) != 32:
            raise ImproperlyConfigured("PRIVACY_MASTER_KEYS is “name:base64 of 32 bytes”, comma separated.")
        keys[name] = key
    return keys


def current_master_key_id() -> str:
    """The name of the master key that wraps new data keys: the first configured."""
    return next(iter(_master_keys(settings.PRIVACY_MASTER_KEYS)))


def master_key_ids() -> list[str]:
    """The names of all configured master keys, the current one first."""
    return list(_master_keys(settings.PRIVACY_MASTER_KEYS))


def new_key() -> bytes:
    """A fresh 256-bit data key."""
    return AESGCM.generate_key(bit_length=256)


def wrap(key: bytes, *, key_id: uuid.UUID, master_key_id: str) -> bytes:
    """``key`` encrypted under the named master key."""
    nonce = os.urandom(_NONCE)
    master = _master_keys(settings.PRIVACY_MASTER_KEYS)[master_key_id]
    return nonce + AESGCM(master).encrypt(nonce, key, key_id.bytes)


def unwrap(wrapped: bytes, *, key_id: uuid.UUID, master_key_id: str) -> bytes:
    """The data key. Raises ``ImproperlyConfigured`` when its master key is not configured."""
    keys = _master_keys(settings.PRIVACY_MASTER_KEYS)
    if master_key_id not in keys:
        raise ImproperlyConfigured(f"Master key “{master_key_id}” is not in PRIVACY_MASTER_KEYS.")
    return AESGCM(keys[master_key_id]).decrypt(wrapped[:_NONCE], wrapped[_NONCE:], key_id.bytes)


def encrypt(text: str, *, key: bytes, key_id: uuid.UUID, field: str) -> bytes:
    """Ciphertext of ``text`` for ``field`` (``app.model.field``) under the data key."""
    nonce = os.urandom(_NONCE)
    sealed = AESGCM(key).encrypt(nonce, text.encode(), key_id.bytes + field.encode())
    return VERSION + key_id.bytes + nonce + sealed


def key_id_of(ciphertext: bytes) -> uuid.UUID:
    """The id of the data key a ciphertext was made with."""
    ciphertext = bytes(ciphertext)
    if ciphertext[:1] != VERSION or len(ciphertext) < 45:
        raise Undecipherable("not a ciphertext")
    return uuid.UUID(bytes=ciphertext[1:17])


def decrypt(ciphertext: bytes, *, key: bytes, field: str) -> str:
    """The text. Raises ``Undecipherable`` for another field's or a changed ciphertext."""
    ciphertext = bytes(ciphertext)
    key_id = key_id_of(ciphertext)
    try:
        plain = AESGCM(key).decrypt(ciphertext[17:29], ciphertext[29:], key_id.bytes + field.encode())
    except Exception as error:
        raise Undecipherable(f"cannot be read as {field}") from error
    return plain.decode()


def blind_index(value: str, *, kind: str) -> str:
    """HMAC-SHA-256 over kind and normalised value, hex: equal values find each other, nothing else is told."""
    key = base64.b64decode(settings.PRIVACY_INDEX_KEY)
    return hmac.new(key, f"{kind}\0{value}".encode(), hashlib.sha256).hexdigest()
