"""Incidents: reported by anybody, handled by those responsible, until everybody who must know was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.models import Dossier
from backoffice.core.services import next_number, open_dossier
from backoffice.desk import people, workflow
from backoffice.desk.choices import IncidentKind, IncidentLevel, LeakedData
from backoffice.desk.models import Attachment, Incident, IncidentEvent, Task
from backoffice.desk.services.attachments import store_attachment
from backoffice.desk.services.incident_duties import refresh_duties, set_level
from backoffice.desk.services.incident_persons import announce_persons, attach_persons
from backoffice.desk.services.tasks import open_task, withdraw_tasks
from backoffice.privacy.services import set_text
from backoffice.staff.models import User

#: The kind of task that calls those responsible.
INCIDENT_TASK = "desk.handle_incident"
#: When nothing else sets a clock.
_LOOK_WITHIN = timedelta(hours=1)
EVIDENCE = "incident_evidence"


def report_incident(
    *,
    kind: str,
    description: str,
    noticed_at: datetime,
    by: User,
    at: datetime,
    occurred_at: datetime | None = None,
    source: Dossier | None = None,
    persons: int | None = None,
    data_kinds: Sequence[str] = (),
) -> Incident:
    """The red button: open an incident, start its clocks and call everybody responsible for its kind.

    ``noticed_at`` is when somebody here first knew, not when the button was pressed; ``source`` is the dossier it
    was reported from, whose persons become the first persons concerned. ``persons`` is an estimate of how many.
    Raises ``NotPermitted``, ``InputRefused``.
    """
    if not by.has_perm("desk.report_incident"):
        raise NotPermitted()
    if kind not in IncidentKind.values:
        raise InputRefused(field="kind")
    if not description.strip():
        raise InputRefused(_("Say what happened, in a sentence."), field="description")
    if noticed_at > at:
        raise InputRefused(_("This moment lies in the future."), field="noticed_at")
    if occurred_at is not None and occurred_at > noticed_at:
        raise InputRefused(_("It cannot be noticed before it happens."), field="occurred_at")
    with act(by=by, at=at, code="incident.reported") as frame:
        number = next_number(prefix="IN", at=at)[0]
        incident = Incident(
            dossier=open_dossier(kind=DossierKind.INCIDENT, number=number, at=at),
            number=number,
            kind=kind,
            occurred_at=occurred_at,
            discovered_at=noticed_at,
            reported_by=by,
            source=source,
            persons_estimated=persons,
            data_kinds=_data_kinds(data_kinds),
        )
        set_text(incident, "description_cipher", description.strip(), dossier_id=incident.dossier_id)
        set_level(incident)
        incident.save()
        refresh_duties(incident=incident, by=by, at=at)
        frame.record(
            IncidentEvent, "reported", dossier=incident.dossier, incident=incident, data={"kind": kind}
        )
        if source is not None:
            attach_persons(incident=incident, subject_ids=people.subjects_of({source.pk}), by=by, at=at)
        _call(incident, by=by, at=at)
    return incident


def responsible_for(kind: str) -> QuerySet[User]:
    """Everybody who works here and answers for incidents of ``kind``."""
    app, codename = workflow.right_for(kind).split(".")
    holders = User.objects.filter(
        groups__permissions__codename=codename, groups__permissions__content_type__app_label=app
    )
    return holders.filter(is_active=True, kind=User.Kind.PERSON).distinct().order_by("pk")


def _call(incident: Incident, *, by: User, at: datetime) -> None:
    first = incident.duties.filter(met_at__isnull=True, waived_at__isnull=True).order_by("due_at").first()
    due_at = first.due_at if first is not None else at + _LOOK_WITHIN
    for person in responsible_for(incident.kind):
        open_task(
            dossier=incident.dossier,
            kind=INCIDENT_TASK,
            due_at=due_at,
            assigned_to=person,
            team=person.team,
            by=by,
            at=at,
        )


def _data_kinds(codes: Sequence[str]) -> list[str]:
    if not set(codes) <= set(LeakedData.values):
        raise InputRefused(field="data_kinds")
    return [code for code in LeakedData.values if code in codes]


def take_incident(*, incident: Incident, by: User, at: datetime) -> Incident:
    """It is in my hands now; the tasks of the others who were called end. Raises ``NotPermitted``,
    ``TransitionRefused``."""
    with act(by=by, at=at, code="incident.taken", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("take", incident, by=by, at=at)
        incident.owner = by
        incident.save()
        tasks = Task.objects.filter(dossier=incident.dossier, kind=INCIDENT_TASK, state=Task.State.OPEN)
        withdraw_tasks(
            dossier=incident.dossier,
            kind=INCIDENT_TASK,
            keep=tasks.filter(assigned_to=by).first(),
            by=by,
            at=at,
        )
        frame.record(IncidentEvent, "taken", dossier=incident.dossier, incident=incident)
    return incident


def assess_incident(
    *,
    incident: Incident,
    level: str,
    persons: int | None,
    kind: str = "",
    data_kinds: Sequence[str] = (),
    harm_avoided: bool = False,
    harm_reason: str = "",
    occurred_at: datetime | None = None,
    by: User,
    at: datetime,
) -> Incident:
    """Enter what is known by now; level and clocks follow from it.

    ``kind`` corrects what was reported as something else; those responsible for the right kind are called then.
    ``harm_avoided`` (PIPL art. 57: then the persons need not be told) wants ``harm_reason`` in words. Raises
    ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with act(by=by, at=at, code="incident.assessed", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("assess", incident, by=by, at=at)
        if level not in IncidentLevel.values:
            raise InputRefused(field="level")
        if kind not in ("", *IncidentKind.values):
            raise InputRefused(field="kind")
        if harm_avoided and not harm_reason.strip():
            raise InputRefused(_("Say what keeps the persons from harm."), field="harm_reason")
        if occurred_at is not None and occurred_at > incident.discovered_at:
            raise InputRefused(_("It cannot be noticed before it happens."), field="occurred_at")
        other_kind = bool(kind) and kind != incident.kind
        if other_kind:
            _become(incident, kind)
        incident.level = IncidentLevel(level)
        incident.persons_estimated = persons
        incident.data_kinds = _data_kinds(data_kinds)
        incident.occurred_at = occurred_at
        incident.harm_avoided = harm_avoided
        words = harm_reason.strip() if harm_avoided else ""
        set_text(incident, "harm_reason_cipher", words, dossier_id=incident.dossier_id)
        set_level(incident)
        refresh_duties(incident=incident, by=by, at=at)
        incident.save()
        frame.record(
            IncidentEvent,
            "assessed",
            dossier=incident.dossier,
            incident=incident,
            data={
                "kind": incident.kind,
                "level": incident.level,
                "persons": persons,
                "harm_avoided": harm_avoided,
            },
        )
        if other_kind:
            withdraw_tasks(dossier=incident.dossier, kind=INCIDENT_TASK, by=by, at=at)
            _call(incident, by=by, at=at)
            announce_persons(incident=incident, by=by, at=at)
    return incident


def _become(incident: Incident, kind: str) -> None:
    incident.kind = IncidentKind(kind)
    if incident.owner is not None and not incident.owner.has_perm(workflow.right_for(kind)):
        incident.owner = None


def contain_incident(
    *, incident: Incident, contained_at: datetime, measures: str, by: User, at: datetime
) -> Incident:
    """It cannot get worse any more: what was done is written down, and reports on the handling become due.

    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with act(by=by, at=at, code="incident.contained", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("contain", incident, by=by, at=at)
        if not incident.discovered_at <= contained_at <= at:
            raise InputRefused(_("Between the moment it was noticed and now."), field="contained_at")
        if not measures.strip():
            raise InputRefused(_("Say what was done."), field="measures")
        incident.contained_at = contained_at
        set_text(incident, "measures_cipher", measures.strip(), dossier_id=incident.dossier_id)
        refresh_duties(incident=incident, by=by, at=at)
        incident.save()
        frame.record(IncidentEvent, "contained", dossier=incident.dossier, incident=incident)
    return incident


def mark_reported(*, incident: Incident, by: User, at: datetime) -> Incident:
    """Everybody who had to hear of it at first has. Raises ``NotPermitted``, ``TransitionRefused``."""
    with act(by=by, at=at, code="incident.marked_reported", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("mark_reported", incident, by=by, at=at)
        incident.save()
        frame.record(IncidentEvent, "marked_reported", dossier=incident.dossier, incident=incident)
    return incident


def close_incident(*, incident: Incident, report: str, by: User, at: datetime) -> Incident:
    """The end, with a closing report: cause, damage, what is changed so that it does not happen again.

    Raises ``NotPermitted``, ``TransitionRefused`` (a duty is open, somebody was not told), ``InputRefused``.
    """
    with act(by=by, at=at, code="incident.closed", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("close", incident, by=by, at=at)
        if not report.strip():
            raise InputRefused(_("An incident is closed with a report."), field="report")
        incident.closed_at = at
        set_text(incident, "closing_cipher", report.strip(), dossier_id=incident.dossier_id)
        incident.save()
        withdraw_tasks(dossier=incident.dossier, kind=INCIDENT_TASK, by=by, at=at)
        frame.record(IncidentEvent, "closed", dossier=incident.dossier, incident=incident)
    return incident


def reopen_incident(*, incident: Incident, by: User, at: datetime, reason: str) -> Incident:
    """New facts: it is open again, and those responsible are called again. What was told stays told.

    Raises ``NotPermitted``, ``TransitionRefused``.
    """
    with act(by=by, at=at, code="incident.reopened", reason=reason, dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("reopen", incident, by=by, at=at)
        incident.contained_at = None
        incident.closed_at = None
        refresh_duties(incident=incident, by=by, at=at)
        incident.save()
        frame.record(IncidentEvent, "reopened", dossier=incident.dossier, incident=incident)
        _call(incident, by=by, at=at)
    return incident


def attach_to_incident(
    *, incident: Incident, name: str, content: bytes, by: User, at: datetime
) -> Attachment:
    """Keep a file with the incident. Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``."""
    with act(by=by, at=at, code="incident.file_added", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("attach", incident, by=by, at=at)
        attachment = store_attachment(
            dossier=incident.dossier,
            kind=EVIDENCE,
            name=name,
            content=content,
            origin=Attachment.Origin.UPLOAD,
            by=by,
            at=at,
        )
        frame.record(IncidentEvent, "file_added", dossier=incident.dossier, incident=incident)
    return attachment
