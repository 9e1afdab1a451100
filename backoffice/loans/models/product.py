from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import DayCount, Method, Rounding, TermsState


class Creditor(models.Model):
    """Who the debt is owed to. Limits on contacts are counted per creditor group and debtor."""

    name = models.CharField(_("name"), max_length=100, unique=True)
    group = models.CharField(_("group"), max_length=60)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("creditor")
        verbose_name_plural = _("creditors")

    def __str__(self) -> str:
        return self.name


class LoanProduct(models.Model):
    """产品: what may be lent and how it is repaid. Amounts in yuan, rates per year as fractions (0.146)."""

    code = models.CharField(_("code"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=60)
    minimum_amount = models.DecimalField(_("smallest loan (yuan)"), max_digits=12, decimal_places=2)
    maximum_amount = models.DecimalField(
        _("largest balance per person (yuan)"), max_digits=12, decimal_places=2
    )
    annual_rate = models.DecimalField(_("annual rate"), max_digits=7, decimal_places=6)
    default_multiple = models.DecimalField(_("default interest multiple"), max_digits=4, decimal_places=2)
    method = models.CharField(_("repayment method"), max_length=20, choices=Method.choices)
    daily_interest = models.BooleanField(_("daily interest, early repayment free"), default=False)
    term_months = models.PositiveSmallIntegerField(_("longest term in months"))
    day_count = models.CharField(_("day count"), max_length=15, choices=DayCount.choices)
    rounding = models.CharField(_("rounding"), max_length=10, choices=Rounding.choices)
    active = models.BooleanField(_("offered now"), default=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(minimum_amount__gt=0, maximum_amount__gte=models.F("minimum_amount")),
                name="loans_product_limits_ordered",
            ),
            models.CheckConstraint(
                condition=models.Q(annual_rate__gte=0), name="loans_product_rate_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class TermsVersion(models.Model):
    """格式条款版本: the numbered standard terms a loan was made under."""

    product = models.ForeignKey(
        LoanProduct, on_delete=models.PROTECT, related_name="terms_versions", verbose_name=_("product")
    )
    number = models.PositiveSmallIntegerField(_("version"))
    state = models.CharField(_("state"), max_length=10, choices=TermsState.choices, default=TermsState.DRAFT)
    effective_from = models.DateField(_("effective from"), null=True, blank=True)
    text = models.TextField(_("text"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("terms version")
        verbose_name_plural = _("terms versions")
        constraints = [
            models.UniqueConstraint(
                fields=["product", "number"], name="loans_termsversion_number_once_per_product"
            ),
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(effective_from__isnull=False),
                name="loans_termsversion_published_has_date",
            ),
        ]

    def __str__(self) -> str:
        return f"v{self.number}"
