"""Reads of incidents: who may know of which, what is due next, and who had looked at the persons concerned."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.db.models import DateTimeField, F, Min, OuterRef, Q, QuerySet, Subquery

from backoffice.audit.keeping.people import alias_group
from backoffice.audit.models import ReadEvent
from backoffice.desk import incident_rules, people, policy
from backoffice.desk.choices import IncidentKind, IncidentState
from backoffice.desk.models import Incident, IncidentContact, IncidentDuty

READ_LOG_DAYS = 30

RUNNING = Q(duties__met_at__isnull=True, duties__waived_at__isnull=True)


def visible_to(user: Any) -> QuerySet[Incident]:
    """All for those who see all; the kinds one answers for; always what one reported or has in hand."""
    rows = Incident.objects.all()
    if user.has_perm("desk.see_incidents"):
        return rows
    mine = Q(reported_by=user.pk) | Q(owner=user.pk)
    if user.has_perm("desk.handle_leak"):
        mine |= Q(kind=IncidentKind.LEAK)
    if user.has_perm("desk.handle_crisis"):
        mine |= ~Q(kind=IncidentKind.LEAK)
    return rows.filter(mine)


def answered_for_by(user: Any) -> QuerySet[Incident]:
    """Unfinished incidents of the kinds this person is responsible for."""
    kinds = Q(pk__in=())
    if user.has_perm("desk.handle_leak"):
        kinds |= Q(kind=IncidentKind.LEAK)
    if user.has_perm("desk.handle_crisis"):
        kinds |= ~Q(kind=IncidentKind.LEAK)
    return Incident.objects.filter(kinds).exclude(state=IncidentState.CLOSED)


def with_next_duty(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    """Each with ``next_due`` and ``next_started``: the clock that runs out first, None when none runs."""
    running = IncidentDuty.objects.filter(
        incident=OuterRef("pk"), met_at__isnull=True, waived_at__isnull=True
    ).order_by("due_at")
    return rows.annotate(
        next_due=Subquery(running.values("due_at")[:1], output_field=DateTimeField()),
        next_started=Subquery(running.values("started_at")[:1], output_field=DateTimeField()),
    )


def by_urgency(rows: QuerySet[Incident]) -> QuerySet[Incident]:
    """Unfinished ones by the clock that runs out first, those without a clock after them."""
    return with_next_duty(rows).order_by(F("next_due").asc(nulls_last=True), "-pk")


def pressing(user: Any, at: datetime) -> int:
    """How many of the incidents a person answers for have a clock that is over or nearly so."""
    clocks = answered_for_by(user).annotate(next_due=Min("duties__due_at", filter=RUNNING))
    soonest = clocks.filter(next_due__lte=at + timedelta(days=2)).values_list("pk", flat=True)
    duties = IncidentDuty.objects.filter(
        incident__in=list(soonest[:200]), met_at__isnull=True, waived_at__isnull=True
    ).values_list("incident_id", "started_at", "due_at")
    return len(
        {
            pk
            for pk, started_at, due_at in duties
            if incident_rules.is_pressing(started_at=started_at, due_at=due_at, at=at)
        }
    )


def contacts_for(kind: str, *, on: date) -> list[IncidentContact]:
    """Whom to call for an incident of ``kind``, in the order in which to call them."""
    rows = (
        IncidentContact.objects.filter(valid_from__lte=on)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=on))
        .order_by("order", "pk")
    )
    # A dozen rows: JSON cannot be asked for “contains” on every database.
    return [row for row in rows if kind in row.kinds]


# --- the read log of those concerned ----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Read:
    """One row of the read log that touched a person concerned. ``persons`` are the dossiers or persons it showed."""

    at: datetime
    actor_id: int
    actor_name: str
    what: str
    path: str
    fields: tuple[str, ...]
    entry_point: str
    hits: int


@dataclass(slots=True)
class Reader:
    """Everything one user read about the persons concerned within the period."""

    name: str
    first: datetime
    last: datetime
    counts: dict[str, int] = field(default_factory=dict)
    fields: set[str] = field(default_factory=set)

    @property
    def total(self) -> int:
        return sum(self.counts.values())


def read_period(incident: Incident, *, at: datetime) -> tuple[datetime, datetime]:
    """The period looked at unless asked otherwise: some days (policy) before it happened, or was noticed, until now."""
    row = policy.rows_in_force(incident.discovered_at).get(policy.READ_LOG_DAYS)
    days = int(row.value) if row is not None else READ_LOG_DAYS
    return (incident.occurred_at or incident.discovered_at) - timedelta(days=days), at


def reads_of(incident: Incident, since: datetime, until: datetime) -> Iterator[Read]:
    """Every read from ``since`` to before ``until`` that showed a person concerned, in no order, each once.

    A read touches a person by naming them, by naming a dossier their data stands in, or by listing such a dossier.
    """
    subjects = alias_group(set(incident.subjects.values_list("subject_id", flat=True)))
    if not subjects:
        return
    dossiers = people.dossiers_of(subjects)
    period = ReadEvent.objects.filter(occurred_at__gte=since, occurred_at__lt=until)
    seen: set[int] = set()
    for part in people.chunks(subjects):
        yield from _new(period.filter(subject__in=part), seen, dossiers)
    for part in people.chunks(dossiers):
        yield from _new(period.filter(dossier__in=part), seen, dossiers)
    # Lists name their dossiers in one column that not every database can be asked about.
    yield from _new(period.exclude(listed=[]), seen, dossiers, listed_only=True)


_COLUMNS = (
    "pk",
    "occurred_at",
    "actor_id",
    "actor_name",
    "what",
    "path",
    "fields",
    "entry_point",
    "listed",
)


def _new(
    rows: QuerySet[ReadEvent], seen: set[int], dossiers: Collection[int], *, listed_only: bool = False
) -> Iterator[Read]:
    for pk, at, actor_id, name, what, path, fields, door, listed in rows.values_list(*_COLUMNS).iterator(
        chunk_size=2000
    ):
        hits = len(set(listed) & set(dossiers)) if listed else 0
        if pk in seen or (listed_only and not hits):
            continue
        seen.add(pk)
        yield Read(at, actor_id, name, what, path, tuple(fields), door, max(hits, 1))


def readers(reads: Iterator[Read]) -> list[Reader]:
    """Pulled together per user, the one who read most first."""
    found: dict[int, Reader] = {}
    for read in reads:
        reader = found.setdefault(read.actor_id, Reader(read.actor_name, read.at, read.at))
        reader.first, reader.last = min(reader.first, read.at), max(reader.last, read.at)
        reader.counts[read.what] = reader.counts.get(read.what, 0) + 1
        reader.fields.update(read.fields)
    return sorted(found.values(), key=lambda reader: (-reader.total, reader.name))
