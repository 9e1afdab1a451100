"""Rows that the next migration's constraints refuse are put right, on record; by itself, for PostgreSQL alters no
table whose rows were just changed."""

from django.db import migrations
from django.db.models import F, Q
from django.utils import timezone


def put_right(apps, schema_editor):
    # No loan had a first due date of its own, so no product ever put odd days anywhere.
    never = Q(odd_days="upfront") | Q(odd_days="spread", daily_interest=True)
    _put_right(apps, "LoanProduct", never, {"odd_days": "first"})
    # Confirmed without being shown, or before: no evidence that the terms were shown. What was said stays in history.
    unfounded = Q(terms_confirmed_at__isnull=False, terms_rendered_at__isnull=True)
    unfounded |= Q(terms_confirmed_at__lt=F("terms_rendered_at"))
    _put_right(apps, "Loan", unfounded, {"terms_confirmed_at": None})


def _put_right(apps, name, wrong, values):
    model, history = apps.get_model("loans", name), apps.get_model("loans", f"Historical{name}")
    rows = model.objects.filter(wrong)
    for pk in list(rows.values_list("pk", flat=True)):
        record = history.objects.filter(id=pk).order_by("-history_id").first()
        if record is None:
            continue
        record.history_id = None
        record.history_type, record.history_date = "~", timezone.now()
        record.history_change_reason = "upgrade"
        record.history_actor_name, record.history_entry_point = "upgrade 0015", "command"
        for column, value in values.items():
            setattr(record, column, value)
        record.save(force_insert=True)
    rows.update(**values)


class Migration(migrations.Migration):
    dependencies = [("loans", "0014_large_waivers")]

    operations = [migrations.RunPython(put_right, migrations.RunPython.noop)]
