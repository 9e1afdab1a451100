"""Pages of keys for filters that no index answers: rows are looked at from the newest end, a bounded number each."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from backoffice.desk.explorer.merged import Key, Source, newest

PAGE_SIZE = 50
#: Rows looked at for one page when the filter has no index, and how many of them at a time.
SCAN_LIMIT, SCAN_STEP = 4_000, 500
#: An export by such a filter looks at this many times as many rows as it may give.
EXPORT_EFFORT = 20


@dataclass(frozen=True, slots=True)
class Found:
    """One page. ``older`` is the cursor of the next, None on the last; ``searched_to`` is set when the page ended
    because enough rows were looked at, not because it was full."""

    keys: list[Key] = field(default_factory=list)
    older: Key | None = None
    searched_to: datetime | None = None


def page(
    sources: Sequence[Source],
    *,
    before: Key | None,
    size: int,
    by_filter: bool,
    fitting: Callable[[list[Key]], list[Key]] | None = None,
    budget: int = SCAN_LIMIT,
) -> Found:
    """One page of keys older than ``before``; with ``fitting``, which keeps those that fit, at most ``budget``
    rows are looked at. ``by_filter`` as in ``newest``."""
    if fitting is None:
        keys = newest(sources, before=before, limit=size + 1, by_filter=by_filter)
        return Found(keys[:size], keys[size - 1] if len(keys) > size else None)
    kept: list[Key] = []
    looked_at = 0
    while looked_at < budget:
        step = newest(sources, before=before, limit=SCAN_STEP, by_filter=by_filter)
        looked_at += len(step)
        kept += fitting(step)
        if len(kept) > size:
            return Found(kept[:size], kept[size - 1])
        if len(step) < SCAN_STEP:
            return Found(kept)
        before = step[-1]
    return Found(kept, before, before.at if before is not None else None)


def walk(find: Callable[[Key | None, int], Found], *, limit: int) -> Iterator[Key]:
    """All keys that ``find(before, size)`` gives page by page, at most ``limit``, within ``EXPORT_EFFORT``."""
    before: Key | None = None
    given, pages = 0, 0
    while given < limit and pages * SCAN_LIMIT <= limit * EXPORT_EFFORT:
        found = find(before, min(1000, limit - given))
        yield from found.keys
        given += len(found.keys)
        pages += 1
        before = found.older
        if before is None:
            return
