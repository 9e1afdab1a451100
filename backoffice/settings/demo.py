"""The demo: one machine, SQLite, made-up people, loopback only. DEBUG stays off: it shows the real thing."""

from backoffice.settings import loopback, secrets_file
from backoffice.settings.environment import VAR_DIR, env

# Before base reads the environment: what was made on the first start is what every later start uses.
secrets_file.load(VAR_DIR / "secrets.env")

from backoffice.settings.base import *  # noqa: E402, F403
from backoffice.settings.base import MIDDLEWARE  # noqa: E402
from backoffice.settings.databases import postgresql, sqlite  # noqa: E402
from backoffice.settings.lender import MADE_UP  # noqa: E402

# Well-known passwords are printed on the start page of the demo, so it must not be reachable from outside:
# the command line is refused here, the socket in gunicorn_config.py, and the request in the middleware.
loopback.refuse_command_line()

DEMO = True
SECRET_KEY = env("SECRET_KEY")
LENDER = MADE_UP
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]"]
MIDDLEWARE = ["backoffice.settings.loopback.LoopbackOnlyMiddleware", *MIDDLEWARE]

DATABASES = {
    "default": (
        postgresql(env("DATABASE_URL")) if env("DATABASE_URL") else sqlite(VAR_DIR / "backoffice.sqlite3")
    )
}

# From the bottom up: each step builds on what the ones before it have left.
DEMO_SEED_STEPS = [
    "backoffice.desk.seeding.seed_staff",
    "backoffice.loans.seed.seed",
    "backoffice.loans.seed_changes.seed",
    "debt_collections.seed.seed",
    "complaints.seed.seed",
    "complaints.mediation.seed.seed",
    "debt_collections.seed_incidents.seed",
]
