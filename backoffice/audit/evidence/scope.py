"""What one bundle is about. Pure data, filled by the app that owns the dossier."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.db.models import Q

from backoffice.core.models import Dossier
from backoffice.core.time import start_of_day
from backoffice.privacy.models import DataSubject
from backoffice.staff.models import User


@dataclass(slots=True)
class Scope:
    """One dossier, a period, and what else is drawn in.

    ``whole`` names things that come with everything that hangs on them (events, files, tasks, reads), ``named``
    things that are only mentioned and come by themselves; both are model label → ids. ``principals`` are the data
    subjects the bundle is about: they are shown in full, everybody else is a third person. ``viewer`` asked for
    the bundle and gets nothing in it that the pages would not show them.
    """

    root: Dossier
    viewer: User
    since: date | None = None
    until: date | None = None
    third_parties: bool = False
    whole: dict[str, set[int]] = field(default_factory=dict)
    named: dict[str, set[int]] = field(default_factory=dict)
    principals: set[int] = field(default_factory=set)

    def add_whole(self, label: str, ids: Iterable[int | None]) -> None:
        """Draw in things with all that hangs on them."""
        self.whole.setdefault(label, set()).update(pk for pk in ids if pk is not None)

    def add_named(self, label: str, ids: Iterable[int | None]) -> None:
        """Draw in things by themselves."""
        self.named.setdefault(label, set()).update(pk for pk in ids if pk is not None)

    def add_principals(self, subject_ids: Iterable[int | None]) -> None:
        """The people the bundle is about, under every row by which we know them."""
        found = {pk for pk in subject_ids if pk is not None}
        roots = DataSubject.objects.filter(pk__in=found, same_as__isnull=False).values_list("same_as_id")
        found |= {root for (root,) in roots if root is not None}
        aliases = DataSubject.objects.filter(same_as_id__in=found).values_list("pk", flat=True)
        self.principals |= found | set(aliases)

    def all_of(self, label: str) -> set[int]:
        """The ids of a model that are drawn in wholly."""
        return self.whole.get(label, set())

    def only_named(self, label: str) -> set[int]:
        """The ids of a model that are drawn in by themselves only."""
        return self.named.get(label, set()) - self.all_of(label)

    @property
    def begins(self) -> datetime | None:
        """The first moment of the period (Shanghai)."""
        return start_of_day(self.since) if self.since is not None else None

    @property
    def ends(self) -> datetime | None:
        """The first moment after the period (Shanghai)."""
        return start_of_day(self.until + timedelta(days=1)) if self.until is not None else None

    def holds(self, at: datetime) -> bool:
        """Whether a moment lies in the period."""
        return (self.begins is None or at >= self.begins) and (self.ends is None or at < self.ends)

    def between(self, column: str) -> Q:
        """The rows whose moment in ``column`` lies in the period."""
        found = Q()
        if self.begins is not None:
            found &= Q(**{f"{column}__gte": self.begins})
        if self.ends is not None:
            found &= Q(**{f"{column}__lt": self.ends})
        return found

    def lasting(self, start: str, end: str, *, days: bool) -> Q:
        """The rows whose time from ``start`` to ``end`` touches the period; an empty end is still running."""
        found = Q()
        if self.begins is not None:
            first = self.since if days else self.begins
            found &= Q(**{f"{end}__isnull": True}) | Q(**{f"{end}__gte": first})
        if self.ends is not None:
            last = {f"{start}__lte": self.until} if days else {f"{start}__lt": self.ends}
            found &= Q(**last)
        return found

    def on_days(self, column: str) -> Q:
        """The rows whose day in ``column`` lies in the period."""
        found = Q()
        if self.since is not None:
            found &= Q(**{f"{column}__gte": self.since})
        if self.until is not None:
            found &= Q(**{f"{column}__lte": self.until})
        return found
