"""Agencies, collectors and the authorisation without which nobody may contact a borrower."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.utils.translation import gettext_lazy as _

from backoffice.audit.services import act, lock
from backoffice.core.choices import DossierKind
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.services import open_dossier
from backoffice.core.time import start_of_day
from backoffice.staff.models import User
from debt_collections.choices import CollectorState
from debt_collections.models import Agency, Authorisation, CollectionEvent, Collector


def demand(by: User, permission: str) -> None:
    """Raises ``NotPermitted`` unless ``by`` has the right. The house's own jobs (imports, demo) need none."""
    if by.kind != User.Kind.SYSTEM and not by.has_perm(permission):
        raise NotPermitted()


def register_agency(
    *, code: str, name: str, in_house: bool = False, by: User, at: datetime, reason: str = ""
) -> Agency:
    """Enter an agency (or our own floor) that may be given cases. Raises ``InputRefused`` for a code in use."""
    demand(by, "collections.register_agency")
    if Agency.objects.filter(code=code).exists():
        raise InputRefused(_("An agency with this code exists already."), field="code")
    if Agency.objects.filter(name=name).exists():
        raise InputRefused(_("An agency with this name exists already."), field="name")
    with act(by=by, at=at, code="agency.registered") as opening:
        dossier = open_dossier(kind=DossierKind.AGENCY, number=code, at=opening.at)
        with act(by=by, at=at, code="agency.registered", reason=reason, dossier=dossier) as frame:
            agency = Agency.objects.create(dossier=dossier, code=code, name=name, in_house=in_house)
            frame.record(CollectionEvent, "agency_registered", dossier=dossier)
    return agency


def register_collector(
    *,
    agency: Agency,
    staff_number: str,
    name: str,
    user: User | None = None,
    by: User,
    at: datetime,
    reason: str = "",
) -> Collector:
    """Enter a collector; contacting anybody takes an authorisation as well. Raises ``InputRefused``."""
    demand(by, "collections.register_collector")
    if Collector.objects.filter(staff_number=staff_number).exists():
        raise InputRefused(_("A collector with this staff number exists already."), field="staff_number")
    with act(by=by, at=at, code="collector.registered") as opening:
        dossier = open_dossier(kind=DossierKind.COLLECTOR, number=staff_number, at=opening.at)
        with act(by=by, at=at, code="collector.registered", reason=reason, dossier=dossier) as frame:
            collector = Collector.objects.create(
                dossier=dossier, agency=agency, staff_number=staff_number, name=name, user=user
            )
            frame.record(
                CollectionEvent, "collector_registered", dossier=dossier, data={"agency": agency.code}
            )
    return collector


def authorise_collector(
    *,
    collector: Collector,
    background_checked_on: date,
    from_on: date,
    until: date,
    by: User,
    at: datetime,
    reason: str = "",
) -> Collector:
    """Let a collector work from the start of ``from_on`` to the end of ``until`` (days in Shanghai).

    Also how a suspended collector comes back. Raises ``InputRefused`` for dates out of order, for a background
    check still to come, and for a collector who has left.
    """
    demand(by, "collections.authorise_collector")
    if until < from_on:
        raise InputRefused(_("The authorisation ends before it begins."), field="until")
    if background_checked_on > from_on or start_of_day(background_checked_on) > at:
        raise InputRefused(
            _("The background check comes before the authorisation."), field="background_checked_on"
        )
    with act(by=by, at=at, code="collector.authorised", reason=reason, dossier=collector.dossier) as frame:
        collector = lock(Collector, collector.pk)
        if collector.state == CollectorState.LEFT:
            raise InputRefused(_("This collector has left."), field="collector")
        collector.state = CollectorState.ACTIVE
        collector.background_checked_on = background_checked_on
        collector.authorised_from = from_on
        collector.authorised_until = until
        collector.save()
        Authorisation.objects.create(
            collector=collector,
            starts_at=start_of_day(from_on),
            ends_at=start_of_day(until + timedelta(days=1)),
        )
        frame.record(
            CollectionEvent,
            "collector_authorised",
            dossier=collector.dossier,
            data={"from": from_on.isoformat(), "until": until.isoformat()},
        )
    return collector


def suspend_collector(*, collector: Collector, by: User, at: datetime, reason: str) -> Collector:
    """Take a collector off the floor at once: every authorisation still running ends at ``at``."""
    demand(by, "collections.suspend_collector")
    with act(by=by, at=at, code="collector.suspended", reason=reason, dossier=collector.dossier) as frame:
        collector = lock(Collector, collector.pk)
        if collector.state != CollectorState.ACTIVE:
            raise InputRefused(_("This collector is not active."), field="collector")
        collector.state = CollectorState.SUSPENDED
        collector.save()
        for running in collector.authorisations.filter(ends_at__gt=at):
            running.ends_at = max(running.starts_at, at)
            running.save()
        frame.record(CollectionEvent, "collector_suspended", dossier=collector.dossier)
    return collector
