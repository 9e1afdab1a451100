#!/usr/bin/env python3
"""`make test`: every test on SQLite, then those that need PostgreSQL where there is a server.

Arguments go to pytest. With DATABASE_URL set, everything runs on that server instead of SQLite (.ci/run does
both, and needs the server). SQLITE_ONLY=1 leaves the second half out.
"""

import getpass
import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.environment import ensure_chromium, ensure_fonts, say  # noqa: E402


def local_postgres() -> str | None:
    """A server on this machine that lets us in without a password, as a developer's usually does."""
    import psycopg

    for user in dict.fromkeys([getpass.getuser(), "postgres"]):
        url = f"postgres://{user}@127.0.0.1:5432/postgres"
        try:
            with psycopg.connect(url, connect_timeout=2, autocommit=True) as connection:
                row = connection.execute(
                    "select rolcreatedb or rolsuper from pg_roles where rolname = current_user"
                )
                allowed = row.fetchone()
        except psycopg.Error:
            continue
        if allowed and allowed[0]:
            # Its own name: the test database is made from it, beside whatever else is on the server.
            return f"postgres://{user}@127.0.0.1:5432/backoffice"
    return None


# One process per core, whole files together: fixtures of a file are then made once.
SPREAD = ["--numprocesses=auto", "--maxprocesses=4", "--dist=loadfile"]


def pytest(arguments: list[str], **environment: str) -> int:
    command = [sys.executable, "-m", "pytest", "-q", *arguments]
    return subprocess.run(command, cwd=ROOT, env={**os.environ, **environment}, check=False).returncode


def main() -> int:
    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings.test"
    os.environ["CHROMIUM"] = ensure_chromium()
    ensure_fonts()
    arguments = sys.argv[1:]
    if os.environ.get("DATABASE_URL"):
        say("all tests, on the server of DATABASE_URL")
        return pytest([*SPREAD, *arguments])
    say("all tests, on SQLite")
    failed = pytest([*SPREAD, *arguments])
    if os.environ.get("SQLITE_ONLY"):
        return failed
    if url := local_postgres():
        say("the tests that need PostgreSQL, on the local server")
        # 5 is pytest's "no tests": a narrowed call may well leave none for this half.
        result = pytest([*arguments, "-m", "postgres"], DATABASE_URL=url)
        failed = failed or (result if result != 5 else 0)
    else:
        say("no PostgreSQL here: the tests that need one were left out (set DATABASE_URL to run them)")
    return failed


if __name__ == "__main__":
    sys.exit(main())
