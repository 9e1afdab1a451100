from decimal import Decimal

from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.allocation import STATUTORY_ORDER
from backoffice.loans.choices import (
    DayCount,
    EarlyRepayment,
    Filling,
    Method,
    OddDays,
    PeriodUnit,
    Rounding,
    SurplusRule,
    TermsState,
)

_STATUTORY = ",".join(STATUTORY_ORDER)


def validate_order(value: str) -> None:
    """An order names every component once. Raises ``ValidationError``."""
    if sorted(value.split(",")) != sorted(STATUTORY_ORDER):
        raise ValidationError(
            _("Name each of these once, separated by commas: %(names)s."), params={"names": _STATUTORY}
        )


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
    """产品: what may be lent and how it is repaid. Amounts in yuan, rates per year as fractions (0.146).

    From the first loan on the conventions (``CONVENTIONS``) are fixed: they are part of every contract made under
    the product. The orders of allocation name all components, comma-separated, first come first served.
    """

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
    period_unit = models.CharField(
        _("unit of a period"), max_length=5, choices=PeriodUnit.choices, default=PeriodUnit.MONTH
    )
    every = models.PositiveSmallIntegerField(_("units per period"), default=1)
    instalment_unit = models.DecimalField(
        _("instalments rounded to (yuan)"), max_digits=6, decimal_places=2, default=Decimal("0.01")
    )
    month_end = models.BooleanField(_("due on the last day of the month"), default=False)
    odd_days = models.CharField(
        _("interest of odd days"), max_length=7, choices=OddDays.choices, default=OddDays.FIRST
    )
    grace_principal = models.PositiveSmallIntegerField(_("first instalments without principal"), default=0)
    grace_interest = models.PositiveSmallIntegerField(_("first instalments without interest"), default=0)
    early_repayment = models.CharField(
        _("interest on early repayment"),
        max_length=13,
        choices=EarlyRepayment.choices,
        default=EarlyRepayment.TO_THE_DAY,
    )
    order_past_due = models.CharField(
        _("order: past due"), max_length=40, default=_STATUTORY, validators=(validate_order,)
    )
    order_due = models.CharField(
        _("order: due that day"), max_length=40, default=_STATUTORY, validators=(validate_order,)
    )
    order_in_advance = models.CharField(
        _("order: in advance"), max_length=40, default=_STATUTORY, validators=(validate_order,)
    )
    surplus = models.CharField(
        _("money in advance goes to"), max_length=6, choices=SurplusRule.choices, default=SurplusRule.NEXT
    )
    filling = models.CharField(
        _("filled"), max_length=10, choices=Filling.choices, default=Filling.INSTALMENT
    )

    #: What a contract takes from its product and keeps.
    CONVENTIONS = (
        "method",
        "daily_interest",
        "day_count",
        "rounding",
        "period_unit",
        "every",
        "instalment_unit",
        "month_end",
        "odd_days",
        "grace_principal",
        "grace_interest",
        "early_repayment",
        "order_past_due",
        "order_due",
        "order_in_advance",
        "surplus",
        "filling",
    )

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
            models.CheckConstraint(
                condition=models.Q(every__gte=1, instalment_unit__gt=0), name="loans_product_periods_positive"
            ),
            models.CheckConstraint(
                condition=~models.Q(daily_interest=True, day_count="equal_periods"),
                name="loans_product_daily_interest_counts_days",
                violation_error_message=_("Daily interest needs a day count that knows days."),
            ),
            # Taken off the money paid out it would be interest in advance (Civil Code art. 670).
            models.CheckConstraint(
                condition=models.Q(odd_days__in=OddDays.values), name="loans_product_odd_days_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(daily_interest=True, odd_days="spread"),
                name="loans_product_daily_interest_spreads_nothing",
                violation_error_message=_(
                    "With daily interest the interest of odd days is in the first instalment."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """The constraints, in words and at the field. What is no number is said elsewhere, and counts as one here."""

        def number(name: str) -> Decimal:
            value = getattr(self, name)
            return Decimal(1) if value is None else value

        wrong = {}
        if number("minimum_amount") <= 0:
            wrong["minimum_amount"] = _("The smallest loan is more than nothing.")
        elif self.maximum_amount is not None and self.maximum_amount < number("minimum_amount"):
            wrong["maximum_amount"] = _("This is below the smallest loan.")
        if number("annual_rate") < 0:
            wrong["annual_rate"] = _("A rate is not below nothing.")
        if number("every") < 1:
            wrong["every"] = _("A period has at least one unit.")
        if number("instalment_unit") <= 0:
            wrong["instalment_unit"] = _("Instalments are rounded to more than nothing, such as 0.01.")
        if wrong:
            raise ValidationError(wrong)


class TermsVersion(models.Model):
    """格式条款版本: the numbered standard terms a loan was made under."""

    product = models.ForeignKey(
        LoanProduct,
        on_delete=models.PROTECT,
        related_name="terms_versions",
        verbose_name=_("product"),
        db_index=False,
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
