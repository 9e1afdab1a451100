from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import IdType
from backoffice.privacy import kinds
from backoffice.privacy.fields import BlindIndexField, CipherField, MaskField, Personal, TextCipherField
from complaints.choices import (
    ENDED_STATES,
    ComplainantRole,
    ComplaintSeverity,
    ComplaintState,
    NotAdmittedReason,
    Source,
    VerifiedHow,
)


class Complaint(models.Model):
    """投诉: what somebody says went wrong, from receipt to the delivered decision and beyond."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="complaint", verbose_name=_("dossier")
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    state = models.CharField(
        _("state"), max_length=20, choices=ComplaintState.choices, default=ComplaintState.RECEIVED
    )
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    received_at = models.DateTimeField(_("received at"))
    source = models.CharField(_("source"), max_length=16, choices=Source.choices)
    sender_reference = models.CharField(_("sender's reference"), max_length=60, blank=True, db_index=True)
    sender_due_on = models.DateField(_("sender's own due day"), null=True, blank=True)
    client = models.ForeignKey(
        "api.Client",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("filed by client"),
    )
    external_id = models.CharField(_("external id"), max_length=64, blank=True, db_index=True)
    severity = models.CharField(
        _("severity"), max_length=8, choices=ComplaintSeverity.choices, default=ComplaintSeverity.NORMAL
    )
    words_cipher = TextCipherField(verbose_name=_("own words"))

    borrower = models.ForeignKey(
        "loans.Borrower",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("borrower"),
    )
    loan = models.ForeignKey(
        "loans.Loan",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("loan"),
    )
    case = models.ForeignKey(
        "collections.Case",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("collection case"),
    )
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints_handled",
        verbose_name=_("handler"),
        db_index=False,
    )
    team = models.ForeignKey(
        "staff.Team",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="complaints",
        verbose_name=_("team"),
    )
    identity_verified_at = models.DateTimeField(_("identity verified at"), null=True, blank=True)
    identity_verified_how = models.CharField(
        _("identity verified by"), max_length=10, choices=VerifiedHow.choices, blank=True
    )
    not_admitted_reason = models.CharField(
        _("not admitted because"), max_length=14, choices=NotAdmittedReason.choices, blank=True
    )
    repeat_of = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="repeats",
        verbose_name=_("repeat of"),
    )
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="merged",
        verbose_name=_("merged into"),
    )
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("complaint")
        verbose_name_plural = _("complaints")
        permissions = [
            ("file_complaint", "Can file a complaint"),
            ("assign_complaint", "Can assign complaints"),
            ("handle_complaint", "Can handle complaints (accept, investigate, propose)"),
            ("decide_complaint", "Can approve or send back decisions"),
            ("close_complaint", "Can close complaints"),
            ("extend_complaint", "Can extend deadlines to 30 days"),
            ("extend_complaint_far", "Can extend deadlines to 60 days"),
            ("read_words", "Can read the words of complaints"),
        ]
        indexes = [
            models.Index(fields=["state", "id"], name="complaints_complaint_state"),
            models.Index(fields=["handler", "state"], name="complaints_complaint_handler"),
            models.Index(fields=["received_at"], name="complaints_complaint_received"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state__in=ComplaintState.values), name="complaints_complaint_state_known"
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ENDED_STATES, closed_at__isnull=False)
                | (~models.Q(state__in=ENDED_STATES) & models.Q(closed_at__isnull=True)),
                name="complaints_complaint_closed_at_matches_state",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="merged") | models.Q(merged_into__isnull=False),
                name="complaints_complaint_merged_has_target",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="not_admitted") | ~models.Q(not_admitted_reason=""),
                name="complaints_complaint_not_admitted_has_reason",
            ),
            models.UniqueConstraint(
                fields=["client", "external_id"],
                condition=~models.Q(external_id=""),
                name="complaints_complaint_external_id_once_per_client",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Complainant(models.Model):
    """Who complains: the borrower, an agent, an heir, or one of at most five representatives."""

    complaint = models.ForeignKey(
        Complaint, on_delete=models.PROTECT, related_name="complainants", verbose_name=_("complaint")
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="complainants",
        verbose_name=_("data subject"),
    )
    role = models.CharField(_("role"), max_length=14, choices=ComplainantRole.choices)
    id_type = models.CharField(_("document"), max_length=16, choices=IdType.choices, default=IdType.RESIDENT)
    name_cipher = CipherField(verbose_name=_("name of the person"))
    name_mask = MaskField(verbose_name=_("name"))
    name_index = BlindIndexField(verbose_name=_("name of the person (search index)"))
    id_number_cipher = CipherField(verbose_name=_("document number"))
    id_number_mask = MaskField(verbose_name=_("document number"))
    id_number_index = BlindIndexField(verbose_name=_("document number (search index)"))
    email_cipher = CipherField(verbose_name=_("e-mail"))
    email_mask = MaskField(verbose_name=_("e-mail"))
    email_index = BlindIndexField(verbose_name=_("e-mail (search index)"))
    on_behalf_of_cipher = TextCipherField(verbose_name=_("on whose behalf"))
    mandate = models.ForeignKey(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("mandate"),
    )

    personal = Personal(
        owner="subject",
        dossier="complaint.dossier",
        name=kinds.NAME,
        id_number=kinds.RESIDENT_ID,
        email=kinds.EMAIL,
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("complainant")
        verbose_name_plural = _("complainants")

    def __str__(self) -> str:
        return f"#{self.pk}"

    def personal_kind(self, name: str) -> kinds.Kind:
        """Only a resident ID has a check digit; other documents are looser."""
        if name == "id_number" and self.id_type != IdType.RESIDENT:
            return kinds.OTHER_ID
        return self.personal.fields[name]


class ComplainantPhone(models.Model):
    """A number the complainant gave to be called on."""

    complainant = models.ForeignKey(
        Complainant, on_delete=models.PROTECT, related_name="phones", verbose_name=_("complainant")
    )
    number_cipher = CipherField(verbose_name=_("telephone number"))
    number_mask = MaskField(verbose_name=_("number"))
    number_index = BlindIndexField(verbose_name=_("telephone number (search index)"))

    personal = Personal(
        owner="complainant.subject", dossier="complainant.complaint.dossier", number=kinds.PHONE
    )
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("complainant's number")
        verbose_name_plural = _("complainant's numbers")

    def __str__(self) -> str:
        return self.number_mask
