"""gunicorn: started as `gunicorn -c backoffice/gunicorn_config.py backoffice.wsgi` by make run and production."""

import os
import sys
from typing import Any

# Loopback unless told otherwise; in production a proxy on the same machine or a container's network asks for it.
bind = os.environ.get("BIND", f"127.0.0.1:{os.environ.get('PORT', '8000')}")
workers = int(os.environ.get("WEB_CONCURRENCY", "2"))
# Threads, because requests wait for the database more than they compute.
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "4"))
timeout = 60
graceful_timeout = 30
keepalive = 5
# Slow leaks of a long-lived process end here; the jitter keeps workers from leaving together.
max_requests = 5000
max_requests_jitter = 500
# The heartbeat file on a disk can stall a worker for the length of a flush.
if os.path.isdir("/dev/shm"):  # noqa: PTH112, S108
    worker_tmp_dir = "/dev/shm"  # noqa: S108
# Our own request log (core.middleware) has the request id, and no query strings with people in them.
accesslog = None
errorlog = "-"
loglevel = os.environ.get("GUNICORN_LOG_LEVEL", "warning")


def on_starting(server: Any) -> None:
    """The demo refuses a socket that others could reach; the server's own errors name no queries and no people."""
    from backoffice.core.logs import NoQueriesFilter
    from backoffice.privacy.logs import NumbersFilter

    for one in (NoQueriesFilter(), NumbersFilter()):
        server.log.error_log.addFilter(one)
    from django.conf import settings
    from django.core.exceptions import ImproperlyConfigured

    try:
        if getattr(settings, "DEMO", False):
            from backoffice.settings.loopback import refuse_address

            for address in server.cfg.address:
                refuse_address("unix:" + address if isinstance(address, str) else address[0])
    except ImproperlyConfigured as error:
        # Without this each worker would fail with a traceback of its own.
        sys.exit(f"gunicorn: {error}")
