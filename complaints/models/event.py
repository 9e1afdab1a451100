from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class ComplaintEvent(Event):
    """Decisions about a complaint; the timeline is made of them."""

    complaint = models.ForeignKey(
        "complaints.Complaint", on_delete=models.PROTECT, related_name="events", verbose_name=_("complaint")
    )
    allegation = models.ForeignKey(
        "complaints.Allegation",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("allegation"),
    )
    decision = models.ForeignKey(
        "complaints.Decision",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("decision"),
    )

    class Meta(Event.Meta):
        verbose_name = _("complaint event")
        verbose_name_plural = _("complaint events")
