from django.db import models
from django.utils.translation import gettext_lazy as _


class DossierKind(models.TextChoices):
    """Things that have a file of their own (卷宗)."""

    BORROWER = "borrower", _("Borrower")
    LOAN = "loan", _("Loan")
    CASE = "case", _("Collection case")
    CONTACT = "contact", _("Contact attempt")
    FINDING = "finding", _("Finding")
    COLLECTOR = "collector", _("Collector")
    AGENCY = "agency", _("Agency")
    LEGAL_ACTION = "legal_action", _("Legal action")
    SUPPORT_OFFER = "support_offer", _("Support offer")
    BUREAU_OBJECTION = "bureau_objection", _("Bureau objection")
    COMPLAINT = "complaint", _("Complaint")
    REFERRAL = "referral", _("Referral")
    INCIDENT = "incident", _("Incident")
    CLIENT = "client", _("API client")


class DayKind(models.TextChoices):
    REST = "rest", _("Rest day")
    WORKDAY = "workday", _("Make-up workday")


class LegalForce(models.TextChoices):
    """The ladder of regulation.md §0, and below it our own policy."""

    LAW = "law", _("Law")
    ADM_REG = "adm_reg", _("Administrative regulation")
    JUD = "jud", _("Judicial interpretation")
    DEPT_RULE = "dept_rule", _("Departmental rule")
    NORM_DOC = "norm_doc", _("Normative document")
    NAT_STD_REC = "nat_std_rec", _("Recommended national standard")
    SELF_REG = "self_reg", _("Self-regulation")
    POLICY = "policy", _("Internal policy")


class Confidence(models.TextChoices):
    """How sure we are of a rule's text: found, found in a weak source, or from memory."""

    FOUND = "found", _("Found in a source")
    SECONDARY = "secondary", _("Found in a secondary source")
    MEMORY_HIGH = "memory_high", _("From memory, confidence high")
    MEMORY_MEDIUM = "memory_medium", _("From memory, confidence medium")
    MEMORY_LOW = "memory_low", _("From memory, confidence low")
    INFERRED = "inferred", _("Inferred or internal")


class DeadlineActKind(models.TextChoices):
    EXTENSION = "extension", _("Extension")
    PAUSE = "pause", _("Pause")
    RESUMPTION = "resumption", _("Resumption")
    RESTART = "restart", _("Restart")
