"""The clocks of an incident: worked out from the facts, met by telling somebody, waived with a reason."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _

from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused
from backoffice.core.selectors import business_calendar
from backoffice.desk import incident_rules, policy, workflow
from backoffice.desk.choices import IncidentLevel, Party, WaivedBecause, Way
from backoffice.desk.models import (
    Attachment,
    Incident,
    IncidentDuty,
    IncidentEvent,
    IncidentNotification,
)
from backoffice.desk.services.attachments import store_attachment
from backoffice.privacy.services import set_text
from backoffice.staff.models import User

PROOF = "incident_proof"


def facts_of(incident: Incident) -> incident_rules.Facts:
    """What the rules ask about an incident, as its row says it now."""
    return incident_rules.Facts(
        kind=incident.kind,
        level=incident.level,
        persons=incident.persons_estimated,
        noticed_at=incident.discovered_at,
        contained_at=incident.contained_at,
        harm_avoided=incident.harm_avoided,
    )


def set_level(incident: Incident) -> None:
    """Set the level on the instance: the stated one, or the higher one that the number of persons asks for."""
    house = policy.house(incident.discovered_at)
    incident.level = IncidentLevel(incident_rules.level_of(facts_of(incident), house))


def refresh_duties(*, incident: Incident, by: User, at: datetime) -> None:
    """Start and stop the clocks as the facts ask for. Part of an act; asks no permission of its own.

    A new clock is added, one the facts no longer ask for is waived, one they ask for again runs on. What was met
    stays met, and what a person waived stays waived. The numbers are those in force on the day of noticing.
    """
    facts, house = facts_of(incident), policy.house(incident.discovered_at)
    with act(by=by, at=at, code="incident.duties_set"):
        known = {(duty.code, duty.started_at): duty for duty in incident.duties.all()}
        wanted = set()
        for one in incident_rules.required(facts, house, business_calendar()):
            if one.started_at is None or one.due_at is None:
                continue
            wanted.add((one.code, one.started_at))
            present = known.get((one.code, one.started_at))
            if present is None:
                _start(incident, one, one.started_at, one.due_at)
            elif present.waived_because == WaivedBecause.NOT_NEEDED:
                present.waived_at, present.waived_because = None, ""
                present.save()
        for key, duty in known.items():
            if key not in wanted and duty.is_running:
                duty.waived_at, duty.waived_because = at, WaivedBecause.NOT_NEEDED
                duty.save()


def _start(incident: Incident, one: incident_rules.Duty, started_at: datetime, due_at: datetime) -> None:
    IncidentDuty.objects.create(
        incident=incident,
        code=one.code,
        party=one.party,
        amount=one.term.amount,
        unit=one.term.unit,
        basis=one.term.basis,
        legal_force=one.term.legal_force,
        confidence=one.term.confidence,
        started_at=started_at,
        due_at=due_at,
        provisional=one.provisional,
    )


def notify(
    *,
    incident: Incident,
    way: str,
    told_at: datetime,
    by: User,
    at: datetime,
    duty: IncidentDuty | None = None,
    party: str = "",
    office: str = "",
    note: str = "",
    proof: tuple[str, bytes] | None = None,
) -> IncidentNotification:
    """Log that somebody was told; with ``duty`` its clock is met at ``told_at``, otherwise ``party`` says who.

    ``office`` names an office, never a person; ``note`` is kept encrypted; ``proof`` is a file's name and content.
    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with act(by=by, at=at, code="incident.notified", dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("notify", incident, by=by, at=at)
        told_between(incident, told_at, at)
        if duty is not None:
            duty = lock(IncidentDuty, duty.pk)
            if duty.incident_id != incident.pk or not duty.is_running:
                raise InputRefused(_("This report duty is not open any more."), field="duty")
            party = duty.party
        if party not in Party.values:
            raise InputRefused(_("Say who was told."), field="party")
        if way not in Way.values:
            raise InputRefused(field="way")
        kept = _keep_proof(incident, proof, by, at)
        row = log_notification(
            incident=incident,
            duty=duty,
            party=party,
            office=office,
            way=way,
            told_at=told_at,
            note=note,
            proof=kept,
            by=by,
            at=at,
        )
        if duty is not None:
            duty.met_at = told_at
            duty.save()
        frame.record(
            IncidentEvent,
            "notified",
            dossier=incident.dossier,
            incident=incident,
            duty=duty,
            data={"party": party, "way": way, "late": bool(duty and told_at > duty.due_at)},
        )
    return row


def told_between(incident: Incident, told_at: datetime, at: datetime) -> None:
    """Nobody can be told before it was noticed, nor in the future."""
    if not incident.discovered_at <= told_at <= at:
        raise InputRefused(_("Between the moment it was noticed and now."), field="told_at")


def _keep_proof(
    incident: Incident, proof: tuple[str, bytes] | None, by: User, at: datetime
) -> Attachment | None:
    if proof is None:
        return None
    name, content = proof
    try:
        return store_attachment(
            dossier=incident.dossier,
            kind=PROOF,
            name=name,
            content=content,
            origin=Attachment.Origin.UPLOAD,
            by=by,
            at=at,
        )
    except InputRefused as error:
        raise InputRefused(error.message, field="proof") from error


def log_notification(
    *,
    incident: Incident,
    duty: IncidentDuty | None,
    party: str,
    office: str,
    way: str,
    told_at: datetime,
    note: str,
    proof: Attachment | None,
    by: User,
    at: datetime,
) -> IncidentNotification:
    """The row of evidence alone, within the act of another service."""
    row = IncidentNotification(
        incident=incident,
        duty=duty,
        party=party,
        office=office,
        way=way,
        told_at=told_at,
        told_by=by,
        logged_at=at,
        proof=proof,
    )
    set_text(row, "note_cipher", note, dossier_id=incident.dossier_id)
    row.save()
    return row


def waive_duty(
    *, incident: Incident, duty: IncidentDuty, by: User, at: datetime, reason: str
) -> IncidentDuty:
    """A person decides that a report need not be made; the reason is kept.

    Raises ``NotPermitted``, ``TransitionRefused``, ``InputRefused``.
    """
    with act(by=by, at=at, code="incident.duty_waived", reason=reason, dossier=incident.dossier) as frame:
        incident = lock(Incident, incident.pk)
        workflow.incident.step("waive", incident, by=by, at=at)
        duty = lock(IncidentDuty, duty.pk)
        if duty.incident_id != incident.pk or not duty.is_running:
            raise InputRefused(_("This report duty is not open any more."), field="duty")
        if not reason.strip():
            raise InputRefused(_("Say why."), field="reason")
        duty.waived_at, duty.waived_because = at, WaivedBecause.DECIDED
        duty.save()
        frame.record(
            IncidentEvent,
            "duty_waived",
            dossier=incident.dossier,
            incident=incident,
            duty=duty,
            data={"code": duty.code, "party": duty.party},
        )
    return duty
