"""SQLite by default, PostgreSQL when DATABASE_URL says so; the same code runs on both."""

from pathlib import Path
from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from backoffice.settings.environment import env


def sqlite(path: Path, *, synchronous: str = "NORMAL") -> dict[str, Any]:
    path.parent.mkdir(parents=True, exist_ok=True)
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": str(path),
        # A file is cheap to open, but not as cheap as keeping it open.
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            # Every transaction takes the write lock when it begins: two that begin as readers and both want
            # to write would fail at once with "database is locked", and no time-out helps against that.
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            # WAL lets readers go on while one writes. Foreign keys are switched on by Django itself. What is
            # deleted is overwritten with zeros, or an erased person would lie on in the file's free pages.
            "init_command": (
                "PRAGMA journal_mode=WAL;"
                f"PRAGMA synchronous={synchronous};"
                "PRAGMA secure_delete=ON;"
                "PRAGMA temp_store=MEMORY;"
                "PRAGMA cache_size=-32000;"
                "PRAGMA mmap_size=134217728;"
            ),
        },
    }


def postgresql(url: str, *, pool: bool = True) -> dict[str, Any]:
    config: dict[str, Any] = environ.Env.db_url_config(url)
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured("DATABASE_URL must be a postgres:// URL; leave it empty for SQLite.")
    options = config.setdefault("OPTIONS", {})
    if pool:
        # A connection per request made short views seven times slower. The pool and persistent connections
        # exclude each other, hence no CONN_MAX_AGE here.
        options["pool"] = {
            "min_size": env("DATABASE_POOL_MIN"),
            "max_size": env("DATABASE_POOL_MAX"),
            "timeout": 10,
        }
    return config
