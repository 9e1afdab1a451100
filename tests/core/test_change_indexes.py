"""The migration's operation that changes indexes: what it leaves in the database, there and back."""

from __future__ import annotations

import pytest
from django.db import connection, models
from django.db.migrations.operations import CreateModel
from django.db.migrations.state import ProjectState

from backoffice.core.indexes import ChangeIndexes

pytestmark = pytest.mark.django_db(transaction=True)

TABLE = "core_scratch"


def indexed() -> set[tuple[str, ...]]:
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, TABLE).values()
    return {tuple(one["columns"]) for one in found if one["index"] and not one["primary_key"]}


def test_there_and_back() -> None:
    create = CreateModel(
        "Scratch",
        [
            ("id", models.BigAutoField(primary_key=True)),
            ("name", models.CharField(max_length=9, db_index=True)),
            ("number", models.IntegerField(db_index=True)),
            ("kept", models.IntegerField(db_index=True)),
        ],
    )
    change = ChangeIndexes(
        drop={"scratch": ("name", "number")},
        add={"scratch": [models.Index(fields=["number", "kept"], name="scratch_number")]},
    )
    states = [ProjectState()]
    for operation in (create, change):
        states.append(states[-1].clone())
        operation.state_forwards("core", states[-1])
    empty, before, after = states
    with connection.schema_editor() as editor:
        create.database_forwards("core", editor, empty, before)
    try:
        assert indexed() == {("name",), ("number",), ("kept",)}
        with connection.schema_editor() as editor:
            change.database_forwards("core", editor, before, after)
        assert indexed() == {("number", "kept"), ("kept",)}
        with connection.schema_editor() as editor:
            change.database_backwards("core", editor, after, before)
        assert indexed() == {("name",), ("number",), ("kept",)}
    finally:
        with connection.schema_editor() as editor:
            create.database_backwards("core", editor, before, empty)
