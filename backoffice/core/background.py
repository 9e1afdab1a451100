"""Work that is done after the answer: started when the transaction has committed, wherever there is somebody to do it.

With a broker a Celery worker does it. Without one (demo) a thread of this process does, so that the page can show how
far it is; it dies with the process, which whatever it does must survive (see evidence bundles: “make it again”). Tests
do it at once (``BACKGROUND_AT_ONCE``). Arguments are plain values: the row is read again by whoever does the work.
"""

from __future__ import annotations

import threading
from typing import Any, Protocol

from django.conf import settings
from django.db import connections, transaction


class Task(Protocol):
    """A Celery task."""

    name: str

    def __call__(self, *args: Any) -> Any: ...

    def delay(self, *args: Any) -> Any: ...


def start(task: Task, *args: Any) -> None:
    """Have ``task`` done once the present transaction has committed (at once, if there is none)."""
    transaction.on_commit(lambda: _begin(task, args))


def _begin(task: Task, args: tuple[Any, ...]) -> None:
    if settings.BACKGROUND_AT_ONCE:
        task(*args)
    elif settings.CELERY_BROKER_URL:
        task.delay(*args)
    else:
        threading.Thread(target=_in_thread, args=(task, args), name=task.name, daemon=True).start()


def _in_thread(task: Task, args: tuple[Any, ...]) -> None:
    try:
        task(*args)
    finally:
        # The thread's own connections; nobody else closes them.
        connections.close_all()
