from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("conduct", "0002_record_by_person_and_moment")]

    operations = [
        ChangeIndexes(
            drop={
                "conductevent": ("actor", "dossier", "request_id"),
                "historicalallegedcontact": ("history_request_id", "id"),
                "historicalrule": ("history_request_id", "id"),
                "historicalruleset": ("history_request_id", "id"),
                "rule": ("rule_set",),
            },
            add={
                "conductevent": [models.Index(fields=["request_id"], name="conductevent_request")],
                "historicalallegedcontact": [
                    models.Index(fields=["history_request_id"], name="conduct_his_history_a487c5_idx")
                ],
                "historicalrule": [
                    models.Index(fields=["history_request_id"], name="conduct_his_history_4a31bb_idx")
                ],
                "historicalruleset": [
                    models.Index(fields=["history_request_id"], name="conduct_his_history_115147_idx")
                ],
            },
        ),
    ]
