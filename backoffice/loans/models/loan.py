from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.loans.choices import (
    CostConvention,
    CostStanding,
    DayCount,
    LoanState,
    Method,
    OverdueKind,
    RiskClass,
    Rounding,
)


class Loan(models.Model):
    """借据. Day counts are never stored: lists compute them from ``oldest_unpaid_due_on``.

    ``next_event_on`` is the next day whose close has something to do here: time alone changes something, or an
    event of that day left what the close has yet to report. ``overdue_kind``, ``risk_class`` and
    ``overdue_spells`` are what the ageing rules said at the last event, as of the end of ``stood_on``; between two
    events nothing can change them. ``fell_overdue_on`` and ``reported_class`` are written by the close of day
    alone: the day it found the loan overdue, and the class it last reported.
    """

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="loan", verbose_name=_("dossier")
    )
    # Unique below: on the column PostgreSQL would get a second index, which each close would write as well.
    number = models.CharField(_("number"), max_length=40)
    borrower = models.ForeignKey(
        "loans.Borrower", on_delete=models.PROTECT, related_name="loans", verbose_name=_("borrower")
    )
    # Product and creditor: the indexes below begin with them.
    product = models.ForeignKey(
        "loans.LoanProduct",
        on_delete=models.PROTECT,
        related_name="loans",
        verbose_name=_("product"),
        db_index=False,
    )
    terms = models.ForeignKey(
        "loans.TermsVersion",
        on_delete=models.PROTECT,
        related_name="loans",
        verbose_name=_("terms"),
        # Nobody looks for the loans of some terms, and each close would pay for it.
        db_index=False,
    )
    creditor = models.ForeignKey(
        "loans.Creditor",
        on_delete=models.PROTECT,
        related_name="loans",
        verbose_name=_("creditor"),
        db_index=False,
    )
    principal = models.DecimalField(_("principal (yuan)"), max_digits=12, decimal_places=2)
    annual_rate = models.DecimalField(_("annual rate"), max_digits=7, decimal_places=6)
    default_rate = models.DecimalField(_("default rate per year"), max_digits=7, decimal_places=6)
    method = models.CharField(_("repayment method"), max_length=20, choices=Method.choices)
    day_count = models.CharField(_("day count"), max_length=15, choices=DayCount.choices)
    rounding = models.CharField(_("rounding"), max_length=10, choices=Rounding.choices)
    disbursed_on = models.DateField(_("disbursed on"))
    #: Where it was agreed; else the first instalment falls due one period after the day of payment.
    first_due_on = models.DateField(_("first due on"), null=True, blank=True)
    matures_on = models.DateField(_("matures on"))
    schedule_version = models.PositiveSmallIntegerField(_("schedule version"), default=1)
    state = models.CharField(_("state"), max_length=12, choices=LoanState.choices, default=LoanState.ACTIVE)
    oldest_unpaid_due_on = models.DateField(_("oldest unpaid due day"), null=True, blank=True)
    delinquent_since = models.DateField(_("delinquent since"), null=True, blank=True)
    delinquency_frozen_at = models.DateField(_("delinquency frozen at"), null=True, blank=True)
    next_event_on = models.DateField(_("next event on"), null=True, blank=True)
    overdue_spells = models.PositiveSmallIntegerField(_("overdue spells"), default=0)
    overdue_kind = models.CharField(
        _("overdue kind"), max_length=9, choices=OverdueKind.choices, default=OverdueKind.NONE
    )
    risk_class = models.CharField(
        _("risk class"), max_length=15, choices=RiskClass.choices, default=RiskClass.NORMAL
    )
    stood_on = models.DateField(_("standing as of"), null=True, blank=True)
    fell_overdue_on = models.DateField(_("reported overdue since"), null=True, blank=True)
    reported_class = models.CharField(
        _("class at the last close"), max_length=15, choices=RiskClass.choices, default=RiskClass.NORMAL
    )
    watched_until = models.DateField(_("watched until"), null=True, blank=True)
    restructurings_in_watch = models.PositiveSmallIntegerField(_("restructurings in the watch"), default=0)
    #: Money received for which nothing was owed yet, or nothing any more.
    credit = models.DecimalField(_("credit (yuan)"), max_digits=12, decimal_places=2, default=0)
    settled_on = models.DateField(_("settled on"), null=True, blank=True)
    written_off_on = models.DateField(_("written off on"), null=True, blank=True)
    written_off_principal = models.DecimalField(
        _("principal written off (yuan)"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    terms_rendered_at = models.DateTimeField(_("terms shown at"), null=True, blank=True)
    terms_dwell_seconds = models.PositiveIntegerField(_("seconds on the terms"), null=True, blank=True)
    terms_confirmed_at = models.DateTimeField(_("terms confirmed at"), null=True, blank=True)
    #: What the loan costs a year all in, and where that stood on the day of payment (``loans/cost.py``).
    cost_effective = models.DecimalField(
        _("all-in yearly cost, compound (IRR)"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    cost_nominal = models.DecimalField(
        _("all-in yearly cost, simple"), max_digits=12, decimal_places=6, null=True, blank=True
    )
    cost_convention = models.CharField(
        _("cost counted"), max_length=7, choices=CostConvention.choices, blank=True, default=""
    )
    cost_standing = models.CharField(
        _("cost against the limits"), max_length=9, choices=CostStanding.choices, blank=True, default=""
    )
    #: Evidence that the cost table was shown before the contract was made; the hash is of the table as it was shown.
    cost_rendered_at = models.DateTimeField(_("cost table shown at"), null=True, blank=True)
    cost_dwell_seconds = models.PositiveIntegerField(_("seconds on the cost table"), null=True, blank=True)
    cost_confirmed_at = models.DateTimeField(_("cost table confirmed at"), null=True, blank=True)
    cost_table_hash = models.CharField(
        _("SHA-256 of the cost table shown"), max_length=64, blank=True, default=""
    )
    #: Only an import says this: the loan was made elsewhere, and with it the person owes more than one person may.
    over_person_cap = models.BooleanField(_("above the limit of one person"), default=False)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("loan")
        verbose_name_plural = _("loans")
        permissions = [
            ("post_repayment", "Post a repayment by hand"),
            ("reverse_repayment", "Reverse a repayment"),
            ("approve_posting", "Approve a posting above the limit"),
            ("propose_change", "Propose a change of the schedule or a waiver"),
            ("approve_change", "Apply or refuse a change that another person proposed"),
            ("approve_large_waiver", "Apply a waiver above the limit"),
            ("settle_early", "Settle a loan early"),
            ("quote_settlement", "Hand out what settles a loan"),
            ("pause_loan", "Set and end payment pauses"),
            ("charge_cost", "Charge costs of enforcing and take them back"),
            ("request_write_off", "Ask for a write-off"),
            ("approve_write_off", "Write off what another person asked for"),
            ("attach_document", "Can add a document to a loan"),
            ("import_loanbook", "Import into the loan book"),
            ("export_loanbook", "Export from the loan book"),
        ]
        indexes = [
            # Whole, for the list may be in the order of days past due.
            models.Index(fields=["oldest_unpaid_due_on", "id"], name="loans_loan_oldest_unpaid"),
            models.Index(
                fields=["next_event_on", "id"],
                name="loans_loan_next_event",
                condition=models.Q(next_event_on__isnull=False),
            ),
            models.Index(fields=["state", "id"], name="loans_loan_state"),
            models.Index(
                fields=["risk_class", "id"],
                name="loans_loan_risk_class",
                condition=~models.Q(risk_class="normal"),
            ),
            models.Index(
                fields=["overdue_kind", "id"],
                name="loans_loan_overdue_kind",
                condition=~models.Q(overdue_kind="none"),
            ),
            models.Index(fields=["product", "id"], name="loans_loan_product"),
            models.Index(fields=["creditor", "id"], name="loans_loan_creditor"),
            models.Index(
                fields=["id"],
                name="loans_loan_above_cap",
                condition=models.Q(cost_standing="above_cap"),
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["number"], name="loans_loan_number_once"),
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
                condition=models.Q(first_due_on__isnull=True)
                | models.Q(first_due_on__gt=models.F("disbursed_on")),
                name="loans_loan_first_due_after_start",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=LoanState.values), name="loans_loan_state_known"
            ),
            models.CheckConstraint(
                condition=~models.Q(state="settled") | models.Q(oldest_unpaid_due_on__isnull=True),
                name="loans_loan_settled_owes_nothing",
            ),
            models.CheckConstraint(condition=models.Q(credit__gte=0), name="loans_loan_credit_not_negative"),
            models.CheckConstraint(
                condition=~models.Q(state="written_off")
                | models.Q(written_off_on__isnull=False, written_off_principal__gte=0),
                name="loans_loan_written_off_has_date_and_amount",
            ),
            models.CheckConstraint(
                condition=models.Q(overdue_kind="none", oldest_unpaid_due_on__isnull=True)
                | (~models.Q(overdue_kind="none") & models.Q(oldest_unpaid_due_on__isnull=False)),
                name="loans_loan_overdue_kind_agrees_with_days",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    cost_standing="",
                    cost_convention="",
                    cost_nominal__isnull=True,
                    cost_effective__isnull=True,
                )
                | models.Q(
                    cost_standing__in=["within", "above_lpr", "above_cap"],
                    cost_convention__in=["periods", "days"],
                    cost_nominal__isnull=False,
                    cost_nominal__gte=0,
                    cost_effective__isnull=False,
                    cost_effective__gte=0,
                ),
                name="loans_loan_cost_known_whole_or_not",
            ),
            models.CheckConstraint(
                condition=models.Q(terms_confirmed_at__isnull=True)
                | models.Q(
                    terms_rendered_at__isnull=False, terms_confirmed_at__gte=models.F("terms_rendered_at")
                ),
                name="loans_loan_terms_confirmed_after_shown",
            ),
            models.CheckConstraint(
                condition=models.Q(cost_confirmed_at__isnull=True)
                | models.Q(
                    cost_rendered_at__isnull=False, cost_confirmed_at__gte=models.F("cost_rendered_at")
                ),
                name="loans_loan_cost_confirmed_after_shown",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class Instalment(models.Model):
    """期供: one due date of one schedule version. Amounts in yuan; a superseded version stays readable.

    What is due and paid is as of the loan's last event. Default interest runs on by formula while principal is unpaid:
    ``penalty_due`` is then what was paid of it, and the whole of it once the principal is paid. Where days
    or a waiver made something else of the plan, the plan stands beside it (NULL: as due).
    ``penalty_carried`` and ``interest_carried`` are what an earlier schedule version had run up; in the first version
    ``interest_carried`` is the share of the interest of odd days.
    """

    loan = models.ForeignKey(
        Loan,
        on_delete=models.PROTECT,
        related_name="instalments",
        verbose_name=_("loan"),
        db_index=False,
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
    penalty_due = models.DecimalField(_("default interest due"), max_digits=12, decimal_places=2, default=0)
    penalty_paid = models.DecimalField(_("default interest paid"), max_digits=12, decimal_places=2, default=0)
    cost_due = models.DecimalField(_("cost of enforcing due"), max_digits=12, decimal_places=2, default=0)
    cost_paid = models.DecimalField(_("cost of enforcing paid"), max_digits=12, decimal_places=2, default=0)
    penalty_carried = models.DecimalField(
        _("default interest carried over"), max_digits=12, decimal_places=2, default=0
    )
    #: Part of the planned interest; less than nothing where interest had been paid in advance.
    interest_carried = models.DecimalField(
        _("interest carried over"), max_digits=12, decimal_places=2, default=0
    )
    planned_principal = models.DecimalField(
        _("principal as planned"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    planned_interest = models.DecimalField(
        _("interest as planned"), max_digits=12, decimal_places=2, null=True, blank=True
    )
    planned_fee = models.DecimalField(
        _("fee as planned"), max_digits=12, decimal_places=2, null=True, blank=True
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("instalment")
        verbose_name_plural = _("instalments")
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "schedule_version", "sequence"], name="loans_instalment_once_per_schedule"
            ),
            models.CheckConstraint(
                condition=models.Q(
                    principal_due__gte=0,
                    interest_due__gte=0,
                    fee_due__gte=0,
                    penalty_due__gte=0,
                    cost_due__gte=0,
                    penalty_carried__gte=0,
                ),
                name="loans_instalment_no_negative_part",
            ),
            models.CheckConstraint(
                condition=models.Q(
                    principal_paid__gte=0,
                    interest_paid__gte=0,
                    fee_paid__gte=0,
                    penalty_paid__gte=0,
                    cost_paid__gte=0,
                    principal_paid__lte=models.F("principal_due"),
                    interest_paid__lte=models.F("interest_due"),
                    fee_paid__lte=models.F("fee_due"),
                    penalty_paid__lte=models.F("penalty_due"),
                    cost_paid__lte=models.F("cost_due"),
                ),
                name="loans_instalment_paid_within_due",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.loan_id}/{self.sequence}"
