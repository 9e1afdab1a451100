"""Mediation organisations with their clients, and referrals in every state, made through the real services."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from backoffice.api.models import Client
from backoffice.staff.models import User
from backoffice.staff.roles import Role
from complaints.mediation import services
from complaints.mediation.choices import ConsentCover
from complaints.mediation.models import MediationConsent, MediationOrganisation, Referral
from complaints.models import Complaint
from complaints.services import verify_identity
from tests.factories import api, complaints
from tests.factories import collections as collection
from tests.factories.complaints import NOW
from tests.factories.staff import person

SCOPES = ("referrals:read", "referrals:act", "parties:read")
EVERYTHING = tuple(ConsentCover.values)
#: Offered on Monday 2026-11-23, 14:00 in Shanghai: the last day to confirm is Thursday the 26th.
OFFERED = NOW + timedelta(hours=4)
#: Accepted on Tuesday the 24th, 10:00: the period of 30 days ends on 24 December.
ACCEPTED = NOW + timedelta(days=1)

_numbers = itertools.count(1)


@dataclass(frozen=True, slots=True)
class Partner:
    """An organisation with the client of its system."""

    organisation: MediationOrganisation
    client: Client
    secret: str

    @property
    def user(self) -> User:
        """The machine account in whose name the organisation acts."""
        user = self.client.user
        assert user is not None
        return user

    def headers(self, *scopes: str) -> dict[str, str]:
        """A fresh token for ``scopes`` (all the client has, if none are named)."""
        return api.bearer(self.client, self.secret, *scopes)


def partner(*, scopes: Sequence[str] = SCOPES, period_days: int = 30, access_days: int = 30) -> Partner:
    number = next(_numbers)
    client, secret = api.api_client(*scopes, name=f"调解系统{number}")
    organisation = services.register_organisation(
        name=f"测试调解中心{number}",
        client=client,
        period_days=period_days,
        access_days_after_end=access_days,
        by=person(Role.COMPLIANCE),
        at=NOW - timedelta(days=200),
    )
    return Partner(organisation, client, secret)


def complaint(*, by: User, at: datetime = NOW, **given: object) -> Complaint:
    """Under investigation, about the contacts of a real borrower, with the complainant's identity verified."""
    given.setdefault("about", collection.case())
    made = complaints.investigated(by=by, at=at, **given)
    return verify_identity(complaint=made, how="call_back", by=by, at=at + timedelta(minutes=10))


def consent(
    *,
    about: Complaint,
    to: Partner,
    by: User,
    covers: Sequence[str] = EVERYTHING,
    at: datetime = NOW + timedelta(hours=3),
) -> MediationConsent:
    return services.record_consent(
        complaint=about,
        organisation=to.organisation,
        covers=covers,
        text_version="2026-1",
        given_at=at,
        evidence_reference="REC-20261123-7",
        by=by,
        at=at,
    )


def offered(
    *,
    to: Partner,
    by: User,
    about: Complaint | None = None,
    covers: Sequence[str] = EVERYTHING,
    at: datetime = OFFERED,
) -> Referral:
    about = about or complaint(by=by)
    consent(about=about, to=to, by=by, covers=covers, at=at - timedelta(hours=1))
    return services.offer_referral(
        complaint=about,
        organisation=to.organisation,
        mandate_amount=Decimal("500.00"),
        mandate_months=12,
        by=by,
        at=at,
    )


def accept(referral: Referral, *, to: Partner, at: datetime = ACCEPTED) -> Referral:
    return services.accept_referral(
        referral=referral, mediator_name="赵清", mediator_licence="TJ-2041", by=to.user, at=at
    )


def accepted(
    *,
    to: Partner,
    by: User,
    about: Complaint | None = None,
    covers: Sequence[str] = EVERYTHING,
    at: datetime = ACCEPTED,
) -> Referral:
    return accept(offered(to=to, by=by, about=about, covers=covers), to=to, at=at)
