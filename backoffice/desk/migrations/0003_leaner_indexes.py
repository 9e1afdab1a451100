from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("desk", "0002_incidents")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalattachment": ("history_request_id", "id"),
                "historicalincident": ("history_request_id", "id"),
                "historicalincidentcontact": ("history_request_id", "id"),
                "historicalincidentduty": ("history_request_id", "id"),
                "historicalincidentsubject": ("history_request_id", "id"),
                "historicaltask": ("history_request_id", "id"),
                "incident": ("reported_by",),
                "incidentduty": ("incident",),
                "incidentevent": ("actor", "dossier", "request_id"),
                "incidentsubject": ("incident",),
            },
            add={
                "historicalattachment": [
                    models.Index(fields=["history_request_id"], name="desk_histor_history_ed35a3_idx")
                ],
                "historicalincident": [
                    models.Index(fields=["history_request_id"], name="desk_histor_history_bb8859_idx")
                ],
                "historicalincidentcontact": [
                    models.Index(fields=["history_request_id"], name="desk_histor_history_315445_idx")
                ],
                "historicalincidentduty": [
                    models.Index(fields=["history_request_id"], name="desk_histor_history_e388fe_idx")
                ],
                "historicalincidentsubject": [
                    models.Index(fields=["history_request_id"], name="desk_histor_history_624033_idx")
                ],
                "historicaltask": [
                    models.Index(fields=["history_request_id"], name="desk_histor_history_aac4f9_idx")
                ],
                "incidentevent": [models.Index(fields=["request_id"], name="incidentevent_request")],
            },
        ),
    ]
