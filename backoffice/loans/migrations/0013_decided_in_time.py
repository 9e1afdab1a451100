"""By when what is proposed has to be decided."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0012_paid_ahead"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalschedulechange",
            name="decide_by",
            field=models.DateField(blank=True, null=True, verbose_name="to be decided by"),
        ),
        migrations.AddField(
            model_name="historicalwriteoff",
            name="decide_by",
            field=models.DateField(blank=True, null=True, verbose_name="to be decided by"),
        ),
        migrations.AddField(
            model_name="schedulechange",
            name="decide_by",
            field=models.DateField(blank=True, null=True, verbose_name="to be decided by"),
        ),
        migrations.AddField(
            model_name="writeoff",
            name="decide_by",
            field=models.DateField(blank=True, null=True, verbose_name="to be decided by"),
        ),
    ]
