import django.db.models.deletion
import django.db.models.functions.comparison
from django.db import migrations, models

# Also for a book with data in it; both databases take these words. The triggers of append-only tables are away while
# migrations run (``audit.triggers``). Seals name the columns they signed, and this one is in none of them yet.
FILL = """
    UPDATE loans_repayment SET creditor_id = (
        SELECT loan.creditor_id FROM loans_loan loan WHERE loan.id = loans_repayment.loan_id
    )
"""


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0010_leaner_indexes"),
    ]

    operations = [
        migrations.AddField(
            model_name="repayment",
            name="creditor",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repayments",
                to="loans.creditor",
                verbose_name="creditor",
            ),
        ),
        migrations.RunSQL(FILL, migrations.RunSQL.noop),
        migrations.AlterField(
            model_name="repayment",
            name="creditor",
            field=models.ForeignKey(
                db_index=False,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="repayments",
                to="loans.creditor",
                verbose_name="creditor",
            ),
        ),
        migrations.AlterField(
            model_name="repayment",
            name="external_id",
            field=models.CharField(max_length=64, verbose_name="external id"),
        ),
        migrations.AddConstraint(
            model_name="repayment",
            constraint=models.UniqueConstraint(
                fields=("external_id", "creditor"), name="loans_repayment_id_once_per_creditor"
            ),
        ),
        migrations.AddIndex(
            model_name="repayment",
            index=models.Index(
                models.F("creditor"),
                models.F("epoch"),
                django.db.models.functions.comparison.Coalesce("xact_id", 0),
                models.F("id"),
                name="loans_repayment_feed",
            ),
        ),
    ]
