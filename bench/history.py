"""Cost of history in bulk: our INSERT … SELECT against the library's row-building helper, and the bare insert.

python bench/history.py [--rows 20000] [--out history.json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.test")

import django  # noqa: E402

django.setup()

from django.db import connection, transaction  # noqa: E402
from simple_history.utils import bulk_create_with_history as library_bulk_create  # noqa: E402

from backoffice.core import context  # noqa: E402
from backoffice.core.history import bulk_create_with_history, record_history  # noqa: E402
from backoffice.core.models import PolicyValue  # noqa: E402
from backoffice.staff.services import system_user  # noqa: E402


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


def history_alone(count: int) -> float:
    with transaction.atomic():
        made = PolicyValue.objects.bulk_create(rows(count), batch_size=500)
        started = time.perf_counter()
        record_history(made, "+")
        taken = time.perf_counter() - started
        transaction.set_rollback(True)
    return taken


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        with context.acting(by=system_user("bench"), reason_code="bench"):
            bare = seconds(lambda: PolicyValue.objects.bulk_create(rows(options.rows), batch_size=500))
            ours = seconds(lambda: bulk_create_with_history(PolicyValue, rows(options.rows)))
            alone = history_alone(options.rows)
            theirs = _library(options.rows, bare)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    result = {
        "database": connection.vendor,
        "rows": options.rows,
        "bare_insert_seconds": round(bare, 3),
        "insert_with_history_seconds": round(ours, 3),
        "history_seconds": round(alone, 3),
        "library_history_seconds": round(theirs, 3),
        "with_history_to_bare": round(ours / bare, 2),
        "library_history_to_ours": round(theirs / alone, 2),
    }
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


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
