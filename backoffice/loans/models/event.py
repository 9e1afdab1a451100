from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class LoanEvent(Event):
    """Decisions about borrowers and loans."""

    borrower = models.ForeignKey(
        "loans.Borrower",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("borrower"),
    )
    loan = models.ForeignKey(
        "loans.Loan", on_delete=models.PROTECT, null=True, related_name="events", verbose_name=_("loan")
    )

    class Meta(Event.Meta):
        verbose_name = _("loan event")
        verbose_name_plural = _("loan events")
