"""Writing and reading personal data. Nothing else in the house touches ciphertext."""

from __future__ import annotations

import time
import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models.signals import post_delete
from django.dispatch import receiver

from backoffice.core.bulk import insert_rows
from backoffice.core.history import bulk_create_with_history
from backoffice.privacy import crypto
from backoffice.privacy.fields import Personal
from backoffice.privacy.kinds import Kind
from backoffice.privacy.models import DataKey, DataSubject

CACHE_SECONDS = 60
CACHE_SIZE = 10_000

_cache: dict[uuid.UUID, tuple[bytes, float]] = {}


class Erased(LookupError):
    """The key is gone: the data was erased on purpose and nobody can read it again."""


def forget_keys() -> None:
    """Empty this process's key cache."""
    _cache.clear()


@receiver(post_delete, sender=DataKey)
def _forget_key(instance: DataKey, **kwargs: Any) -> None:
    _cache.pop(instance.pk, None)


def _remember(key_id: uuid.UUID, key: bytes) -> None:
    if len(_cache) >= CACHE_SIZE:
        _cache.clear()
    _cache[key_id] = (key, time.monotonic() + CACHE_SECONDS)


def _unwrapped(row: DataKey) -> bytes:
    cached = _cache.get(row.pk)
    if cached is not None and cached[1] > time.monotonic():
        return cached[0]
    key = crypto.unwrap(bytes(row.wrapped), key_id=row.pk, master_key_id=row.master_key_id)
    _remember(row.pk, key)
    return key


def _make_key(**owner: int) -> DataKey:
    key_id, key, master = uuid.uuid4(), crypto.new_key(), crypto.current_master_key_id()
    _remember(key_id, key)
    return DataKey(
        id=key_id,
        master_key_id=master,
        wrapped=crypto.wrap(key, key_id=key_id, master_key_id=master),
        **owner,
    )


def _key_for(**owner: int) -> DataKey:
    """The owner's key, made on first use. Two writers meet at the unique constraint, not at two keys."""
    row = DataKey.objects.filter(**owner).first()
    if row is None:
        fresh = _make_key(**owner)
        row, _created = DataKey.objects.get_or_create(
            **owner, defaults={"id": fresh.pk, "master_key_id": fresh.master_key_id, "wrapped": fresh.wrapped}
        )
    return row


def create_subjects(count: int) -> list[DataSubject]:
    """New people with their keys, set-based."""
    subjects = bulk_create_with_history(DataSubject, [DataSubject() for _ in range(count)])
    insert_rows(DataKey, [_make_key(subject_id=subject.pk) for subject in subjects])
    return subjects


def create_dossier_keys(dossier_ids: Iterable[int]) -> dict[int, DataKey]:
    """Keys for dossiers that have none, set-based; answers the key of each."""
    wanted = list(dossier_ids)
    keys: dict[int, DataKey] = {}
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        keys.update({row.dossier_id: row for row in DataKey.objects.filter(dossier_id__in=part)})  # type: ignore[misc]
    new = [_make_key(dossier_id=pk) for pk in wanted if pk not in keys]
    insert_rows(DataKey, new)
    keys.update({row.dossier_id: row for row in new})  # type: ignore[misc]
    return keys


def label_of(obj: models.Model | type[models.Model], field: str) -> str:
    """``app.model.field`` of the live model, for a historical row as well."""
    model = getattr(obj, "instance_type", None) or (obj if isinstance(obj, type) else type(obj))
    return f"{model._meta.label_lower}.{field}"


def encrypt_for(key: DataKey, text: str, *, field: str) -> bytes:
    """Ciphertext of ``text`` under ``key`` for ``field`` (see ``label_of``)."""
    return crypto.encrypt(text, key=_unwrapped(key), key_id=key.pk, field=field)


def _decrypt(ciphertext: bytes, *, field: str) -> str:
    key_id = crypto.key_id_of(ciphertext)
    cached = _cache.get(key_id)
    if cached is not None and cached[1] > time.monotonic():
        return crypto.decrypt(ciphertext, key=cached[0], field=field)
    row = DataKey.objects.filter(pk=key_id).first()
    if row is None:
        raise Erased(field)
    return crypto.decrypt(ciphertext, key=_unwrapped(row), field=field)


def warm_keys(ciphertexts: Iterable[bytes | None]) -> None:
    """Load the keys of many ciphertexts in one query (a timeline, an export)."""
    ids = {crypto.key_id_of(value) for value in ciphertexts if value}
    now = time.monotonic()
    missing = [key_id for key_id in ids if key_id not in _cache or _cache[key_id][1] <= now]
    for row in DataKey.objects.filter(pk__in=missing):
        _unwrapped(row)


def set_personal(obj: Any, **values: str) -> None:
    """Write personal fields on the instance (cipher, mask and index together); the caller saves.

    Values are normalised and checked by their kind. Re-encrypted only when the value changes, so that
    unchanged history bytes mean an unchanged value. Raises ``InputRefused``.
    """
    spec: Personal = obj.personal
    key: DataKey | None = None
    for name, value in values.items():
        kind = _kind_of(obj, name)
        if not value:
            _put(obj, name, None, "", "")
            continue
        normal = kind.normalise(value)
        if getattr(obj, f"{name}_cipher") and read_personal(obj, name) == normal:
            continue
        key = key or _key_for(subject_id=spec.subject_id(obj))
        cipher = encrypt_for(key, normal, field=label_of(obj, f"{name}_cipher"))
        _put(obj, name, cipher, kind.mask(normal), index_of(kind, normal) if kind.indexed else "")


def set_personal_bulk(objs: Sequence[Any], values: Sequence[dict[str, str]]) -> None:
    """``set_personal`` for many new rows with two queries in all; the caller inserts them."""
    ids = [obj.personal.subject_id(obj) for obj in objs]
    keys: dict[int, DataKey] = {}
    unique = list(dict.fromkeys(ids))
    for start in range(0, len(unique), 500):
        part = unique[start : start + 500]
        keys.update({row.subject_id: row for row in DataKey.objects.filter(subject_id__in=part)})  # type: ignore[misc]
    for obj, subject_id, row in zip(objs, ids, values, strict=True):
        for name, value in row.items():
            if not value:
                continue
            kind = _kind_of(obj, name)
            normal = kind.normalise(value)
            cipher = encrypt_for(keys[subject_id], normal, field=label_of(obj, f"{name}_cipher"))
            _put(obj, name, cipher, kind.mask(normal), index_of(kind, normal) if kind.indexed else "")


def _kind_of(obj: Any, name: str) -> Kind:
    chooser = getattr(obj, "personal_kind", None)
    kind: Kind = chooser(name) if chooser else obj.personal.fields[name]
    return kind


def _put(obj: Any, name: str, cipher: bytes | None, mask: str, index: str) -> None:
    setattr(obj, f"{name}_cipher", cipher)
    setattr(obj, f"{name}_mask", mask)
    if hasattr(obj, f"{name}_index"):
        setattr(obj, f"{name}_index", index)


def index_of(kind: Kind, value: str) -> str:
    """The blind index of a value as typed by a person. Raises ``InputRefused`` when it is not of that kind."""
    return crypto.blind_index(kind.normalise(value), kind=kind.name)


def read_personal(obj: Any, name: str) -> str:
    """The plain value of a personal field; empty when there is none. Raises ``Erased``.

    The caller has checked the right to see it and writes the read row.
    """
    cipher = getattr(obj, f"{name}_cipher")
    return _decrypt(cipher, field=label_of(obj, f"{name}_cipher")) if cipher else ""


def set_text(obj: Any, field: str, text: str, *, dossier_id: int) -> None:
    """Write free text on the instance under the dossier's key; the caller saves. Unchanged text keeps its bytes."""
    if not text:
        setattr(obj, field, None)
        return
    if getattr(obj, field) and read_text(obj, field) == text:
        return
    with transaction.atomic():
        key = _key_for(dossier_id=dossier_id)
    setattr(obj, field, encrypt_for(key, text, field=label_of(obj, field)))


def read_text(obj: Any, field: str) -> str:
    """The plain free text; empty when there is none. Raises ``Erased``."""
    cipher = getattr(obj, field)
    return _decrypt(cipher, field=label_of(obj, field)) if cipher else ""


def encrypt_reason(text: str, *, dossier_id: int) -> bytes | None:
    """A reason in words, for history and event rows of things in that dossier."""
    if not text:
        return None
    return encrypt_for(_key_for(dossier_id=dossier_id), text, field="reason")


def read_reason(cipher: bytes | None) -> str:
    """The reason in words; empty when there is none. Raises ``Erased``."""
    return _decrypt(cipher, field="reason") if cipher else ""


def decrypt_as(ciphertext: bytes, *, field: str) -> str:
    """The text of bytes that came without their row, for the ``field`` they were encrypted for (``label_of``).

    Raises ``Erased``, and ``crypto.Undecipherable`` when they are another field's. For searches over whole tables.
    """
    return _decrypt(bytes(ciphertext), field=field)
