from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.history import HistoricalRecords
from conduct.choices import Effect, RuleKind, RuleSetState, Severity


class RuleSet(models.Model):
    """规则集: the rules of conduct in force from one day to another."""

    number = models.PositiveSmallIntegerField(_("number"), unique=True)
    state = models.CharField(
        _("state"), max_length=9, choices=RuleSetState.choices, default=RuleSetState.DRAFT
    )
    effective_from = models.DateField(_("effective from"), null=True, blank=True)
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    note = models.TextField(_("note"), blank=True)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rule set")
        verbose_name_plural = _("rule sets")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(state="draft") | models.Q(effective_from__isnull=False),
                name="conduct_ruleset_published_has_date",
            )
        ]

    def __str__(self) -> str:
        return f"#{self.number}"


class Rule(models.Model):
    """One rule of a set: a kind with validated parameters, its effect, and where it stands in law."""

    rule_set = models.ForeignKey(
        RuleSet,
        on_delete=models.PROTECT,
        related_name="rules",
        verbose_name=_("rule set"),
        db_index=False,
    )
    code = models.CharField(_("code"), max_length=30)
    kind = models.CharField(_("kind"), max_length=20, choices=RuleKind.choices)
    parameters = models.JSONField(_("parameters"), default=dict)
    severity = models.CharField(_("severity"), max_length=8, choices=Severity.choices)
    effect = models.CharField(_("effect"), max_length=8, choices=Effect.choices)
    legal_force = models.CharField(_("legal force"), max_length=12, choices=LegalForce.choices)
    confidence = models.CharField(_("confidence"), max_length=14, choices=Confidence.choices)
    source = models.CharField(_("source"), max_length=200)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("rule")
        verbose_name_plural = _("rules")
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "code"], name="conduct_rule_code_once_per_set")
        ]

    def __str__(self) -> str:
        return self.code
