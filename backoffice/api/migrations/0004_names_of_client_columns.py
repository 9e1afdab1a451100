from django.db import migrations, models
from oauth2_provider.generators import generate_client_id


class Migration(migrations.Migration):
    """Names for people only: the columns stay as they are."""

    dependencies = [("api", "0003_leaner_indexes")]

    operations = [
        migrations.AlterField(
            "client",
            "client_id",
            models.CharField(
                db_index=True,
                default=generate_client_id,
                max_length=255,
                unique=True,
                verbose_name="client identifier",
            ),
        ),
        migrations.AlterField(
            "client", "name", models.CharField(blank=True, max_length=255, verbose_name="client's name")
        ),
        migrations.AlterField(
            "historicalclient",
            "client_id",
            models.CharField(default=generate_client_id, max_length=255, verbose_name="client identifier"),
        ),
        migrations.AlterField(
            "historicalclient",
            "name",
            models.CharField(blank=True, max_length=255, verbose_name="client's name"),
        ),
    ]
