"""Which rows of a file are taken in by which of several processes: those that would wait for each other by one."""

from __future__ import annotations

import zlib
from array import array
from collections.abc import Collection, Hashable, Iterable, Mapping
from typing import ClassVar, Protocol

from backoffice.core.imports import Mapping as MappingFile
from backoffice.core.imports.mapping import CellRefused
from backoffice.core.imports.tables import SourceRow


class Related(Protocol):
    """What a kind of file says of its rows."""

    #: The field that names what a row is about: its rows are taken in one after the other, in their order.
    together: ClassVar[str]
    #: A field whose value is used once: rows that share it meet, whatever they are about.
    once: ClassVar[str]

    def owners(self, values: Collection[str]) -> Mapping[str, Hashable]:
        """What things (values of ``together``) have in common so that only one process can have it."""


def shares(
    rows: Iterable[SourceRow], mapping: MappingFile, kind: Related, *, workers: int, batch: int
) -> tuple[int, array[int]]:
    """How many parts there are (no more than ``workers``, nor than there are batches), and the part of every row.

    The same for the same file and book: a dry run is cut like the run itself, so it refuses the same rows.
    """
    things: dict[str, int] = {}
    met: dict[str, int] = {}
    groups: list[int] = []
    of_row = array("L")
    for row in rows:
        thing = things.setdefault(_text(row, mapping, kind.together), len(things))
        if thing == len(groups):
            groups.append(thing)
        of_row.append(thing)
        # Rows without it are refused, and have nothing in common for that.
        if kind.once and (text := _text(row, mapping, kind.once)):
            _join(groups, thing, met.setdefault(text, thing))
    owned: dict[Hashable, int] = {}
    for value, owner in kind.owners(things).items():
        _join(groups, things[value], owned.setdefault(owner, things[value]))
    count = max(min(workers, -(-len(of_row) // batch)), 1)
    names = list(things)
    parts = [zlib.crc32(names[_root(groups, thing)].encode()) % count for thing in range(len(names))]
    return count, array("H", (parts[thing] for thing in of_row))


def _text(row: SourceRow, mapping: MappingFile, field: str) -> str:
    try:
        return mapping.fields[field].text(row)
    except CellRefused:
        # Refused when it is taken in, wherever that is.
        return ""


def _join(groups: list[int], one: int, other: int) -> None:
    first, second = sorted((_root(groups, one), _root(groups, other)))
    groups[second] = first


def _root(groups: list[int], thing: int) -> int:
    """The first thing of a group; on the way everything is hung on it, so that no way is long."""
    root = thing
    while groups[root] != root:
        root = groups[root]
    while groups[thing] != root:
        groups[thing], thing = root, groups[thing]
    return root
