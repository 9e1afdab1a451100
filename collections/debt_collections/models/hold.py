import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import Channel
from debt_collections.choices import HoldReason, HoldScope, HoldState
from debt_collections.querysets import HoldQuerySet


class Hold(models.Model):
    """暂停催收: what may not be done to a borrower for now, why, and what lifts it.

    Stands without a case and over several. ``source`` is the dossier of what caused it (a complaint, a
    referral); ``HoldLoan`` rows narrow it to some loans.
    """

    uid = models.UUIDField(_("public identifier"), unique=True, default=uuid.uuid4, editable=False)
    borrower = models.ForeignKey(
        "loans.Borrower", on_delete=models.PROTECT, related_name="holds", verbose_name=_("borrower")
    )
    source = models.ForeignKey(
        "core.Dossier", on_delete=models.PROTECT, related_name="holds_caused", verbose_name=_("source")
    )
    scope = models.CharField(_("scope"), max_length=17, choices=HoldScope.choices)
    reason = models.CharField(_("reason"), max_length=12, choices=HoldReason.choices)
    collector = models.ForeignKey(
        "collections.Collector",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holds",
        verbose_name=_("collector"),
    )
    channel = models.CharField(_("channel"), max_length=8, choices=Channel.choices, blank=True)
    number = models.ForeignKey(
        "loans.PhoneNumber",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="holds",
        verbose_name=_("telephone number"),
    )
    amount = models.DecimalField(
        _("disputed amount (yuan)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    starts_at = models.DateTimeField(_("from"))
    until = models.DateTimeField(_("until"), null=True, blank=True)
    lifts_with = models.CharField(_("lifted by"), max_length=60)
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_because = models.CharField(_("lifted because"), max_length=60, blank=True)

    objects = HoldQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("hold")
        verbose_name_plural = _("holds")
        permissions = [
            ("place_hold", _("Can place a hold")),
            ("lift_hold", _("Can lift a hold")),
        ]
        indexes = [
            models.Index(
                fields=["borrower"], name="collections_hold_live", condition=models.Q(lifted_at__isnull=True)
            )
        ]
        constraints = [
            # amount__isnull as well: NULL > 0 is unknown, and a check lets the unknown pass.
            models.CheckConstraint(
                condition=models.Q(scope="all")
                | models.Q(scope="collector", collector__isnull=False)
                | (models.Q(scope="channel") & ~models.Q(channel=""))
                | (models.Q(scope="collector_channel", collector__isnull=False) & ~models.Q(channel=""))
                | models.Q(scope="number", number__isnull=False)
                | models.Q(scope="amount", amount__isnull=False, amount__gt=0),
                name="collections_hold_scope_has_its_object",
            ),
            models.CheckConstraint(
                condition=models.Q(lifted_at__isnull=True) | ~models.Q(lifted_because=""),
                name="collections_hold_lifted_has_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.reason}"

    @property
    def state(self) -> str:
        """Live until lifted; one whose end has passed holds nothing any more but was never lifted."""
        return HoldState.LIFTED if self.lifted_at else HoldState.LIVE

    def get_state_display(self) -> str:
        """The label of ``state``, as the workflow shows it."""
        return str(HoldState(self.state).label)


class HoldLoan(models.Model):
    """A loan to which a hold is limited; no rows means all loans of the borrower."""

    hold = models.ForeignKey(
        Hold,
        on_delete=models.PROTECT,
        related_name="hold_loans",
        verbose_name=_("hold"),
        db_index=False,
    )
    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="hold_loans", verbose_name=_("loan")
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("loan on hold")
        verbose_name_plural = _("loans on hold")
        constraints = [models.UniqueConstraint(fields=["hold", "loan"], name="collections_holdloan_once")]

    def __str__(self) -> str:
        return f"{self.hold_id}/{self.loan_id}"
