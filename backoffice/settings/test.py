"""Tests: fixed keys, quick passwords, SQLite unless DATABASE_URL names a PostgreSQL server."""

import base64

from backoffice.settings.base import *  # noqa: F403
from backoffice.settings.base import LOG_FILTERS, STORAGES
from backoffice.settings.databases import postgresql, sqlite
from backoffice.settings.environment import VAR_DIR, env
from backoffice.settings.lender import MADE_UP
from backoffice.settings.logs import logging_config

SECRET_KEY = "test-only-" + "0123456789" * 5
ALLOWED_HOSTS = ["testserver", "127.0.0.1", "localhost"]
# Fixed and known to all, so that ciphertexts and indexes in tests can be told in advance.
PRIVACY_MASTER_KEYS = "test-1:" + base64.b64encode(b"1" * 32).decode()
PRIVACY_INDEX_KEY = base64.b64encode(b"2" * 32).decode()
SEAL_SIGNING_KEYS = "test-1:" + base64.b64encode(b"3" * 32).decode()
SEAL_TRUSTED_KEYS = []
AUDIT_EPOCH = 1
LENDER = MADE_UP

# Hashing is slow by design, and the tests sign in thousands of times.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
MEDIA_ROOT = str(VAR_DIR / "test-media")
# No collectstatic before a test run: plain names instead of hashed ones, found where they lie.
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
# Look files up when asked for: every test client builds its own middleware, and would list them all first.
WHITENOISE_AUTOREFRESH = True
CELERY_TASK_ALWAYS_EAGER = True
# Another connection does not see what the transaction of a test has made.
CLOSE_OF_DAY_WORKERS = 1
BACKGROUND_AT_ONCE = True
SIDEBAR_CACHE_SECONDS = 0
LOGGING = logging_config(level="WARNING", fmt="console", filters=LOG_FILTERS)

if env("DATABASE_URL"):
    # No pool: its background threads keep connections open that dropping the test database waits for.
    DATABASES = {"default": postgresql(env("DATABASE_URL"), pool=False)}
    # A test database may be lost in a power cut.
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
else:
    DATABASES = {"default": sqlite(VAR_DIR / "test.sqlite3", synchronous="OFF")}
    # A file, not memory: the browser tests' server has threads of its own, and in memory they would all
    # share one connection and with it one transaction. xdist adds its worker's name.
    DATABASES["default"]["TEST"] = {"NAME": str(VAR_DIR / "test-run.sqlite3")}
