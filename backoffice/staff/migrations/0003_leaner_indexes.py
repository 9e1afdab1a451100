from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("staff", "0002_record_by_person_and_moment")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalteam": ("history_request_id", "id"),
                "historicaluser": ("history_request_id", "id"),
            },
            add={
                "historicalteam": [
                    models.Index(fields=["history_request_id"], name="staff_histo_history_10b86c_idx")
                ],
                "historicaluser": [
                    models.Index(fields=["history_request_id"], name="staff_histo_history_5ff0eb_idx")
                ],
            },
        ),
    ]
