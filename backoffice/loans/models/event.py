from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Event


class LoanEvent(Event):
    """Decisions about borrowers and loans.

    The database sees to the dossier. Borrower and loan repeat what it stands for, as history does, and are not
    checked again: the locks of those checks would dirty two more pages per event, the most of a close's commit.
    """

    borrower = models.ForeignKey(
        "loans.Borrower",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("borrower"),
        db_constraint=False,
    )
    loan = models.ForeignKey(
        "loans.Loan",
        on_delete=models.PROTECT,
        null=True,
        related_name="events",
        verbose_name=_("loan"),
        db_constraint=False,
    )

    class Meta(Event.Meta):
        verbose_name = _("loan event")
        verbose_name_plural = _("loan events")
