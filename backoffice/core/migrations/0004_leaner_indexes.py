from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("core", "0003_import_reports")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalcalendarday": ("history_request_id", "id"),
                "historicalimportrun": ("history_request_id", "id"),
                "historicalpolicyvalue": ("history_request_id", "id"),
            },
            add={
                "historicalcalendarday": [
                    models.Index(fields=["history_request_id"], name="core_histor_history_42588a_idx")
                ],
                "historicalimportrun": [
                    models.Index(fields=["history_request_id"], name="core_histor_history_b60a38_idx")
                ],
                "historicalpolicyvalue": [
                    models.Index(fields=["history_request_id"], name="core_histor_history_549eb2_idx")
                ],
            },
        ),
    ]
