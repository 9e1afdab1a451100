"""Every change of state of mediation."""

from complaints.mediation.services.organisations import (
    record_consent,
    register_organisation,
    withdraw_consent,
)
from complaints.mediation.services.partner import (
    accept_referral,
    close_referral,
    decline_referral,
    extend_referral,
    resume_referral,
    suspend_referral,
)
from complaints.mediation.services.referrals import (
    expire_referral,
    expire_referrals,
    offer_referral,
    recall_referral,
)

__all__ = [
    "accept_referral",
    "close_referral",
    "decline_referral",
    "expire_referral",
    "expire_referrals",
    "extend_referral",
    "offer_referral",
    "recall_referral",
    "record_consent",
    "register_organisation",
    "resume_referral",
    "suspend_referral",
    "withdraw_consent",
]
