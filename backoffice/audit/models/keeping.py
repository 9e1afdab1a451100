"""How long things are kept, what may not be erased, and what was erased."""

import uuid

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models.event import EventRow
from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.history import HistoricalRecords
from backoffice.core.time import ends_early
from backoffice.privacy.fields import TextCipherField


class RetentionRule(models.Model):
    """How long one kind of record is kept, in months from the moment its use ended, and which law says so.

    Several rules may cover one kind: the longest in force wins. ``kind`` is a code of ``audit.seams``.
    """

    kind = models.CharField(_("kind of record"), max_length=40)
    keep_months = models.PositiveIntegerField(_("months kept"))
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    basis = models.CharField(_("legal basis"), max_length=200)
    source = models.CharField(_("source"), max_length=200)
    legal_force = models.CharField(_("legal force"), max_length=12, choices=LegalForce.choices)
    confidence = models.CharField(_("confidence"), max_length=14, choices=Confidence.choices)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        permissions = [("apply_retention", "Can run retention")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "basis", "effective_from"], name="audit_retentionrule_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(effective_to__isnull=True)
                | models.Q(effective_to__gte=models.F("effective_from")),
                name="audit_retentionrule_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.keep_months}"

    def clean(self) -> None:
        """The constraint, in words and at the field."""
        if ends_early(self.effective_from, self.effective_to):
            raise ValidationError({"effective_to": _("The period ends before it begins.")})


class RetentionRun(EventRow):
    """One preview or run of retention: per kind the rule that won, the cut-off day and what was taken."""

    class Mode(models.TextChoices):
        PREVIEW = "preview", _("Preview")
        RUN = "run", _("Run")

    mode = models.CharField(_("mode"), max_length=7, choices=Mode.choices)
    finished_at = models.DateTimeField(_("finished at"))
    result = models.JSONField(_("result"), default=list)

    class Meta:
        verbose_name = _("retention run")
        verbose_name_plural = _("retention runs")

    def __str__(self) -> str:
        return self.mode


class LegalHold(models.Model):
    """A court, an authority or our own lawyers need a dossier kept: nothing in it may be erased or run out."""

    class Reason(models.TextChoices):
        LITIGATION = "litigation", _("Lawsuit or arbitration")
        AUTHORITY = "authority", _("Order of an authority")
        INVESTIGATION = "investigation", _("Internal investigation")
        OTHER = "other", _("Other")

    class State(models.TextChoices):
        STANDING = "standing", _("In force")
        LIFTED = "lifted", _("Lifted")

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    dossier = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="legal_holds", verbose_name=_("dossier")
    )
    reason = models.CharField(_("reason"), max_length=14, choices=Reason.choices)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    detail_cipher = TextCipherField(verbose_name=_("details"))
    placed_at = models.DateTimeField(_("placed at"))
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("hold placed by")
    )
    until = models.DateField(_("until"), null=True, blank=True)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        permissions = [("place_legal_hold", "Can place and lift legal holds")]

    def __str__(self) -> str:
        return self.reference or str(self.uid)

    @property
    def state(self) -> str:
        """In force until somebody lifts it; a day that has passed lifts nothing by itself."""
        return self.State.LIFTED if self.lifted_at else self.State.STANDING

    def get_state_display(self) -> str:
        """The label of ``state``, as the workflow shows it."""
        return str(self.State(self.state).label)


class Erasure(models.Model):
    """The erasure of one person: asked for by one, carried out by another, with a proof that holds no data.

    ``proof`` names the keys that are gone (and the hash of each wrapped key), the columns redacted, the files
    deleted (and their hashes), the texts rewritten; ``proof_sha256`` is over its canonical text.
    """

    class State(models.TextChoices):
        REQUESTED = "requested", _("Requested")
        DONE = "done", _("Erased")
        REFUSED = "refused", _("Refused")

    class Basis(models.TextChoices):
        REQUEST = "request", _("The person asked for it (PIPL art. 47)")
        PURPOSE = "purpose", _("The purpose has ended")
        CONSENT = "consent", _("Consent was withdrawn")
        RETENTION = "retention", _("The time of keeping is over")
        UNLAWFUL = "unlawful", _("The data should not have been taken")

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        related_name="erasures",
        verbose_name=_("data subject"),
    )
    state = models.CharField(_("state"), max_length=9, choices=State.choices, default=State.REQUESTED)
    basis = models.CharField(_("basis"), max_length=9, choices=Basis.choices)
    reference = models.CharField(_("reference"), max_length=60, blank=True)
    requested_at = models.DateTimeField(_("requested at"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    preview = models.JSONField(_("preview"), default=dict, editable=False)
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    proof = models.JSONField(_("proof of erasure"), default=dict, editable=False)
    proof_sha256 = models.CharField(_("hash of the proof"), max_length=64, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("erasure")
        verbose_name_plural = _("erasures")
        permissions = [
            ("request_erasure", "Can ask for the erasure of a person"),
            ("carry_out_erasure", "Can carry out or refuse an erasure"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="requested", decided_at__isnull=True)
                | models.Q(state__in=["done", "refused"], decided_at__isnull=False),
                name="audit_erasure_decided_matches_state",
            ),
            models.CheckConstraint(
                condition=models.Q(decided_by__isnull=True)
                | ~models.Q(state="done")
                | ~models.Q(decided_by=models.F("requested_by")),
                name="audit_erasure_takes_two",
            ),
            models.UniqueConstraint(
                fields=["subject"],
                condition=models.Q(state="requested"),
                name="audit_erasure_one_open_per_subject",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)
