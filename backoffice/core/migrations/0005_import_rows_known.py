from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("core", "0004_leaner_indexes")]

    operations = [
        migrations.AddField(
            model_name="importrow",
            name="created",
            field=models.BooleanField(default=True, verbose_name="created something"),
        ),
    ]
