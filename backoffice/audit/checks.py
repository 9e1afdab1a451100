"""System check: are the append-only triggers all there? (``manage.py check --database default``)"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.core import checks
from django.core.checks import CheckMessage, Tags, register
from django.db import connections

from backoffice.audit import triggers


@register(Tags.database)
def check_triggers(databases: Sequence[str] | None = None, **kwargs: Any) -> list[CheckMessage]:
    """audit.W001. A warning, because an error would stop ``migrate`` on an empty database."""
    messages: list[CheckMessage] = []
    for alias in databases or ():
        connection = connections[alias]
        present = set(connection.introspection.table_names())
        missing = [
            table
            for table in triggers.append_only_tables()
            if table in present and table not in triggers.installed(connection)
        ]
        if missing:
            messages.append(
                checks.Warning(
                    f"{len(missing)} append-only tables have no trigger: {', '.join(missing[:5])} …",
                    hint="Run “manage.py migrate”; it puts the triggers back.",
                    id="audit.W001",
                )
            )
    return messages
