"""History of every tracked model: who changed what, why, through which door.

On simple-history, with three changes: the actor may not be empty and may not be nulled when a user goes;
actor's name, reason, request id and entry point are copied into the row; masks and blind indexes of personal
fields stay out (history holds ciphertext only, so that erasing a key erases history too).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections, models, router
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords as LibraryHistoricalRecords

from backoffice.core import context
from backoffice.core.bulk import insert_rows
from backoffice.core.log import OrderedRow, current_epoch

LIBRARY_LABELS: dict[str, Any] = {
    "history_id": _("number of the record line"),
    "history_date": _("recorded at"),
    "history_change_reason": _("act"),
    "history_type": _("kind of change"),
}


class HistoryRow(OrderedRow):
    """What our history rows know beyond the library's columns."""

    append_only = True

    history_actor_name = models.CharField(_("actor's name"), max_length=150)
    history_entry_point = models.CharField(_("entry point"), max_length=10)
    history_request_id = models.CharField(_("request"), max_length=64, db_index=True)
    history_reason_cipher = models.BinaryField(_("reason in words"), null=True)

    class Meta:
        abstract = True


def _context_columns() -> dict[str, Any]:
    acting = context.require()
    return {
        "history_actor_name": acting.actor_name,
        "history_entry_point": acting.entry_point,
        "history_request_id": acting.request_id,
        "history_reason_cipher": acting.reason_cipher,
    }


class HistoricalRecords(LibraryHistoricalRecords):
    """The library's tracker with our columns; declared last in each tracked model."""

    excluded_fields: list[str]

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("bases", (HistoryRow,))
        super().__init__(**kwargs)

    def create_history_model(self, model: type[models.Model], inherited: bool) -> Any:
        hidden = [field.name for field in model._meta.fields if getattr(field, "history_excluded", False)]
        self.excluded_fields = [*dict.fromkeys([*self.excluded_fields, *hidden])]
        return super().create_history_model(model, inherited)

    def copy_fields(self, model: type[models.Model]) -> dict[str, Any]:
        fields = super().copy_fields(model)
        for name, field in fields.items():
            # One index per foreign key and unique column would triple the cost of a history row.
            if name != model._meta.pk.name:
                field.db_index = False
                field._unique = False
        return fields

    def _get_history_user_fields(self) -> dict[str, Any]:
        # The library hard-codes SET_NULL; a record whose author can vanish proves nothing.
        return {
            "history_user": models.ForeignKey(
                settings.AUTH_USER_MODEL,
                on_delete=models.DO_NOTHING,
                related_name="+",
                db_index=False,
                verbose_name=_("actor"),
            )
        }

    def get_extra_fields(self, model: type[models.Model], fields: dict[str, Any]) -> dict[str, Any]:
        extra: dict[str, Any] = super().get_extra_fields(model, fields)
        # The library leaves its columns without names for people.
        for name, label in LIBRARY_LABELS.items():
            extra[name].verbose_name = label
        return extra

    def _get_history_id_field(self) -> models.Field:
        return models.BigAutoField(primary_key=True)

    def get_meta_options(self, model: type[models.Model]) -> dict[str, Any]:
        options = super().get_meta_options(model)
        options["indexes"] = (
            models.Index(fields=(model._meta.pk.attname, "history_id")),
            # Across tables one person's changes are put in order by their moment.
            models.Index(fields=("history_user", "history_date")),
        )
        options["ordering"] = ("-history_id",)
        options["get_latest_by"] = ("history_id",)
        return options

    def post_save(self, instance: Any, created: bool, using: str | None = None, **kwargs: Any) -> None:
        # Signing in saves last_login (and may rehash the password): nothing that history keeps has changed.
        touched = kwargs.get("update_fields")
        if touched and set(touched) <= set(self.excluded_fields):
            return
        super().post_save(instance, created, using=using, **kwargs)

    def get_history_user(self, instance: models.Model) -> Any:
        return context.require().actor

    def get_change_reason_for_object(self, instance: models.Model, history_type: str, using: str) -> str:
        return context.require().reason_code

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        manager = getattr(instance, self.manager_name)
        columns = {
            field.attname: getattr(instance, field.attname) for field in self.fields_included(instance)
        }
        manager.model(
            history_date=timezone.now(),
            history_type=history_type,
            history_user=self.get_history_user(instance),
            history_change_reason=self.get_change_reason_for_object(instance, history_type, using or ""),
            **columns,
            **_context_columns(),
        ).save(using=using, force_insert=True)


Tracked = TypeVar("Tracked", bound=models.Model)


def record_history(objs: Sequence[models.Model], history_type: str, *, batch_size: int = 900) -> None:
    """Write one history row per object, set-based, under the actor and reason of the present context.

    The database copies the rows as they now stand (INSERT … SELECT): three times quicker than building model
    instances, and what history then says is what the table says.
    """
    if not objs:
        return
    model = type(objs[0])
    history: Any = model.history.model  # type: ignore[attr-defined]
    connection = connections[router.db_for_write(history)]
    fixed = {
        "history_date": timezone.now(),
        "history_type": history_type,
        "history_user": context.require().actor.pk,  # type: ignore[union-attr]
        "history_change_reason": context.require().reason_code,
        "epoch": current_epoch(),
        **_context_columns(),
    }
    quote = connection.ops.quote_name
    key = quote(str(model._meta.pk.column))
    pairs = [(history._meta.get_field(name), value) for name, value in fixed.items()]
    marks = [_mark(field, connection) for field, _value in pairs]
    params = [field.get_db_prep_save(value, connection) for field, value in pairs]
    columns = [quote(field.column) for field in history.tracked_fields]
    statement = (
        f"INSERT INTO {quote(history._meta.db_table)} "  # noqa: S608  (names of our own tables, no values)
        f"({', '.join([*(quote(field.column) for field, _value in pairs), *columns])}) "
        f"SELECT {', '.join([*marks, *columns])} FROM {quote(model._meta.db_table)} "
        f"WHERE {key} IN ("
    )
    with connection.cursor() as cursor:
        for start in range(0, len(objs), batch_size):
            keys = [obj.pk for obj in objs[start : start + batch_size]]
            places = ", ".join(["%s"] * len(keys))
            cursor.execute(f"{statement}{places}) ORDER BY {key}", [*params, *keys])


def _mark(field: models.Field[Any, Any], connection: Any) -> str:
    # In a SELECT list PostgreSQL takes a bare value for text.
    return "%s" if connection.vendor == "sqlite" else f"CAST(%s AS {field.cast_db_type(connection)})"


def bulk_create_with_history(model: type[Tracked], objs: Sequence[Tracked]) -> list[Tracked]:
    """Insert tracked rows and their history in the caller's transaction."""
    created = insert_rows(model, objs)
    record_history(created, "+")
    return created


def bulk_update_with_history(
    model: type[Tracked], objs: Sequence[Tracked], fields: Iterable[str], *, batch_size: int = 500
) -> None:
    """Update tracked rows and write their history in the caller's transaction. Pass only rows that changed."""
    model._default_manager.bulk_update(objs, list(fields), batch_size=batch_size)
    record_history(objs, "~")
