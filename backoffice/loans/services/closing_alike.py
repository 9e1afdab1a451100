"""What a part of the close has to look at: locked, and the loans on which nothing happened but time put together.

Many loans of a book are in the same situation: due on the same days, paid as far, in the same class. The database
finds those that a close cannot but judge alike; one of each lot is read and judged for all of them, and the verdict is
written to all of them where they lie. Tables of the transaction's own hold the lots: raw SQL is this module's purpose.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import NamedTuple

from django.db import connection
from django.db.models import QuerySet

from backoffice.loans.models import Instalment, Loan, PaymentPause

#: What a close's verdict on a loan goes by, besides its unpaid instalments and its pauses.
_SITUATION = (
    "overdue_spells",
    "oldest_unpaid_due_on",
    "watched_until",
    "restructurings_in_watch",
    "risk_class",
    "reported_class",
    "fell_overdue_on",
)
_READ = ("id", "dossier_id", "borrower_id", "schedule_version", "credit", "stood_on", *_SITUATION)
_numbers = count(1)


class Member(NamedTuple):
    """A loan of a lot."""

    pk: int
    dossier_id: int
    borrower_id: int


@dataclass(frozen=True, slots=True)
class Lots:
    """The loans of a part: ``alike`` by the key of the one that is judged for them, in the order of their keys, as
    they are in ``table`` (id, like_id); ``single`` are the keys of those whose own facts have to be read."""

    table: str
    alike: dict[int, list[Member]]
    single: list[int]

    def __len__(self) -> int:
        return len(self.single) + sum(map(len, self.alike.values()))


@contextmanager
def lots(loans: QuerySet[Loan], *, day: date) -> Iterator[Lots]:
    """Lock ``loans`` in the order of their keys and put them together by what their state at the end of ``day``
    (Shanghai) goes by.

    Within a transaction. Readers wait for nobody; a service that has a loan is waited for, and what it wrote is read:
    the instalments are looked at by a statement of its own, after the locks.
    """
    number = next(_numbers)
    locked, table = f"close_locked_{number}", f"close_alike_{number}"
    wanted = loans.order_by("pk").select_for_update(no_key=True).values_list(*_READ)
    select, params = wanted.query.get_compiler(connection=connection).as_sql()
    # Names of our own tables and columns, no values.
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            # Compiling the statement would take as long as running it on a part.
            cursor.execute("SET LOCAL jit = off")
        cursor.execute(f"CREATE TEMPORARY TABLE {locked} AS {select}", params)
        cursor.execute(_alike(locked, table), [day, day])
        if connection.vendor != "postgresql":
            # Written lot by lot there.
            cursor.execute(f"CREATE INDEX {table}_like ON {table} (like_id)")
        cursor.execute(f"SELECT like_id, id, dossier_id, borrower_id FROM {table} ORDER BY id")  # noqa: S608
        alike: dict[int, list[Member]] = {}
        for like_id, *member in cursor.fetchall():
            alike.setdefault(like_id, []).append(Member(*member))
        cursor.execute(
            f"SELECT id FROM {locked} WHERE id NOT IN (SELECT id FROM {table}) ORDER BY id"  # noqa: S608
        )
        single = [pk for (pk,) in cursor.fetchall()]
    yield Lots(table, alike, single)
    with connection.cursor() as cursor:
        for one in (locked, table):
            cursor.execute(f"DROP TABLE {one}")


def _alike(locked: str, table: str) -> str:
    """Puts the locked loans together. Parameters: the day, twice.

    Loans with credit, and those that stand as of a later day (this close is late), are left out; one with pauses is
    like no other.
    """
    return (
        f"CREATE TEMPORARY TABLE {table} AS SELECT loan.id, loan.dossier_id, loan.borrower_id, "  # noqa: S608
        f"min(loan.id) OVER (PARTITION BY {', '.join(f'loan.{name}' for name in _SITUATION)}, "
        "oldest, upcoming, paused.loan_id) AS like_id "
        f"FROM {locked} AS loan LEFT JOIN (SELECT one.id, min(open.due_on) AS oldest, "
        "min(CASE WHEN open.due_on >= %s THEN open.due_on END) AS upcoming "
        f"FROM {locked} AS one JOIN {Instalment._meta.db_table} AS open "
        "ON open.loan_id = one.id AND open.schedule_version = one.schedule_version "
        "AND open.principal_due + open.interest_due + open.fee_due "
        "> open.principal_paid + open.interest_paid + open.fee_paid GROUP BY one.id) AS unpaid ON unpaid.id = loan.id "
        f"LEFT JOIN (SELECT DISTINCT loan_id FROM {PaymentPause._meta.db_table} WHERE stops_count) AS paused "
        "ON paused.loan_id = loan.id "
        "WHERE loan.credit = 0 AND (loan.stood_on IS NULL OR loan.stood_on <= %s)"
    )
