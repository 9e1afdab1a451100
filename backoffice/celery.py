"""The Celery application; without a broker (demo, tests) tasks run where they are called."""

import os

from celery import Celery

# Before Celery(), which leaves its Django part out (closing connections, finding tasks) while this is unset.
# The strict settings by default, as in wsgi.py: a worker started without any is told what it lacks.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.production")

app = Celery("backoffice")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
