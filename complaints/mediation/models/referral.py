from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.core.models import Deadline, DeadlineAct
from complaints.mediation.choices import ENDED_STATES, EndReason, ReferralState


class Referral(models.Model):
    """调解案件: a complaint in the hands of a mediation organisation. ``version`` is the API's ETag."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="referral", verbose_name=_("dossier")
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    complaint = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="referrals",
        verbose_name=_("complaint"),
    )
    organisation = models.ForeignKey(
        "mediation.MediationOrganisation",
        on_delete=models.PROTECT,
        related_name="referrals",
        verbose_name=_("organisation"),
        db_index=False,
    )
    consent = models.ForeignKey(
        "mediation.MediationConsent",
        on_delete=models.PROTECT,
        related_name="referrals",
        verbose_name=_("consent"),
    )
    state = models.CharField(
        _("state"), max_length=20, choices=ReferralState.choices, default=ReferralState.DRAFT
    )
    version = models.PositiveIntegerField(_("version"), default=1)
    mandate_amount = models.DecimalField(_("most we may waive (yuan)"), max_digits=12, decimal_places=2)
    mandate_months = models.PositiveSmallIntegerField(_("longest plan in months"))
    mediator_name = models.CharField(_("mediator"), max_length=60, blank=True)
    mediator_licence = models.CharField(_("mediator's licence"), max_length=60, blank=True)
    offered_at = models.DateTimeField(_("offered at"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("accepted at"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    end_reason = models.CharField(_("ended because"), max_length=21, choices=EndReason.choices, blank=True)
    updated_at = models.DateTimeField(_("updated at"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("referral")
        verbose_name_plural = _("referrals")
        permissions = [
            ("offer_referral", "Can offer cases to mediation"),
            ("act_referral", "Can act for the mediation organisation"),
            ("expire_referral", "Can let unanswered offers expire"),
        ]
        indexes = [
            models.Index(fields=["organisation", "updated_at", "id"], name="mediation_referral_feed"),
            models.Index(fields=["state", "id"], name="mediation_referral_state"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["complaint"],
                condition=~models.Q(state__in=ENDED_STATES),
                name="mediation_referral_one_running_per_complaint",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=ENDED_STATES, ended_at__isnull=False)
                | (~models.Q(state__in=ENDED_STATES) & models.Q(ended_at__isnull=True)),
                name="mediation_referral_ended_at_matches_state",
            ),
            models.CheckConstraint(
                condition=models.Q(accepted_at__isnull=True)
                | (~models.Q(mediator_name="") & ~models.Q(mediator_licence="")),
                name="mediation_referral_accepted_has_mediator",
            ),
            models.CheckConstraint(
                condition=models.Q(mandate_amount__gte=0), name="mediation_referral_mandate_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.number


class ReferralDeadline(Deadline):
    """A time limit of a referral: ``confirm`` (3 working days), ``mediation`` (the organisation's period)."""

    owner = models.ForeignKey(
        Referral, on_delete=models.PROTECT, related_name="deadlines", verbose_name=_("referral")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("referral deadline")
        verbose_name_plural = _("referral deadlines")
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind"],
                condition=models.Q(cancelled_at__isnull=True),
                name="mediation_deadline_one_per_kind",
            )
        ]


class ReferralDeadlineAct(DeadlineAct):
    """What moved a referral's time limit."""

    deadline = models.ForeignKey(
        ReferralDeadline, on_delete=models.PROTECT, related_name="acts", verbose_name=_("referral deadline")
    )

    class Meta:
        verbose_name = _("deadline act")
        verbose_name_plural = _("deadline acts")
