import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.privacy.fields import TextCipherField
from complaints.choices import ConversationDirection, NoteKind


class Conversation(models.Model):
    """A call with the complainant: reached or not, what was said, what was agreed, when to call again."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="conversations",
        verbose_name=_("complaint"),
    )
    direction = models.CharField(_("direction"), max_length=3, choices=ConversationDirection.choices)
    connected = models.BooleanField(_("reached"))
    started_at = models.DateTimeField(_("started at"))
    handler = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("handler")
    )
    recording = models.ForeignKey(
        "desk.Attachment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("recording"),
    )
    summary_cipher = TextCipherField(verbose_name=_("summary of the call"))
    agreed_cipher = TextCipherField(verbose_name=_("what was agreed"))
    next_call_at = models.DateTimeField(_("call again at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("conversation")
        verbose_name_plural = _("conversations")

    def __str__(self) -> str:
        return f"{self.direction} {self.started_at:%Y-%m-%d %H:%M}"


class Note(models.Model):
    """A remark in the file; internal and external kept apart."""

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    complaint = models.ForeignKey(
        "complaints.Complaint", on_delete=models.PROTECT, related_name="notes", verbose_name=_("complaint")
    )
    kind = models.CharField(_("kind"), max_length=8, choices=NoteKind.choices)
    written_at = models.DateTimeField(_("written at"))
    author = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("author")
    )
    text_cipher = TextCipherField(verbose_name=_("text of the note"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("note")
        verbose_name_plural = _("notes")

    def __str__(self) -> str:
        return f"{self.kind} {self.written_at:%Y-%m-%d %H:%M}"
