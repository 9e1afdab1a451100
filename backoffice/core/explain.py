"""A result that explains itself, line by line, in any language and without knowing any.

A pure function returns ``Line`` objects: a stable code for machines, the English source text for ``gettext``,
and the facts that go into it. The page that shows them passes ``gettext`` and its formatting of dates.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime


def N_(text: str) -> str:
    """Mark a source text for extraction (Babel knows this name). Django's ``gettext_noop`` does the same but
    reads the settings, which pure modules must not need."""
    return text


class Phrase(str):
    """A parameter that is itself a text to be translated."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Quantity:
    """A parameter such as "15 calendar days": ``template`` takes ``count``, so both are translated together."""

    count: int
    template: str


@dataclass(frozen=True, slots=True)
class Line:
    """One step of an explanation. ``params`` are dates, moments in the business zone, numbers and texts."""

    code: str
    template: str
    params: Mapping[str, object]

    @property
    def text(self) -> str:
        """In English."""
        return self.render()

    def render(
        self, translate: Callable[[str], str] = str, show: Callable[[object], str] | None = None
    ) -> str:
        """In the reader's language: ``translate`` is ``gettext``, ``show`` formats dates and moments."""
        shown = {name: _shown(value, translate, show or _plain) for name, value in self.params.items()}
        return translate(self.template) % shown


def _shown(value: object, translate: Callable[[str], str], show: Callable[[object], str]) -> str:
    if isinstance(value, Phrase):
        return translate(str(value))
    if isinstance(value, Quantity):
        return translate(value.template) % {"count": value.count}
    return show(value)


def _plain(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M}" if isinstance(value, datetime) else str(value)
