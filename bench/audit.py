"""Sealing and verifying beside reading the same rows once through a server-side cursor. On PostgreSQL:
the server of DATABASE_URL, or the one on this machine.

python bench/audit.py [--rows 1000000] [--out audit.json]
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
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

import psycopg  # noqa: E402
from django.db import connection, models  # noqa: E402
from django.utils import timezone  # noqa: E402

from backoffice.audit import canonical  # noqa: E402
from backoffice.audit.models import ReadEvent, SealPart  # noqa: E402
from backoffice.audit.services import seal_record, verify_record  # noqa: E402
from backoffice.desk.models import Task  # noqa: E402
from backoffice.staff.services import system_user  # noqa: E402

#: Half history with a ciphertext, half reads with JSON: what most of the record is.
MODELS: tuple[type[models.Model], ...] = (Task.history.model, ReadEvent)
AT_ONCE = 50_000
TYPES = {
    "CharField": "left('bench ' || g, {width})",
    "DateTimeField": "now()",
    "DateField": "current_date",
    "UUIDField": "gen_random_uuid()",
    "JSONField": """'["name", "phone"]'::jsonb""",
    "BinaryField": "decode(repeat(md5(g::text), 4), 'hex')",
    "BooleanField": "true",
    "BigIntegerField": "g",
    "PositiveIntegerField": "mod(g, 100)",
    "PositiveSmallIntegerField": "1",
}


def fill(model: type[models.Model], count: int, actor: int) -> None:
    """``count`` rows by the database itself, in transactions of some thousands."""
    names, values = [], []
    for field in model._meta.concrete_fields:
        if field.primary_key or field.has_db_default():
            continue
        names.append(f'"{field.column}"')
        values.append(_expression(field, actor))
    statement = (
        f'INSERT INTO "{model._meta.db_table}" ({", ".join(names)}) '  # noqa: S608  (names of our own tables)
        f"SELECT {', '.join(values)} FROM generate_series(%s, %s) AS g"
    )
    with connection.cursor() as cursor:
        for start in range(0, count, AT_ONCE):
            cursor.execute(statement, [start + 1, min(start + AT_ONCE, count)])
        cursor.execute(f'ANALYZE "{model._meta.db_table}"')


def _expression(field: models.Field[Any, Any], actor: int) -> str:
    if field.name == "history_type":
        # Of rows that are gone again: the record would miss the others in their table.
        return "'-'"
    if field.remote_field is not None:
        return (
            str(actor)
            if field.remote_field.model._meta.label == "staff.User"
            else ("NULL" if field.null else "1")
        )
    return TYPES[field.get_internal_type()].format(width=getattr(field, "max_length", 0))


def read_once() -> float:
    """Every row of the tables, same columns, through a server-side cursor of the bare driver."""
    params = connection.get_connection_params()
    names = {key: params[key] for key in ("dbname", "user", "password", "host", "port") if params.get(key)}
    started = time.perf_counter()
    with psycopg.connect(**names) as bare:
        for model in MODELS:
            columns = ", ".join(f'"{name}"' for name in canonical.columns(model))
            with bare.cursor(name="bench") as cursor:
                cursor.itersize = 2_000
                cursor.execute(f'SELECT {columns} FROM "{model._meta.db_table}" ORDER BY 1')  # noqa: S608
                for _row in cursor:
                    pass
    return time.perf_counter() - started


def memory(name: str) -> int:
    """``VmRSS`` (now) or ``VmHWM`` (the most since the last reset) of this process in kilobytes."""
    lines = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))


def timed(work: Callable[[], Any]) -> tuple[float, int, Any]:
    """Seconds, the most memory held beyond what was held before in megabytes, and the work's answer."""
    Path("/proc/self/clear_refs").write_text("5", encoding="utf-8")
    before, started = memory("VmRSS"), time.perf_counter()
    answer = work()
    return time.perf_counter() - started, round((memory("VmHWM") - before) / 1024), answer


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--out", type=Path)
    options = parser.parse_args()
    if connection.vendor != "postgresql":
        sys.exit("This benchmark needs PostgreSQL: set DATABASE_URL.")
    connection.creation.create_test_db(verbosity=0, autoclobber=True)
    try:
        result = run(options.rows)
    finally:
        connection.creation.destroy_test_db(connection.settings_dict["NAME"], verbosity=0)
    print(json.dumps(result, indent=2))
    if options.out:
        options.out.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")


def run(rows: int) -> dict[str, Any]:
    by = system_user("bench")
    # What migrations have put in is sealed first and not counted.
    seal_record(by=by, at=timezone.now())
    for model in MODELS:
        fill(model, rows // len(MODELS), by.pk)
    read_once()
    read, read_memory, _ = timed(read_once)
    seal, seal_memory, sealing = timed(lambda: seal_record(by=by, at=timezone.now()))
    verify, verify_memory, report = timed(lambda: verify_record(by=by, at=timezone.now(), full=True))
    recent, _memory, recent_report = timed(lambda: verify_record(by=by, at=timezone.now()))
    if (
        report.finding_count
        or recent_report.finding_count
        or sealing.rows != rows // len(MODELS) * len(MODELS)
    ):
        sys.exit(f"wrong: {sealing}, {report}")
    stored = sum(len(one.row_ids) + len(one.leaf_hashes) for one in SealPart.objects.iterator(chunk_size=5))
    return {
        "database": connection.vendor,
        "rows": sealing.rows,
        "seals": sealing.seals,
        "read_seconds": round(read, 2),
        "seal_seconds": round(seal, 2),
        "verify_seconds": round(verify, 2),
        "verify_recent_seconds": round(recent, 2),
        "read_rows_per_second": round(sealing.rows / read),
        "seal_rows_per_second": round(sealing.rows / seal),
        "verify_rows_per_second": round(report.rows / verify),
        "seal_to_read": round(seal / read, 2),
        "verify_to_read": round(verify / read, 2),
        "read_memory_mb": read_memory,
        "seal_memory_mb": seal_memory,
        "verify_memory_mb": verify_memory,
        "stored_bytes_per_row": round(stored / sealing.rows, 1),
    }


if __name__ == "__main__":
    main()
