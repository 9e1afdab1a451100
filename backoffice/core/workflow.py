"""State machines as data: one declared table per model, asked by buttons, bulk actions, API and services alike.

``available`` is state AND permission AND condition, with the reason when not. Nothing here writes: a service
locks the row, calls ``Workflow.step`` (which checks and sets the state on the instance), saves and records.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.core.context import Actor
from backoffice.core.errors import NotPermitted, TransitionRefused

#: A condition answers ``None`` when it holds, otherwise the (translated) reason why it does not.
Condition = Callable[[Any, Any, datetime], Any | None]


@dataclass(frozen=True, slots=True)
class Transition:
    """One row of a workflow table. ``target=None`` is an act that leaves the state alone (add a note, extend)."""

    name: str
    label: Any
    sources: frozenset[str]
    target: str | None
    permission: str
    conditions: tuple[Condition, ...] = ()
    effect: Any = ""
    style: str = "default"  # primary | default | danger: how a button is drawn


@dataclass(frozen=True, slots=True)
class Availability:
    """Whether a transition can be taken now by this person; ``reason`` says why not."""

    transition: Transition
    allowed: bool
    code: str = ""
    reason: Any = ""


def transition(
    name: str,
    label: Any,
    sources: Iterable[str],
    target: str | None,
    permission: str,
    *conditions: Condition,
    effect: Any = "",
    style: str = "default",
) -> Transition:
    """Write one row of a table without the noise of the dataclass."""
    return Transition(name, label, frozenset(sources), target, permission, conditions, effect, style)


class Workflow:
    """The table of one model. ``model`` is its label, ``field`` the column that holds the state."""

    registry: dict[str, Workflow] = {}

    def __init__(
        self, model: str, *, initial: str, transitions: Sequence[Transition], field: str = "state"
    ) -> None:
        names = [row.name for row in transitions]
        if len(names) != len(set(names)):
            raise ValueError(f"{model}: two transitions share a name")
        self.model = model
        self.field = field
        self.initial = initial
        self.transitions = {row.name: row for row in transitions}
        Workflow.registry[model.lower()] = self

    def __iter__(self) -> Iterator[Transition]:
        return iter(self.transitions.values())

    def __getitem__(self, name: str) -> Transition:
        return self.transitions[name]

    def availability(self, name: str, obj: Any, *, by: Actor, at: datetime) -> Availability:
        """Whether ``by`` can take the transition ``name`` on ``obj`` at ``at``, and why not."""
        row = self.transitions[name]
        if not by.has_perm(row.permission):
            return Availability(row, False, NotPermitted.code, NotPermitted.default_message)
        if getattr(obj, self.field) not in row.sources:
            return Availability(row, False, TransitionRefused.code, self._wrong_state(obj))
        for condition in row.conditions:
            reason = condition(obj, by, at)
            if reason is not None:
                return Availability(row, False, "condition-not-met", reason)
        return Availability(row, True)

    def available(self, obj: Any, *, by: Actor, at: datetime) -> list[Availability]:
        """Every transition of the table with its availability, in the order of the table."""
        return [self.availability(name, obj, by=by, at=at) for name in self.transitions]

    def allowed(self, obj: Any, *, by: Actor, at: datetime) -> list[str]:
        """The names of the transitions that can be taken now."""
        return [one.transition.name for one in self.available(obj, by=by, at=at) if one.allowed]

    def check(self, name: str, obj: Any, *, by: Actor, at: datetime) -> Transition:
        """The row, if it can be taken now. Raises ``NotPermitted`` or ``TransitionRefused``."""
        answer = self.availability(name, obj, by=by, at=at)
        if answer.allowed:
            return answer.transition
        if answer.code == NotPermitted.code:
            raise NotPermitted()
        raise TransitionRefused(answer.reason, allowed=self.allowed(obj, by=by, at=at))

    def step(self, name: str, obj: Any, *, by: Actor, at: datetime) -> Transition:
        """Check, then set the new state on the instance. The caller holds the lock, saves and records."""
        row = self.check(name, obj, by=by, at=at)
        if row.target is not None:
            setattr(obj, self.field, row.target)
        return row

    def _wrong_state(self, obj: Any) -> Any:
        state = getattr(obj, f"get_{self.field}_display")()
        return _("Not possible while the state is “%(state)s”.") % {"state": state}
