"""Is the explorer as quick at N history rows as at 10,000? Fills tables set-based, times its queries, reads plans.

python bench/explorer.py [--rows 1000000] [--out explorer.json]

Needs PostgreSQL (``DATABASE_URL``): only there are plans to be read. Rows lie in eight tables; a hundred of them
share each moment, as after a bulk write. The plans may hold no sequential scan of a filled table.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.test")

from scripts.tests import local_postgres  # noqa: E402

if not os.environ.get("DATABASE_URL") and (server := local_postgres()):
    os.environ["DATABASE_URL"] = server

import django  # noqa: E402

django.setup()

from django.apps import apps  # noqa: E402
from django.db import connection, models  # noqa: E402

from backoffice.core import context  # noqa: E402
from backoffice.desk.explorer import changes, merged, scanning  # noqa: E402
from backoffice.desk.explorer.changes import Filters  # noqa: E402
from backoffice.staff.models import User  # noqa: E402
from backoffice.staff.roles import Role  # noqa: E402
from backoffice.staff.services import create_user, system_user  # noqa: E402

TABLES = (
    *("loans.borrower", "loans.loan", "complaints.complaint", "complaints.allegation"),
    *("collections.case", "collections.hold", "desk.task", "mediation.referral"),
)
USERS, PER_MOMENT, PER_REQUEST, PER_OBJECT = 50, 100, 20, 10
BEGAN = datetime(2024, 1, 1, tzinfo=UTC)
STEP = timedelta(seconds=2)
REPEATS = 15


def fill(rows: int, users: list[int]) -> None:
    """Bring each table to its share of ``rows`` by one INSERT … SELECT."""
    share = rows // len(TABLES)
    quote = connection.ops.quote_name
    with connection.cursor() as cursor:
        for label in TABLES:
            live = apps.get_model(label)
            history: Any = live.history.model  # type: ignore[attr-defined]
            cursor.execute(f"SELECT count(*) FROM {quote(history._meta.db_table)}")  # noqa: S608
            present = cursor.fetchone()[0]
            fields = [
                f for f in history._meta.local_concrete_fields if f.name not in {"history_id", "xact_id"}
            ]
            columns = ", ".join(quote(field.column) for field in fields)
            values = ", ".join(_value(field, live, users) for field in fields)
            cursor.execute(
                f"INSERT INTO {quote(history._meta.db_table)} ({columns}) SELECT {values} "  # noqa: S608
                f"FROM generate_series({present + 1}, {share}) AS i"
            )
            cursor.execute(f"ANALYZE {quote(history._meta.db_table)}")


def _value(field: models.Field[Any, Any], live: Any, users: list[int]) -> str:
    """An SQL expression over ``i`` for a column of history."""
    known = {
        "history_date": f"timestamptz '{BEGAN.isoformat()}' + (i / {PER_MOMENT}) * interval '{STEP.seconds} s'",
        "history_type": "'~'",
        # The last user is a rare one: one row in ten thousand.
        "history_user": f"CASE WHEN i % 10000 = 7 THEN {users[-1]} ELSE {users[0]} + i % {len(users) - 1} END",
        "history_request_id": f"'{live._meta.label_lower}-' || (i / {PER_REQUEST})",
        "history_entry_point": "CASE WHEN i % 5000 = 3 THEN 'api' ELSE 'admin' END",
        "history_actor_name": "'bench'",
        "history_change_reason": "'bench.changed'",
        live._meta.pk.name: f"1 + i / {PER_OBJECT}",
        "epoch": "1",
    }
    if field.name in known:
        return known[field.name]
    if field.null:
        return "NULL"
    kind = field.get_internal_type()
    if "Integer" in kind or kind in {"DecimalField", "FloatField"}:
        return "0"
    if kind == "BooleanField":
        return "false"
    if kind == "DateTimeField":
        return "now()"
    if kind == "DateField":
        return "current_date"
    if kind == "UUIDField":
        return "gen_random_uuid()"
    if kind == "JSONField":
        return "'{}'::jsonb"
    return "''"


def questions(rows: int, users: list[int], viewer: User) -> dict[str, Callable[[], tuple[Filters, Any]]]:
    """Name of a question → its filters and where its page begins."""
    share = rows // len(TABLES)
    middle = BEGAN + STEP * (share // PER_MOMENT // 2)
    deep = merged.Key(middle, "desk.task", share // PER_OBJECT // 2, share // 2, "", "")
    return {
        "latest": lambda: (Filters(), None),
        "by_actor": lambda: (Filters(actor_id=users[3]), None),
        "by_rare_actor": lambda: (Filters(actor_id=users[-1]), None),
        "by_object": lambda: (
            Filters(model="loans.loan", objects={"loans.loan": [share // PER_OBJECT // 2]}),
            None,
        ),
        "by_request": lambda: (Filters(request_id=f"desk.task-{share // PER_REQUEST // 2}"), None),
        "time_window": lambda: (Filters(since=middle, until=middle + timedelta(minutes=5)), None),
        "deep_cursor": lambda: (Filters(), deep),
        "rare_entry_point": lambda: (Filters(door="api"), None),
    }


def milliseconds(work: Callable[[], object]) -> float:
    work()
    taken = []
    for _repeat in range(REPEATS):
        started = time.perf_counter()
        work()
        taken.append((time.perf_counter() - started) * 1000)
    return statistics.median(taken)


def measure(rows: int, users: list[int], viewer: User) -> tuple[dict[str, float], dict[str, list[str]]]:
    """Median milliseconds of each question, and the scans in its plan that walk a filled table."""
    times, scans = {}, {}
    filled = {apps.get_model(label).history.model._meta.db_table for label in TABLES}  # type: ignore[attr-defined]
    for name, ask in questions(rows, users, viewer).items():
        filters, before = ask()
        times[name] = milliseconds(
            lambda filters=filters, before=before: changes.find(filters, viewer=viewer, before=before)  # type: ignore[misc]
        )
        sources = sorted(changes.sources_of(filters, viewer), key=lambda source: source.table)
        query = merged.statement(
            sources, before=before, limit=scanning.PAGE_SIZE + 1, by_filter=bool(filters.request_id)
        )
        plan = query.explain().splitlines()
        walked = [line.strip() for line in plan if "Seq Scan on " in line]
        scans[name] = [line for line in walked if line.split(" on ")[1].split()[0] in filled]
    return times, scans


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    result: dict[str, Any] = {"database": connection.vendor}
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        result |= _run(options.rows)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
    if any(result.get("sequential_scans", {}).values()):
        sys.exit("A filled table is walked from end to end.")


def _run(rows: int) -> dict[str, Any]:
    robot = system_user("bench")
    with context.entering("command", actor=robot):
        users = [
            create_user(
                username=f"bench{number}",
                full_name="Bench",
                roles=[Role.AUDITOR],
                password=None,
                by=robot,
                at=BEGAN,
            )
            for number in range(USERS)
        ]
    ids = [user.pk for user in users]
    viewer = User.objects.get(pk=ids[0])
    fill(10_000, ids)
    few, _scans = measure(10_000, ids, viewer)
    started = time.perf_counter()
    fill(rows, ids)
    filled = time.perf_counter() - started
    many, scans = measure(rows, ids, viewer)
    return {
        "rows": rows,
        "fill_seconds": round(filled, 1),
        "milliseconds_at_10000": {name: round(value, 1) for name, value in few.items()},
        "milliseconds_at_rows": {name: round(value, 1) for name, value in many.items()},
        "ratio": {name: round(many[name] / few[name], 2) for name in few},
        "sequential_scans": scans,
    }


if __name__ == "__main__":
    main()
