"""From a scope to rows: the parts of every desk, their histories, events and reads, always in batches.

What is kept in memory is ids; rows are fetched a few hundred at a time and forgotten.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

from django.apps import apps
from django.db import models
from django.db.models import Q, QuerySet

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Part, seams
from backoffice.audit.models import Event, EventRow, ReadEvent
from backoffice.core.models import Dossier

BATCH = 400
T = TypeVar("T")


def batches(ids: Sequence[T], size: int = BATCH) -> Iterator[Sequence[T]]:
    """``ids`` in pieces that both databases take as parameters of one statement."""
    for start in range(0, len(ids), size):
        yield ids[start : start + size]


def in_batches(rows: QuerySet[Any]) -> Iterator[list[Any]]:
    """All rows by primary key, a batch at a time; no cursor stays open in between."""
    last: Any = None
    while True:
        part = rows if last is None else rows.filter(pk__gt=last)
        found = list(part.order_by("pk")[:BATCH])
        if not found:
            return
        yield found
        last = found[-1].pk


@dataclass(slots=True)
class Gathered:
    """What belongs to a bundle: the parts the viewer may see, and what was followed from them."""

    scope: Scope
    parts: list[Part] = field(default_factory=list)
    #: Models that were not looked into because the viewer may not see them; whether there was anything is not said.
    withheld: list[type[models.Model]] = field(default_factory=list)
    #: Model → ids of the rows whose events belong to the bundle.
    followed: dict[type[models.Model], set[int]] = field(default_factory=lambda: defaultdict(set))
    #: Dossiers whose files, tasks and reads belong to it.
    dossiers: set[int] = field(default_factory=set)

    def count(self) -> int:
        """How many rows the parts have."""
        return sum(part.queryset.count() for part in self.parts)


def gather(scope: Scope) -> Gathered:
    """The parts of all desks in the period; those of the dossiers last, when it is known which these are."""
    found = Gathered(scope)
    found.dossiers.add(scope.root.pk)
    for source in seams.sources:
        _take(found, source(scope))
    ids = sorted(found.dossiers)
    for some in batches(ids):
        for by_dossier in seams.dossiers:
            _take(found, by_dossier(scope, some))
        found.parts.append(Part(Dossier.objects.filter(pk__in=list(some))))
    return found


def _take(found: Gathered, parts: Iterable[Part]) -> None:
    for part in parts:
        within = part.within(found.scope)
        if not _may_see(part.model, found):
            continue
        found.parts.append(part.of(within))
        if part.follow:
            found.followed[part.model].update(within.values_list("pk", flat=True))
            if _owns_dossier(part.model):
                found.dossiers.update(within.values_list("dossier_id", flat=True))


def _owns_dossier(model: type[models.Model]) -> bool:
    return any(
        one.name == "dossier" and isinstance(one, models.OneToOneField) for one in model._meta.concrete_fields
    )


def histories(rows: Sequence[Any]) -> dict[int, list[Any]]:
    """Every line of history of some rows of one model, oldest first; one query. Empty for what is itself a log."""
    found: dict[int, list[Any]] = defaultdict(list)
    history = getattr(type(rows[0]), "history", None)
    if history is None:
        return found
    name = type(rows[0])._meta.pk.attname
    lines = history.filter(**{f"{name}__in": [row.pk for row in rows]}).order_by("history_id")
    for line in lines:
        found[getattr(line, name)].append(line)
    return found


def lines_in_period(lines: Sequence[Any], part: Part, scope: Scope) -> Sequence[Any]:
    """The lines of history that belong: all of a thing with one moment of its own; of what lasts or has none,
    those recorded in the period and the one before, from which they start."""
    if len(part.moments) == 1 or (scope.begins is None and scope.ends is None):
        return lines
    first, last = len(lines), 0
    for place, line in enumerate(lines):
        if scope.holds(line.history_date):
            first, last = min(first, place), place + 1
    if last == 0:
        before = [line for line in lines if scope.begins is not None and line.history_date < scope.begins]
        return before[-1:]
    return lines[max(0, first - 1) : last]


def event_models() -> list[type[Event]]:
    """The tables of typed decisions of every app."""
    return [
        model
        for model in apps.get_models()
        if issubclass(model, Event) and not model._meta.abstract and model._meta.managed
    ]


#: Rows of logs in the order of their moments: (moment, table, primary key).
Index = list[tuple[datetime, str, int]]


def events(found: Gathered) -> Index:
    """The events of the followed things and their dossiers, of all tables in one order."""
    every: Index = []
    for model in event_models():
        of_table = _index(model, _links(model, found), found)
        if of_table and _may_see(model, found):
            every += of_table
    return sorted(every)


def _may_see(model: type[models.Model], found: Gathered) -> bool:
    opts = model._meta
    allowed = found.scope.viewer.has_perm(f"{opts.app_label}.view_{opts.model_name}")
    if not allowed and model not in found.withheld:
        found.withheld.append(model)
    return allowed


def reads(found: Gathered) -> Index:
    """Who looked: at the dossiers, and at the person when the bundle is about one."""
    persons = found.scope.principals if found.scope.all_of("privacy.datasubject") else set()
    index = _index(ReadEvent, [("dossier", sorted(found.dossiers)), ("subject", sorted(persons))], found)
    return sorted(index) if index and _may_see(ReadEvent, found) else []


def _links(model: type[Event], found: Gathered) -> list[tuple[str, list[int]]]:
    links = [("dossier", sorted(found.dossiers))]
    for column in model._meta.concrete_fields:
        target: Any = column.related_model
        if column.is_relation and target in found.followed:
            links.append((column.name, sorted(found.followed[target])))
    return links


def _index(model: type[EventRow], links: list[tuple[str, list[int]]], found: Gathered) -> Index:
    moments: dict[int, datetime] = {}
    for name, ids in links:
        for some in batches(ids):
            belongs = Q(**{f"{name}__in": list(some)}) & found.scope.between("occurred_at")
            moments.update(model._base_manager.filter(belongs).values_list("pk", "occurred_at"))
    return [(at, model._meta.label, pk) for pk, at in moments.items()]


def rows_of(index: Index) -> Iterator[list[Any]]:
    """The rows of an index in its order, a batch at a time; one query per table and batch."""
    for some in batches(index):
        wanted: dict[str, list[int]] = defaultdict(list)
        for _at, label, pk in some:
            wanted[label].append(pk)
        rows = {(label, row.pk): row for label, ids in wanted.items() for row in _fetch(label, ids)}
        yield [rows[(label, pk)] for _at, label, pk in some if (label, pk) in rows]


def _fetch(label: str, ids: list[int]) -> QuerySet[Any]:
    model = apps.get_model(label)
    related = [one.name for one in model._meta.concrete_fields if one.is_relation and one.name != "actor"]
    return model._base_manager.filter(pk__in=ids).select_related(*related)
