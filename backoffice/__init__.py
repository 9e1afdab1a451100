"""The project package: every entry point (manage.py, wsgi, asgi, celery, settings) imports it first."""

import sys
from pathlib import Path

# The collections desk lives in a plain folder named like a module of the standard library, so its apps are
# imported by their own names from inside it. Appended, never inserted: nothing in that folder may ever win
# over the standard library or an installed package. This is the only line that touches sys.path.
sys.path.append(str(Path(__file__).resolve().parent.parent / "collections"))

# Bound here so that a @shared_task called from a web process uses our queue and not Celery's default one.
from backoffice.celery import app as celery_app

__all__ = ["celery_app"]
