from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class CollectionEvent(Event):
    """Decisions of the collections desk."""

    borrower = models.ForeignKey(
        "loans.Borrower", on_delete=models.PROTECT, null=True, related_name="collection_events"
    )
    case = models.ForeignKey("collections.Case", on_delete=models.PROTECT, null=True, related_name="events")
    hold = models.ForeignKey("collections.Hold", on_delete=models.PROTECT, null=True, related_name="events")

    class Meta(Event.Meta):
        verbose_name = _("collection event")
        verbose_name_plural = _("collection events")
