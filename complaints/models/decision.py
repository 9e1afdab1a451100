import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.core.log import LogModel
from backoffice.loans.choices import Channel
from backoffice.privacy.fields import TextCipherField
from complaints.choices import (
    DecisionOutcome,
    DecisionState,
    NoticeMode,
    NoticeStep,
    RemedyKind,
    RemedyState,
)


class Decision(models.Model):
    """处理决定. Approved by a second person where policy asks for one; the approval holds for ``content_hash`` only."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="decisions",
        verbose_name=_("complaint"),
        db_index=False,
    )
    sequence = models.PositiveSmallIntegerField(_("number"))
    outcome = models.CharField(_("outcome"), max_length=10, choices=DecisionOutcome.choices)
    state = models.CharField(
        _("state"), max_length=9, choices=DecisionState.choices, default=DecisionState.PROPOSED
    )
    basis_cipher = TextCipherField(verbose_name=_("facts and grounds"))
    content_hash = models.CharField(_("SHA-256 of the content"), max_length=64)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("approved by"),
    )
    approved_at = models.DateTimeField(_("approved at"), null=True, blank=True)
    letter = models.OneToOneField(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("letter"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("decision")
        verbose_name_plural = _("decisions")
        constraints = [
            models.UniqueConstraint(
                fields=["complaint", "sequence"], name="complaints_decision_sequence_once"
            ),
            models.UniqueConstraint(
                fields=["complaint"],
                condition=models.Q(state="proposed"),
                name="complaints_decision_one_proposed",
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by__isnull=True) | ~models.Q(approved_by=models.F("proposed_by")),
                name="complaints_decision_approver_is_not_proposer",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="approved")
                | models.Q(approved_by__isnull=False, approved_at__isnull=False),
                name="complaints_decision_approved_has_approver",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.complaint_id}/{self.sequence}"


class Remedy(models.Model):
    """补救: what we do to put it right; executed in the app that owns the matter, with a trace."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint", on_delete=models.PROTECT, related_name="remedies", verbose_name=_("complaint")
    )
    decision = models.ForeignKey(
        Decision,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="remedies",
        verbose_name=_("decision"),
    )
    allegation = models.ForeignKey(
        "complaints.Allegation",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="remedies",
        verbose_name=_("allegation"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=RemedyKind.choices)
    state = models.CharField(
        _("state"), max_length=8, choices=RemedyState.choices, default=RemedyState.PROPOSED
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2, null=True, blank=True)
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices, blank=True)
    text_cipher = TextCipherField(verbose_name=_("what is done about it"))
    executed_at = models.DateTimeField(_("executed at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("remedy")
        verbose_name_plural = _("remedies")
        constraints = [
            models.CheckConstraint(
                # Without “is not null” the comparison is unknown, and a check lets the unknown pass.
                condition=~models.Q(kind__in=["waiver", "compensation"])
                | models.Q(amount__isnull=False, amount__gt=0),
                name="complaints_remedy_money_has_amount",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="executed") | models.Q(executed_at__isnull=False),
                name="complaints_remedy_executed_has_time",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}"


class DecisionNotice(LogModel):
    """One step of telling the complainant, with proof. Only ``delivered`` meets the deadline."""

    decision = models.ForeignKey(
        Decision, on_delete=models.PROTECT, related_name="notices", verbose_name=_("decision")
    )
    mode = models.CharField(_("mode"), max_length=8, choices=NoticeMode.choices)
    step = models.CharField(_("step"), max_length=9, choices=NoticeStep.choices)
    at = models.DateTimeField(_("at"))
    proof_reference = models.CharField(_("proof (receipt or message number)"), max_length=100, blank=True)
    proof = models.ForeignKey(
        "desk.Attachment", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("proof")
    )
    recorded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("recorded by")
    )

    class Meta:
        verbose_name = _("decision notice")
        verbose_name_plural = _("decision notices")
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(step="delivered")
                | ~models.Q(proof_reference="")
                | models.Q(proof__isnull=False),
                name="complaints_decisionnotice_delivered_has_proof",
            )
        ]

    def __str__(self) -> str:
        return f"{self.mode} {self.step}"
