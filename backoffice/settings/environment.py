"""The typed environment: one place that says which variables exist and what they mean."""

import os
from collections.abc import Iterable
from pathlib import Path

import environ
from django.core.exceptions import ImproperlyConfigured

BASE_DIR = Path(__file__).resolve().parent.parent.parent
# Everything the installation writes: database, files, secrets of the demo.
VAR_DIR = Path(os.environ.get("BACKOFFICE_VAR", BASE_DIR / "var"))

env = environ.Env(
    # Required in production, generated for the demo, fixed in tests.
    SECRET_KEY=(str, ""),
    PRIVACY_MASTER_KEYS=(str, ""),  # "id:base64 of 32 bytes", comma separated; the first encrypts
    PRIVACY_INDEX_KEY=(str, ""),  # base64 of 32 bytes; keys the blind and the search indexes
    SEAL_SIGNING_KEYS=(str, ""),  # "name:base64 of 32 bytes", comma separated; the first signs
    ALLOWED_HOSTS=(list, []),
    DATABASE_URL=(str, ""),  # empty: SQLite under var/
    LENDER_NAME=(str, ""),  # as it stands in the business licence
    LENDER_DEPARTMENT=(str, ""),  # who answers complaints
    LENDER_PHONE=(str, ""),  # its line for complaints
    LENDER_HOURS=(str, ""),  # when the line is answered
    LENDER_ADDRESS=(str, ""),
    # Have a sensible default everywhere.
    LENDER_NAME_EN=(str, ""),
    LENDER_EMAIL=(str, ""),
    CLOSE_OF_DAY_WORKERS=(int, 2),  # parts of the close done side by side; SQLite does one at a time
    AUDIT_EPOCH=(int, 1),  # raised by one after every restore from a backup
    SEAL_TRUSTED_KEYS=(list, []),  # public keys (base64) that count as ours besides those that sign
    CSRF_TRUSTED_ORIGINS=(list, []),
    DATABASE_POOL_MIN=(int, 2),
    DATABASE_POOL_MAX=(int, 8),
    CELERY_BROKER_URL=(str, ""),  # empty: tasks run eagerly
    CACHE_URL=(str, ""),  # a Redis URL; empty: memory of the process
    LOG_LEVEL=(str, "INFO"),
    LOG_FORMAT=(str, "json"),  # or "console", for people
    MEDIA_ROOT=(str, str(VAR_DIR / "media")),
    STATIC_ROOT=(str, str(VAR_DIR / "static")),
    SESSION_HOURS=(int, 8),
    SECURE_HSTS_SECONDS=(int, 365 * 24 * 3600),
)


def require(names: Iterable[str]) -> None:
    """Name everything that is missing at once: one restart to fix it, not one per variable."""
    missing = [name for name in names if not env(name)]
    if missing:
        raise ImproperlyConfigured(
            "These settings must come from the environment and are not set: " + ", ".join(missing)
        )
