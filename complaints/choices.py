from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class ComplaintState(models.TextChoices):
    RECEIVED = "received", _("Received")
    REGISTERED = "registered", _("Registered")
    ACCEPTED = "accepted", _("Accepted")
    NOT_ADMITTED = "not_admitted", _("Not admitted")
    INVESTIGATING = "investigating", _("Under investigation")
    AWAITING_COMPLAINANT = "awaiting_complainant", _("Waiting for the complainant")
    DECISION_PROPOSED = "decision_proposed", _("Decision proposed")
    DECIDED = "decided", _("Decided")
    NOTIFIED = "notified", _("Decision delivered")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn")
    MERGED = "merged", _("Merged")
    UNDER_REVIEW = "under_review", _("Under review")
    REVIEW_DECIDED = "review_decided", _("Review decided")


#: States in which a handler still owes something.
OPEN_STATES = (
    ComplaintState.RECEIVED,
    ComplaintState.REGISTERED,
    ComplaintState.ACCEPTED,
    ComplaintState.INVESTIGATING,
    ComplaintState.AWAITING_COMPLAINANT,
    ComplaintState.DECISION_PROPOSED,
    ComplaintState.DECIDED,
    ComplaintState.NOTIFIED,
    ComplaintState.UNDER_REVIEW,
    ComplaintState.REVIEW_DECIDED,
)
#: States that carry ``closed_at``.
ENDED_STATES = (ComplaintState.CLOSED, ComplaintState.WITHDRAWN, ComplaintState.MERGED)


class Source(models.TextChoices):
    APP = "app", _("App")
    HOTLINE = "hotline", _("Hotline")
    LETTER = "letter", _("Letter")
    BRANCH = "branch", _("Branch")
    R12378 = "12378", _("12378 (financial regulator)")
    R12363 = "12363", _("12363 (central bank)")
    LOCAL_AUTHORITY = "local_authority", _("Local financial authority")
    R12345 = "12345", _("12345 (government hotline)")
    PETITION = "petition", _("Petition")
    ASSOCIATION = "association", _("Association")
    CONSUMER_COUNCIL = "consumer_council", _("Consumer council")
    FUNDING_BANK = "funding_bank", _("Funding bank")
    MEDIA = "media", _("Heimao or media")
    POLICE_COURT = "police_court", _("Police or court")
    MEDIATION_CENTRE = "mediation_centre", _("Mediation centre")
    IMPORT = "import", _("Imported file")


#: Sources that hand over on an authority's behalf: a second person must approve the decision.
REGULATOR_SOURCES = (Source.R12378, Source.R12363, Source.LOCAL_AUTHORITY, Source.R12345, Source.PETITION)


class ComplainantRole(models.TextChoices):
    BORROWER = "borrower", _("Borrower")
    AGENT = "agent", _("Agent with mandate")
    HEIR = "heir", _("Heir")
    REPRESENTATIVE = "representative", _("Representative of a joint complaint")
    UNKNOWN = "unknown", _("Unknown")


class VerifiedHow(models.TextChoices):
    CALL_BACK = "call_back", _("Borrower called back on the number on file")
    APP_LOGIN = "app_login", _("Signed in to the app")
    DOCUMENT = "document", _("Document seen")


class ComplaintSeverity(models.TextChoices):
    # Not the class of a loan, which is called the same in English alone.
    NORMAL = "normal", pgettext_lazy("severity of a complaint", "Normal")
    SERIOUS = "serious", _("Serious")
    CRITICAL = "critical", _("Critical")


class NotAdmittedReason(models.TextChoices):
    """Why it is no complaint for us to decide (regulation.md K2, K13)."""

    NOT_OURS = "not_ours", _("Not about us or our agencies")
    NO_MANDATE = "no_mandate", _("Neither the person concerned nor mandated")
    IN_COURT = "in_court", _("Already before a court or arbitrator")
    ENQUIRY = "enquiry", _("An enquiry, not a complaint")
    UNIDENTIFIABLE = "unidentifiable", _("Person or matter cannot be identified")


class Finding(models.TextChoices):
    OPEN = "open", _("Not found yet")
    SUBSTANTIATED = "substantiated", _("Substantiated")
    NOT_SUBSTANTIATED = "not_substantiated", _("Not substantiated")
    UNDETERMINED = "undetermined", _("Cannot be established")


class DecisionOutcome(models.TextChoices):
    UPHELD = "upheld", _("Upheld")
    PARTLY = "partly", _("Partly upheld")
    NOT_UPHELD = "not_upheld", _("Not upheld")
    AGREED = "agreed", _("Agreed with the complainant")
    NO_REPLY = "no_reply", _("Complainant not reached")


class DecisionState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    SENT_BACK = "sent_back", _("Sent back")


class NoticeMode(models.TextChoices):
    LETTER = "letter", _("Registered letter")
    HANDED = "handed", _("Handed over")
    EMAIL = "email", _("E-mail")
    SMS = "sms", _("SMS with link")
    APP = "app", _("App message")
    CALL = "call", _("Recorded call")


class NoticeStep(models.TextChoices):
    SENT = "sent", _("Sent")
    DELIVERED = "delivered", _("Delivered")
    FAILED = "failed", _("Failed")


class RemedyKind(models.TextChoices):
    APOLOGY = "apology", _("Apology")
    WAIVER = "waiver", _("Waiver")
    PLAN = "plan", _("Repayment plan")
    BUREAU_CORRECTION = "bureau_correction", _("Credit record corrected")
    COMPENSATION = "compensation", _("Compensation")
    CHANGE_OF_COLLECTOR = "change_of_collector", _("Change of collector")
    NO_CONTACT = "no_contact", _("No contact by a channel")
    DATA_ERASURE = "data_erasure", _("Data erased")


class RemedyState(models.TextChoices):
    PROPOSED = "proposed", _("Proposed")
    GRANTED = "granted", _("Granted")
    EXECUTED = "executed", _("Executed")
    REVERSED = "reversed", _("Reversed")


class CategoryRoot(models.TextChoices):
    REPAYMENT = "repayment", _("Inflexible repayment")
    COLLECTION = "collection", _("Excessive collection")
    LEAK = "leak", _("Information leak")
    BUREAU = "bureau", _("Credit record")
    PRICING = "pricing", _("Pricing")
    TERMS = "terms", _("Terms")
    SERVICE = "service", _("Service")
    NOT_MY_LOAN = "not_my_loan", _("Not my loan")
    OTHER = "other", _("Other")


class ConversationDirection(models.TextChoices):
    OUT = "out", _("We called")
    IN = "in", _("They called")


class NoteKind(models.TextChoices):
    INTERNAL = "internal", _("Internal")
    EXTERNAL = "external", _("Told to the complainant")


#: How the states are coloured, wherever a complaint is shown.
STATE_TONES = {
    ComplaintState.RECEIVED: "warn",
    ComplaintState.REGISTERED: "warn",
    ComplaintState.DECISION_PROPOSED: "primary",
    ComplaintState.DECIDED: "primary",
    ComplaintState.NOTIFIED: "good",
    ComplaintState.CLOSED: "neutral",
    ComplaintState.WITHDRAWN: "neutral",
    ComplaintState.MERGED: "neutral",
    ComplaintState.NOT_ADMITTED: "neutral",
}
