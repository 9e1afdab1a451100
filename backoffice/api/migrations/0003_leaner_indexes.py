from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("api", "0002_record_by_person_and_moment")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalclient": ("history_request_id", "id"),
                "historicalclientsecret": ("history_request_id", "id"),
                "idempotentanswer": ("client",),
            },
            add={
                "historicalclient": [
                    models.Index(fields=["history_request_id"], name="api_histori_history_721e0d_idx")
                ],
                "historicalclientsecret": [
                    models.Index(fields=["history_request_id"], name="api_histori_history_7e419e_idx")
                ],
            },
        ),
    ]
