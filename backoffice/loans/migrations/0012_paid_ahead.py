"""How many of a version's instalments had been paid when it was made: paid ahead, they keep their due days."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0011_ids_of_a_creditor"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalschedulechange",
            name="rows_taken_over",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="instalments taken over as paid"
            ),
        ),
        migrations.AddField(
            model_name="schedulechange",
            name="rows_taken_over",
            field=models.PositiveSmallIntegerField(
                blank=True, null=True, verbose_name="instalments taken over as paid"
            ),
        ),
    ]
