"""What a desk says of the things that it takes in from files: their fields, their service, and what came of a batch."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, ClassVar, Generic, TypeVar

from backoffice.core.errors import DomainError
from backoffice.staff.models import User

R = TypeVar("R")


@dataclass(frozen=True, slots=True)
class TakenIn:
    """What the service made of a batch, by position: the dossiers of what is new, refusals, and what is worth a notice.

    There may be several notices about one row. ``known`` are the dossiers of what was there already by another way
    than this row; ``tally`` is for ``FileKind.count``.
    """

    created: Mapping[int, int]
    refused: Mapping[int, DomainError]
    known: Mapping[int, int] = field(default_factory=dict)
    notices: Sequence[tuple[int, DomainError]] = ()
    tally: Any = None


class FileKind(ABC, Generic[R]):
    """A kind of thing that comes in files; one instance per run. ``act`` begins the codes of the acts on record."""

    kind: ClassVar[str]
    act: ClassVar[str]
    fields: ClassVar[dict[str, Callable[..., Any]]]
    required: ClassVar[Sequence[str]]
    #: What the service calls a field that the mapping calls otherwise.
    names: ClassVar[Mapping[str, str]] = {}
    #: Whether its service knows a thing by a key of its own (a loan by its number) and refuses it with other values.
    #: Only such a thing can be handed to it again: any other would be made once more.
    has_key: ClassVar[bool] = False
    #: Whether and how its rows can be shared out, as ``file_parts.Related`` says; not at all without ``together``.
    together: ClassVar[str] = ""
    once: ClassVar[str] = ""

    @abstractmethod
    def check(self, by: User) -> None:
        """Raises ``NotPermitted``."""

    @abstractmethod
    def row(self, values: dict[str, Any]) -> R:
        """The row for the service from the converted cells."""

    @abstractmethod
    def take_in(self, rows: Sequence[R], *, by: User, at: datetime) -> TakenIn:
        """Take in a batch, in the caller's transaction. What was counted goes into ``tally``: it may be taken back."""

    def owners(self, values: Collection[str]) -> Mapping[str, Hashable]:
        """See ``file_parts.Related``."""
        return {}

    def count(self, tally: Any) -> None:
        """Add what a batch that is committed did."""

    def figures(self) -> dict[str, Any]:
        """What the whole run did beside counting rows: codes and figures (plain texts and numbers)."""
        return {}
