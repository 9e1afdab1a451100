import uuid

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.log import LogModel
from backoffice.privacy.fields import TextCipherField


class EventRow(LogModel):
    """What every event and read row knows about who, when and through which door."""

    uid = models.UUIDField(_("public identifier"), default=uuid.uuid4, editable=False)
    occurred_at = models.DateTimeField(_("occurred at"))
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)
    # No index of its own, nor for the dossier and the subject: those of the tables begin with them.
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("actor"),
        db_index=False,
    )
    actor_name = models.CharField(_("actor's name"), max_length=150)
    entry_point = models.CharField(_("entry point"), max_length=10)
    request_id = models.CharField(_("request"), max_length=64)

    class Meta:
        abstract = True


class Event(EventRow):
    """A typed decision: what was decided, by whom, why. Abstract; each app has its table with its own links.

    ``data`` holds codes, numbers and dates for the sentence shown in the timeline, never personal data.
    """

    kind = models.CharField(_("kind"), max_length=40)
    dossier = models.ForeignKey(
        "core.Dossier",
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("dossier"),
        db_index=False,
    )
    reason_cipher = TextCipherField(verbose_name=_("reason in words"))
    data = models.JSONField(_("details"), default=dict)

    class Meta:
        abstract = True
        indexes = [
            models.Index(fields=["dossier", "occurred_at"], name="%(class)s_dossier"),
            # The explorer walks the tables of all apps side by side, newest first.
            models.Index(fields=["occurred_at"], name="%(class)s_occurred"),
            models.Index(fields=["actor", "occurred_at"], name="%(class)s_actor"),
            models.Index(fields=["request_id"], name="%(class)s_request"),
        ]

    def __str__(self) -> str:
        return self.kind


class Purpose(models.TextChoices):
    """Why somebody needs to see a person's data in full (PIPL art. 6: bound to a purpose)."""

    COMPLAINT = "complaint", _("Handling a complaint")
    CALL_BACK = "call_back", _("Calling the person back")
    IDENTITY = "identity", _("Checking who somebody is")
    COLLECTION = "collection", _("Collection within the rules")
    LETTER = "letter", _("Serving a letter")
    MEDIATION = "mediation", _("Mediation or court")
    AUDIT = "audit", _("Audit or supervision")
    RIGHTS = "rights", _("A request of the person about their data")
    INCIDENT = "incident", _("An incident")


class ReadEvent(EventRow):
    """Who looked at what: one row per request, append-only.

    ``what`` says how it was seen (page, list, search, file, export, reveal), ``fields`` which personal fields
    were shown in full, ``count`` how many things a list or search showed and ``listed`` the dossiers they belong
    to, so that the page “who saw this person” knows of lists as well.
    """

    class What(models.TextChoices):
        PAGE = "page", _("Page")
        LIST = "list", _("List")
        SEARCH = "search", _("Search")
        FILE = "file", _("File")
        EXPORT = "export", _("Export")
        REVEAL = "reveal", _("Revealed")
        HISTORY = "history", _("Record")

    what = models.CharField(_("how"), max_length=8, choices=What.choices)
    dossier = models.ForeignKey(
        "core.Dossier",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("dossier"),
        db_index=False,
    )
    subject = models.ForeignKey(
        "privacy.DataSubject",
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
        db_index=False,
    )
    path = models.CharField(_("path"), max_length=200)
    fields = models.JSONField(_("fields"), default=list)
    count = models.PositiveIntegerField(_("count"), default=1)
    listed = models.JSONField(_("dossiers listed"), default=list)
    purpose = models.CharField(_("purpose"), max_length=200, blank=True)
    purpose_code = models.CharField(_("kind of purpose"), max_length=20, choices=Purpose.choices, blank=True)

    class Meta:
        verbose_name = _("read event")
        verbose_name_plural = _("read events")
        indexes = [
            models.Index(fields=["dossier", "occurred_at"], name="audit_read_dossier"),
            models.Index(fields=["subject", "occurred_at"], name="audit_read_subject"),
            models.Index(fields=["actor", "occurred_at"], name="audit_read_actor"),
            # What everybody read within an hour: the watch over unusual volumes asks it all day long.
            models.Index(fields=["occurred_at"], name="audit_read_occurred"),
            models.Index(fields=["request_id"], name="audit_read_request"),
        ]

    def __str__(self) -> str:
        return f"{self.what} {self.path}"
