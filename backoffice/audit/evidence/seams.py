"""What the desks tell the evidence bundle, each in its own ``evidence.py`` (found at start-up, see ``audit.apps``)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.db import models
from django.db.models import QuerySet

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.models import Event
from backoffice.core.models import Dossier
from backoffice.core.registry import Registry
from backoffice.staff.models import User


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of dossier that a bundle can be made about.

    ``expand`` draws in what belongs to it; ``visible`` is the app's own rule on who may see such a dossier;
    ``person`` says how the person concerned is called on the summary, who is shown in full.
    """

    label: Any
    expand: Callable[[Scope], None]
    visible: Callable[[User, Dossier], bool]
    person: Any = ""


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one model that belong to a bundle.

    ``moments`` names the column by which the period filters, or the two between which a thing lasts; without
    any it always belongs. ``follow`` draws in events, files, tasks and reads of the rows. ``texts`` is the right
    to the free texts of the model, ``names`` the free texts that are somebody's name. ``third`` says of a row that
    its personal data are a third person's although kept with the principal's. ``sentence`` tells a row in the
    timeline of the summary, at its first moment: what happened, and who did it.
    """

    queryset: QuerySet[Any]
    moments: tuple[str, ...] = ()
    follow: bool = False
    texts: str = ""
    names: frozenset[str] = frozenset()
    third: Callable[[Any], bool] | None = None
    sentence: Callable[[Any], tuple[str, str]] | None = None

    @property
    def model(self) -> type[models.Model]:
        return self.queryset.model

    def of(self, queryset: QuerySet[Any]) -> Part:
        """The same part over other rows of the model."""
        return replace(self, queryset=queryset)

    def within(self, scope: Scope) -> QuerySet[Any]:
        """The rows in the period."""
        if not self.moments:
            return self.queryset
        days = not isinstance(self._column(self.moments[0]), models.DateTimeField)
        if len(self.moments) == 2:
            return self.queryset.filter(scope.lasting(*self.moments, days=days))
        [moment] = self.moments
        return self.queryset.filter(scope.on_days(moment) if days else scope.between(moment))

    def _column(self, path: str) -> models.Field[Any, Any]:
        *steps, last = path.split("__")
        model: Any = self.model
        for step in steps:
            model = model._meta.get_field(step).related_model
        found: models.Field[Any, Any] = model._meta.get_field(last)
        return found


@dataclass(frozen=True, slots=True)
class File:
    """The bytes of a file; ``open`` raises ``FileNotFoundError`` when erasure took it away.

    ``name_column`` is the column that holds its name, ``extension`` what the bytes are.
    """

    name_column: str
    extension: str
    open: Callable[[], Any]


@dataclass
class Seams:
    """All of them, so that a reader finds what a desk may tell in one place."""

    #: DossierKind → how a bundle about it is made.
    kinds: Registry[Kind] = field(default_factory=Registry)
    #: Name of an app's part of the file → the parts it adds to a bundle.
    sources: Registry[Callable[[Scope], Iterable[Part]]] = field(default_factory=Registry)
    #: The same for what hangs on dossiers (tasks, files): given the scope and ids of dossiers in the bundle.
    dossiers: Registry[Callable[[Scope, Sequence[int]], Iterable[Part]]] = field(default_factory=Registry)
    #: Label of an event model → its sentence in the timeline; an empty one is left out there.
    events: Registry[Callable[[Any], str]] = field(default_factory=Registry)
    #: Label of a model whose rows have a file → the file, or None when the viewer may not read it.
    files: Registry[Callable[[Any, User], File | None]] = field(default_factory=Registry)
    #: Words for columns that hold a code without being a choice: (column, value) → words or None.
    codes: Registry[Callable[[models.Field[Any, Any], Any], str | None]] = field(default_factory=Registry)
    #: What stands for a code: “act” the code of an act, “door” that of an entry point.
    words: Registry[Callable[[str], str]] = field(default_factory=Registry)


seams = Seams()


def say(what: str, code: str) -> str:
    """The words for a code, or the code when nobody has named it."""
    speaker = seams.words.get(what)
    return speaker(code) if speaker is not None else code


def titles(table: Mapping[str, Any]) -> Callable[[Event], str]:
    """The sentence of an event from a table of its kinds; a kind nobody has named is shown as it is."""
    return lambda event: str(table.get(event.kind, event.kind))


def moment_of(row: Any, part: Part) -> datetime | None:
    """When the row happened, for the timeline; None without a moment to the minute."""
    value: Any = row
    for step in part.moments[0].split("__") if part.moments else ("pk",):
        value = getattr(value, step)
    return value if isinstance(value, datetime) else None
