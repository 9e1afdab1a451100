import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.privacy.fields import TextCipherField


class EvidenceBundle(models.Model):
    """A ZIP with everything about one dossier in a period, which a stranger can check without us.

    Made in the background; the three progress columns are no facts and leave no history.
    """

    class State(models.TextChoices):
        QUEUED = "queued", _("Waiting to be made")
        RUNNING = "running", _("Being made")
        READY = "ready", _("Ready")
        FAILED = "failed", _("Could not be made")
        EXPIRED = "expired", _("File deleted")

    class Language(models.TextChoices):
        CHINESE = "zh-hans", _("Simplified Chinese")
        ENGLISH = "en", _("English")

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    dossier = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="bundles", verbose_name=_("dossier")
    )
    since = models.DateField(_("from"), null=True, blank=True)
    until = models.DateField(_("until"), null=True, blank=True)
    language = models.CharField(
        _("language"), max_length=7, choices=Language.choices, default=Language.CHINESE
    )
    third_parties = models.BooleanField(_("third persons unmasked"), default=False)
    reason_cipher = TextCipherField(verbose_name=_("reason in words"))
    state = models.CharField(_("state"), max_length=7, choices=State.choices, default=State.QUEUED)
    requested_at = models.DateTimeField(_("requested at"))
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"), null=True, blank=True)
    error = models.CharField(_("error"), max_length=200, blank=True)
    file = models.FileField(_("file"), upload_to="evidence/%Y/%m/", max_length=200, blank=True)
    size = models.PositiveBigIntegerField(_("size in bytes"), null=True, blank=True)
    sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)

    progress_step = models.CharField(_("step"), max_length=40, blank=True)
    progress_done = models.PositiveIntegerField(_("done"), default=0)
    progress_total = models.PositiveIntegerField(_("of"), default=0)

    history = HistoricalRecords(excluded_fields=["progress_step", "progress_done", "progress_total"])

    class Meta:
        verbose_name = _("evidence bundle")
        verbose_name_plural = _("evidence bundles")
        permissions = [
            ("make_bundle", "Can make evidence bundles"),
            ("unmask_third_parties", "Can include third persons unmasked in evidence bundles"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(since__isnull=True)
                | models.Q(until__isnull=True)
                | models.Q(until__gte=models.F("since")),
                name="audit_evidencebundle_ends_after_start",
            ),
            models.CheckConstraint(
                condition=~models.Q(state="ready") | ~models.Q(sha256=""),
                name="audit_evidencebundle_ready_has_hash",
            ),
        ]

    def __str__(self) -> str:
        return str(self.uid)
