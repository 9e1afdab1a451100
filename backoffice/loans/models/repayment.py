from decimal import Decimal

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.log import IN_ORDER, LogModel
from backoffice.loans.choices import Component, RepaymentChannel


class Repayment(LogModel):
    """还款: money received (yuan). Never changed; a correction is a reversal that points at what it undoes.

    ``external_id`` is the creditor's own number: two creditors may use the same one. ``creditor`` is the one of the
    loan when the money was posted.
    """

    loan = models.ForeignKey(
        "loans.Loan",
        on_delete=models.PROTECT,
        related_name="repayments",
        verbose_name=_("loan"),
        db_index=False,
    )
    # The index of the feed begins with it.
    creditor = models.ForeignKey(
        "loans.Creditor",
        on_delete=models.PROTECT,
        related_name="repayments",
        verbose_name=_("creditor"),
        db_index=False,
    )
    external_id = models.CharField(_("external id"), max_length=64)
    received_at = models.DateTimeField(_("paid in at"))
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)
    channel = models.CharField(_("channel"), max_length=12, choices=RepaymentChannel.choices)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversal",
        verbose_name=_("reverses"),
    )
    recorded_at = models.DateTimeField(_("recorded at"), auto_now_add=True)

    class Meta:
        verbose_name = _("repayment")
        verbose_name_plural = _("repayments")
        indexes = [
            models.Index(fields=["loan", "received_at"], name="loans_repayment_loan_date"),
            # Other systems ask for what is new since a moment, and read on in the order of ``IN_ORDER``.
            models.Index(fields=["recorded_at", "id"], name="loans_repayment_recorded"),
            models.Index("creditor", *IN_ORDER, name="loans_repayment_feed"),
        ]
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="loans_repayment_amount_positive"),
            models.UniqueConstraint(
                fields=["external_id", "creditor"], name="loans_repayment_id_once_per_creditor"
            ),
        ]

    def __str__(self) -> str:
        return self.external_id

    @property
    def signed_amount(self) -> Decimal:
        """Less than nothing for a reversal: what it adds to the money received (yuan)."""
        return -self.amount if self.reverses_id is not None else self.amount


class PostingRun(LogModel):
    """One derivation of the allocation of a loan's repayments; a replay adds negating and new rows."""

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="posting_runs", verbose_name=_("loan")
    )
    posted_at = models.DateTimeField(_("posted at"))
    cause = models.CharField(_("cause"), max_length=30)

    class Meta:
        verbose_name = _("posting run")
        verbose_name_plural = _("posting runs")

    def __str__(self) -> str:
        return f"{self.cause} {self.posted_at:%Y-%m-%d}"


class RepaymentAllocation(LogModel):
    """What part of a repayment paid which part of which instalment; negative rows undo earlier ones."""

    posting_run = models.ForeignKey(
        PostingRun, on_delete=models.PROTECT, related_name="allocations", verbose_name=_("posting run")
    )
    repayment = models.ForeignKey(
        Repayment, on_delete=models.PROTECT, related_name="allocations", verbose_name=_("repayment")
    )
    instalment = models.ForeignKey(
        "loans.Instalment", on_delete=models.PROTECT, related_name="allocations", verbose_name=_("instalment")
    )
    component = models.CharField(_("component"), max_length=9, choices=Component.choices)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = _("allocation")
        verbose_name_plural = _("allocations")
        constraints = [
            models.CheckConstraint(condition=~models.Q(amount=0), name="loans_allocation_amount_not_zero")
        ]

    def __str__(self) -> str:
        return f"{self.component} {self.amount}"
