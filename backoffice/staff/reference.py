"""Rows that the house cannot work without, put there after every ``migrate`` (and test flush), never overwritten.

An app registers its loader in ``AppConfig.ready``; a loader adds what is missing and answers how many rows it
added. They run in the order of registration, apps from the bottom up, under the system user ``reference-data``,
once every app's tables and permissions are there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.apps import AppConfig, apps
from django.db import DEFAULT_DB_ALIAS, connections, transaction

from backoffice.core.context import EntryPoint, acting, entering

Loader = Callable[[], int]

#: The years of which the calendar is entered: from the first complaint we could hold to the last one published.
CALENDAR_YEARS = range(2018, 2027)

_loaders: dict[str, Loader] = {}


def register(name: str, loader: Loader) -> None:
    """Add ``loader`` to the list. A name is taken once."""
    if name in _loaders:
        raise ValueError(f"“{name}” is registered twice")
    _loaders[name] = loader


def load_all() -> dict[str, int]:
    """Run every loader in one transaction; answers the number of rows each added."""
    from backoffice.staff.services import system_user

    with (
        entering(EntryPoint.COMMAND),
        transaction.atomic(),
        acting(by=system_user("reference-data"), reason_code="reference.loaded"),
    ):
        return {name: loader() for name, loader in _loaders.items()}


def load_after_migrate(*, app_config: AppConfig, using: str = DEFAULT_DB_ALIAS, **kwargs: Any) -> None:
    """Signal handler: works once per ``migrate``, when the last app has its tables and permissions."""
    if using != DEFAULT_DB_ALIAS or app_config.label != _last_app() or not _all_tables_exist(using):
        return
    load_all()


def _last_app() -> str:
    # The signal is sent per app that has models, in the order of INSTALLED_APPS.
    return [config.label for config in apps.get_app_configs() if config.models_module is not None][-1]


def _all_tables_exist(using: str) -> bool:
    # “migrate app 0001” stops half-way: then the rows can wait.
    wanted = {
        model._meta.db_table for model in apps.get_models() if model._meta.managed and not model._meta.proxy
    }
    return wanted <= set(connections[using].introspection.table_names())
