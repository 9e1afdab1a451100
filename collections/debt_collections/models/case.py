from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from debt_collections.choices import CaseStage, CaseState, CloseReason
from debt_collections.querysets import CaseQuerySet


class Case(models.Model):
    """催收案件: at most one open per borrower, because every limit is per debtor."""

    dossier = models.OneToOneField(
        "core.Dossier", on_delete=models.PROTECT, related_name="case", verbose_name=_("dossier")
    )
    number = models.CharField(_("number"), max_length=40, unique=True)
    borrower = models.ForeignKey(
        "loans.Borrower", on_delete=models.PROTECT, related_name="cases", verbose_name=_("borrower")
    )
    stage = models.CharField(_("stage"), max_length=8, choices=CaseStage.choices, default=CaseStage.CONTACT)
    state = models.CharField(_("state"), max_length=6, choices=CaseState.choices, default=CaseState.OPEN)
    opened_on = models.DateField(_("opened on"))
    closed_on = models.DateField(_("closed on"), null=True, blank=True)
    close_reason = models.CharField(
        _("closed because"), max_length=12, choices=CloseReason.choices, blank=True
    )

    objects = CaseQuerySet.as_manager()
    history = HistoricalRecords()

    class Meta:
        verbose_name = _("case")
        verbose_name_plural = _("cases")
        permissions = [
            ("open_case", _("Can open a case")),
            ("place_case", _("Can place a case")),
            ("close_case", _("Can close a case")),
            ("see_all_cases", _("Can see the cases and contacts of every collector")),
        ]
        indexes = [models.Index(fields=["state", "id"], name="collections_case_state")]
        constraints = [
            models.UniqueConstraint(
                fields=["borrower"],
                condition=models.Q(state="open"),
                name="collections_case_one_open_per_borrower",
            ),
            models.CheckConstraint(
                condition=models.Q(state="open", closed_on__isnull=True, close_reason="")
                | (models.Q(state="closed", closed_on__isnull=False) & ~models.Q(close_reason="")),
                name="collections_case_closed_has_day_and_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.number


class CaseLoan(models.Model):
    """A loan under collection in a case."""

    case = models.ForeignKey(
        Case,
        on_delete=models.PROTECT,
        related_name="case_loans",
        verbose_name=_("case"),
        db_index=False,
    )
    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, related_name="case_loans", verbose_name=_("loan")
    )
    added_on = models.DateField(_("added on"))

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("loan in a case")
        verbose_name_plural = _("loans in a case")
        constraints = [models.UniqueConstraint(fields=["case", "loan"], name="collections_caseloan_once")]

    def __str__(self) -> str:
        return f"{self.case_id}/{self.loan_id}"


class Placement(models.Model):
    """Who had a case from when to when. The borrower is told before a case goes to an outside agency."""

    case = models.ForeignKey(
        Case, on_delete=models.PROTECT, related_name="placements", verbose_name=_("case")
    )
    agency = models.ForeignKey(
        "collections.Agency", on_delete=models.PROTECT, related_name="placements", verbose_name=_("agency")
    )
    collector = models.ForeignKey(
        "collections.Collector",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="placements",
        verbose_name=_("collector"),
    )
    placed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("placed by")
    )
    from_on = models.DateField(_("from"))
    until = models.DateField(_("until"), null=True, blank=True)
    borrower_told_at = models.DateTimeField(_("borrower told at"), null=True, blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("placement")
        verbose_name_plural = _("placements")
        constraints = [
            models.UniqueConstraint(
                fields=["case"],
                condition=models.Q(until__isnull=True),
                name="collections_placement_one_current",
            ),
            models.CheckConstraint(
                condition=models.Q(until__isnull=True) | models.Q(until__gte=models.F("from_on")),
                name="collections_placement_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case_id} {self.from_on}"
