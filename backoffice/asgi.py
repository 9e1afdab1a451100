"""ASGI entry point."""

import os

from django.core.asgi import get_asgi_application

# Production must be chosen knowingly: a server started without settings gets the strict ones and is told
# what is missing, instead of a demo that looks alive.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.production")

application = get_asgi_application()
