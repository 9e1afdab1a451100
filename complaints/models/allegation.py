import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.privacy.fields import TextCipherField
from complaints.choices import Finding


class Allegation(models.Model):
    """投诉事项: one thing complained of, with its category, the very contacts meant, and its finding."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="allegations",
        verbose_name=_("complaint"),
        db_index=False,
    )
    sequence = models.PositiveSmallIntegerField(_("number"))
    category = models.ForeignKey(
        "complaints.Category",
        on_delete=models.PROTECT,
        related_name="allegations",
        verbose_name=_("category"),
    )
    business_code = models.CharField(_("business code"), max_length=20, blank=True)
    cause_code = models.CharField(_("cause code"), max_length=20, blank=True)
    text_cipher = TextCipherField(verbose_name=_("what is alleged"))
    collector = models.ForeignKey(
        "collections.Collector",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="allegations",
        verbose_name=_("collector complained of"),
    )
    finding = models.CharField(_("finding"), max_length=17, choices=Finding.choices, default=Finding.OPEN)
    finding_reason_cipher = TextCipherField(verbose_name=_("reasons of the finding"))
    found_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("found by"),
    )
    found_at = models.DateTimeField(_("found at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("allegation")
        verbose_name_plural = _("allegations")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "sequence"], name="complaints_allegation_sequence_once"
            ),
            models.CheckConstraint(
                condition=models.Q(finding="open", found_at__isnull=True, found_by__isnull=True)
                | (~models.Q(finding="open") & models.Q(found_at__isnull=False, found_by__isnull=False)),
                name="complaints_allegation_finding_has_author",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}/{self.sequence}"


class AllegationContact(models.Model):
    """The very contact complained of: one of ours, or one that our systems do not hold."""

    allegation = models.ForeignKey(
        Allegation, on_delete=models.PROTECT, related_name="contacts", verbose_name=_("allegation")
    )
    contact = models.ForeignKey(
        "collections.ContactAttempt",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="allegation_links",
        verbose_name=_("contact"),
    )
    alleged = models.ForeignKey(
        "conduct.AllegedContact",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="allegation_links",
        verbose_name=_("alleged contact"),
    )
    removed_at = models.DateTimeField(_("unlinked at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("contact complained of")
        verbose_name_plural = _("contacts complained of")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(contact__isnull=False, alleged__isnull=True)
                | models.Q(contact__isnull=True, alleged__isnull=False),
                name="complaints_allegationcontact_exactly_one",
            ),
            models.UniqueConstraint(
                fields=["allegation", "contact"],
                condition=models.Q(removed_at__isnull=True, contact__isnull=False),
                name="complaints_allegationcontact_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.allegation_id}"


class Demand(models.Model):
    """诉求: what is wanted, and our answer. An unanswered one stands in red."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="demands",
        verbose_name=_("complaint"),
        db_index=False,
    )
    sequence = models.PositiveSmallIntegerField(_("number"))
    text_cipher = TextCipherField(verbose_name=_("what is demanded"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2, null=True, blank=True)
    answer_cipher = TextCipherField(verbose_name=_("answer to the demand"))
    answered_at = models.DateTimeField(_("answered at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("demand")
        verbose_name_plural = _("demands")
        constraints = [
            models.UniqueConstraint(fields=["complaint", "sequence"], name="complaints_demand_sequence_once"),
            models.CheckConstraint(
                condition=models.Q(amount__isnull=True) | models.Q(amount__gte=0),
                name="complaints_demand_amount_not_negative",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}/{self.sequence}"
