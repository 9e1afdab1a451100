from django.db import models
from django.utils.translation import gettext_lazy as _

from backoffice.core.choices import DayKind
from backoffice.core.history import HistoricalRecords


class CalendarDay(models.Model):
    """A day on which the business calendar departs from the week: a rest day or a make-up workday.

    A year of which no row exists has not been published; deadlines that reach into it are provisional.
    Seeded from the ``chinesecalendar`` library, which quotes the State Council's yearly notice.
    """

    date = models.DateField(_("date"), unique=True)
    kind = models.CharField(_("kind"), max_length=8, choices=DayKind.choices)
    name = models.CharField(_("occasion"), max_length=60, blank=True)
    source = models.CharField(_("source"), max_length=120)

    history = HistoricalRecords()

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind__in=DayKind.values), name="core_calendarday_kind_known"
            )
        ]

    def __str__(self) -> str:
        return self.date.isoformat()
