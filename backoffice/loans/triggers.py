"""The limit of one person over all loans, held by the database itself: no way past the services leads over it.

A loan is refused that brings what its borrower owes (the principal open on all loans, written-off ones and those
under another name of the same person included) above the cap in force on its day of payment
(``loan.single_person_cap``), unless it is marked ``over_person_cap``, which only an import does.

PostgreSQL looks when the transaction ends, after its instalments came in, with the person's row locked, so that of
two loans made at once the second sees the first. SQLite knows no such triggers and needs none, having one writer: it
looks as the instalments of a first schedule come in.
Django rebuilds SQLite tables and silently drops their triggers, hence: away before a migration, back after it.
"""

from __future__ import annotations

from typing import Any

from django.db import DEFAULT_DB_ALIAS, connections

from backoffice.loans.policy import PERSON_CAP

NAME = "loans_person_cap"
_MESSAGE = "loans_person_cap: with this loan the person would owe more than one person may"

# What the person whose root is {root} owes (SQLite).
_OWED = """
SELECT SUM(i.principal_due - i.principal_paid)
FROM loans_instalment i
JOIN loans_loan l ON l.id = i.loan_id AND l.schedule_version = i.schedule_version
JOIN loans_borrower b ON b.id = l.borrower_id
JOIN privacy_datasubject s ON s.id = b.subject_id
WHERE l.state IN ('active', 'written_off') AND (s.id = {root} OR s.same_as_id = {root})
"""
_CAP = """
SELECT p.value FROM core_policyvalue p
WHERE p.code = '{code}' AND p.effective_from <= {day} AND (p.effective_to IS NULL OR p.effective_to >= {day})
ORDER BY p.effective_from DESC LIMIT 1
"""
_ROOT = """
SELECT COALESCE(s.same_as_id, s.id) FROM loans_borrower b
JOIN privacy_datasubject s ON s.id = b.subject_id WHERE b.id = {borrower}
"""


def install(connection: Any) -> None:
    """Put the trigger in place where its table is there and it is not."""
    needed = {"loans_loan", "loans_instalment", "core_policyvalue", "privacy_datasubject"}
    if not needed <= set(connection.introspection.table_names()):
        return
    with connection.cursor() as cursor:
        for statement in _postgresql() if connection.vendor == "postgresql" else _sqlite():
            cursor.execute(statement)


def drop(connection: Any) -> None:
    """Take it away for the length of a migration."""
    table = "loans_loan" if connection.vendor == "postgresql" else "loans_instalment"
    if table not in connection.introspection.table_names():
        return
    on = f" ON {table}" if connection.vendor == "postgresql" else ""
    with connection.cursor() as cursor:
        cursor.execute(f"DROP TRIGGER IF EXISTS {NAME}{on}")


def _postgresql() -> list[str]:
    cap = _CAP.format(code=PERSON_CAP, day="NEW.disbursed_on")
    body = f"""
        CREATE OR REPLACE FUNCTION {NAME}() RETURNS trigger LANGUAGE plpgsql
        -- A session keeps the plan it made at first. Made on an empty book, it would read the whole of a book that an
        -- import is filling once for each loan: so step by step, without joins, and along the indexes by key only
        -- (hence the state as an expression that none of them knows).
        SET enable_seqscan = off AS $$
        DECLARE person bigint; cap numeric; owed numeric := 0; loan record;
        BEGIN
          cap := ({cap});
          IF cap IS NULL THEN RETURN NULL; END IF;
          person := ({_ROOT.format(borrower="NEW.borrower_id")});
          PERFORM 1 FROM privacy_datasubject WHERE id = person FOR NO KEY UPDATE;
          -- A statement of its own, so that it sees what was committed while waiting for the row.
          FOR loan IN
            SELECT l.id, l.schedule_version FROM loans_loan l
            WHERE l.borrower_id = ANY (ARRAY(
              SELECT b.id FROM loans_borrower b WHERE b.subject_id = ANY (ARRAY(
                SELECT person UNION ALL SELECT s.id FROM privacy_datasubject s WHERE s.same_as_id = person
              ))
            )) AND l.state || '' IN ('active', 'written_off')
          LOOP
            owed := owed + COALESCE((
              SELECT SUM(i.principal_due - i.principal_paid) FROM loans_instalment i
              WHERE i.loan_id = loan.id AND i.schedule_version = loan.schedule_version
            ), 0);
          END LOOP;
          IF owed > cap THEN
            RAISE EXCEPTION '{_MESSAGE}' USING ERRCODE = 'check_violation', CONSTRAINT = '{NAME}';
          END IF;
          RETURN NULL;
        END $$
    """  # noqa: S608 -- our own names, no values
    return [
        body,
        f"DROP TRIGGER IF EXISTS {NAME} ON loans_loan",
        f"CREATE CONSTRAINT TRIGGER {NAME} AFTER INSERT ON loans_loan DEFERRABLE INITIALLY DEFERRED "
        f"FOR EACH ROW WHEN (NEW.state = 'active' AND NOT NEW.over_person_cap) EXECUTE FUNCTION {NAME}()",
    ]


def _sqlite() -> list[str]:
    loan = "(SELECT {column} FROM loans_loan WHERE id = NEW.loan_id)"
    root = f"({_ROOT.format(borrower=loan.format(column='borrower_id'))})"
    cap = _CAP.format(code=PERSON_CAP, day=loan.format(column="disbursed_on"))
    # Decimals are binary fractions there: a cent is compared, not the last bit.
    above = f"ROUND(({_OWED.format(root=root)}), 2) > ROUND(({cap}), 2)"
    new = "(SELECT 1 FROM loans_loan WHERE id = NEW.loan_id AND state = 'active' AND NOT over_person_cap)"
    return [
        f"CREATE TRIGGER IF NOT EXISTS {NAME} AFTER INSERT ON loans_instalment "
        f"WHEN NEW.schedule_version = 1 AND EXISTS {new} "
        f"BEGIN SELECT RAISE(ABORT, '{_MESSAGE}') WHERE {above}; END"
    ]


def drop_before_migrate(*, using: str = DEFAULT_DB_ALIAS, app_config: Any = None, **kwargs: Any) -> None:
    """Signal handler: once per ``migrate``."""
    if app_config is not None and app_config.label == "loans":
        drop(connections[using])


def install_after_migrate(*, using: str = DEFAULT_DB_ALIAS, app_config: Any = None, **kwargs: Any) -> None:
    """Signal handler: once per ``migrate``, when every table is there."""
    if app_config is not None and app_config.label == "loans":
        install(connections[using])
