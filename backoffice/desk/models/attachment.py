import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.privacy.fields import TextCipherField


class Attachment(models.Model):
    """A file in a dossier: sniffed, size-limited, hashed. Never served from the media folder directly."""

    class Origin(models.TextChoices):
        UPLOAD = "upload", _("Uploaded")
        API = "api", _("Received over the API")
        PRODUCED = "produced", _("Produced here")

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    dossier = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="attachments", verbose_name=_("dossier")
    )
    kind = models.CharField(_("kind"), max_length=40)
    origin = models.CharField(_("origin"), max_length=8, choices=Origin.choices)
    name_cipher = TextCipherField(verbose_name=_("file name"))
    content_type = models.CharField(_("content type"), max_length=100)
    size = models.PositiveIntegerField(_("size in bytes"))
    sha256 = models.CharField(_("SHA-256"), max_length=64)
    file = models.FileField(_("file"), upload_to="attachments/%Y/%m/", max_length=200)
    added_at = models.DateTimeField(_("added at"))
    added_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("added by")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")

    def __str__(self) -> str:
        return str(self.uid)
