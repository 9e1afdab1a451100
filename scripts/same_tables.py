#!/usr/bin/env python3
"""Two SQLite databases have the same tables, columns, indexes and triggers: `same_tables.py ONE OTHER`.

The tests and the demo make their tables from the models, everybody else's come from migrations.
"""

import sqlite3
import sys
from pathlib import Path


def described(path: Path) -> set[tuple[str, ...]]:
    """Every column, foreign key, unique or plain index and trigger, in an order-free form."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    found: set[tuple[str, ...]] = set()
    for (table,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
        for _cid, name, kind, required, _default, key in connection.execute(f'PRAGMA table_info("{table}")'):
            found.add(("column", table, name, kind.lower(), str(required), str(key)))
        for row in connection.execute(f'PRAGMA foreign_key_list("{table}")'):
            found.add(("foreign key", table, row[3], row[2], row[4] or ""))
        for _seq, name, unique, origin, _partial in connection.execute(f'PRAGMA index_list("{table}")'):
            columns = [str(row[2]) for row in connection.execute(f'PRAGMA index_info("{name}")')]
            found.add(("index", table, str(unique), origin, *columns))
    triggers = connection.execute("SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'")
    found |= {("trigger", table, name) for table, name in triggers}
    connection.close()
    return found


def main() -> int:
    one, other = (Path(argument) for argument in sys.argv[1:])
    first, second = described(one), described(other)
    for name, only in ((one, first - second), (other, second - first)):
        for entry in sorted(only):
            print(f"only in {name}: {' '.join(entry)}")
    if first == second:
        print(f"{len(first)} columns, keys, indexes and triggers, the same in both")
    return 0 if first == second else 1


if __name__ == "__main__":
    sys.exit(main())
