import django.db.models.deletion
from django.db import migrations, models

from backoffice.core.indexes import ChangeIndexes


class Migration(migrations.Migration):
    dependencies = [("loans", "0009_documents_of_a_loan")]

    operations = [
        ChangeIndexes(
            drop={
                "historicalborrower": ("history_request_id", "id"),
                "historicalborrowerneed": ("history_request_id", "id"),
                "historicalcontactconsent": ("history_request_id", "id"),
                "historicalcontactperson": ("history_request_id", "id"),
                "historicalcreditor": ("history_request_id", "id"),
                "historicalcreditorclient": ("history_request_id", "id"),
                "historicalinstalment": ("history_request_id", "id"),
                "historicalloan": ("history_request_id", "id"),
                "historicalloanproduct": ("history_request_id", "id"),
                "historicalpaymentpause": ("history_request_id", "id"),
                "historicalphonenumber": ("history_request_id", "id"),
                "historicalpostingrequest": ("history_request_id", "id"),
                "historicalproductfee": ("history_request_id", "id"),
                "historicalschedulechange": ("history_request_id", "id"),
                "historicaltermsversion": ("history_request_id", "id"),
                "historicalwriteoff": ("history_request_id", "id"),
                "instalment": ("loan",),
                "loan": ("terms",),
                "loanevent": ("actor", "dossier", "request_id"),
                "productfee": ("product",),
                "repayment": ("loan",),
                "termsversion": ("product",),
            },
            add={
                "historicalborrower": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_c2c096_idx")
                ],
                "historicalborrowerneed": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_7eae09_idx")
                ],
                "historicalcontactconsent": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_120021_idx")
                ],
                "historicalcontactperson": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_c4ef6d_idx")
                ],
                "historicalcreditor": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_731d82_idx")
                ],
                "historicalcreditorclient": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_6a30ee_idx")
                ],
                "historicalinstalment": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_6f20b7_idx")
                ],
                "historicalloan": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_2289b2_idx")
                ],
                "historicalloanproduct": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_1a8e5e_idx")
                ],
                "historicalpaymentpause": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_84f2f2_idx")
                ],
                "historicalphonenumber": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_970222_idx")
                ],
                "historicalpostingrequest": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_01a22a_idx")
                ],
                "historicalproductfee": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_7f5cce_idx")
                ],
                "historicalschedulechange": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_d01fe2_idx")
                ],
                "historicaltermsversion": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_12b29c_idx")
                ],
                "historicalwriteoff": [
                    models.Index(fields=["history_request_id"], name="loans_histo_history_3f5434_idx")
                ],
                "loanevent": [models.Index(fields=["request_id"], name="loanevent_request")],
            },
        ),
        migrations.AlterField(
            model_name="loan",
            name="number",
            field=models.CharField(max_length=40, verbose_name="number"),
        ),
        migrations.AlterField(
            model_name="loanevent",
            name="borrower",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="loans.borrower",
                verbose_name="borrower",
            ),
        ),
        migrations.AlterField(
            model_name="loanevent",
            name="loan",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="events",
                to="loans.loan",
                verbose_name="loan",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.UniqueConstraint(fields=("number",), name="loans_loan_number_once"),
        ),
    ]
