"""What a verification can find, each with a sentence for people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

#: Findings kept in full; whoever altered a million rows need not fill the memory as well.
KEPT = 1_000

SENTENCES: dict[str, Any] = {
    "changed": _("A row is not what was sealed."),
    "deleted": _("A sealed row is gone, and no retention on record took it."),
    "inserted": _("A row stands where everything was sealed long ago: it was put in afterwards."),
    "returned": _("A row that retention removed is there again."),
    "backdated": _("A row claims to be older than its transaction can be."),
    "reordered": _("Two rows were exchanged, or stand in another order than when they were sealed."),
    "sealed_twice": _("A row is in two seals."),
    "column_lost": _("The table has lost columns that the seal covers."),
    "table_lost": _("The sealed table is no longer there."),
    "seal_missing": _("A seal is missing in the sequence."),
    "seal_broken": _("A seal does not agree with itself: its statement, hash, root or parts were changed."),
    "chain_broken": _("A seal does not follow from the one before it."),
    "signature_invalid": _("The signature of a seal is not valid."),
    "key_untrusted": _("A seal was signed with a key that nobody trusted vouches for."),
    "key_retired": _("A seal was signed with a key that had been replaced before."),
    "anchor_differs": _("A seal is missing or differs from what was handed to a third party."),
    "seals_forgotten": _("An earlier verification saw more seals than there are now."),
    "trigger_missing": _("A table that may only be added to is not guarded by its triggers."),
    "unrecorded": _("A row was changed without a line in the record."),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be. ``row`` is the primary key, ``seal`` the number; none when unknown.

    ``detail`` is for experts and not translated: what was expected and what was found, never a value of a row.
    """

    kind: str
    table: str = ""
    row: int | str | None = None
    seal: int | None = None
    detail: str = ""

    @property
    def sentence(self) -> Any:
        return SENTENCES[self.kind]

    def as_dict(self) -> dict[str, Any]:
        """For JSON and for the stored verification."""
        return {
            "kind": self.kind,
            "table": self.table,
            "row": self.row,
            "seal": self.seal,
            "detail": self.detail,
        }

    def __str__(self) -> str:
        where = [
            text
            for text in (
                self.table,
                f"#{self.row}" if self.row is not None else "",
                f"seal {self.seal}" if self.seal is not None else "",
            )
            if text
        ]
        place = " ".join(where)
        return str(
            format_lazy(
                "{kind}: {place}{sep}{sentence}{detail}",
                kind=self.kind,
                place=place,
                sep=" — " if place else "",
                sentence=self.sentence,
                detail=f" ({self.detail})" if self.detail else "",
            )
        )


@dataclass(slots=True)
class Findings:
    """Collects: the first thousand in full, all by number."""

    kept: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def add(
        self,
        kind: str,
        *,
        table: str = "",
        row: int | str | None = None,
        seal: int | None = None,
        detail: str = "",
    ) -> None:
        """Take note of one finding."""
        self.counts[kind] += 1
        if len(self.kept) < KEPT:
            self.kept.append(Finding(kind, table, row, seal, detail))

    def __len__(self) -> int:
        return self.counts.total()

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.kept)
