from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("complaints", "0002_record_by_person_and_moment")]

    operations = [
        ChangeIndexes(
            drop={
                "allegation": ("complaint",),
                "category": ("version",),
                "complaint": ("handler",),
                "complaintevent": ("actor", "dossier", "request_id"),
                "decision": ("complaint",),
                "demand": ("complaint",),
                "historicalallegation": ("history_request_id", "id"),
                "historicalallegationcontact": ("history_request_id", "id"),
                "historicalcategory": ("history_request_id", "id"),
                "historicalcategoryversion": ("history_request_id", "id"),
                "historicalcomplainant": ("history_request_id", "id"),
                "historicalcomplainantphone": ("history_request_id", "id"),
                "historicalcomplaint": ("history_request_id", "id"),
                "historicalcomplaintdeadline": ("history_request_id", "id"),
                "historicalconversation": ("history_request_id", "id"),
                "historicaldecision": ("history_request_id", "id"),
                "historicaldemand": ("history_request_id", "id"),
                "historicalnote": ("history_request_id", "id"),
                "historicalremedy": ("history_request_id", "id"),
            },
            add={
                "complaintevent": [models.Index(fields=["request_id"], name="complaintevent_request")],
                "historicalallegation": [
                    models.Index(fields=["history_request_id"], name="complaints__history_4dba3a_idx")
                ],
                "historicalallegationcontact": [
                    models.Index(fields=["history_request_id"], name="complaints__history_475e23_idx")
                ],
                "historicalcategory": [
                    models.Index(fields=["history_request_id"], name="complaints__history_0d08a8_idx")
                ],
                "historicalcategoryversion": [
                    models.Index(fields=["history_request_id"], name="complaints__history_cec62b_idx")
                ],
                "historicalcomplainant": [
                    models.Index(fields=["history_request_id"], name="complaints__history_eb1b2c_idx")
                ],
                "historicalcomplainantphone": [
                    models.Index(fields=["history_request_id"], name="complaints__history_caad81_idx")
                ],
                "historicalcomplaint": [
                    models.Index(fields=["history_request_id"], name="complaints__history_4de97e_idx")
                ],
                "historicalcomplaintdeadline": [
                    models.Index(fields=["history_request_id"], name="complaints__history_7dc3b3_idx")
                ],
                "historicalconversation": [
                    models.Index(fields=["history_request_id"], name="complaints__history_b3dc51_idx")
                ],
                "historicaldecision": [
                    models.Index(fields=["history_request_id"], name="complaints__history_ca26af_idx")
                ],
                "historicaldemand": [
                    models.Index(fields=["history_request_id"], name="complaints__history_0c4fc7_idx")
                ],
                "historicalnote": [
                    models.Index(fields=["history_request_id"], name="complaints__history_f214e5_idx")
                ],
                "historicalremedy": [
                    models.Index(fields=["history_request_id"], name="complaints__history_7f92e1_idx")
                ],
            },
        ),
    ]
