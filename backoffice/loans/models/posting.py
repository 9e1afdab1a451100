from django.db import models
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import PostingKind, PostingState, RepaymentChannel


class PostingRequest(models.Model):
    """A posting by hand above the limit for one person: done only when a second person approves (yuan)."""

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="posting_requests", verbose_name=_("loan")
    )
    kind = models.CharField(_("kind"), max_length=9, choices=PostingKind.choices)
    state = models.CharField(
        _("state"), max_length=9, choices=PostingState.choices, default=PostingState.REQUESTED
    )
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)
    external_id = models.CharField(_("external id"), max_length=64, blank=True)
    received_at = models.DateTimeField(_("paid in at"), null=True, blank=True)
    channel = models.CharField(_("channel"), max_length=12, choices=RepaymentChannel.choices, blank=True)
    #: The repayment that is to be reversed, and the one that came of the request.
    repayment = models.ForeignKey(
        "loans.Repayment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="posting_requests",
        verbose_name=_("repayment"),
    )
    result = models.ForeignKey(
        "loans.Repayment",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("posted as"),
    )
    requested_by = models.ForeignKey(
        "staff.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("requested by")
    )
    requested_at = models.DateTimeField(_("requested at"))
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
        verbose_name = _("posting request")
        verbose_name_plural = _("posting requests")
        indexes = [
            models.Index(
                fields=["requested_at"],
                name="loans_posting_awaiting",
                condition=models.Q(state="requested"),
            ),
            # A system that reports the same money again is answered with the request that is there.
            models.Index(
                fields=["external_id"],
                name="loans_posting_external_id",
                condition=~models.Q(external_id=""),
            ),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="loans_posting_amount_positive"),
            models.CheckConstraint(
                condition=~models.Q(state="done") | ~models.Q(decided_by=models.F("requested_by")),
                name="loans_posting_done_by_another_person",
            ),
            models.CheckConstraint(
                condition=models.Q(state="requested", decided_by__isnull=True)
                | (~models.Q(state="requested") & models.Q(decided_by__isnull=False)),
                name="loans_posting_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["repayment"],
                name="loans_posting_one_reversal_asked_for",
                condition=models.Q(state="requested", repayment__isnull=False),
            ),
        ]

    def __str__(self) -> str:
        words = gettext("%(kind)s on %(loan)s: %(amount)s yuan")
        facts = {"kind": self.get_kind_display(), "loan": self.loan.number, "amount": f"{self.amount:,.2f}"}
        return words % facts
