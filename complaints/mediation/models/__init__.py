from complaints.mediation.models.event import MediationEvent
from complaints.mediation.models.organisation import MediationConsent, MediationOrganisation
from complaints.mediation.models.referral import Referral, ReferralDeadline, ReferralDeadlineAct

__all__ = [
    "MediationConsent",
    "MediationEvent",
    "MediationOrganisation",
    "Referral",
    "ReferralDeadline",
    "ReferralDeadlineAct",
]
