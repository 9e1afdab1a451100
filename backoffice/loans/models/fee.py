from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import FeeBasis, FeeKind, FeeTiming


class ProductFee(models.Model):
    """A fee that loans of a product bear beside interest, whoever gets it. Part of the product's conventions.

    ``value`` is yuan for a fixed amount, a fraction for a share, and 0 for what is charged as it was spent. What
    is contingent is no part of the cost of a loan that is kept, but stands in the cost table all the same.
    """

    product = models.ForeignKey(
        "loans.LoanProduct",
        on_delete=models.PROTECT,
        related_name="fees",
        verbose_name=_("product"),
        db_index=False,
    )
    sequence = models.PositiveSmallIntegerField(_("number"))
    kind = models.CharField(_("kind"), max_length=15, choices=FeeKind.choices)
    label = models.CharField(_("for what"), max_length=60)
    payee = models.CharField(_("payee"), max_length=100)
    basis = models.CharField(_("basis"), max_length=9, choices=FeeBasis.choices)
    timing = models.CharField(_("when"), max_length=10, choices=FeeTiming.choices)
    value = models.DecimalField(_("amount or share"), max_digits=12, decimal_places=6, default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("product fee")
        verbose_name_plural = _("product fees")
        constraints = [
            models.UniqueConstraint(fields=["product", "sequence"], name="loans_productfee_number_once"),
            models.CheckConstraint(
                condition=models.Q(basis="actual", value=0)
                | (~models.Q(basis="actual") & models.Q(value__gt=0)),
                name="loans_productfee_value_positive",
                violation_error_message=_(
                    "A fee is more than nothing; what is charged as spent has no value."
                ),
            ),
            models.CheckConstraint(
                # A share is a fraction: 3 meant as three per cent would be three times the loan.
                condition=~models.Q(basis__in=["principal", "balance"]) | models.Q(value__lt=1),
                name="loans_productfee_share_below_one",
                violation_error_message=_("A share is less than the whole (0.03 for three per cent)."),
            ),
            models.CheckConstraint(
                condition=~models.Q(basis="actual") | models.Q(timing="contingent"),
                name="loans_productfee_actual_is_contingent",
                violation_error_message=_("Only what happens or does not may be charged as spent."),
            ),
            models.CheckConstraint(
                condition=~models.Q(kind__in=["enforcing", "early_repayment"])
                | models.Q(timing="contingent"),
                name="loans_productfee_enforcing_is_contingent",
                violation_error_message=_("This kind of fee is due only if it comes to that."),
            ),
        ]

    def __str__(self) -> str:
        return self.label
