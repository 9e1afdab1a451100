"""Secrets of the demo: made once, kept in var/, readable by their owner alone."""

import base64
import contextlib
import fcntl
import os
import secrets
import tempfile
from collections.abc import Callable
from pathlib import Path

import environ


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


#: Secrets that came with a later version: a file made before gets them added, since nothing depends on them yet.
_LATER: dict[str, Callable[[], str]] = {"SEAL_SIGNING_KEYS": lambda: f"demo-1:{_key()}"}


def load(path: Path) -> None:
    """Put the secrets into the environment; a variable that is already set there wins."""
    if not path.exists():
        _create(path)
    _complete(path)
    environ.Env.read_env(path)


def _complete(path: Path) -> None:
    """Add what the file lacks. Of two processes that start together the second waits and finds it there."""
    with path.open("r+", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        present = {line.partition("=")[0] for line in file.read().splitlines()}
        file.writelines(f"{name}={make()}\n" for name, make in _LATER.items() if name not in present)


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        "# Made by the first start of the demo. The data in var/ can only be read with these keys.",
        f"SECRET_KEY={secrets.token_urlsafe(50)}",
        f"PRIVACY_MASTER_KEYS=demo-1:{_key()}",
        f"PRIVACY_INDEX_KEY={_key()}",
        *(f"{name}={make()}" for name, make in _LATER.items()),
    ]
    # mkstemp makes the file with mode 0600. It is linked into place whole: of two processes that start
    # together the second takes the first one's keys instead of writing over them.
    handle, draft = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    try:
        with os.fdopen(handle, "w") as file:
            file.write("\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        with contextlib.suppress(FileExistsError):
            os.link(draft, path)
    finally:
        Path(draft).unlink()
