from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.core.log import LogModel
from backoffice.loans.choices import ChangeKind, ChangeState, Component, PauseKind


class PaymentPause(models.Model):
    """A dated pause. It begins to work when ``from_on`` ends and still works on ``until`` (open: until ended).

    The contract's days past due go on; ``stops_count`` takes the days off the delinquent days,
    ``stops_default_interest`` lets no default interest run on them.
    """

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="pauses", verbose_name=_("loan")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=PauseKind.choices)
    from_on = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    stops_count = models.BooleanField(_("stops the count of days"), default=True)
    stops_default_interest = models.BooleanField(_("stops default interest"), default=True)
    source = models.ForeignKey(
        "core.Dossier",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("because of"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("payment pause")
        verbose_name_plural = _("payment pauses")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("from_on")),
                name="loans_pause_ends_after_start",
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.from_on}"


class ScheduleChange(models.Model):
    """A change of what was agreed: proposed with a simulation, applied by a second person, never undone in silence.

    ``parameters`` are the arguments of its kind (see ``loans/changes.py``), ``simulation`` the difference as it was
    shown. An applied change that plans anew has the schedule version it made; a waiver has none. Rates are per
    year as fractions.
    """

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="schedule_changes", verbose_name=_("loan")
    )
    kind = models.CharField(_("kind"), max_length=17, choices=ChangeKind.choices)
    state = models.CharField(
        _("state"), max_length=9, choices=ChangeState.choices, default=ChangeState.PROPOSED
    )
    effective_on = models.DateField(_("effective on"))
    parameters = models.JSONField(_("terms of the change"), default=dict)
    simulation = models.JSONField(_("difference as shown"), default=dict)
    #: A concession to somebody in difficulty: starts the watch of a restructured loan.
    restructuring = models.BooleanField(_("restructuring"), default=False)
    version = models.PositiveSmallIntegerField(_("schedule version"), null=True, blank=True)
    #: How many of the version's first rows are what had been paid; empty: they are told by their due days.
    rows_taken_over = models.PositiveSmallIntegerField(
        _("instalments taken over as paid"), null=True, blank=True
    )
    annual_rate_before = models.DecimalField(_("annual rate before"), max_digits=7, decimal_places=6)
    annual_rate = models.DecimalField(_("annual rate"), max_digits=7, decimal_places=6)
    default_rate_before = models.DecimalField(_("default rate before"), max_digits=7, decimal_places=6)
    default_rate = models.DecimalField(_("default rate per year"), max_digits=7, decimal_places=6)
    proposed_by = models.ForeignKey(
        "staff.User", on_delete=models.PROTECT, related_name="+", verbose_name=_("proposed by")
    )
    proposed_at = models.DateTimeField(_("proposed at"))
    #: The last day on which it can be applied; what was proposed before there was such a day: its own one.
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
    source = models.ForeignKey(
        "core.Dossier",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("because of"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("schedule change")
        verbose_name_plural = _("schedule changes")
        constraints = [
            models.UniqueConstraint(
                fields=["loan", "version"],
                name="loans_change_one_per_version",
                condition=models.Q(version__isnull=False),
            ),
            models.UniqueConstraint(
                fields=["loan"],
                name="loans_change_one_proposed_per_loan",
                condition=models.Q(state="proposed"),
            ),
            models.CheckConstraint(
                condition=models.Q(state="proposed", decided_by__isnull=True)
                | (~models.Q(state="proposed") & models.Q(decided_by__isnull=False)),
                name="loans_change_decided_by_somebody",
            ),
            models.CheckConstraint(
                # Repaying early is the borrower's right: it takes no second person.
                condition=~models.Q(state="applied")
                | ~models.Q(decided_by=models.F("proposed_by"))
                | models.Q(kind="early_settlement"),
                name="loans_change_applied_by_another_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.effective_on}"


class Waiver(LogModel):
    """减免: money that is no longer asked for (yuan). The principal is never waived here: it is written off."""

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="waivers", verbose_name=_("loan")
    )
    change = models.ForeignKey(
        ScheduleChange,
        on_delete=models.PROTECT,
        related_name="waivers",
        verbose_name=_("schedule change"),
    )
    effective_on = models.DateField(_("effective on"))
    component = models.CharField(_("component"), max_length=9, choices=Component.choices)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)

    class Meta:
        verbose_name = _("waiver")
        verbose_name_plural = _("waivers")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="loans_waiver_amount_positive"),
            models.CheckConstraint(
                condition=~models.Q(component="principal"), name="loans_waiver_never_of_principal"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_component_display()} {self.amount}"


class Charge(LogModel):
    """What enforcing cost and the borrower owes (court fee, notary), yuan; a correction reverses it."""

    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="charges", verbose_name=_("loan")
    )
    charged_on = models.DateField(_("charged on"))
    label = models.CharField(_("for what"), max_length=60)
    payee = models.CharField(_("payee"), max_length=100)
    amount = models.DecimalField(_("amount (yuan)"), max_digits=12, decimal_places=2)
    reverses = models.OneToOneField(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="reversal",
        verbose_name=_("reverses"),
    )

    class Meta:
        verbose_name = _("charge")
        verbose_name_plural = _("charges")
        constraints = [
            models.CheckConstraint(condition=models.Q(amount__gt=0), name="loans_charge_amount_positive")
        ]

    def __str__(self) -> str:
        return f"{self.label} {self.amount}"
