from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class ConductEvent(Event):
    """Decisions of the conduct desk."""

    alleged_contact = models.ForeignKey(
        "conduct.AllegedContact",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("alleged contact"),
    )
    rule_set = models.ForeignKey(
        "conduct.RuleSet",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("rule set"),
    )

    class Meta(Event.Meta):
        verbose_name = _("conduct event")
        verbose_name_plural = _("conduct events")
