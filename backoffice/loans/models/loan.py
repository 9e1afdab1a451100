from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import DayCount, LoanState, Method, Rounding


class Loan(models.Model):
    """借据. Day counts are never stored: lists compute them from ``oldest_unpaid_due_on``.

    ``next_event_on`` is the next day on which time alone changes something about this loan.
    """

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="loan", verbose_name=_("dossier")
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    borrower = models.ForeignKey(
        "loans.Borrower", on_delete=models.PROTECT, related_name="loans", verbose_name=_("borrower")
    )
    product = models.ForeignKey(
        "loans.LoanProduct", on_delete=models.PROTECT, related_name="loans", verbose_name=_("product")
    )
    terms = models.ForeignKey(
        "loans.TermsVersion", on_delete=models.PROTECT, related_name="loans", verbose_name=_("terms")
    )
    creditor = models.ForeignKey(
        "loans.Creditor", on_delete=models.PROTECT, related_name="loans", verbose_name=_("creditor")
    )
    principal = models.DecimalField(_("principal (yuan)"), max_digits=12, decimal_places=2)
    annual_rate = models.DecimalField(_("annual rate"), max_digits=7, decimal_places=6)
    default_rate = models.DecimalField(_("default rate per year"), max_digits=7, decimal_places=6)
    method = models.CharField(_("repayment method"), max_length=20, choices=Method.choices)
    day_count = models.CharField(_("day count"), max_length=15, choices=DayCount.choices)
    rounding = models.CharField(_("rounding"), max_length=10, choices=Rounding.choices)
    disbursed_on = models.DateField(_("disbursed on"))
    matures_on = models.DateField(_("matures on"))
    schedule_version = models.PositiveSmallIntegerField(_("schedule version"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=LoanState.choices, default=LoanState.ACTIVE)
    oldest_unpaid_due_on = models.DateField(_("oldest unpaid due day"), null=True, blank=True)
    delinquent_since = models.DateField(_("delinquent since"), null=True, blank=True)
    delinquency_frozen_at = models.DateField(_("delinquency frozen at"), null=True, blank=True)
    next_event_on = models.DateField(_("next event on"), null=True, blank=True)
    terms_rendered_at = models.DateTimeField(_("terms shown at"), null=True, blank=True)
    terms_dwell_seconds = models.PositiveIntegerField(_("seconds on the terms"), null=True, blank=True)
    terms_confirmed_at = models.DateTimeField(_("terms confirmed at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        indexes = [
            models.Index(
                fields=["oldest_unpaid_due_on", "id"],
                name="loans_loan_overdue",
                condition=models.Q(oldest_unpaid_due_on__isnull=False),
            ),
            models.Index(
                fields=["next_event_on", "id"],
                name="loans_loan_next_event",
                condition=models.Q(next_event_on__isnull=False),
            ),
            models.Index(fields=["state", "id"], name="loans_loan_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(principal__gte=10, principal__lte=200_000),
                name="loans_loan_principal_10_to_200000",
            ),
            models.CheckConstraint(
                condition=models.Q(annual_rate__gte=0), name="loans_loan_rate_not_negative"
            ),
            models.CheckConstraint(
                condition=models.Q(matures_on__gt=models.F("disbursed_on")),
                name="loans_loan_matures_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=LoanState.values), name="loans_loan_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="settled") | models.Q(oldest_unpaid_due_on__isnull=True),
                name="loans_loan_settled_owes_nothing",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Instalment(models.Model):
    """期供: one due date of one schedule version. Amounts in yuan; a superseded version stays readable."""

    loan = models.ForeignKey(
        Loan, on_delete=models.PROTECT, related_name="instalments", verbose_name=_("loan")
    )
    schedule_version = models.PositiveSmallIntegerField(_("schedule version"), default=1)
    sequence = models.PositiveSmallIntegerField(_("number"))
    due_on = models.DateField(_("due on"))
    principal_due = models.DecimalField(_("principal due"), max_digits=12, decimal_places=2)
    interest_due = models.DecimalField(_("interest due"), max_digits=12, decimal_places=2)
    fee_due = models.DecimalField(_("fee due"), max_digits=12, decimal_places=2, default=0)
    principal_paid = models.DecimalField(_("principal paid"), max_digits=12, decimal_places=2, default=0)
    interest_paid = models.DecimalField(_("interest paid"), max_digits=12, decimal_places=2, default=0)
    fee_paid = models.DecimalField(_("fee paid"), max_digits=12, decimal_places=2, default=0)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "schedule_version", "sequence"], name="loans_instalment_once_per_schedule"
            ),
            models.CheckConstraint(
                condition=models.Q(principal_due__gte=0, interest_due__gte=0, fee_due__gte=0),
                name="loans_instalment_no_negative_part",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    principal_paid__gte=0,
                    interest_paid__gte=0,
                    fee_paid__gte=0,
                    principal_paid__lte=models.F("principal_due"),
                    interest_paid__lte=models.F("interest_due"),
                    fee_paid__lte=models.F("fee_due"),
                ),
                name="loans_instalment_paid_within_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}/{self.sequence}"
