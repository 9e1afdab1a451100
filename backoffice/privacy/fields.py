"""Column types of personal data and encrypted free text, and how a model declares them.

A personal datum is three declared columns, written together by ``privacy.services.set_personal``::

    name_cipher = CipherField()
    name_mask = MaskField()
    name_index = BlindIndexField()

    personal = Personal(owner="subject", name=kinds.NAME)

Free text is one ``TextCipherField`` written by ``set_text`` under the key of the dossier it belongs to.
"""

from __future__ import annotations

from typing import Any

from django.db import models

from backoffice.privacy.kinds import Kind


class CipherField(models.BinaryField):
    """Ciphertext. Never in a form, deferred in lists."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("null", True)
        kwargs["editable"] = False
        super().__init__(**kwargs)


class TextCipherField(CipherField):
    """Ciphertext of free text, under the key of the row's dossier."""


class MaskField(models.CharField):
    """What lists show. Live rows only: history copies the ciphertext alone."""

    history_excluded = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 120)
        kwargs["blank"] = True
        kwargs["default"] = ""
        kwargs["editable"] = False
        super().__init__(**kwargs)


class BlindIndexField(models.CharField):
    """Hex HMAC for exact search. Live rows only, never unique: two people may share a number."""

    history_excluded = True

    def __init__(self, **kwargs: Any) -> None:
        kwargs["max_length"] = 64
        kwargs["blank"] = True
        kwargs["default"] = ""
        kwargs["editable"] = False
        kwargs["db_index"] = True
        super().__init__(**kwargs)


class Personal:
    """A model's personal fields: their kinds, and the path to the ``DataSubject`` whose key encrypts them.

    ``dossier`` is the path to the dossier the row belongs to: where its page is found and reasons are kept.
    """

    def __init__(self, *, owner: str, dossier: str = "dossier", **fields: Kind) -> None:
        self.owner = owner
        self.dossier = dossier
        self.fields = fields

    def dossier_of(self, obj: Any) -> Any:
        """The dossier that ``obj`` belongs to."""
        for step in self.dossier.split("."):
            obj = getattr(obj, step)
        return obj

    def subject_id(self, obj: Any) -> int:
        """The id of the person ``obj`` is about."""
        *path, last = self.owner.split(".")
        for step in path:
            obj = getattr(obj, step)
        return int(getattr(obj, f"{last}_id"))
