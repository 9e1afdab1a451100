"""Who may apply a waiver above the limit."""

from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0013_decided_in_time"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="loan",
            options={
                "permissions": [
                    ("post_repayment", "Post a repayment by hand"),
                    ("reverse_repayment", "Reverse a repayment"),
                    ("approve_posting", "Approve a posting above the limit"),
                    ("propose_change", "Propose a change of the schedule or a waiver"),
                    ("approve_change", "Apply or refuse a change that another person proposed"),
                    ("approve_large_waiver", "Apply a waiver above the limit"),
                    ("settle_early", "Settle a loan early"),
                    ("quote_settlement", "Hand out what settles a loan"),
                    ("pause_loan", "Set and end payment pauses"),
                    ("charge_cost", "Charge costs of enforcing and take them back"),
                    ("request_write_off", "Ask for a write-off"),
                    ("approve_write_off", "Write off what another person asked for"),
                    ("attach_document", "Can add a document to a loan"),
                    ("import_loanbook", "Import into the loan book"),
                    ("export_loanbook", "Export from the loan book"),
                ],
                "verbose_name": "loan",
                "verbose_name_plural": "loans",
            },
        ),
    ]
