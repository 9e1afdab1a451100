#!/usr/bin/env python3
"""The demo on this machine: `demo.py run` sets up what is missing and serves, `demo.py reset` forgets it all.

Run by the virtual environment's Python (see Makefile). Every step either leaves its result whole or is done
again by the next start.
"""

import fcntl
import hashlib
import io
import os
import socket
import sys
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import i18n  # noqa: E402
from scripts.environment import VAR, one_at_a_time, say, write_whole  # noqa: E402

SERVING = VAR / ".serving.lock"


def prepare() -> str:
    """Bring translations, database, static files and data up to date; return what to tell the user."""
    i18n.compile_catalog()
    # One process for everything: each manage.py call would load the whole product again.
    import django

    django.setup()
    from django.core.management import call_command

    migrate()
    collect_static()
    call_command("seed_demo", "--if-empty")
    # Nobody beats the clock here: what is new since the last start is sealed now.
    call_command("seal_audit")
    logins = io.StringIO()
    call_command("demo_logins", stdout=logins)
    return logins.getvalue()


class Mark:
    """Remembers which files a finished step has seen; gone while the step runs, so that it is done again."""

    def __init__(self, path: Path, files: Iterable[tuple[str, Path]]) -> None:
        self.path = path
        digest = hashlib.sha256()
        for name, file in sorted(files):
            stat = file.stat()
            digest.update(f"{name} {stat.st_size} {stat.st_mtime_ns}\n".encode())
        self.seen = digest.hexdigest()

    def is_current(self) -> bool:
        return self.path.exists() and self.path.read_text(encoding="utf-8") == self.seen

    @contextmanager
    def after(self) -> Iterator[None]:
        self.path.unlink(missing_ok=True)
        yield
        write_whole(self.path, self.seen)


def migrate() -> None:
    """Left out while no code has changed: with nothing to do it still takes a second (rights, roles, triggers)."""
    from django.core.management import call_command
    from django.db import connection

    code = [path for folder in i18n.SOURCES for path in (ROOT / folder).rglob("*.py")]
    files = [(str(path), path) for path in [*code, ROOT / "requirements.txt"]]
    mark = Mark(VAR / ".migrated", files)
    # What a server elsewhere holds is not ours to remember.
    if (
        mark.is_current()
        and connection.vendor == "sqlite"
        and Path(connection.settings_dict["NAME"]).exists()
    ):
        return
    with mark.after():
        if connection.vendor == "sqlite" and not _has_migrations(connection):
            say("making the database")
            _make_tables(Path(connection.settings_dict["NAME"]))
        else:
            say("bringing the database up to date")
            call_command("migrate", interactive=False, verbosity=0)


def _has_migrations(connection: Any) -> bool:
    from django.db.migrations.recorder import MigrationRecorder

    recorder = MigrationRecorder(connection)
    return recorder.has_table() and recorder.migration_qs.exists()


def _make_tables(file: Path) -> None:
    """An empty database gets its tables from the models, as the tests' do, and the migrations noted as applied.

    Two seconds instead of most of a minute. They hold no data steps (a test), and .ci/run compares the tables.
    """
    from django.core.management import call_command
    from django.db import connection
    from django.test.utils import override_settings

    # Whatever a start that was broken off here has left: tables without data.
    connection.close()
    for name in (file.name, f"{file.name}-wal", f"{file.name}-shm"):
        (file.parent / name).unlink(missing_ok=True)
    with override_settings(MIGRATION_MODULES=_NoMigrations()):
        call_command("migrate", interactive=False, verbosity=0, run_syncdb=True)
    call_command("migrate", interactive=False, verbosity=0, fake=True)


class _NoMigrations(dict[str, None]):
    """Says of every app that it has none."""

    def __contains__(self, label: object) -> bool:
        return True

    def __missing__(self, label: str) -> None:
        return None


def collect_static() -> None:
    """Compressing the static files takes seconds, so it is left out while none of them has changed."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    listed = [item for finder in get_finders() for item in finder.list([])]
    files = [(name, Path(storage.path(name))) for name, storage in listed]
    mark = Mark(Path(settings.STATIC_ROOT) / ".collected", files)
    if not mark.is_current():
        say("collecting static files")
        with mark.after():
            call_command("collectstatic", interactive=False, clear=True, verbosity=0)


def run() -> None:
    port = os.environ.setdefault("PORT", "8000")
    if not port.isdigit():
        sys.exit(f"PORT must be a number, not {port!r}.")
    _refuse_port_in_use(int(port))
    serving = _hold(SERVING, fcntl.LOCK_SH)
    if serving is None:
        sys.exit("The demo is being reset right now; try again in a moment.")
    with one_at_a_time("demo"):
        logins = prepare()
    from backoffice.core import pdf

    if pdf.was_used():
        # The demo's first letters were set in here, and the workers forked from here could set none. Everything
        # is there now, so starting over takes a second.
        os.execv(sys.executable, [sys.executable, *sys.argv])  # noqa: S606
    print(f"\nhttp://127.0.0.1:{port}/   (Ctrl-C stops it)\n\n{logins}", flush=True)
    serve(serving)


def serve(_held: IO[str]) -> None:
    """Hand over to gunicorn in this very process: the product is loaded, and its workers are forked from it.

    The lock is held for as long, so that nobody resets the data under a running server.
    """
    from django.db import connections
    from gunicorn.app.wsgiapp import WSGIApplication

    # A connection must not be shared across a fork.
    for connection in connections.all(initialized_only=True):
        connection.close()
        if close_pool := getattr(connection, "close_pool", None):
            close_pool()
    os.chdir(ROOT)
    sys.argv = ["gunicorn", "--preload", "-c", "backoffice/gunicorn_config.py", "backoffice.wsgi"]
    WSGIApplication("%(prog)s [OPTIONS] [APP_MODULE]").run()


def reset() -> None:
    """Data, files and keys go together: without the keys the data could not be read any more."""
    serving = _hold(SERVING, fcntl.LOCK_EX)
    if serving is None:
        sys.exit("The demo is running; stop it first.")
    with one_at_a_time("demo"):
        for name in ("backoffice.sqlite3", "backoffice.sqlite3-wal", "backoffice.sqlite3-shm", "secrets.env"):
            (VAR / name).unlink(missing_ok=True)
        _remove_tree(VAR / "media")
    print("The demo's data, files and keys are gone; `make run` makes new ones.")


def _remove_tree(folder: Path) -> None:
    import shutil

    if folder.exists():
        shutil.rmtree(folder)


def _hold(path: Path, kind: int) -> IO[str] | None:
    path.parent.mkdir(exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def _refuse_port_in_use(port: int) -> None:
    """Said before the set-up, not after it. A stopped server's port may linger for a moment: try for two seconds."""
    for attempt in range(5):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
                return
            except OSError:
                if attempt < 4:
                    time.sleep(0.5)
    sys.exit(f"Port {port} is in use. Choose another: make run PORT={port + 1}")


def main() -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "backoffice.settings.demo"
    commands = {"run": run, "reset": reset}
    if len(sys.argv) != 2 or sys.argv[1] not in commands:
        sys.exit(__doc__)
    try:
        commands[sys.argv[1]]()
    except KeyboardInterrupt:
        sys.exit("\nBroken off. `make run` goes on from here.")


if __name__ == "__main__":
    main()
