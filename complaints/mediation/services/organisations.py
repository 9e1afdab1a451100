"""Organisations that mediate, and the consent without which nothing reaches them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from backoffice.api.models import Client
from backoffice.audit.services import act, lock
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.desk.models import Attachment
from backoffice.staff.models import User
from complaints.mediation import workflow
from complaints.mediation.choices import ENDED_STATES, ConsentCover, EndReason
from complaints.mediation.models import MediationConsent, MediationOrganisation, Referral
from complaints.mediation.services.effects import end_early
from complaints.models import Complaint, ComplaintEvent
from complaints.services.changes import lock_complaint

MANAGE = "mediation.add_mediationorganisation"
OTHER_CLIENT = _("This client has scopes of the house's systems: an organisation needs one of its own.")


def register_organisation(
    *,
    name: str,
    client: Client | None,
    period_days: int | None = None,
    access_days_after_end: int | None = None,
    by: User,
    at: datetime,
) -> MediationOrganisation:
    """A new organisation. ``period_days`` is its mediation period in calendar days from acceptance,
    ``access_days_after_end`` how long it may still read a case that has ended; policy's numbers unless given.

    Raises ``NotPermitted`` and, for periods that are no periods or a client of the house, ``InputRefused``.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm(MANAGE):
        raise NotPermitted
    if period_days is None:
        period_days = int(policy_value("mediation.period_days", on=business_day(at)))
    if access_days_after_end is None:
        access_days_after_end = int(policy_value("mediation.access_days_after_end", on=business_day(at)))
    if period_days < 1:
        raise InputRefused(_("The mediation period is at least one day."), field="period_days")
    if client is not None and not client.for_mediation:
        raise InputRefused(OTHER_CLIENT, field="client")
    with act(by=by, at=at, code="mediation.organisation_registered"):
        return MediationOrganisation.objects.create(
            name=name, client=client, period_days=period_days, access_days_after_end=access_days_after_end
        )


def record_consent(
    *,
    complaint: Complaint,
    organisation: MediationOrganisation,
    covers: Sequence[str],
    text_version: str,
    given_at: datetime,
    by: User,
    at: datetime,
    evidence: Attachment | None = None,
    evidence_reference: str = "",
) -> MediationConsent:
    """The complainant's separate consent to give what ``covers`` names to this one organisation.

    ``text_version`` is the text that was read or shown (it says that mediation stops the decision deadline).
    Evidence is a file or the number of a recording or message. Raises ``NotPermitted`` and ``InputRefused``.
    """
    _check_consent(covers, given_at, evidence, evidence_reference, at=at)
    with act(by=by, at=at, code="mediation.consent_recorded", dossier=complaint.dossier) as frame:
        complaint = lock_complaint(complaint.pk)
        consent = MediationConsent(complaint=complaint, organisation=organisation)
        workflow.consent.check("record", consent, by=by, at=at)
        if complaint.mediation_consents.filter(organisation=organisation, withdrawn_at__isnull=True).exists():
            raise InputRefused(
                _("A consent for this organisation is already in force."), field="organisation"
            )
        consent.given_at, consent.text_version = given_at, text_version
        consent.covers = [cover for cover in ConsentCover.values if cover in covers]
        consent.evidence, consent.evidence_reference = evidence, evidence_reference
        consent.save()
        frame.record(
            ComplaintEvent,
            "mediation_consent_recorded",
            dossier=complaint.dossier,
            complaint=complaint,
            data={"consent": consent.pk, "organisation": organisation.pk, "covers": consent.covers},
        )
    return consent


def _check_consent(
    covers: Sequence[str], given_at: datetime, evidence: Attachment | None, reference: str, *, at: datetime
) -> None:
    if not covers or not set(covers) <= set(ConsentCover.values):
        raise InputRefused(_("Say what the consent covers."), field="covers")
    if evidence is None and not reference:
        raise InputRefused(_("A consent needs evidence: a file or a number."), field="evidence_reference")
    if given_at > at:
        raise InputRefused(_("This moment lies in the future."), field="given_at")


def withdraw_consent(
    *, consent: MediationConsent, by: User, at: datetime, reason: str = ""
) -> MediationConsent:
    """The door closes at once: a running referral ends, the organisation keeps its tombstone.

    Raises ``NotPermitted``, and ``TransitionRefused`` when the consent has been withdrawn before.
    """
    dossier = consent.complaint.dossier
    with act(by=by, at=at, code="mediation.consent_withdrawn", reason=reason, dossier=dossier) as frame:
        complaint = lock_complaint(consent.complaint_id)
        consent = lock(MediationConsent, consent.pk)
        workflow.consent.step("withdraw", consent, by=by, at=at)
        consent.withdrawn_at = at
        consent.save()
        frame.record(
            ComplaintEvent,
            "mediation_consent_withdrawn",
            dossier=dossier,
            complaint=complaint,
            data={"consent": consent.pk, "organisation": consent.organisation_id},
        )
        for referral in Referral.objects.filter(consent=consent).exclude(state__in=ENDED_STATES):
            end_early(referral=referral, because=EndReason.CONSENT_WITHDRAWN, by=by, at=at)
    return consent
