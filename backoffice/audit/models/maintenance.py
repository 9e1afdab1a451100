"""What passed through the one entry by which append-only rows may be touched, and what it took away."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models.event import EventRow
from backoffice.core.log import LogModel


class Maintenance(EventRow):
    """Each use of the one entry through which append-only rows may be touched (retention, redaction)."""

    purpose = models.CharField(_("purpose"), max_length=200)

    class Meta:
        verbose_name = _("maintenance entry")
        verbose_name_plural = _("maintenance entries")

    def __str__(self) -> str:
        return self.purpose


class Redaction(LogModel):
    """A ciphertext that was nulled in a sealed row. Its SHA-256 stays, so that the row's leaf can still be made."""

    maintenance = models.ForeignKey(
        Maintenance, on_delete=models.PROTECT, related_name="redactions", verbose_name=_("maintenance entry")
    )
    table = models.CharField(_("table"), max_length=63)
    row_id = models.BigIntegerField(_("row"))
    column = models.CharField(_("column"), max_length=63)
    sha256 = models.CharField(_("SHA-256"), max_length=64)

    class Meta:
        verbose_name = _("redaction")
        verbose_name_plural = _("redactions")
        constraints = [
            models.UniqueConstraint(
                fields=["table", "row_id", "column"], name="audit_redaction_once_per_column"
            )
        ]

    def __str__(self) -> str:
        return f"{self.table} {self.row_id} {self.column}"


class Removal(LogModel):
    """Sealed rows that retention deleted. Their leaf hashes stay in the parts of the seals.

    ``row_ids`` are the primary keys, ascending, eight bytes each, big-endian.
    """

    maintenance = models.ForeignKey(
        Maintenance, on_delete=models.PROTECT, related_name="removals", verbose_name=_("maintenance entry")
    )
    table = models.CharField(_("table"), max_length=63)
    count = models.PositiveIntegerField(_("rows"))
    first_id = models.BigIntegerField(_("first row"))
    last_id = models.BigIntegerField(_("last row"))
    row_ids = models.BinaryField(_("numbers of the rows"))

    class Meta:
        verbose_name = _("removal")
        verbose_name_plural = _("removals")
        indexes = [models.Index(fields=["table", "first_id"], name="audit_removal_table")]

    def __str__(self) -> str:
        return f"{self.table} {self.count}"
