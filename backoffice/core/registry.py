"""A list of declared entries: what lower code shows or uses of upper code without importing it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Generic, TypeVar

T = TypeVar("T")


class Registry(Generic[T]):
    """An ordered list of declared entries, each under a name that may be taken once."""

    def __init__(self) -> None:
        self._entries: dict[str, T] = {}

    def register(self, name: str, entry: T) -> T:
        if name in self._entries:
            raise ValueError(f"“{name}” is registered twice")
        self._entries[name] = entry
        return entry

    def register_all(self, entries: Mapping[str, T]) -> None:
        """Register every entry under its name."""
        for name, entry in entries.items():
            self.register(name, entry)

    def __iter__(self) -> Iterator[T]:
        return iter(self._entries.values())

    def items(self) -> Iterator[tuple[str, T]]:
        return iter(self._entries.items())

    def get(self, name: str) -> T | None:
        return self._entries.get(name)
