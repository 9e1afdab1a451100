from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import PostingState


class WriteOff(models.Model):
    """核销: a loan leaves the lender's balance sheet, asked for by one person and done by another.

    It forgives nothing: the borrower owes what they owed, and days, interest and payments go on. ``principal`` is the
    principal (yuan) that was unpaid when it was asked for, and once it is done, the one that was written off.
    """

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="write_offs", verbose_name=_("loan")
    )
    state = models.CharField(
        _("state"), max_length=9, choices=PostingState.choices, default=PostingState.REQUESTED
    )
    principal = models.DecimalField(_("principal (yuan)"), max_digits=12, decimal_places=2)
    requested_by = models.ForeignKey(
        "staff.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
    #: The last day on which it can be approved; what was asked for before there was such a day: its own one.
    decide_by = models.DateField(_("to be decided by"), null=True, blank=True)
    decided_by = models.ForeignKey(
        "staff.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("decided by"),
    )
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("write-off")
        verbose_name_plural = _("write-offs")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(principal__gte=0), name="loans_writeoff_principal_not_negative"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="done") | ~models.Q(decided_by=models.F("requested_by")),
                name="loans_writeoff_done_by_another_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state="requested", decided_by__isnull=True)
                | (~models.Q(state="requested") & models.Q(decided_by__isnull=False)),
                name="loans_writeoff_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["loan"],
                name="loans_writeoff_once_per_loan",
                condition=models.Q(state__in=["requested", "done"]),
            ),
        ]

    def __str__(self) -> str:
        words = gettext("Write-off of %(loan)s: %(amount)s yuan")
        return words % {"loan": self.loan.number, "amount": f"{self.principal:,.2f}"}
