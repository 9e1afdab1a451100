#!/usr/bin/env python
"""Django's command line for this project."""

import os
import sys

# The demo needs nothing from its surroundings, so a bare `manage.py check` works on a fresh clone; servers
# and tests name their settings themselves. Set before the import below, whose Celery app reads it.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backoffice.settings.demo")

# Before Django, so that collections/ is on the path for every command (see its docstring).
import backoffice  # noqa: F401


def main() -> None:
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
