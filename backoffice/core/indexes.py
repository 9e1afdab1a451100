"""A migration's operation that changes the indexes of many tables at once, and nothing else about them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.db import models
from django.db.migrations.operations.base import Operation, OperationCategory
from django.db.migrations.state import ProjectState

#: A model's name → its fields whose own index is meant.
Columns = Mapping[str, Sequence[str]]


class ChangeIndexes(Operation):
    """Take the indexes of single columns away (``db_index``) and add others.

    ``AlterField`` would make every foreign key of a table anew and check all its rows, make the whole table anew on
    SQLite, and have Django render the models of the house once per field: half a minute for what takes a second.
    """

    category = OperationCategory.ALTERATION
    reduces_to_sql = True
    reversible = True

    def __init__(self, drop: Columns, add: Mapping[str, Sequence[models.Index]]) -> None:
        self.drop = drop
        self.add = add

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        return self.__class__.__qualname__, [], {"drop": self.drop, "add": self.add}

    def describe(self) -> str:
        return "Change indexes"

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        for name, fields in self.drop.items():
            model = state.models[app_label, name]
            for field in fields:
                model.fields[field] = model.fields[field].clone()
                model.fields[field].db_index = False
        for name, indexes in self.add.items():
            model = state.models[app_label, name]
            model.options["indexes"] = [*model.options.get("indexes", ()), *(one.clone() for one in indexes)]
        state.reload_models([(app_label, name) for name in {*self.drop, *self.add}], delay=True)

    def database_forwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model, columns in self._columns(app_label, schema_editor, from_state):
            kept = {index.name for index in model._meta.indexes}
            for column in columns:
                for index in schema_editor._constraint_names(
                    model, [column], index=True, unique=False, type_=models.Index.suffix, exclude=kept
                ):
                    schema_editor.execute(schema_editor._delete_index_sql(model, index))
        for model, indexes in self._added(app_label, schema_editor, to_state):
            for index in indexes:
                schema_editor.add_index(model, index)

    def database_backwards(
        self, app_label: str, schema_editor: Any, from_state: ProjectState, to_state: ProjectState
    ) -> None:
        for model, indexes in self._added(app_label, schema_editor, from_state):
            for index in indexes:
                schema_editor.remove_index(model, index)
        for model, columns in self._columns(app_label, schema_editor, to_state):
            for field in model._meta.local_fields:
                if field.column in columns:
                    for statement in schema_editor._field_indexes_sql(model, field):
                        schema_editor.execute(statement)

    def _columns(
        self, app_label: str, schema_editor: Any, state: ProjectState
    ) -> Iterable[tuple[type[models.Model], set[str]]]:
        for name, fields in self.drop.items():
            model = state.apps.get_model(app_label, name)
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                yield model, {str(model._meta.get_field(field).column) for field in fields}

    def _added(
        self, app_label: str, schema_editor: Any, state: ProjectState
    ) -> Iterable[tuple[type[models.Model], Sequence[models.Index]]]:
        for name, indexes in self.add.items():
            model = state.apps.get_model(app_label, name)
            if self.allow_migrate_model(schema_editor.connection.alias, model):
                yield model, indexes
