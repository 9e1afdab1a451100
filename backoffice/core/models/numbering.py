from django.db import models
from django.utils.translation import gettext_lazy as _


class NumberSeries(models.Model):
    """The last number given out per prefix and day. A counter, not a record: no history, locked when used."""

    prefix = models.CharField(_("prefix of the number"), max_length=8)
    day = models.DateField(_("calendar date"))
    last = models.PositiveIntegerField(_("last number given out"), default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prefix", "day"], name="core_numberseries_prefix_day_unique")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}{self.day:%Y%m%d}"
