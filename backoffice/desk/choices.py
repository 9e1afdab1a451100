from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class IncidentKind(models.TextChoices):
    """What may happen that must not wait for tomorrow."""

    LEAK = "leak", _("Leak of personal data")
    SELF_HARM = "self_harm", _("Threat of self-harm")
    VIOLENCE = "violence", _("Violence or threat of violence")
    CROWD = "crowd", _("Crowd")
    MEDIA = "media", _("Media")


class IncidentState(models.TextChoices):
    OPEN = "open", pgettext_lazy("of an incident", "Open")
    CONTAINED = "contained", pgettext_lazy("of an incident", "Contained")
    REPORTED = "reported", pgettext_lazy("of an incident", "Reported")
    CLOSED = "closed", pgettext_lazy("of an incident", "Closed")


class IncidentLevel(models.TextChoices):
    """The four levels of 国家网络安全事件报告管理办法, used for every kind. In ascending order."""

    ORDINARY = "ordinary", pgettext_lazy("level of an incident", "Ordinary")
    LARGE = "large", pgettext_lazy("level of an incident", "Large")
    MAJOR = "major", pgettext_lazy("level of an incident", "Major")
    GRAVE = "grave", pgettext_lazy("level of an incident", "Grave")


class LeakedData(models.TextChoices):
    """The kinds of data that PIPL art. 57 wants named. Money matters are sensitive data (art. 28)."""

    NAME = "name", _("Names")
    CONTACT = "contact", _("Telephone numbers and e-mail addresses")
    IDENTITY = "identity", _("Document numbers")
    ADDRESS = "address", _("Addresses")
    ACCOUNT = "account", _("Bank and payment accounts")
    LOAN = "loan", _("Loans, amounts and arrears")
    CREDIT = "credit", _("Credit scores and credit records")
    THIRD_PERSONS = "third_persons", _("Contact persons")
    RECORDING = "recording", _("Recordings and transcripts")
    COMPLAINT = "complaint", _("Complaints and what was written about them")


class Party(models.TextChoices):
    """Whom a duty or a call goes to."""

    POLICE = "police", _("Police")
    EMERGENCY = "emergency", _("Police and ambulance")
    HOTLINE = "hotline", _("Psychological aid")
    MANAGEMENT = "management", _("Management on duty")
    PRESS_OFFICE = "press_office", _("Press office")
    SECURITY = "security", _("Information security on duty")
    CAC = "cac", _("Cyberspace administration of the province")
    PROTECTION = "protection", _("Protection department and police")
    NFRA = "nfra", _("Financial regulator's local office")
    LOCAL_FINANCE = "local_finance", _("Local financial authority")
    PERSONS = "persons", _("Persons concerned")


class DutyUnit(models.TextChoices):
    """In what the time of a report is counted."""

    MINUTES = "minutes", _("minutes")
    HOURS = "hours", _("hours")
    WORKING_DAYS = "working_days", _("working days")
    DAYS = "days", _("days")


class Way(models.TextChoices):
    """How somebody was told."""

    CALL = "call", _("By telephone")
    IN_PERSON = "in_person", _("In person")
    PLATFORM = "platform", _("Through the authority's reporting platform")
    LETTER = "letter", _("By letter")
    EMAIL = "email", _("By e-mail")
    SMS = "sms", _("By SMS")
    APP = "app", _("By message in the app")
    ANNOUNCEMENT = "announcement", _("By public announcement")


class NotTold(models.TextChoices):
    """Why a person concerned was not told."""

    HARM_AVOIDED = "harm_avoided", _("Harm effectively avoided")
    UNREACHABLE = "unreachable", _("Cannot be reached; announced publicly")
    NOT_CONCERNED = "not_concerned", _("Turned out not to be concerned")
    SAFETY = "safety", _("Telling would endanger somebody")


class WaivedBecause(models.TextChoices):
    """Why a duty need not be done."""

    NOT_NEEDED = "not_needed", _("The facts no longer ask for it")
    DECIDED = "decided", _("Decided by a person, with a reason")
