"""Work of Python side by side: threads of one process would wait for each other, processes do not."""

from __future__ import annotations

import os
import pickle
import traceback
from collections.abc import Callable, Iterable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import Any, TypeVar

from django.db import connection, connections
from django.utils.translation import gettext_lazy as _

from backoffice.core.errors import DomainError

T = TypeVar("T")
#: What a part sends with a value: the next one, its end, or why it failed.
_NEXT, _END, _FAILED = "next", "end", "failed"


class PartLost(DomainError):
    """The process of a part ended without a word: killed, or out of memory."""

    code = "process-lost"
    default_message = _("A process working beside this one was ended. Start again: what is done stays done.")


def at_least_one(text: str) -> int:
    """How many of them, as a command is told. Raises ``ValueError``."""
    number = int(text)
    if number < 1:
        raise ValueError("at least one")
    return number


def side_by_side_possible() -> bool:
    """Whether parts can have transactions of their own at the same time: not on SQLite, not within a transaction."""
    return connection.features.has_select_for_update and not connection.in_atomic_block


def side_by_side(parts: Sequence[Callable[[], Iterable[T]]]) -> Iterator[T]:
    """What the parts yield, as it comes. Each runs in a copy of this process with connections of its own.

    The copies have our context: the same actor through the same door. The first error of a part is raised here and
    ends the others at once: what they have not committed is not done. Raises ``PartLost``.
    """
    # A connection has one owner. Ours are opened again when they are needed.
    for one in connections.all(initialized_only=True):
        one.close()
        if hasattr(one, "close_pool"):
            one.close_pool()
    fork = get_context("fork")
    processes, pipes = [], []
    try:
        for part in parts:
            ours, theirs = fork.Pipe(duplex=False)
            pipes.append(ours)
            process = fork.Process(target=_begin, args=(part, theirs, [*pipes], os.getpid()), daemon=True)
            process.start()
            theirs.close()
            processes.append(process)
        yield from _told(pipes)
    finally:
        for process in processes:
            process.terminate()
            process.join()


def _told(pipes: list[Any]) -> Iterator[Any]:
    pipe: Any
    while pipes:
        for pipe in wait(pipes):
            try:
                what, value = pipe.recv()
            except (EOFError, OSError) as error:
                # Without a word, or in the middle of one.
                raise PartLost() from error
            if what == _FAILED:
                raise value
            if what == _END:
                pipes.remove(pipe)
            else:
                yield value


def _begin(
    part: Callable[[], Iterable[T]], pipe: Connection, inherited: list[Connection], parent: int
) -> None:
    # While somebody could still read from it, a full pipe never breaks: whoever lost its parent would wait for ever.
    for one in inherited:
        one.close()
    _run(part, pipe, parent)


def _run(part: Callable[[], Iterable[T]], pipe: Connection, parent: int) -> None:
    try:
        for value in part():
            if os.getppid() != parent:
                # Whoever started us was killed: nobody would be told of the rest.
                return
            pipe.send((_NEXT, value))
        connections.close_all()
        pipe.send((_END, None))
    except BrokenPipeError:
        return
    except Exception as error:  # noqa: BLE001 (raised again where it can be handled)
        pipe.send((_FAILED, _sendable(error)))


def _sendable(error: Exception) -> Exception:
    """The error with the place where it happened, which its traceback does not tell in another process."""
    try:
        pickle.loads(pickle.dumps(error))  # noqa: S301 (our own, a moment ago)
    except Exception:  # noqa: BLE001 (whatever pickling makes of it)
        there, error = error, RuntimeError(repr(error))
        error.__traceback__ = there.__traceback__
    error.add_note("".join(traceback.format_exception(error)))
    return error
