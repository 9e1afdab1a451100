#!/usr/bin/env python3
"""The demo on this machine: `demo.py run` sets up what is missing and serves, `demo.py reset` forgets it all.

Run by the virtual environment's Python (see Makefile). Every step either leaves its result whole or is done
again by the next start.
"""

import fcntl
import io
import os
import socket
import sys
import time
from pathlib import Path
from typing import IO

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts import i18n  # noqa: E402
from scripts.environment import VAR, fingerprint, one_at_a_time, say, write_whole  # noqa: E402

SERVING = VAR / ".serving.lock"


def prepare() -> str:
    """Bring translations, database, static files and data up to date; return what to tell the user."""
    i18n.compile_catalog()
    # One process for everything: each manage.py call would load the whole product again.
    import django

    django.setup()
    from django.core.management import call_command

    call_command("migrate", interactive=False, verbosity=0)
    collect_static()
    call_command("seed_demo", "--if-empty")
    logins = io.StringIO()
    call_command("demo_logins", stdout=logins)
    return logins.getvalue()


def collect_static() -> None:
    """Compressing the static files takes seconds, so it is left out while none of them has changed."""
    from django.conf import settings
    from django.contrib.staticfiles.finders import get_finders
    from django.core.management import call_command

    listing = []
    for finder in get_finders():
        for name, storage in finder.list([]):
            stat = Path(storage.path(name)).stat()
            listing.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    draft = VAR / ".static-listing"
    write_whole(draft, "\n".join(sorted(listing)))
    wanted = fingerprint(draft)
    mark = Path(settings.STATIC_ROOT) / ".collected"
    if mark.exists() and mark.read_text(encoding="utf-8") == wanted:
        return
    say("collecting static files")
    mark.unlink(missing_ok=True)
    call_command("collectstatic", interactive=False, clear=True, verbosity=0)
    write_whole(mark, wanted)


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
