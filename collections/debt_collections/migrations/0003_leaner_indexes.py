from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("collections", "0002_record_by_person_and_moment")]

    operations = [
        ChangeIndexes(
            drop={
                "caseloan": ("case",),
                "collectionevent": ("actor", "dossier", "request_id"),
                "collector": ("agency",),
                "contactattempt": ("borrower", "collector"),
                "contactattemptloan": ("contact",),
                "historicalagency": ("history_request_id", "id"),
                "historicalauthorisation": ("history_request_id", "id"),
                "historicalcase": ("history_request_id", "id"),
                "historicalcaseloan": ("history_request_id", "id"),
                "historicalcollector": ("history_request_id", "id"),
                "historicalhold": ("history_request_id", "id"),
                "historicalholdloan": ("history_request_id", "id"),
                "historicalplacement": ("history_request_id", "id"),
                "holdloan": ("hold",),
            },
            add={
                "collectionevent": [models.Index(fields=["request_id"], name="collectionevent_request")],
                "historicalagency": [
                    models.Index(fields=["history_request_id"], name="collections_history_7b79df_idx")
                ],
                "historicalauthorisation": [
                    models.Index(fields=["history_request_id"], name="collections_history_3ffe6a_idx")
                ],
                "historicalcase": [
                    models.Index(fields=["history_request_id"], name="collections_history_cc4742_idx")
                ],
                "historicalcaseloan": [
                    models.Index(fields=["history_request_id"], name="collections_history_20c99b_idx")
                ],
                "historicalcollector": [
                    models.Index(fields=["history_request_id"], name="collections_history_098418_idx")
                ],
                "historicalhold": [
                    models.Index(fields=["history_request_id"], name="collections_history_2f538f_idx")
                ],
                "historicalholdloan": [
                    models.Index(fields=["history_request_id"], name="collections_history_119d2a_idx")
                ],
                "historicalplacement": [
                    models.Index(fields=["history_request_id"], name="collections_history_1af152_idx")
                ],
            },
        ),
    ]
