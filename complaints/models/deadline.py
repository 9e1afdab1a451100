from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.history import HistoricalRecords
from backoffice.core.models import Deadline, DeadlineAct


class ComplaintDeadline(Deadline):
    """A time limit of a complaint; kind ``decision`` is met by delivering the decision, never by approving it."""

    owner = models.ForeignKey(
        "complaints.Complaint",
        on_delete=models.PROTECT,
        related_name="deadlines",
        verbose_name=_("complaint"),
    )

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("complaint deadline")
        verbose_name_plural = _("complaint deadlines")
        indexes = [
            models.Index(
                fields=["due_on", "owner"],
                name="complaints_deadline_open",
                condition=models.Q(met_at__isnull=True, cancelled_at__isnull=True),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["owner", "kind"],
                # A complaint reopened for new facts gets a second one after the first was met.
                condition=models.Q(cancelled_at__isnull=True, met_at__isnull=True),
                name="complaints_deadline_one_open_per_kind",
            )
        ]


class ComplaintDeadlineAct(DeadlineAct):
    """What moved a complaint's time limit."""

    deadline = models.ForeignKey(
        ComplaintDeadline, on_delete=models.PROTECT, related_name="acts", verbose_name=_("complaint deadline")
    )

    class Meta:
        verbose_name = _("deadline act")
        verbose_name_plural = _("deadline acts")
