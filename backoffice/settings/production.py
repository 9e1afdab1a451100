"""Production: PostgreSQL, TLS in front, every secret from the environment or no start at all."""

from backoffice.settings.environment import env, require

REQUIRED = (
    "DATABASE_URL",
    "SECRET_KEY",
    "PRIVACY_MASTER_KEYS",
    "PRIVACY_INDEX_KEY",
    "SEAL_SIGNING_KEYS",
    "ALLOWED_HOSTS",
    "LENDER_NAME",
    "LENDER_DEPARTMENT",
    "LENDER_PHONE",
    "LENDER_HOURS",
    "LENDER_ADDRESS",
)
require(REQUIRED)

from backoffice.settings.base import *  # noqa: E402, F403
from backoffice.settings.databases import postgresql  # noqa: E402

SECRET_KEY = env("SECRET_KEY")
ALLOWED_HOSTS = env("ALLOWED_HOSTS")
CSRF_TRUSTED_ORIGINS = env("CSRF_TRUSTED_ORIGINS")
DATABASES = {"default": postgresql(env("DATABASE_URL"))}

SECURE_SSL_REDIRECT = True
# The proxy in front must set this header itself and drop the caller's; docs/operations says so.
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_HSTS_SECONDS = env("SECURE_HSTS_SECONDS")
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
SECURE_HSTS_PRELOAD = True
SESSION_COOKIE_SECURE = True
CSRF_COOKIE_SECURE = True
# Bound to this host and to TLS by the browser itself.
SESSION_COOKIE_NAME = "__Host-session"
CSRF_COOKIE_NAME = "__Host-csrf"
