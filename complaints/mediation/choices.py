from django.db import models
from django.utils.translation import gettext_lazy as _


class ReferralState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    OFFERED = "offered", _("Offered")
    ACCEPTED = "accepted", _("Accepted")
    SUSPENDED = "suspended", _("Suspended")
    SETTLEMENT_PROPOSED = "settlement_proposed", _("Settlement proposed")
    SETTLEMENT_APPROVED = "settlement_approved", _("Settlement approved")
    SETTLED = "settled", _("Settled")
    CONFIRMATION_PENDING = "confirmation_pending", _("Confirmation pending")
    CONFIRMED = "confirmed", _("Confirmed by court")
    REFUSED = "refused", _("Confirmation refused")
    PERFORMED = "performed", _("Performed")
    BREACHED = "breached", _("Breached")
    NOT_SETTLED = "not_settled", _("Not settled")
    DECLINED = "declined", _("Declined")
    EXPIRED = "expired", _("Expired")
    RECALLED = "recalled", _("Recalled")
    ENDED = "ended", _("Ended")


#: States after which nothing more happens.
ENDED_STATES = (
    ReferralState.PERFORMED,
    ReferralState.BREACHED,
    ReferralState.NOT_SETTLED,
    ReferralState.DECLINED,
    ReferralState.EXPIRED,
    ReferralState.RECALLED,
    ReferralState.ENDED,
)


class EndReason(models.TextChoices):
    """Court online mediation rules art. 25; ``own_settlement`` is ours."""

    AGREEMENT = "agreement", _("Agreement")
    WITHDRAWN_BY_PARTY = "withdrawn_by_party", _("Withdrawn by a party")
    OWN_SETTLEMENT = "own_settlement", _("Settled between the parties")
    PARTY_UNREACHABLE = "party_unreachable", _("A party could not be reached")
    PARTY_UNWILLING = "party_unwilling", _("A party does not want mediation")
    TOO_FAR_APART = "too_far_apart", _("Too far apart")
    TIME_OVER = "time_over", _("Time over")
    PARTY_REFUSED_TO_SIGN = "party_refused_to_sign", _("A party refused to sign")
    CONSENT_WITHDRAWN = "consent_withdrawn", _("Consent withdrawn")
    OTHER = "other", _("Other")


#: What an organisation may give as the reason when it closes without a settlement.
PARTNER_END_REASONS = (
    EndReason.WITHDRAWN_BY_PARTY,
    EndReason.OWN_SETTLEMENT,
    EndReason.PARTY_UNREACHABLE,
    EndReason.PARTY_UNWILLING,
    EndReason.TOO_FAR_APART,
    EndReason.TIME_OVER,
    EndReason.PARTY_REFUSED_TO_SIGN,
    EndReason.OTHER,
)


class DeclineReason(models.TextChoices):
    OUT_OF_SCOPE = "out_of_scope", _("Not a matter for this organisation")
    NO_CAPACITY = "no_capacity", _("No mediator free")
    CONFLICT_OF_INTEREST = "conflict_of_interest", _("Conflict of interest")
    OTHER = "other", _("Other")


class SuspensionReason(models.TextChoices):
    APPRAISAL = "appraisal", _("Appraisal")
    RECUSAL = "recusal", _("Change of mediator (recusal)")
    OTHER = "other", _("Other")


class ConsentingParty(models.TextChoices):
    """Both must have agreed before the mediation period grows longer."""

    CREDITOR = "creditor", _("Creditor")
    CONSUMER = "consumer", _("Consumer")


class ConsentState(models.TextChoices):
    """Not a column: follows from what is recorded."""

    NOT_RECORDED = "not_recorded", _("Not recorded")
    IN_FORCE = "in_force", _("In force")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class ConsentCover(models.TextChoices):
    """What the complainant agrees may be given to the mediation organisation (PIPL 23, separate consent)."""

    IDENTITY = "identity", _("Name and identity document")
    CONTACT = "contact", _("Telephone and address")
    LOAN = "loan", _("Loan facts")
    COMPLAINT = "complaint", _("Complaint and allegations")
    DOCUMENTS = "documents", _("Documents")
