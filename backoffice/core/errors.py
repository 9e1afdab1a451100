"""Errors that the rules of the house raise, and that every door (admin, API, command) knows how to show.

An error carries a stable ``code`` for machines and a translated ``message`` for people. It never carries
personal data: messages end up in logs, problem documents and flash messages.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _


class DomainError(Exception):
    """A rule of the domain refuses what was asked. ``field`` names the input at fault, if one is."""

    code = "refused"
    default_message: Any = _("This is not possible.")

    def __init__(self, message: Any = None, *, code: str | None = None, field: str | None = None) -> None:
        self.message = message if message is not None else self.default_message
        self.code = code or self.code
        self.field = field
        super().__init__(self.code)

    def __str__(self) -> str:
        return str(self.message)


class NotPermitted(DomainError):
    """The actor lacks the right to do this."""

    code = "not-permitted"
    default_message = _("You do not have the right to do this.")


class TransitionRefused(DomainError):
    """The step is not available in the present state; ``allowed`` names the steps that are."""

    code = "transition-not-allowed"
    default_message = _("This step is not available now.")

    def __init__(self, message: Any = None, *, code: str | None = None, allowed: Sequence[str] = ()) -> None:
        super().__init__(message, code=code)
        self.allowed = list(allowed)


class InputRefused(DomainError):
    """A value given by a person or a machine cannot be accepted; ``field`` says which."""

    code = "validation-failed"
    default_message = _("Please correct this value.")


class NoActor(RuntimeError):
    """A tracked row was about to be written without anybody answering for it: a defect in our code."""
