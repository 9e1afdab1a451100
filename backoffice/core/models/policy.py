from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import Confidence, LegalForce
from backoffice.core.history import HistoricalRecords
from backoffice.core.time import ends_early


class PolicyValue(models.Model):
    """A number that comes from law or policy, with the time it is in force and where it stands.

    Never a constant in code: the rules ask ``policy_value(code, on=day)``. ``unit`` says what the number
    counts (days, yuan, rate per year …).
    """

    code = models.CharField(_("code"), max_length=60)
    value = models.DecimalField(_("value"), max_digits=16, decimal_places=6)
    unit = models.CharField(_("unit"), max_length=30)
    effective_from = models.DateField(_("effective from"))
    effective_to = models.DateField(_("effective to"), null=True, blank=True)
    title = models.CharField(_("title"), max_length=200)
    source = models.CharField(_("source"), max_length=200)
    legal_force = models.CharField(_("legal force"), max_length=12, choices=LegalForce.choices)
    confidence = models.CharField(_("confidence"), max_length=14, choices=Confidence.choices)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("policy value")
        verbose_name_plural = _("policy values")
        constraints = [
            models.UniqueConstraint(
                fields=["code", "effective_from"], name="core_policyvalue_code_from_unique"
            ),
            models.CheckConstraint(
                condition=models.Q(effective_to__isnull=True)
                | models.Q(effective_to__gte=models.F("effective_from")),
                name="core_policyvalue_ends_after_start",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} ({self.effective_from})"

    def clean(self) -> None:
        """The constraint, in words and at the field."""
        if ends_early(self.effective_from, self.effective_to):
            raise ValidationError({"effective_to": _("The period ends before it begins.")})
