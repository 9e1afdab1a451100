from django.db import models
from django.utils.translation import gettext_lazy as _


class CollectorState(models.TextChoices):
    ACTIVE = "active", _("On duty")
    SUSPENDED = "suspended", _("Suspended")
    LEFT = "left", _("Left")


class CaseStage(models.TextChoices):
    CONTACT = "contact", _("Contact")
    NOTICE = "notice", _("Notice")
    LEGAL = "legal", _("Legal")


class CaseState(models.TextChoices):
    OPEN = "open", _("In collection")
    CLOSED = "closed", _("Case closed")


class CloseReason(models.TextChoices):
    CURED = "cured", _("Cured")
    RECALLED = "recalled", _("Recalled")
    WRITTEN_OFF = "written_off", _("Written off")
    SOLD = "sold", _("Sold")


class CuredBy(models.TextChoices):
    """What left nothing overdue in a case that ended as cured."""

    PAYMENT = "payment", _("Cured by payment")
    CHANGE = "change", _("Cured without payment: what was agreed was changed")
    CORRECTION = "correction", _("Cured without payment: what had been booked was corrected")


class HoldScope(models.TextChoices):
    ALL = "all", _("All collection")
    COLLECTOR = "collector", _("One collector")
    CHANNEL = "channel", _("One channel")
    COLLECTOR_CHANNEL = "collector_channel", _("One collector and one channel")
    NUMBER = "number", _("One number")
    AMOUNT = "amount", _("Disputed amount")


class HoldState(models.TextChoices):
    LIVE = "live", _("Live")
    LIFTED = "lifted", _("Lifted")


class HoldReason(models.TextChoices):
    COMPLAINT = "complaint", _("Complaint")
    MEDIATION = "mediation", _("Mediation")
    PLAN_KEPT = "plan_kept", _("Plan kept")
    HARDSHIP = "hardship", _("Hardship request")
    DISPUTE = "dispute", _("Dispute")
    NOT_MY_LOAN = "not_my_loan", _("Not my loan")
    ILLNESS = "illness", _("Illness")
    BEREAVEMENT = "bereavement", _("Bereavement")
    DECEASED = "deceased", _("Deceased")
    DANGER = "danger", _("Danger to life")


class Purpose(models.TextChoices):
    COLLECT = "collect", _("Collect")
    SERVICE = "service", _("Service")
    COMPLAINT = "complaint", _("Complaint")
    STATUTORY_NOTICE = "statutory_notice", _("Statutory notice")
    COURT = "court", _("Court")


class Direction(models.TextChoices):
    OUT = "out", _("Outgoing")
    IN = "in", _("Incoming")


class Party(models.TextChoices):
    DEBTOR = "debtor", _("Borrower")
    CONTACT_PERSON = "contact_person", _("Contact person")
    OTHER = "other", _("Other person")
    UNKNOWN = "unknown", _("Unknown person")


class Connection(models.TextChoices):
    """How a call got through. Only a person is an interactive call; an unknown one counts as if it were."""

    PERSON = "person", _("Somebody answered")
    VOICEMAIL = "voicemail", _("Voicemail")
    ASSISTANT = "assistant", _("Phone assistant")
    HUNG_UP = "hung_up", _("Hung up at once")
    NO_ANSWER = "no_answer", _("No answer")
    BUSY = "busy", _("Busy")
    INVALID = "invalid", _("Invalid number")
    UNKNOWN = "unknown", _("Unknown")
    NOT_A_CALL = "not_a_call", _("Not a call")


class Outcome(models.TextChoices):
    NONE = "none", _("No result")
    PROMISED = "promised", _("Promised to pay")
    REFUSED = "refused", _("Refused to pay")
    HARDSHIP = "hardship", _("Reports hardship")
    DISPUTED = "disputed", _("Disputes the debt")
    MESSAGE_LEFT = "message_left", _("Message left")
    WRONG_PERSON = "wrong_person", _("Wrong person")
    STOP_REQUESTED = "stop_requested", _("Asked not to be contacted")
    COMPLAINED = "complained", _("Complained")
