"""What a deadline is made of: its terms, the acts that move it, and what speaks against an act. Pure.

``core.deadlines`` reckons with them; its docstring gives the rules.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.utils.translation import gettext_lazy

from backoffice.core.errors import DomainError
from backoffice.core.explain import N_


class Unit(StrEnum):
    CALENDAR_DAYS = "calendar_days"
    WORKING_DAYS = "working_days"
    WORKING_MINUTES = "working_minutes"

    def amount(self, count: int) -> timedelta:
        """``count`` of this unit. For working days a ``timedelta`` day stands for one working day."""
        return timedelta(minutes=count) if self is Unit.WORKING_MINUTES else timedelta(days=count)

    def whole(self, amount: timedelta) -> int:
        """The other way round; begun minutes are cut off."""
        return amount // self.amount(1)

    @property
    def template(self) -> str:
        """For ``explain.Quantity``."""
        return _QUANTITIES[self]


_QUANTITIES = {
    Unit.CALENDAR_DAYS: N_("%(count)s calendar days"),
    Unit.WORKING_DAYS: N_("%(count)s working days"),
    Unit.WORKING_MINUTES: N_("%(count)s minutes of working time"),
}


def require_aware(at: datetime) -> None:
    if at.tzinfo is None:
        raise ValueError("a moment without a time zone has no day")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineTerms:
    """What was set when the deadline began.

    ``length`` counts ``unit``; 0 calendar days means "by the end of today". ``start`` is the event, e.g. the
    receipt. ``most`` caps the length with all extensions. ``rolls`` is False where no rule lets the last day
    roll on. All of these come from dated policy rows.
    """

    length: int
    unit: Unit
    start: datetime
    most: int | None = None
    rolls: bool = True

    def __post_init__(self) -> None:
        require_aware(self.start)
        if self.length < 0:
            raise ValueError("a period cannot be negative")


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """Something recorded ``at`` a moment that moves a deadline. ``reason`` is a code, never free text."""

    at: datetime
    reason: str = ""

    def __post_init__(self) -> None:
        require_aware(self.at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Extension(Act):
    """Either a new ``total`` length counted from the start, or a length to ``add``; in the terms' unit."""

    total: int | None = None
    add: int | None = None
    approver: str = ""

    def __post_init__(self) -> None:
        require_aware(self.at)
        if (self.total is None) == (self.add is None):
            raise ValueError("an extension gives either a total or what to add")


@dataclass(frozen=True, slots=True, kw_only=True)
class Pause(Act):
    """The clock stands from here on. ``ground`` tells overlapping pauses apart (mediation, appraisal)."""

    ground: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resumption(Act):
    """The ground of that name has ended; the clock runs on if no other is open."""

    ground: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Restart(Act):
    """New facts came in: the original period begins anew."""


class ActRefused(DomainError):
    """An act that has no effect. ``why`` is the English source text of the message."""

    why = N_("This is not possible for this deadline.")

    def __init__(self) -> None:
        super().__init__(gettext_lazy(self.why))


class ActBeforeStart(ActRefused):
    code = "act-before-start"
    why = N_("It lies before the start of the period.")


class ActOutOfOrder(ActRefused):
    code = "act-out-of-order"
    why = N_("Acts count from the moment they are recorded; a later one is already on record.")


class ExtensionTooLate(ActRefused):
    code = "extension-too-late"
    why = N_("The period had already ended; an extension must be recorded before that.")


class ExtensionNotLonger(ActRefused):
    code = "extension-not-longer"
    why = N_("The new length is not longer than the present one.")


class ExtensionBeyondMost(ActRefused):
    code = "extension-beyond-most"
    why = N_("The new length is above the most that is allowed.")


class PauseTooLate(ActRefused):
    code = "pause-too-late"
    why = N_("The period had already ended; there is nothing left to pause.")


class AlreadyPaused(ActRefused):
    code = "already-paused"
    why = N_("It is already paused on this ground.")


class NotPaused(ActRefused):
    code = "not-paused"
    why = N_("It is not paused on this ground.")


class RestartTooLate(ActRefused):
    code = "restart-too-late"
    why = N_("The period had already ended; new facts open a new one.")
