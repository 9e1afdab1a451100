"""From a person to the rows about them, and from what somebody typed to a person. Aliases are followed both ways.

Reads only. Which of the rows somebody may open is asked where they are shown; here a model counts only for those
who may see at least its masks.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db import models
from django.db.models import Q

from backoffice.core.errors import InputRefused
from backoffice.privacy import crypto, kinds
from backoffice.privacy.fields import Personal
from backoffice.privacy.kinds import Kind
from backoffice.privacy.models import DataSubject
from backoffice.privacy.rights import Holder, Right, personal_models, right

#: One number never leads to more rows of one model than somebody can look through.
FOUND_LIMIT = 50
_NAME = re.compile(r"[^\W\d_]+(?:[ ·][^\W\d_]+)*")


@dataclass(frozen=True, slots=True)
class Sought:
    """What was typed, as something that may stand in an address: the kind of datum and its blind index."""

    kind: str
    index: str

    def __str__(self) -> str:
        return f"{self.kind}-{self.index}"

    @classmethod
    def parse(cls, text: str) -> Sought | None:
        """The ``Sought`` that ``str`` wrote, or None."""
        kind, _dash, index = text.partition("-")
        if kind in _SEARCHED and re.fullmatch(r"[0-9a-f]{64}", index):
            return cls(kind, index)
        return None


_SEARCHED: dict[str, tuple[Kind, ...]] = {
    "id_number": (kinds.RESIDENT_ID, kinds.OTHER_ID),
    "phone": (kinds.PHONE,),
    "email": (kinds.EMAIL,),
    "name": (kinds.NAME,),
}


def sought(typed: str) -> Sought | None:
    """What ``typed`` is, if it is a whole number, document, e-mail address or name of a person; None otherwise.

    Spaces, dashes, +86, full-width characters and a small x make no difference. Numbers of our own things
    (CP20260101-000001) are not of these kinds.
    """
    text = kinds.clean(typed)
    if re.search(r"\d", text):
        digits = re.sub(r"[\s\-]", "", text)
        if re.fullmatch(r"\d{17}[\dXx]", digits):
            return _as("id_number", kinds.RESIDENT_ID, digits) or _as("id_number", kinds.OTHER_ID, digits)
        if "@" not in text:
            found = _as("phone", kinds.PHONE, text) if re.fullmatch(r"[+\d\s\-().]{7,24}", text) else None
            # A passport: E12345678, EA1234567.
            passport = re.fullmatch(r"[A-Za-z]\d{8}|[A-Za-z]{2}\d{7}", digits)
            return found or (_as("id_number", kinds.OTHER_ID, digits) if passport else None)
    if "@" in text:
        return _as("email", kinds.EMAIL, text)
    return _as("name", kinds.NAME, text) if 2 <= len(text) <= 40 and _NAME.fullmatch(text) else None


def _as(name: str, kind: Kind, typed: str) -> Sought | None:
    try:
        return Sought(name, crypto.blind_index(kind.normalise(typed), kind=kind.name))
    except InputRefused:
        return None


def subjects_found(wanted: Sought, *, viewer: Holder) -> set[int]:
    """The people under whom that datum is kept, with their aliases. One indexed query per column it may stand in."""
    found: set[int] = set()
    for model in personal_models():
        spec: Personal = model.personal  # type: ignore[attr-defined]
        owner = spec.owner.replace(".", "__") + "_id"
        for name, kind in spec.fields.items():
            if kind.name != wanted.kind or not kind.indexed or right(viewer, model, name) == Right.NONE:
                continue
            rows = model._default_manager.filter(**{f"{name}_index": wanted.index})
            found.update(rows.order_by("-pk").values_list(owner, flat=True)[:FOUND_LIMIT])
    return with_aliases(found)


def with_aliases(subject_ids: Iterable[int]) -> set[int]:
    """These people and everybody recorded as the same person. Two queries at most."""
    given = set(subject_ids)
    if not given:
        return given
    roots = given | set(
        DataSubject.objects.filter(pk__in=given, same_as__isnull=False).values_list("same_as_id", flat=True)
    )
    aliases = DataSubject.objects.filter(same_as__in=roots).values_list("pk", flat=True)
    return roots | set(aliases)


def rows_about(subject_ids: Sequence[int]) -> list[Any]:
    """Every row that holds personal data of these people, oldest first per model, its dossier loaded."""
    found: list[models.Model] = []
    for model in personal_models():
        spec: Personal = model.personal  # type: ignore[attr-defined]
        owner = spec.owner.replace(".", "__")
        rows = model._default_manager.filter(Q(**{f"{owner}__in": list(subject_ids)}))
        found += rows.select_related(spec.dossier.replace(".", "__")).order_by("pk")
    return found
