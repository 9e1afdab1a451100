from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from backoffice.core.log import LogModel


class CloseRun(LogModel):
    """One part of one step of the close of a day, written in the transaction that did it: what is here is done.

    A part is a range of ids of loans.
    """

    day = models.DateField(_("day"))
    step = models.CharField(_("step"), max_length=60)
    first_id = models.PositiveBigIntegerField(_("from id"))
    last_id = models.PositiveBigIntegerField(_("to id"))
    touched = models.PositiveIntegerField(_("things touched"))
    rows_written = models.PositiveIntegerField(_("rows written"))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))

    class Meta:
        verbose_name = _("part of a close of day")
        verbose_name_plural = _("parts of closes of day")
        constraints = [
            models.UniqueConstraint(fields=["day", "step", "first_id"], name="loans_closerun_part_once"),
            models.CheckConstraint(
                condition=Q(last_id__gte=F("first_id")), name="loans_closerun_range_not_empty"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.step} {self.first_id}-{self.last_id}"


class ClosedDay(LogModel):
    """A day whose close is complete: every step, every part. Days are closed in their order."""

    day = models.DateField(_("day"), unique=True)
    touched = models.PositiveIntegerField(_("things touched"))
    rows_written = models.PositiveIntegerField(_("rows written"))
    started_at = models.DateTimeField(_("started at"))
    finished_at = models.DateTimeField(_("finished at"))

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        permissions = [("close_day", "Can close a day")]

    def __str__(self) -> str:
        return str(self.day)
