"""Append-only tables, held by the database itself: UPDATE, DELETE and (PostgreSQL) TRUNCATE are refused.

The gate: on PostgreSQL a transaction-local setting, on SQLite a row in a guard table that the trigger's WHEN
reads. The guard table is not a model, so that flushing the models' tables does not touch it.
Django rebuilds SQLite tables and silently drops their triggers, hence: away in pre_migrate, back in
post_migrate. Raw SQL is this module's purpose.
"""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db import DEFAULT_DB_ALIAS, connections

_SETTING = "backoffice.maintenance"
_GUARD = "audit_guard"
_MESSAGE = "append-only: this table can only be added to"
# Which reads showed a dossier in a list. Here and not in the model, because SQLite has no such index.
_WHO_WAS_LISTED = (
    "CREATE INDEX IF NOT EXISTS audit_read_listed ON audit_readevent USING gin (listed jsonb_path_ops)"
)


def append_only_tables() -> list[str]:
    """Every history and log table, by name, sorted."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if getattr(model, "append_only", False) and model._meta.managed
    )


def sealed_tables() -> list[str]:
    """The append-only tables whose rows are sealed: all but the seals themselves."""
    return sorted(
        model._meta.db_table
        for model in apps.get_models(include_auto_created=True)
        if getattr(model, "append_only", False) and getattr(model, "sealed", True) and model._meta.managed
    )


def trigger_name(table: str, verb: str) -> str:
    """``ao_<verb>_<table>``: within PostgreSQL's 63 characters for any table name we use."""
    return f"ao_{verb}_{table}"[:63]


def installed(connection: Any) -> set[str]:
    """The tables that carry all the triggers their database needs."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND t.tgname LIKE 'ao\\_%' AND t.tgenabled IN ('O', 'A') "
                "GROUP BY 1 HAVING count(*) = 2"
            )
        else:
            cursor.execute(
                "SELECT tbl_name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ao\\_%' ESCAPE '\\' "
                "GROUP BY 1 HAVING count(*) = 2"
            )
        return {row[0] for row in cursor.fetchall()}


def install(connection: Any) -> None:
    """Put the triggers on every append-only table that exists and lacks them."""
    present = set(connection.introspection.table_names())
    done = installed(connection)
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                f"CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
                f"IF current_setting('{_SETTING}', true) = 'on' THEN "
                f"IF TG_OP = 'DELETE' THEN RETURN OLD; ELSIF TG_OP = 'UPDATE' THEN RETURN NEW; END IF; "
                f"RETURN NULL; END IF; "
                f"RAISE EXCEPTION '{_MESSAGE} (%)', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; "
                f"END $$"
            )
        else:
            cursor.execute(f"CREATE TABLE IF NOT EXISTS {_GUARD} (open INTEGER NOT NULL)")
        if connection.vendor == "postgresql" and "audit_readevent" in present:
            cursor.execute(_WHO_WAS_LISTED)
        for table in append_only_tables():
            if table in present and table not in done:
                for statement in _create_statements(connection, table):
                    cursor.execute(statement)
        if connection.vendor == "postgresql":
            cursor.execute("SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%USING brin (xact_id)%'")
            indexed = {row[0] for row in cursor.fetchall()}
            for table in sealed_tables():
                # Asking first, because IF NOT EXISTS locks the table all the same.
                if table in present and table not in indexed:
                    cursor.execute(_create_index(connection, table))


def _create_statements(connection: Any, table: str) -> list[str]:
    quoted = connection.ops.quote_name(table)
    if connection.vendor == "postgresql":
        row, bulk = trigger_name(table, "row"), trigger_name(table, "all")
        return [
            f'DROP TRIGGER IF EXISTS "{row}" ON {quoted}',
            f'DROP TRIGGER IF EXISTS "{bulk}" ON {quoted}',
            f'CREATE TRIGGER "{row}" BEFORE UPDATE OR DELETE ON {quoted} '
            f"FOR EACH ROW EXECUTE FUNCTION audit_refuse()",
            f'CREATE TRIGGER "{bulk}" BEFORE TRUNCATE ON {quoted} '
            f"FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse()",
        ]
    return [
        f'CREATE TRIGGER IF NOT EXISTS "{trigger_name(table, verb)}" BEFORE {verb.upper()} ON {quoted} '
        f"WHEN NOT EXISTS (SELECT 1 FROM {_GUARD}) BEGIN SELECT RAISE(ABORT, '{_MESSAGE} ({table})'); END"
        for verb in ("update", "delete")
    ]


def _create_index(connection: Any, table: str) -> str:
    """By transaction number, for the sealer. BRIN: rows lie in the table nearly in that order, so that an entry per
    128 blocks is enough, and it costs an insert nothing. SQLite has no transaction numbers and no BRIN."""
    name = connection.ops.quote_name(f"brin_{table}"[:63])
    return (
        f"CREATE INDEX {name} ON {connection.ops.quote_name(table)} "
        f"USING brin (xact_id) WITH (autosummarize = on)"
    )


def drop(connection: Any) -> None:
    """Take the triggers away for the length of a migration."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute(
                "SELECT t.tgname, c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid "
                "WHERE NOT t.tgisinternal AND t.tgname LIKE 'ao\\_%'"
            )
            for name, table in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}" ON {connection.ops.quote_name(table)}')
        else:
            cursor.execute(
                "SELECT name FROM sqlite_master WHERE type = 'trigger' AND name LIKE 'ao\\_%' ESCAPE '\\'"
            )
            for (name,) in cursor.fetchall():
                cursor.execute(f'DROP TRIGGER "{name}"')


def open_gate(connection: Any, *, session: bool = False) -> None:
    """Let changes through until ``close_gate`` (``session``: beyond the transaction, for the test flush)."""
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'on', %s)", [_SETTING, not session])
        else:
            cursor.execute(f"INSERT INTO {_GUARD} (open) VALUES (1)")


def close_gate(connection: Any) -> None:
    """Shut the gate. After a database error the rolled-back transaction has shut it already."""
    if connection.needs_rollback:
        return
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("SELECT set_config(%s, 'off', false)", [_SETTING])
        else:
            cursor.execute(f"DELETE FROM {_GUARD}")


def drop_before_migrate(*, using: str = DEFAULT_DB_ALIAS, app_config: Any = None, **kwargs: Any) -> None:
    """Signal handler: once per ``migrate``, when the first app announces itself."""
    if app_config is not None and app_config.label == "audit":
        drop(connections[using])


def install_after_migrate(*, using: str = DEFAULT_DB_ALIAS, app_config: Any = None, **kwargs: Any) -> None:
    """Signal handler: runs for the last of our apps, when every table is there."""
    if app_config is not None and app_config.label == "audit":
        install(connections[using])
