"""What demo, test and production have in common; never used alone."""

from typing import Any

import django_stubs_ext
from celery.schedules import crontab
from django.utils.translation import gettext_lazy as _

from backoffice.settings.environment import BASE_DIR as BASE_DIR  # a setting itself, read by apps
from backoffice.settings.environment import VAR_DIR, env
from backoffice.settings.logs import configure_structlog, logging_config
from backoffice.settings.security import *  # noqa: F403

# ModelAdmin[Model] and its like are subscripted at run time; without this they fail on import.
django_stubs_ext.monkeypatch()
configure_structlog()

DEBUG = False
ALLOWED_HOSTS: list[str] = []

INSTALLED_APPS = [
    # Before django.contrib.admin, whose templates it replaces. The basic config leaves the choice of admin
    # site to DeskAdminConfig below; the default one would put its own in place.
    "unfold.apps.BasicAppConfig",
    "unfold.contrib.filters",
    "unfold.contrib.forms",
    "unfold.contrib.simple_history",
    "unfold.contrib.import_export",
    # Stands in for django.contrib.admin and names our site. Both configs of the desk are given in full: a
    # module with several leaves Django no default to find.
    "backoffice.desk.apps.DeskAdminConfig",
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    # Before staticfiles: whitenoise then serves in development what it serves in production.
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "rest_framework",
    "django_filters",
    "oauth2_provider",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "simple_history",
    "axes",
    "import_export",
    "csp",
    # The ground, then the desks from the lowest to the highest: each may know only those above it here.
    "backoffice.core",
    "backoffice.staff",
    "backoffice.privacy",
    "backoffice.audit",
    "backoffice.desk.apps.DeskConfig",
    "backoffice.api",
    "backoffice.loans",
    "debt_collections",
    "conduct",
    "complaints",
    "complaints.mediation",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "backoffice.core.middleware.RequestIdMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "backoffice.core.middleware.ChosenLanguageMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # After authentication: it writes down who acts and through which door.
    "backoffice.core.middleware.ActingMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    # Last: turns a refused sign-in into its lock-out answer.
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "backoffice.urls"
WSGI_APPLICATION = "backoffice.wsgi.application"
ASGI_APPLICATION = "backoffice.asgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        # Searched before all apps: the desk replaces a few templates of the theme, which stands above it in
        # INSTALLED_APPS.
        "DIRS": [BASE_DIR / "backoffice" / "desk" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "csp.context_processors.nonce",
            ],
        },
    },
]

AUTH_USER_MODEL = "staff.User"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "admin:index"

LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("Simplified Chinese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
USE_TZ = True

STATIC_URL = "/static/"
STATIC_ROOT = env("STATIC_ROOT")
# Attachments and letters: read through views that check and log, never by URL, so there is no MEDIA_URL.
MEDIA_ROOT = env("MEDIA_ROOT")
STORAGES: dict[str, Any] = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage",
        # Collected by one user and served by another; the tight modes below are for uploads.
        "OPTIONS": {"file_permissions_mode": 0o644, "directory_permissions_mode": 0o755},
    },
}
FILE_UPLOAD_PERMISSIONS = 0o600
FILE_UPLOAD_DIRECTORY_PERMISSIONS = 0o700
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 1024 * 1024

SESSION_COOKIE_AGE = env("SESSION_HOURS") * 3600
CACHES: dict[str, Any] = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
if env("CACHE_URL"):
    CACHES["default"] = {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": env("CACHE_URL"),
    }

# Filters every record passes before it is written: dotted paths of logging.Filter classes.
LOG_FILTERS = ("backoffice.core.logs.NoQueriesFilter", "backoffice.privacy.logs.NumbersFilter")
LOGGING = logging_config(level=env("LOG_LEVEL"), fmt=env("LOG_FORMAT"), filters=LOG_FILTERS)

CELERY_BROKER_URL = env("CELERY_BROKER_URL")
# Without a broker tasks run where they are called; nothing else in the code may depend on which it is.
CELERY_TASK_ALWAYS_EAGER = not CELERY_BROKER_URL
CELERY_TASK_EAGER_PROPAGATES = True
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# In the night of CELERY_TIMEZONE. A run that was missed does no harm: each takes all whose time is over.
CELERY_BEAT_SCHEDULE: dict[str, Any] = {
    # By day as well: what is not sealed yet could still be altered unnoticed.
    "seal-record": {"task": "audit.seal_record", "schedule": crontab(minute="*/10")},
    "verify-record": {"task": "audit.verify_record", "schedule": crontab(hour=4, minute=0)},
    "expire-referrals": {"task": "mediation.expire_referrals", "schedule": crontab(hour=0, minute=10)},
    # Before anything that counts days; the day that is over is yesterday.
    "close-day": {"task": "loans.close_day", "schedule": crontab(hour=0, minute=30)},
    "purge-api-answers": {"task": "api.purge_answers", "schedule": crontab(hour=2, minute=30)},
    "forget-sent-forms": {"task": "desk.forget_sent_forms", "schedule": crontab(hour=2, minute=20)},
    "clear-tokens": {"task": "api.clear_tokens", "schedule": crontab(hour=2, minute=40)},
    # Not at night alone: an alert is worth most while it goes on.
    "detect-unusual-reads": {"task": "audit.detect_unusual_reads", "schedule": crontab(minute="*/15")},
    # A preview only: letting go is a person's decision.
    "preview-retention": {"task": "audit.preview_retention", "schedule": crontab(hour=3, minute=20)},
    "expire-bundles": {"task": "audit.expire_bundles", "schedule": crontab(hour=2, minute=50)},
}
# Work after the answer (core.background) is done within the call; only tests want that.
BACKGROUND_AT_ONCE = False
# The queue logs through our handlers, not through a second set of its own.
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

SIMPLE_HISTORY_REVERT_DISABLED = True
# History is read through one page of the desk that masks as the page itself does, with rights of its own.
SIMPLE_HISTORY_ENFORCE_HISTORY_MODEL_PERMISSIONS = True
# The history of one object, newest first, is the only order in which it is ever read.
SIMPLE_HISTORY_DATE_INDEX = "composite"

# The seams of the house: lower apps ask for what upper apps provide, by dotted path.
CLOSE_OF_DAY_STEPS = [
    "backoffice.loans.services.closing.loans",
    "debt_collections.services.ageing_cases.step",
]
CLOSE_OF_DAY_WORKERS = env("CLOSE_OF_DAY_WORKERS")
CONTACT_GATE = "conduct.gate.check"
# What fills an empty database with made-up people, from the lowest desk up. Nowhere but in the demo.
DEMO_SEED_STEPS: list[str] = []

# Who signs the letters; all but English name and e-mail must be there in production.
LENDER: dict[str, str] = {
    "name": env("LENDER_NAME"),
    "name_en": env("LENDER_NAME_EN"),
    "department": env("LENDER_DEPARTMENT"),
    "phone": env("LENDER_PHONE"),
    "hours": env("LENDER_HOURS"),
    "address": env("LENDER_ADDRESS"),
    "email": env("LENDER_EMAIL"),
}

PRIVACY_MASTER_KEYS = env("PRIVACY_MASTER_KEYS")
PRIVACY_INDEX_KEY = env("PRIVACY_INDEX_KEY")
AUDIT_EPOCH = env("AUDIT_EPOCH")
SEAL_SIGNING_KEYS = env("SEAL_SIGNING_KEYS")
SEAL_TRUSTED_KEYS: list[str] = env("SEAL_TRUSTED_KEYS")

IMPORT_EXPORT_USE_TRANSACTIONS = True
# The library lets any staff user export and import unless told which right it takes.
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "export"
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "import"

REST_FRAMEWORK: dict[str, Any] = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["backoffice.api.authentication.BearerAuthentication"],
    # Closed until a view names the scope of a method.
    "DEFAULT_PERMISSION_CLASSES": ["backoffice.api.permissions.HasScopes"],
    "DEFAULT_RENDERER_CLASSES": ["backoffice.api.formats.OrjsonRenderer"],
    "DEFAULT_PARSER_CLASSES": ["backoffice.api.formats.OrjsonParser"],
    "DEFAULT_THROTTLE_CLASSES": ["backoffice.api.throttling.ClientThrottle"],
    "DEFAULT_THROTTLE_RATES": {"client": "600/min"},
    "DEFAULT_FILTER_BACKENDS": [],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "backoffice.api.problems.exception_handler",
    "UNAUTHENTICATED_USER": None,
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "TEST_REQUEST_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
}
SPECTACULAR_SETTINGS: dict[str, Any] = {
    "TITLE": "Back office API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    # The viewer's files come from our own static files: no page of ours loads anything from elsewhere.
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    # Several things have a state, each with states of its own.
    "ENUM_NAME_OVERRIDES": {
        "LoanStateEnum": "backoffice.loans.choices.LoanState",
        "RepaymentChannelEnum": "backoffice.loans.choices.RepaymentChannel",
        "ComplaintStateEnum": "complaints.choices.ComplaintState",
        "ReferralStateEnum": "complaints.mediation.choices.ReferralState",
    },
}

# The counts of the sidebar are good for this long; a person's own steps empty theirs at once.
SIDEBAR_CACHE_SECONDS = 5

# Dotted paths are called by the theme with the request (backoffice/desk/unfold.py).
UNFOLD: dict[str, Any] = {
    "SITE_TITLE": _("Backoffice"),
    "SITE_HEADER": _("Backoffice"),
    "SITE_URL": None,
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": "backoffice.desk.unfold.icon"}],
    "SHOW_HISTORY": True,
    "SHOW_VIEW_ON_SITE": False,
    "SHOW_LANGUAGES": True,
    "BORDER_RADIUS": "6px",
    "STYLES": ["backoffice.desk.unfold.stylesheet", "backoffice.desk.unfold.incident_stylesheet"],
    "SCRIPTS": ["backoffice.desk.unfold.script"],
    "COLORS": {
        "primary": {
            "50": "#f0fdfa",
            "100": "#ccfbf1",
            "200": "#99f6e4",
            "300": "#5eead4",
            "400": "#2dd4bf",
            "500": "#14b8a6",
            "600": "#0f766e",
            "700": "#115e59",
            "800": "#134e4a",
            "900": "#123f3c",
            "950": "#042f2e",
        },
    },
}
DATABASES: dict[str, Any] = {}
VAR_DIR.mkdir(parents=True, exist_ok=True)
