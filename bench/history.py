"""Cost of history: our INSERT … SELECT against the library's row-building way, in bulk and row by row; what the check
costs that nothing is written where nothing changed; and how long it takes to find what is not on record.

python bench/history.py [--rows 20000] [--out history.json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable, Sequence
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.test")

import django  # noqa: E402

django.setup()

from django.db import connection, transaction  # noqa: E402
from django.utils import timezone  # noqa: E402
from simple_history.utils import bulk_create_with_history as library_bulk_create  # noqa: E402

from backoffice.audit.services.recorded import unrecorded_rows  # noqa: E402
from backoffice.core import context  # noqa: E402
from backoffice.core.history import (  # noqa: E402
    bulk_create_with_history,
    copy_into_history,
    record_history,
)
from backoffice.core.models import PolicyValue  # noqa: E402
from backoffice.staff.services import system_user  # noqa: E402

#: Row by row: enough for a mean that stays put.
SINGLE = 2_000


def rows(count: int) -> list[PolicyValue]:
    first = date(1900, 1, 1)
    return [
        PolicyValue(
            code="bench.number",
            value=number,
            unit="days",
            effective_from=first + timedelta(days=number),
            title="A number",
            source="bench",
            legal_force="policy",
            confidence="inferred",
        )
        for number in range(count)
    ]


def seconds(work: Callable[[], object]) -> float:
    """The work's time, its transaction rolled back."""
    with transaction.atomic():
        started = time.perf_counter()
        work()
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return taken


def after_bulk(count: int, work: Callable[[Sequence[PolicyValue]], object]) -> float:
    """The time of work on ``count`` rows that are there, with their history."""
    with transaction.atomic():
        made = bulk_create_with_history(PolicyValue, rows(count))
        started = time.perf_counter()
        work(made)
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return taken


def history_alone(count: int) -> float:
    with transaction.atomic():
        made = PolicyValue.objects.bulk_create(rows(count), batch_size=500)
        started = time.perf_counter()
        record_history(made, "+")
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return taken


def change_all(made: Sequence[PolicyValue]) -> None:
    PolicyValue.objects.filter(code="bench.number").update(title="Another number")


def update_with_history(made: Sequence[PolicyValue]) -> None:
    change_all(made)
    record_history(made, "~")


def save_each(made: Sequence[PolicyValue]) -> None:
    for number, one in enumerate(made):
        one.title = f"Number {number}"
        one.save()


def save_unchanged(made: Sequence[PolicyValue]) -> None:
    for one in made:
        one.save()


def copy_each(made: Sequence[PolicyValue]) -> None:
    for one in made:
        copy_into_history(PolicyValue, [one.pk], "+")


def build_each(made: Sequence[PolicyValue]) -> None:
    """The library's way: a model instance per history row."""
    acting = context.require()
    history = PolicyValue.history.model
    for one in made:
        history(
            history_date=timezone.now(),
            history_type="+",
            history_user=acting.actor,
            history_change_reason=acting.reason_code,
            history_actor_name=acting.actor_name,
            history_entry_point=acting.entry_point,
            history_request_id=acting.request_id,
            **{field.attname: getattr(one, field.attname) for field in history.tracked_fields},
        ).save(force_insert=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with context.acting(by=system_user("bench"), reason_code="bench"):
            result = measure(options.rows)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def measure(count: int) -> dict[str, object]:
    bare = seconds(lambda: PolicyValue.objects.bulk_create(rows(count), batch_size=500))
    ours = seconds(lambda: bulk_create_with_history(PolicyValue, rows(count)))
    alone = history_alone(count)
    theirs = _library(count, bare)
    update = after_bulk(count, change_all)
    updated = after_bulk(count, update_with_history)
    unchanged = after_bulk(count, lambda made: record_history(made, "~"))
    check = after_bulk(count, lambda made: unrecorded_rows(PolicyValue))
    per_row = 1_000_000 / SINGLE
    return {
        "database": connection.vendor,
        "rows": count,
        "bare_insert_seconds": round(bare, 3),
        "insert_with_history_seconds": round(ours, 3),
        "history_seconds": round(alone, 3),
        "library_history_seconds": round(theirs, 3),
        "with_history_to_bare": round(ours / bare, 2),
        "library_history_to_ours": round(theirs / alone, 2),
        "bare_update_seconds": round(update, 3),
        "update_with_history_seconds": round(updated, 3),
        "nothing_changed_seconds": round(unchanged, 3),
        "find_unrecorded_seconds": round(check, 3),
        "one_row_microseconds": {
            "copied": round(after_bulk(SINGLE, copy_each) * per_row),
            "built": round(after_bulk(SINGLE, build_each) * per_row),
            "save_with_history": round(after_bulk(SINGLE, save_each) * per_row),
            "save_of_nothing": round(after_bulk(SINGLE, save_unchanged) * per_row),
        },
    }


def _library(count: int, bare: float) -> float:
    """What the library's helper takes beyond the bare insert: it builds a model instance per history row."""
    acting = context.require()

    def run() -> None:
        library_bulk_create(
            rows(count),
            PolicyValue,
            batch_size=500,
            default_user=acting.actor,
            default_change_reason="bench",
            custom_historical_attrs={
                "history_actor_name": acting.actor_name,
                "history_entry_point": acting.entry_point,
                "history_request_id": acting.request_id,
            },
        )

    return max(seconds(run) - bare, 0.001)


if __name__ == "__main__":
    main()
