from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class CollectionEvent(Event):
    """Decisions of the collections desk."""

    borrower = models.ForeignKey(
        "loans.Borrower",
        on_delete=models.PROTECT,
        null=True,
        related_name="collection_events",
        verbose_name=_("borrower"),
    )
    case = models.ForeignKey(
        "collections.Case", on_delete=models.PROTECT, null=True, related_name="events", verbose_name=_("case")
    )
    hold = models.ForeignKey(
        "collections.Hold", on_delete=models.PROTECT, null=True, related_name="events", verbose_name=_("hold")
    )

    class Meta(Event.Meta):
        verbose_name = _("collection event")
        verbose_name_plural = _("collection events")
