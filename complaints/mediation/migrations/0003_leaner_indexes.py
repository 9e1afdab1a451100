from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("mediation", "0002_record_by_person_and_moment")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalmediationconsent": ("history_request_id", "id"),
                "historicalmediationorganisation": ("history_request_id", "id"),
                "historicalreferral": ("history_request_id", "id"),
                "historicalreferraldeadline": ("history_request_id", "id"),
                "mediationevent": ("actor", "dossier", "referral", "request_id"),
                "referral": ("organisation",),
            },
            add={
                "historicalmediationconsent": [
                    models.Index(fields=["history_request_id"], name="mediation_h_history_8c9afa_idx")
                ],
                "historicalmediationorganisation": [
                    models.Index(fields=["history_request_id"], name="mediation_h_history_b4ba8b_idx")
                ],
                "historicalreferral": [
                    models.Index(fields=["history_request_id"], name="mediation_h_history_177cb3_idx")
                ],
                "historicalreferraldeadline": [
                    models.Index(fields=["history_request_id"], name="mediation_h_history_55824b_idx")
                ],
                "mediationevent": [models.Index(fields=["request_id"], name="mediationevent_request")],
            },
        ),
    ]
