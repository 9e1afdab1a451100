from django.db import models
from django.utils.translation import gettext_lazy as _


class IdType(models.TextChoices):
    RESIDENT = "resident_id", _("Resident ID card")
    PASSPORT = "passport", _("Passport")
    HK_MACAO = "hk_macao_permit", _("Hong Kong or Macao permit")
    TAIWAN = "taiwan_permit", _("Taiwan permit")


class Need(models.TextChoices):
    """The need and its end, never the illness."""

    STUDENT = "student", _("Student")
    MINOR = "minor", _("Minor")
    ELDERLY = "elderly", _("Elderly")
    GENTLE = "gentle", _("Needs gentle handling")


class ContactPersonState(models.TextChoices):
    LOCKED = "locked", _("Locked")
    UNLOCKED = "unlocked", _("Unlocked to find or pass a message")
    STOPPED = "stopped", _("Stopped for ever")


class UnlockReason(models.TextChoices):
    LOST_CONTACT = "lost_contact", _("Borrower cannot be reached")
    DECEASED = "deceased", _("Borrower deceased")
    INCAPACITY = "incapacity", _("Borrower without legal capacity")


class NumberOwner(models.TextChoices):
    OWN = "own", _("Borrower's own")
    HOME = "home", _("Home")
    WORKPLACE = "workplace", _("Workplace")
    CONTACT_PERSON = "contact_person", _("Contact person")
    UNKNOWN = "unknown", _("Unknown")


class Channel(models.TextChoices):
    CALL = "call", _("Call")
    AI_CALL = "ai_call", _("AI call")
    SMS = "sms", _("SMS")
    EMAIL = "email", _("E-mail")
    PUSH = "push", _("App push")
    IM = "im", _("Instant message")
    LETTER = "letter", _("Letter")
    VISIT = "visit", _("Visit")


class Method(models.TextChoices):
    EQUAL_INSTALMENT = "equal_instalment", _("Equal instalments")
    EQUAL_PRINCIPAL = "equal_principal", _("Equal principal")
    INTEREST_ONLY = "interest_only", _("Interest only, principal at the end")
    BULLET = "bullet", _("Everything at the end")


class DayCount(models.TextChoices):
    D30_360 = "30/360", "30/360"
    ACT_360 = "ACT/360", "ACT/360"
    ACT_365 = "ACT/365", "ACT/365"
    EQUAL_PERIODS = "equal_periods", _("Equal periods")


class Rounding(models.TextChoices):
    HALF_UP = "half_up", _("Half up")
    HALF_EVEN = "half_even", _("Half even")


class LoanState(models.TextChoices):
    ACTIVE = "active", _("Active")
    SETTLED = "settled", _("Settled")
    WRITTEN_OFF = "written_off", _("Written off")
    ASSIGNED = "assigned", _("Assigned")


class RepaymentChannel(models.TextChoices):
    APP = "app", _("App")
    DEBIT = "debit", _("Direct debit")
    TRANSFER = "transfer", _("Bank transfer")
    THIRD_PARTY = "third_party", _("Paid by a third person")


class Component(models.TextChoices):
    PRINCIPAL = "principal", _("Principal")
    INTEREST = "interest", _("Interest")
    FEE = "fee", _("Fee")
    PENALTY = "penalty", _("Default interest")
    COST = "cost", _("Cost of enforcing")


class TermsState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    PUBLISHED = "published", _("Published")
    RETIRED = "retired", _("Retired")


class PeriodUnit(models.TextChoices):
    MONTH = "month", _("Month")
    WEEK = "week", _("Week")
    DAY = "day", _("Day")


class OddDays(models.TextChoices):
    """Where the interest of days before a regular first period goes. Never off the money paid out (art. 670)."""

    FIRST = "first", _("In the first instalment")
    SPREAD = "spread", _("Spread over all instalments")


class EarlyRepayment(models.TextChoices):
    """Interest up to when, if a loan without daily interest is repaid early (Civil Code art. 677)."""

    TO_THE_DAY = "to_the_day", _("Interest to the day")
    TO_PERIOD_END = "to_period_end", _("Interest to the end of the period")


class SurplusRule(models.TextChoices):
    """Where money in advance goes."""

    NEXT = "next", _("Next instalments")
    LAST = "last", _("Last instalments")
    SPREAD = "spread", _("Spread over all to come")
    CREDIT = "credit", _("Kept as credit")


class Filling(models.TextChoices):
    INSTALMENT = "instalment", _("One instalment after the other")
    COMPONENT = "component", _("One component after the other")


class RiskClass(models.TextChoices):
    """五级分类."""

    NORMAL = "normal", _("Normal")
    SPECIAL_MENTION = "special_mention", _("Special mention")
    SUBSTANDARD = "substandard", _("Substandard")
    DOUBTFUL = "doubtful", _("Doubtful")
    LOSS = "loss", _("Loss")


class OverdueKind(models.TextChoices):
    """Evasion is never derived: it stands only on a determination that people made."""

    NONE = "none", _("Not overdue")
    MINOR = "minor", _("Minor overdue")
    LONG_TERM = "long_term", _("Long-term overdue")


class PauseKind(models.TextChoices):
    HOLIDAY = "holiday", _("Payment holiday")
    DISASTER = "disaster", _("Disaster or epidemic")
    ILLNESS = "illness", _("Hardship")
    DISPUTE = "dispute", _("Amount in dispute")
    OTHER = "other", _("Other")


class ChangeKind(models.TextChoices):
    DEFERRAL = "deferral", _("Deferral")
    RESCHEDULE = "reschedule", _("New schedule")
    EXTRA_INSTALMENTS = "extra_instalments", _("More instalments")
    RATE_CUT = "rate_cut", _("Lower rate")
    WAIVER = "waiver", _("Waiver")
    EARLY_SETTLEMENT = "early_settlement", _("Early settlement")


class ChangeState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    APPLIED = "applied", _("Applied")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class PostingKind(models.TextChoices):
    REPAYMENT = "repayment", _("Repayment")
    REVERSAL = "reversal", _("Reversal")


class PostingState(models.TextChoices):
    REQUESTED = "requested", _("Awaits a second person")
    DONE = "done", _("Done")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class FeeKind(models.TextChoices):
    """What a fee beside interest is for. Enforcing and early repayment happen, or do not."""

    SERVICE = "service", _("Service fee")
    GUARANTEE = "guarantee", _("Guarantee or other credit enhancement")
    INSURANCE = "insurance", _("Insurance premium")
    OTHER = "other", _("Other fee")
    ENFORCING = "enforcing", _("Cost of enforcing")
    EARLY_REPAYMENT = "early_repayment", _("Compensation for early repayment")


class FeeBasis(models.TextChoices):
    AMOUNT = "amount", _("Fixed amount (yuan)")
    PRINCIPAL = "principal", _("Share of the principal lent")
    BALANCE = "balance", _("Share of the principal still owed")
    ACTUAL = "actual", _("What it really cost")


class FeeTiming(models.TextChoices):
    UPFRONT = "upfront", _("When the loan is paid out")
    FIRST = "first", _("With the first instalment")
    PERIOD = "period", _("With every instalment")
    CONTINGENT = "contingent", _("Only if it comes to that")


class CostConvention(models.TextChoices):
    """How the time between payments was counted (see ``loans/cost.py``)."""

    PERIODS = "periods", _("By whole periods")
    DAYS = "days", _("By days, a year of 365")


class CostStanding(models.TextChoices):
    """Where the all-in yearly cost of a loan stands against what was in force on the day of payment."""

    UNKNOWN = "", _("Not computed")
    WITHIN = "within", _("Within the limits")
    ABOVE_LPR = "above_lpr", _("Above the flagged multiple of the LPR")
    ABOVE_CAP = "above_cap", _("Above the cap")


class DocumentKind(models.TextChoices):
    """What a paper in a loan's folder is."""

    CONTRACT = "contract", _("Contract")
    AGREEMENT = "agreement", _("Agreement")
    PROOF_OF_PAYMENT = "proof_of_payment", _("Proof of payment")
    OTHER = "other_document", _("Other document")
