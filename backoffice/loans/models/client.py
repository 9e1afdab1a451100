from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords


class CreditorClient(models.Model):
    """Which machine may read and report on whose loans. Without a row in force a client sees no loan at all."""

    creditor = models.ForeignKey(
        "loans.Creditor", on_delete=models.PROTECT, related_name="clients", verbose_name=_("creditor")
    )
    client = models.ForeignKey(
        "api.Client", on_delete=models.PROTECT, related_name="creditors", verbose_name=_("API client")
    )
    since = models.DateTimeField(_("since"))
    until = models.DateTimeField(_("until"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("access to a creditor's loans")
        verbose_name_plural = _("access to creditors' loans")
        constraints = [
            models.UniqueConstraint(
                fields=["creditor", "client"],
                name="loans_creditorclient_once_in_force",
                condition=models.Q(until__isnull=True),
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("since")),
                name="loans_creditorclient_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client} · {self.creditor}"

    @property
    def state(self) -> str:
        """``in_force`` or ``ended``: what the workflow table goes by."""
        return "in_force" if self.until is None else "ended"

    def get_state_display(self) -> str:
        return str(_("In force") if self.until is None else _("Ended"))
