"""Values as a reader of the bundle finds them: what the column holds, the words for it, and what is masked.

A value that is no secret is ``{"value": …, "text": …}``. A secret (ciphertext in the database) is ``{"sha256": …,
"shown": …, "text": …}``: the hash of the ciphertext is what the sealed row binds; ``shown`` says whether the text
is whole, masked, withheld, erased, or was never there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import models
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Part, seams
from backoffice.core.history import HistoryRow
from backoffice.privacy import kinds
from backoffice.privacy.crypto import Undecipherable
from backoffice.privacy.detector import mask_numbers
from backoffice.privacy.fields import BlindIndexField, MaskField
from backoffice.privacy.services import Erased, read_personal, read_reason, read_text, warm_keys

FULL, MASKED, NUMBERS, WITHHELD, ERASED, NONE = (
    "full",
    "masked",
    "numbers_masked",
    "withheld",
    "erased",
    "none",
)
#: Words for rows that foreign keys point to, kept while one bundle is made.
_WORDS_KEPT = 20_000
_ORDER_COLUMNS = frozenset({"xact_id", "epoch"})


def columns_of(model: type[models.Model]) -> list[models.Field[Any, Any]]:
    """The columns that are told of a row: neither masks nor indexes of personal data, nor what only orders rows."""
    hidden = (BlindIndexField, MaskField)
    return [
        field
        for field in model._meta.concrete_fields
        if not isinstance(field, hidden)
        and field.attname not in _ORDER_COLUMNS
        and not field.attname.startswith("history_")
    ]


def is_secret(field: models.Field[Any, Any]) -> bool:
    """Whether the column holds ciphertext."""
    return isinstance(field, models.BinaryField)


@dataclass(frozen=True, slots=True)
class Whose:
    """Whose personal data a row holds: the data subject under whose key they are, and whether they are a third
    person's all the same."""

    owner: int | None
    third: bool = False


class Teller:
    """Tells rows of one bundle; knows who may be shown in full and remembers the words for foreign keys."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self._words: dict[tuple[type[models.Model], Any], str] = {}
        #: Names of the personal fields that were shown in full, for the read log.
        self.shown_in_full: set[str] = set()

    def learn(self, rows: Iterable[models.Model]) -> None:
        """The words for every foreign key of ``rows``, one query per model that is not known yet."""
        wanted: dict[type[models.Model], set[Any]] = {}
        for row in rows:
            for field in columns_of(type(row)):
                value = getattr(row, field.attname) if field.is_relation else None
                model: Any = field.related_model
                if value is not None and (model, value) not in self._words:
                    wanted.setdefault(model, set()).add(value)
        if len(self._words) > _WORDS_KEPT:
            self._words.clear()
        for model, ids in wanted.items():
            secrets = [field.name for field in model._meta.concrete_fields if is_secret(field)]
            for other in model._default_manager.filter(pk__in=ids).defer(*secrets):
                self._words[(model, other.pk)] = str(other)

    @staticmethod
    def warm(rows: Iterable[models.Model]) -> None:
        """Load the keys of all ciphertexts of ``rows`` in one query."""
        found = []
        for row in rows:
            for field in row._meta.concrete_fields:
                cipher = getattr(row, field.attname) if is_secret(field) else None
                if cipher:
                    found.append(bytes(cipher))
        try:
            warm_keys(found)
        except Undecipherable:
            # One that was tampered with; each is then read, or not, by itself.
            return

    def text(self, field: models.Field[Any, Any], value: Any) -> str:
        """A value in words."""
        if value is None or value == "":
            return "—"
        if field.is_relation:
            return self._words.get((field.related_model, value), str(value))  # type: ignore[arg-type]
        if field.flatchoices:
            return str(dict(field.flatchoices).get(value, value))
        for speaker in seams.codes:
            if (words := speaker(field, value)) is not None:
                return words
        if isinstance(value, bool):
            return str(_("Yes") if value else _("No"))
        if isinstance(value, datetime):
            return timezone.localtime(value).strftime("%Y-%m-%d %H:%M:%S")
        if isinstance(value, list | dict):
            return str(value)
        return str(value)

    def secret(
        self, row: Any, field: models.Field[Any, Any], part: Part, whose: Whose, digest: str | None
    ) -> dict[str, Any]:
        """One column of ciphertext, of a live row or of a line of its history; ``digest`` is what its leaf holds."""
        cipher = getattr(row, field.attname)
        return _told(cipher, digest, lambda: self._read(row, field, part, whose))

    def _read(self, row: Any, field: models.Field[Any, Any], part: Part, whose: Whose) -> tuple[str, str]:
        name = field.attname.removesuffix("_cipher")
        personal = getattr(part.model, "personal", None)
        if personal is not None and name in personal.fields:
            value = read_personal(row, name)
            if self.scope.third_parties or (whose.owner in self.scope.principals and not whose.third):
                self.shown_in_full.add(f"{part.model._meta.label_lower}.{name}")
                return FULL, value
            return MASKED, personal.fields[name].mask(value)
        if part.texts and not self.scope.viewer.has_perm(part.texts):
            return WITHHELD, str(_("Withheld: whoever asked for this bundle has no right to read it."))
        value = read_text(row, field.attname)
        if field.attname in part.names and not self.scope.third_parties:
            return MASKED, kinds.NAME.mask(value)
        return self._without_numbers(value)

    def reason(self, cipher: Any, digest: str | None) -> dict[str, Any]:
        """The reason in words of a line of history or an event."""
        return _told(cipher, digest, lambda: self._without_numbers(read_reason(cipher)))

    def _without_numbers(self, text: str) -> tuple[str, str]:
        if self.scope.third_parties:
            return FULL, text
        masked = mask_numbers(text)
        return (FULL if masked == text else NUMBERS), masked


def _told(cipher: Any, digest: str | None, read: Callable[[], tuple[str, str]]) -> dict[str, Any]:
    gone = str(_("Erased; nobody can read it again."))
    if cipher is None:
        # A hash without a ciphertext is what a redaction left.
        shown, text = (ERASED, gone) if digest else (NONE, "")
        return {"sha256": digest, "shown": shown, "text": text}
    try:
        shown, text = read()
    except Erased:
        shown, text = ERASED, gone
    except Undecipherable:
        shown, text = WITHHELD, str(_("Unreadable."))
    return {"sha256": digest, "shown": shown, "text": text}


def owner_of(row: Any) -> int | None:
    """The data subject whose personal data a live row holds, if it holds any."""
    personal = getattr(type(row), "personal", None)
    return personal.subject_id(row) if personal is not None else None


def label(field: models.Field[Any, Any]) -> str:
    """What people call a column."""
    return capfirst(str(field.verbose_name))


def model_words(model: type[models.Model]) -> str:
    """What people call rows of a model; of a history table, those of its live table."""
    live: Any = getattr(model, "instance_type", model) if issubclass(model, HistoryRow) else model
    return capfirst(str(live._meta.verbose_name))
