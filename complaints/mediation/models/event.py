from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class MediationEvent(Event):
    """What both sides did in a mediation. ``sequence`` counts up per referral, so that a gap shows."""

    referral = models.ForeignKey(
        "mediation.Referral",
        on_delete=models.PROTECT,
        related_name="events",
        verbose_name=_("referral"),
        db_index=False,
    )
    sequence = models.PositiveIntegerField(_("sequence"))

    class Meta(Event.Meta):
        verbose_name = _("mediation event")
        verbose_name_plural = _("mediation events")
        constraints = [
            models.UniqueConstraint(fields=["referral", "sequence"], name="mediation_event_sequence_once")
        ]
