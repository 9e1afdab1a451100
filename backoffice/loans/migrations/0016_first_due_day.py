"""The agreed first due date of a loan; odd interest off the money paid out is no choice; evidence of terms in order."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("loans", "0015_before_first_due_days"),
    ]

    operations = [
        migrations.AddField(
            model_name="historicalloan",
            name="first_due_on",
            field=models.DateField(blank=True, null=True, verbose_name="first due on"),
        ),
        migrations.AddField(
            model_name="loan",
            name="first_due_on",
            field=models.DateField(blank=True, null=True, verbose_name="first due on"),
        ),
        migrations.AlterField(
            model_name="historicalloanproduct",
            name="odd_days",
            field=models.CharField(
                choices=[("first", "In the first instalment"), ("spread", "Spread over all instalments")],
                default="first",
                max_length=7,
                verbose_name="interest of odd days",
            ),
        ),
        migrations.AlterField(
            model_name="loanproduct",
            name="odd_days",
            field=models.CharField(
                choices=[("first", "In the first instalment"), ("spread", "Spread over all instalments")],
                default="first",
                max_length=7,
                verbose_name="interest of odd days",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("first_due_on__isnull", True),
                    ("first_due_on__gt", models.F("disbursed_on")),
                    _connector="OR",
                ),
                name="loans_loan_first_due_after_start",
            ),
        ),
        migrations.AddConstraint(
            model_name="loan",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("terms_confirmed_at__isnull", True),
                    models.Q(
                        ("terms_confirmed_at__gte", models.F("terms_rendered_at")),
                        ("terms_rendered_at__isnull", False),
                    ),
                    _connector="OR",
                ),
                name="loans_loan_terms_confirmed_after_shown",
            ),
        ),
        migrations.AddConstraint(
            model_name="loanproduct",
            constraint=models.CheckConstraint(
                condition=models.Q(("odd_days__in", ["first", "spread"])), name="loans_product_odd_days_known"
            ),
        ),
        migrations.AddConstraint(
            model_name="loanproduct",
            constraint=models.CheckConstraint(
                condition=models.Q(("daily_interest", True), ("odd_days", "spread"), _negated=True),
                name="loans_product_daily_interest_spreads_nothing",
                violation_error_message="With daily interest the interest of odd days is in the first instalment.",
            ),
        ),
    ]
