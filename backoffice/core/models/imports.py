from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords


class ImportRun(models.Model):
    """One file loaded into one kind of thing. The hash of file and mapping makes a second load a no-op."""

    class State(models.TextChoices):
        RUNNING = "running", _("Running")
        DONE = "done", _("Done")

    kind = models.CharField(_("kind"), max_length=30)
    file_name = models.CharField(_("file name"), max_length=255)
    file_sha256 = models.CharField(_("SHA-256 of the file"), max_length=64)
    mapping_sha256 = models.CharField(_("SHA-256 of the mapping"), max_length=64)
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.RUNNING)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"), null=True, blank=True)
    rows_total = models.PositiveIntegerField(_("rows in the file"), default=0)
    rows_read = models.PositiveIntegerField(_("rows read"), default=0)
    rows_created = models.PositiveIntegerField(_("rows created"), default=0)
    rows_skipped = models.PositiveIntegerField(_("rows already there"), default=0)
    rows_failed = models.PositiveIntegerField(_("rows refused"), default=0)
    #: The first refusals and notices (row, column, code, words) and figures of the last attempt; no values of cells.
    report = models.JSONField(_("report"), default=dict, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("import")
        verbose_name_plural = _("imports")
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "file_sha256", "mapping_sha256"], name="core_importrun_file_once_per_kind"
            ),
            models.CheckConstraint(
                condition=models.Q(state="done", finished_at__isnull=False) | models.Q(state="running"),
                name="core_importrun_done_has_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind}: {self.file_name}"


class ImportRow(models.Model):
    """The key of a row already taken in, so that a rerun or an overlapping file creates nothing twice.

    Of a row that created nothing, since what it says was there by another way, too: by another mapping it might.
    """

    run = models.ForeignKey(
        ImportRun, on_delete=models.PROTECT, related_name="rows", verbose_name=_("import")
    )
    kind = models.CharField(_("kind"), max_length=30)
    row_key = models.CharField(_("key of the row"), max_length=64)
    row_number = models.PositiveIntegerField(_("row of the file"))
    dossier = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="+", verbose_name=_("dossier")
    )
    created = models.BooleanField(_("created something"), default=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "row_key"], name="core_importrow_key_unique_per_kind")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.row_number}"
