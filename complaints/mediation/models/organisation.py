import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from complaints.mediation.choices import ConsentCover, ConsentState


class MediationOrganisation(models.Model):
    """调解组织: a third party that mediates. Its machine client sees only what was offered to it."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    name = models.CharField(_("name"), max_length=100, unique=True)
    client = models.OneToOneField(
        "api.Client",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="mediation_organisation",
        verbose_name=_("API client"),
    )
    period_days = models.PositiveSmallIntegerField(_("mediation period in days"))
    access_days_after_end = models.PositiveSmallIntegerField(_("days of access after the end"))
    active = models.BooleanField(_("active"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("mediation organisation")
        verbose_name_plural = _("mediation organisations")

    def __str__(self) -> str:
        return self.name


class MediationConsent(models.Model):
    """The complainant's separate, informed, revocable consent to mediation and to giving data away (PIPL 23)."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="mediation_consents",
        verbose_name=_("complaint"),
    )
    organisation = models.ForeignKey(
        MediationOrganisation,
        on_delete=models.PROTECT,
        related_name="consents",
        verbose_name=_("organisation"),
    )
    given_at = models.DateTimeField(_("given at"))
    text_version = models.CharField(_("version of the text"), max_length=20)
    covers = models.JSONField(_("covers"), default=list)
    evidence = models.ForeignKey(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("evidence"),
    )
    evidence_reference = models.CharField(
        _("evidence (recording or message number)"), max_length=100, blank=True
    )
    withdrawn_at = models.DateTimeField(_("withdrawn at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("mediation consent")
        verbose_name_plural = _("mediation consents")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "organisation"],
                condition=models.Q(withdrawn_at__isnull=True),
                name="mediation_consent_one_in_force",
            ),
            models.CheckConstraint(
                condition=models.Q(evidence__isnull=False) | ~models.Q(evidence_reference=""),
                name="mediation_consent_has_evidence",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}/{self.organisation_id}"

    @property
    def state(self) -> ConsentState:
        """What the workflow's table asks for; follows from the columns."""
        if self._state.adding:
            return ConsentState.NOT_RECORDED
        return ConsentState.WITHDRAWN if self.withdrawn_at is not None else ConsentState.IN_FORCE

    def get_state_display(self) -> str:
        return str(self.state.label)

    def in_force_for(self, *covers: ConsentCover) -> bool:
        """Whether the consent stands and covers all of ``covers``."""
        return self.withdrawn_at is None and set(covers) <= set(self.covers)
