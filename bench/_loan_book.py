"""A loan book of any size for the benchmarks, copied in SQL from a few loans that the services made."""

from __future__ import annotations

from django.db import connection, models

from backoffice.core.models import Dossier
from backoffice.loans.models import Borrower, Instalment, Loan
from backoffice.privacy.models import DataSubject


def clone(model: type[models.Model], source: str, count: int, **changed: str) -> None:
    """``count`` copies (numbered g) of the rows of ``source`` (a condition), with some columns made anew in SQL."""
    names = [field.column for field in model._meta.concrete_fields if not field.has_db_default()]
    values = [changed.get(name, f't."{name}"') for name in names]
    quoted = ", ".join(f'"{name}"' for name in names)
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{model._meta.db_table}" ({quoted}) SELECT {", ".join(values)} '  # noqa: S608
            f"FROM generate_series(1, {count}) g, "
            f'LATERAL (SELECT * FROM "{model._meta.db_table}" t WHERE {source}) t'
        )


def grow(kinds: dict[int, str], count: int, *, first_id: int) -> None:
    """``count`` loans with ids from ``first_id`` + 1 on, each of a borrower of its own, in the order of their ids.

    ``kinds``: id of a loan to copy → condition on g, the number of the copy; each g meets one of them.
    """
    [some] = Loan.objects.filter(pk=next(iter(kinds))).select_related("borrower")
    loan = "CASE " + " ".join(f"WHEN {condition} THEN {pk}" for pk, condition in kinds.items()) + " END"
    at = f"{first_id} + g"
    with connection.cursor() as cursor:
        # What is copied is in order; checking twelve million foreign keys would take longer than all else.
        cursor.execute("SET session_replication_role = replica")
    clone(DataSubject, f"t.id = {some.borrower.subject_id}", count, id=at, uid="gen_random_uuid()")
    for letter, folder, source in (
        ("B", "2 * g", f"t.id = {some.borrower.dossier_id}"),
        ("L", "2 * g + 1", f"t.id = {some.dossier_id}"),
    ):
        clone(
            Dossier,
            source,
            count,
            id=f"2 * {first_id} + {folder}",
            uid="gen_random_uuid()",
            number=f"'{letter}{first_id}-' || g",
        )
    for model in (Borrower, Borrower.history.model):
        clone(
            model,
            f"t.id = {some.borrower_id}",
            count,
            id=at,
            dossier_id=f"2 * {first_id} + 2 * g",
            subject_id=at,
            customer_number=f"'K' || ({at})",
            id_number_index=f"md5(({at})::text)",
            history_id="nextval(pg_get_serial_sequence('loans_historicalborrower', 'history_id'))",
        )
    for model in (Loan, Loan.history.model):
        clone(
            model,
            f"t.id = {loan}",
            count,
            id=at,
            number=f"'L{first_id}-' || g",
            dossier_id=f"2 * {first_id} + 2 * g + 1",
            borrower_id=at,
            history_id="nextval(pg_get_serial_sequence('loans_historicalloan', 'history_id'))",
        )
    clone(
        Instalment,
        f"t.loan_id = {loan} ORDER BY t.sequence",
        count,
        id=f"20 * ({at}) + t.sequence",
        loan_id=at,
    )
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = DEFAULT")
        for model in (DataSubject, Dossier, Borrower, Loan, Instalment):
            cursor.execute(
                f"SELECT setval(pg_get_serial_sequence('{model._meta.db_table}', 'id'), "  # noqa: S608
                f'(SELECT max(id) + 1 FROM "{model._meta.db_table}"))'
            )
        cursor.execute("VACUUM ANALYZE")
