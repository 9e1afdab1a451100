"""One call of one service, with what it should leave behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from backoffice.core.context import EntryPoint

#: Words that every service with a reason is given, unless its case brings its own.
REASON = "因为客户来电说明了情况"


@dataclass(frozen=True, kw_only=True)
class Case:
    """``world`` makes what the call needs and answers its keyword arguments, ``by`` and ``at`` among them.

    ``events`` are the kinds of the events it writes, in any order; without any, history alone is the record (and
    decision 0013 says why). A row gets one history row, unless ``several`` names its table with the greatest
    number and the reason. ``adds`` is for calls that do the same thing again when made again, and says what.
    """

    service: Callable[..., Any]
    world: Callable[[], dict[str, Any]]
    events: tuple[str, ...] = ()
    several: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    door: str = EntryPoint.ADMIN
    adds: str = ""
    variant: str = ""

    @property
    def name(self) -> str:
        called = f"{self.service.__module__}.{self.service.__name__}"
        return f"{called}[{self.variant}]" if self.variant else called
