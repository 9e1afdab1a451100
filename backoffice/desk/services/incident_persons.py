"""Whom an incident is about, and who of them was told."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.utils.translation import gettext as _

from backoffice.audit.keeping.people import alias_group
from backoffice.audit.models import ReadEvent
from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.history import bulk_create_with_history, bulk_update_with_history
from backoffice.desk import people, workflow
from backoffice.desk.choices import NotTold, Party, Way
from backoffice.desk.models import Incident, IncidentDuty, IncidentEvent, IncidentSubject
from backoffice.desk.services.incident_duties import log_notification, told_between
from backoffice.desk.signals import incident_persons_added
from backoffice.staff.models import User

PERSONS_DUTY = "leak_persons"


def add_persons(*, incident: Incident, numbers: Sequence[str], by: User, at: datetime) -> int:
    """Add the persons behind numbers (customer, loan, case, complaint); answers how many were new.

    Raises ``NotPermitted``, ``TransitionRefused``; ``InputRefused`` names the first number nobody stands behind.
    """
    with act(by=by, at=at, code="incident.persons_added", dossier=incident.dossier):
        incident = lock(Incident, incident.pk)
        workflow.incident.step("add_persons", incident, by=by, at=at)
        found: set[int] = set()
        for number in numbers:
            behind = people.find(number)
            if not behind:
                # Numbers are ours, not personal data.
                raise InputRefused(
                    _("Nobody is found under %(number)s.") % {"number": number}, field="numbers"
                )
            found |= behind
        return attach_persons(incident=incident, subject_ids=found, by=by, at=at)


def add_seen(
    *, incident: Incident, reader: User, since: datetime, until: datetime, by: User, at: datetime
) -> int:
    """Add everybody whose data ``reader`` saw between two moments, by the read log; answers how many were new.

    Raises ``NotPermitted``, ``TransitionRefused``; ``InputRefused`` when the period runs backwards.
    """
    with act(by=by, at=at, code="incident.persons_added", dossier=incident.dossier):
        incident = lock(Incident, incident.pk)
        workflow.incident.step("add_seen", incident, by=by, at=at)
        if until <= since:
            raise InputRefused(_("The end lies before the beginning."), field="until")
        reads = ReadEvent.objects.filter(actor=reader, occurred_at__gte=since, occurred_at__lt=until)
        dossiers: set[int] = set()
        subjects: set[int] = set()
        rows = reads.values_list("dossier_id", "subject_id", "listed")
        for dossier_id, subject_id, listed in rows.iterator(chunk_size=2000):
            dossiers.update(listed)
            if dossier_id is not None:
                dossiers.add(dossier_id)
            if subject_id is not None:
                subjects.add(subject_id)
        found = people.roots_of(subjects) | people.subjects_of(dossiers)
        return attach_persons(incident=incident, subject_ids=found, by=by, at=at)


def attach_persons(*, incident: Incident, subject_ids: Collection[int], by: User, at: datetime) -> int:
    """The rows themselves, within the act of another service; one per person however many aliases there are.

    Tells the desks above (``incident_persons_added``). Answers how many were new.
    """
    known = alias_group(set(incident.subjects.values_list("subject_id", flat=True)))
    new = sorted(people.roots_of(subject_ids) - known)
    if not new:
        return 0
    with act(by=by, at=at, code="incident.persons_added", dossier=incident.dossier) as frame:
        bulk_create_with_history(
            IncidentSubject, [IncidentSubject(incident=incident, subject_id=pk, added_at=at) for pk in new]
        )
        frame.record(
            IncidentEvent,
            "persons_added",
            dossier=incident.dossier,
            incident=incident,
            data={"count": len(new)},
        )
        incident_persons_added.send(
            sender=Incident, incident=incident, subject_ids=tuple(sorted(alias_group(set(new)))), by=by, at=at
        )
    return len(new)


def announce_persons(*, incident: Incident, by: User, at: datetime) -> None:
    """Tell the desks above of the persons anew: the incident has turned out to be of another kind."""
    ids = alias_group(set(incident.subjects.values_list("subject_id", flat=True)))
    if ids:
        incident_persons_added.send(
            sender=Incident, incident=incident, subject_ids=tuple(sorted(ids)), by=by, at=at
        )


def tell_persons(
    *,
    incident: Incident,
    persons: Sequence[IncidentSubject],
    way: str,
    told_at: datetime,
    by: User,
    at: datetime,
) -> int:
    """These persons were told. When nobody is left, the duty to tell them is met. Answers how many were told.

    With fewer persons known than estimated the duty stays open: the others take a public announcement, which is
    logged against the duty. Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with act(by=by, at=at, code="incident.persons_told", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("tell_persons", incident, by=by, at=at)
        told_between(incident, told_at, at)
        if way not in Way.values:
            raise InputRefused(field="way")
        rows = _untold_of(incident, persons)
        for row in rows:
            row.told_at, row.told_how = told_at, way
        bulk_update_with_history(IncidentSubject, rows, ["told_at", "told_how"])
        duty = _meet_if_everybody(incident, told_at)
        log_notification(
            incident=incident,
            duty=duty,
            party=Party.PERSONS,
            office="",
            way=way,
            told_at=told_at,
            note="",
            proof=None,
            by=by,
            at=at,
        )
        frame.record(
            IncidentEvent,
            "persons_told",
            dossier=incident.dossier,
            incident=incident,
            duty=duty,
            data={"count": len(rows), "way": way},
        )
    return len(rows)


def leave_out(
    *,
    incident: Incident,
    persons: Sequence[IncidentSubject],
    because: str,
    by: User,
    at: datetime,
    reason: str,
) -> int:
    """These persons are not told, for a reason that is kept. Answers how many.

    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with act(
        by=by, at=at, code="incident.persons_left_out", reason=reason, dossier=incident.dossier
    ) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("leave_out", incident, by=by, at=at)
        if because not in NotTold.values:
            raise InputRefused(field="because")
        rows = _untold_of(incident, persons)
        for row in rows:
            row.not_told_because = because
        bulk_update_with_history(IncidentSubject, rows, ["not_told_because"])
        last = incident.subjects.filter(told_at__isnull=False).order_by("-told_at").first()
        duty = _meet_if_everybody(incident, last.told_at) if last is not None and last.told_at else None
        frame.record(
            IncidentEvent,
            "persons_left_out",
            dossier=incident.dossier,
            incident=incident,
            duty=duty,
            data={"count": len(rows), "because": because},
        )
    return len(rows)


def _untold_of(incident: Incident, persons: Sequence[IncidentSubject]) -> list[IncidentSubject]:
    ids = [one.pk for one in persons]
    rows = list(
        incident.subjects.filter(pk__in=ids, told_at__isnull=True, not_told_because="").order_by("pk")
    )
    if not rows:
        raise InputRefused(_("Choose persons who were not told yet."), field="persons")
    return rows


def _meet_if_everybody(incident: Incident, told_at: datetime) -> IncidentDuty | None:
    all_rows = incident.subjects.count()
    if incident.subjects.filter(told_at__isnull=True, not_told_because="").exists():
        return None
    if incident.persons_estimated is not None and incident.persons_estimated > all_rows:
        return None
    duty = incident.duties.filter(code=PERSONS_DUTY, met_at__isnull=True, waived_at__isnull=True).first()
    if duty is not None:
        duty.met_at = told_at
        duty.save()
    return duty
