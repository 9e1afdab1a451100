from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.log import LogModel


class CloseRun(LogModel):
    """One finished piece of a close of day: this step, these loan ids (``first_id`` up to ``last_id``), that day.

    Written in the transaction of the work itself, so that what is here was done, and what is not was not.
    """

    day = models.DateField(_("day closed"))
    step = models.CharField(_("step"), max_length=100)
    first_id = models.BigIntegerField(_("first id"))
    last_id = models.BigIntegerField(_("last id"))
    loans_touched = models.PositiveIntegerField(_("loans touched"), default=0)
    rows_written = models.PositiveIntegerField(_("rows written"), default=0)
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))

    class Meta:
        verbose_name = _("close of day")
        verbose_name_plural = _("closes of day")
        constraints = [
            models.UniqueConstraint(
                fields=["day", "step", "first_id"], name="loans_closerun_range_once_per_day_and_step"
            ),
            models.CheckConstraint(
                condition=models.Q(last_id__gte=models.F("first_id")), name="loans_closerun_range_ordered"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.step} {self.first_id}"
