from django.db import models


class NumberSeries(models.Model):
    """The last number given out per prefix and day. A counter, not a record: no history, locked when used."""

    prefix = models.CharField(max_length=8)
    day = models.DateField()
    last = models.PositiveIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["prefix", "day"], name="core_numberseries_prefix_day_unique")
        ]

    def __str__(self) -> str:
        return f"{self.prefix}{self.day:%Y%m%d}"
