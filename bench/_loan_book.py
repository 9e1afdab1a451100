"""A loan book of any size for the benchmarks, copied in SQL from a few loans that the services made."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from decimal import Decimal

from django.db import connection, models

from backoffice.core.models import Dossier
from backoffice.loans.models import Borrower, Instalment, Loan, LoanProduct
from backoffice.privacy.models import DataSubject


def product(code: str = "P1") -> LoanProduct:
    return LoanProduct.objects.create(
        code=code,
        name=f"产品{code}",
        minimum_amount=10,
        maximum_amount=200_000,
        annual_rate=Decimal("0.146"),
        default_multiple=Decimal("1.5"),
        method="equal_instalment",
        term_months=36,
        day_count="equal_periods",
        rounding="half_up",
    )


@contextmanager
def unchecked() -> Iterator[None]:
    """What is copied is in order; checking twelve million foreign keys would take longer than all else."""
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")
        yield
        cursor.execute("SET session_replication_role = DEFAULT")
        for model in (DataSubject, Dossier, Borrower, Loan, Instalment):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), "  # noqa: S608
                f'(SELECT max(id) + 1 FROM "{model._meta.db_table}"))'
            )
        # Outside a transaction, as the database does it by itself in the night.
        cursor.execute("VACUUM ANALYZE")


def clone(model: type[models.Model], source: str, first: int, last: int, **changed: str) -> None:
    """Copies numbered g, ``first`` to ``last``, of the rows of ``source`` (a condition), some columns anew in SQL."""
    names = [field.column for field in model._meta.concrete_fields if not field.has_db_default()]
    values = [changed.get(name, f't."{name}"') for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({quoted}) SELECT {", ".join(values)} '  # noqa: S608
            f"FROM generate_series({first}, {last}) g, "
            f'LATERAL (SELECT * FROM "{model._meta.db_table}" t WHERE {source}) t'
        )


def people(some: Loan, first: int, last: int, *, first_id: int) -> None:
    """A borrower like that of ``some`` for each g, with the id ``first_id`` + g; a person may owe only so much."""
    at = f"{first_id} + g"
    clone(DataSubject, f"t.id = {some.borrower.subject_id}", first, last, id=at, uid="gen_random_uuid()")
    folder(some.borrower.dossier_id, "B", first, last, key=f"2 * ({at})")
    for model in (Borrower, Borrower.history.model):
        clone(
            model,
            f"t.id = {some.borrower_id}",
            first,
            last,
            id=at,
            dossier_id=f"2 * ({at})",
            subject_id=at,
            customer_number=f"'K' || ({at})",
            id_number_index=f"md5(({at})::text)",
            history_id="nextval(pg_get_serial_sequence('loans_historicalborrower', 'history_id'))",
        )


def folder(source: int, letter: str, first: int, last: int, *, key: str) -> None:
    clone(
        Dossier,
        f"t.id = {source}",
        first,
        last,
        id=key,
        uid="gen_random_uuid()",
        number=f"'{letter}' || ({key})",
    )


def grow(kinds: dict[int, str], count: int, *, first_id: int) -> None:
    """``count`` loans with ids from ``first_id`` + 1 on, each of a borrower of its own, in the order of their ids.

    ``kinds``: id of a loan to copy → condition on g, the number of the copy; each g meets one of them.
    """
    [some] = Loan.objects.filter(pk=next(iter(kinds))).select_related("borrower")
    loan = "CASE " + " ".join(f"WHEN {condition} THEN {pk}" for pk, condition in kinds.items()) + " END"
    at = f"{first_id} + g"
    with unchecked():
        people(some, 1, count, first_id=first_id)
        folder(some.dossier_id, "L", 1, count, key=f"2 * ({at}) + 1")
        for model in (Loan, Loan.history.model):
            clone(
                model,
                f"t.id = {loan}",
                1,
                count,
                id=at,
                number=f"'L{first_id}-' || g",
                dossier_id=f"2 * ({at}) + 1",
                borrower_id=at,
                history_id="nextval(pg_get_serial_sequence('loans_historicalloan', 'history_id'))",
            )
        clone(
            Instalment,
            f"t.loan_id = {loan} ORDER BY t.sequence",
            1,
            count,
            id=f"20 * ({at}) + t.sequence",
            loan_id=at,
        )
