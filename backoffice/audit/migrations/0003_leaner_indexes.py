from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("audit", "0002_seals_evidence_and_keeping")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalerasure": ("history_request_id", "id"),
                "historicalevidencebundle": ("history_request_id", "id"),
                "historicallegalhold": ("history_request_id", "id"),
                "historicalretentionrule": ("history_request_id", "id"),
                "maintenance": ("actor", "request_id"),
                "readevent": ("actor", "dossier", "request_id", "subject"),
                "recordevent": ("actor", "dossier", "request_id", "subject", "user"),
                "retentionrun": ("actor", "request_id"),
                "sealpart": ("seal",),
                "verification": ("actor", "request_id"),
            },
            add={
                "historicalerasure": [
                    models.Index(fields=["history_request_id"], name="audit_histo_history_1491e7_idx")
                ],
                "historicalevidencebundle": [
                    models.Index(fields=["history_request_id"], name="audit_histo_history_fd3556_idx")
                ],
                "historicallegalhold": [
                    models.Index(fields=["history_request_id"], name="audit_histo_history_c50749_idx")
                ],
                "historicalretentionrule": [
                    models.Index(fields=["history_request_id"], name="audit_histo_history_d7dd25_idx")
                ],
                "readevent": [models.Index(fields=["request_id"], name="audit_read_request")],
            },
        ),
    ]
