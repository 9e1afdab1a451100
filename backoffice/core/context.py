"""Who is acting, through which door, and why: one context for requests, commands and tasks alike.

The door (middleware, command, task) *enters* with entry point and request id; a service *acts* with the
person, the reason code and, where a text was given, its ciphertext. History rows, events and read rows take
their actor from here, so that no row is written for which nobody answers.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any, Protocol

from backoffice.core.errors import NoActor


class Actor(Protocol):
    """What the ground needs to know of a user; ``staff.User`` is one. (core stands below staff.)"""

    pk: Any

    @property
    def display_name(self) -> str: ...

    def has_perm(self, perm: str) -> bool: ...


class EntryPoint:
    """The doors through which something can be done. Stored as text in every record."""

    ADMIN = "admin"
    API = "api"
    COMMAND = "command"
    TASK = "task"


@dataclass(frozen=True, slots=True)
class Acting:
    """The present answer to who, through which door, and why."""

    actor: Actor | None = None
    entry_point: str = EntryPoint.COMMAND
    request_id: str = ""
    reason_code: str = ""
    reason_cipher: bytes | None = None

    @property
    def actor_name(self) -> str:
        return self.actor.display_name if self.actor is not None else ""


_NOBODY = Acting()
_current: ContextVar[Acting] = ContextVar("acting", default=_NOBODY)


def current() -> Acting:
    """The present context; outside every door it has no actor."""
    return _current.get()


def require() -> Acting:
    """The present context. Raises ``NoActor`` when nobody answers for what is about to be written."""
    acting = _current.get()
    if acting.actor is None:
        raise NoActor("A tracked row needs an actor: call the service inside entering()/acting().")
    return acting


@contextmanager
def entering(
    entry_point: str, *, actor: Actor | None = None, request_id: str | None = None
) -> Iterator[Acting]:
    """Open a door for the length of a request, command or task. Nothing leaks into the next one."""
    acting = Acting(actor=actor, entry_point=entry_point, request_id=request_id or uuid.uuid4().hex)
    token = _current.set(acting)
    try:
        yield acting
    finally:
        _current.reset(token)


@contextmanager
def acting(*, by: Actor, reason_code: str, reason_cipher: bytes | None = None) -> Iterator[Acting]:
    """Act as ``by`` for ``reason_code`` within the door that is open (or a command's, if none is)."""
    before = _current.get()
    changes: dict[str, Any] = {"actor": by, "reason_code": reason_code, "reason_cipher": reason_cipher}
    if not before.request_id:
        changes["request_id"] = uuid.uuid4().hex
    token = _current.set(replace(before, **changes))
    try:
        yield _current.get()
    finally:
        _current.reset(token)


def set_actor(actor: Actor | None) -> None:
    """Name the person of the door that is already open (API authentication happens after the middleware)."""
    _current.set(replace(_current.get(), actor=actor))
