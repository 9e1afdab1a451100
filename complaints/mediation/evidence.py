"""What mediation adds to an evidence bundle: referrals of the complaints in it, with consents and time limits."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Q

from backoffice.audit.evidence.scope import Scope
from backoffice.audit.evidence.seams import Part, seams, titles
from backoffice.loans.evidence import BORROWER, LOAN
from complaints.evidence import COMPLAINT
from complaints.mediation.admin.words import EVENT_TITLES
from complaints.mediation.models import (
    MediationConsent,
    MediationEvent,
    MediationOrganisation,
    Referral,
    ReferralDeadline,
    ReferralDeadlineAct,
)
from complaints.querysets import visible_to
from debt_collections.evidence import CASE


def parts(scope: Scope) -> Iterator[Part]:
    """Both sides' part of each mediation."""
    complaints = visible_to(scope.viewer).filter(
        Q(pk__in=scope.all_of(COMPLAINT))
        | Q(borrower__in=scope.all_of(BORROWER))
        | Q(case__in=scope.all_of(CASE))
        | Q(loan__in=scope.all_of(LOAN))
    )
    referrals = Referral.objects.filter(complaint__in=complaints.values("pk"))
    yield Part(referrals, follow=True)
    yield Part(ReferralDeadline.objects.filter(owner__in=referrals))
    yield Part(ReferralDeadlineAct.objects.filter(deadline__owner__in=referrals), moments=("at",))
    consents = MediationConsent.objects.filter(complaint__in=complaints.values("pk"))
    yield Part(consents)
    yield Part(MediationOrganisation.objects.filter(pk__in=consents.values("organisation")))


seams.sources.register("mediation", parts)
seams.events.register(MediationEvent._meta.label_lower, titles(EVENT_TITLES))
