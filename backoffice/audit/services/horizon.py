"""Up to where the record is finished: below it nothing can be committed any more, so that nothing can slip in.

Rows carry the number of their transaction (``core.log.OrderedRow``). A transaction that is still running may commit
rows with a moment, and a key, far behind others that are there; its number is not below the oldest running one.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.db import connection
from django.db.models import Q

from backoffice.core.log import current_epoch


@dataclass(frozen=True, slots=True)
class Horizon:
    """Where the present begins: ``end`` is the oldest running transaction, ``next`` the first not given out yet.

    Both None on SQLite.
    """

    end: int | None
    next: int | None


# A snapshot lists the transactions of all databases of the server, and one left open elsewhere would hold us up. Left
# out are those that are known to be another database's; whatever is not known counts as ours.
_OLDEST_RUNNING = """
    WITH seen AS MATERIALIZED (SELECT pg_current_snapshot() AS now)
    SELECT coalesce(
        (
            SELECT min(running::text::bigint) FROM pg_snapshot_xip(seen.now) AS running
            WHERE NOT EXISTS (
                SELECT FROM pg_stat_activity AS other
                WHERE other.datname <> current_database()
                AND other.backend_xid::text::bigint = mod(running::text::bigint, 4294967296)
            )
        ),
        pg_snapshot_xmax(seen.now)::text::bigint
    ) FROM seen
"""


def horizon() -> Horizon:
    """The present horizon. To be asked outside a transaction that has written anything: one's own is running too."""
    if connection.vendor != "postgresql":
        return Horizon(None, None)
    with connection.cursor() as cursor:
        # A number of one's own: whatever is given out later is higher. A snapshot's upper end is not enough, because
        # the newest of the running transactions may lie at or above it.
        cursor.execute("SELECT pg_current_xact_id()::text::bigint")
        newest = cursor.fetchone()[0]
        cursor.execute(_OLDEST_RUNNING)
        return Horizon(cursor.fetchone()[0], newest + 1)


def finished_rows() -> Q:
    """The condition for rows that are committed with all that can ever come before them in ``core.log.IN_ORDER``.

    To be asked by who has not written what is asked for: of one's own open transaction nothing is certain. SQLite has
    one writer, and rows that came over from it have no number: they are finished.
    """
    if connection.vendor != "postgresql":
        return Q()
    epoch = current_epoch()
    with connection.cursor() as cursor:
        cursor.execute(_OLDEST_RUNNING)
        end = cursor.fetchone()[0]
    return Q(epoch__lt=epoch) | Q(xact_id=None) | Q(epoch=epoch, xact_id__lt=end)
