from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("privacy", "0002_rights_to_personal_data")]

    operations = [
        ChangeIndexes(
            drop={"historicaldatasubject": ("history_request_id", "id")},
            add={
                "historicaldatasubject": [
                    models.Index(fields=["history_request_id"], name="privacy_his_history_c06dcc_idx")
                ]
            },
        ),
    ]
