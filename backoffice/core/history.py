"""History of every tracked model: who changed what, why, through which door.

On simple-history, with three changes: the actor may not be empty and may not be nulled when a user goes;
actor's name, reason, request id and entry point are copied into the row; masks and blind indexes of personal
fields stay out (history holds ciphertext only, so that erasing a key erases history too). Every history row is
copied from the live row by the database, and a save that changed nothing writes none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any, TypeVar

from django.conf import settings
from django.db import connections, models, router, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords as LibraryHistoricalRecords

from backoffice.core import context
from backoffice.core.bulk import Row, Then, insert_rows, update_rows
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
    history_request_id = models.CharField(_("request"), max_length=64)
    history_reason_cipher = models.BinaryField(_("reason in words"), null=True)

    class Meta:
        abstract = True


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
        for field in fields.values():
            # One index per foreign key and unique column would triple the cost of a history row; that of the key
            # begins one of those below.
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
            # Across tables changes are put in order by their moment: one person's, and everybody's. With the object
            # behind it, because a bulk write gives all its rows the same moment.
            models.Index(fields=("history_user", "history_date")),
            models.Index(fields=("history_date", model._meta.pk.attname)),
            # Not on the column: PostgreSQL would get a second index, for LIKE.
            models.Index(fields=("history_request_id",)),
        )
        options["ordering"] = ("-history_id",)
        options["get_latest_by"] = ("history_id",)
        return options

    def post_save(self, instance: Any, created: bool, using: str | None = None, **kwargs: Any) -> None:
        # Neither the library's switch nor ``skip_history_when_saving`` is asked: nothing is saved past the record.
        if kwargs.get("raw", False):
            return
        # Signing in saves last_login (and may rehash the password): nothing that history keeps has changed.
        touched = kwargs.get("update_fields")
        if touched and set(touched) <= set(self.excluded_fields):
            return
        self.create_historical_record(instance, "+" if created else "~", using)

    def pre_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        # While the row is still there to be copied; the collector's transaction holds both.
        self.create_historical_record(instance, "-", using)

    def post_delete(self, instance: Any, using: str | None = None, **kwargs: Any) -> None:
        """Nothing: the row was written before it went."""

    def create_historical_record(self, instance: Any, history_type: str, using: str | None = None) -> None:
        copy_into_history(type(instance), [instance.pk], history_type, using=using)


Tracked = TypeVar("Tracked", bound=models.Model)


def record_history(objs: Sequence[models.Model], history_type: str, *, batch_size: int = 900) -> None:
    """Write history rows of saved objects of one model (``+``, ``~``; ``-`` before they go), set-based."""
    if objs:
        copy_into_history(type(objs[0]), [obj.pk for obj in objs], history_type, batch_size=batch_size)


def copy_into_history(
    model: type[models.Model],
    pks: Sequence[Any],
    history_type: str,
    *,
    using: str | None = None,
    batch_size: int = 900,
    compare: bool = True,
) -> int:
    """Copy rows as they now stand into history, under the actor and reason of the present context.

    The database copies (INSERT … SELECT): quicker than building a model instance, and what history says is what
    the table says, whatever the instance in memory believes. A change (``~``) is written only where the row
    differs from its latest history row in a tracked column, unless ``compare`` is off. Answers the number of rows
    written. Raises ``NoActor`` when nobody answers for them.
    """
    history: Any = model.history.model  # type: ignore[attr-defined]
    connection = connections[using or router.db_for_write(history)]
    source = _CHANGED if compare and history_type == "~" else _KEYS
    statement = _statement(model, connection.alias, source)
    params = _context_values(history, history_type, connection)
    key: Any = model._meta.pk
    if connection.vendor == "postgresql":
        batch_size = max(len(pks), 1)
    written = 0
    with transaction.mark_for_rollback_on_error(connection.alias), connection.cursor() as cursor:
        for start in range(0, len(pks), batch_size):
            keys = [key.get_db_prep_value(pk, connection) for pk in pks[start : start + batch_size]]
            if connection.vendor == "postgresql":
                cursor.execute(statement, [*params, keys])
            else:
                cursor.execute(statement.replace(PLACES, ", ".join(["%s"] * len(keys))), [*params, *keys])
            written += cursor.rowcount
    return written


def _context_values(history: Any, history_type: str, connection: Any) -> list[Any]:
    """The values of ``CONTEXT_COLUMNS``. Raises ``NoActor`` when nobody answers for them."""
    acting = context.require()
    fixed = {
        "history_date": timezone.now(),
        "history_type": history_type,
        "history_user": acting.actor.pk,  # type: ignore[union-attr]
        "history_change_reason": acting.reason_code,
        "history_actor_name": acting.actor_name,
        "history_entry_point": acting.entry_point,
        "history_request_id": acting.request_id,
        "history_reason_cipher": acting.reason_cipher,
        "epoch": current_epoch(),
    }
    return [field.get_db_prep_save(fixed[field.name], connection) for field in _context_fields(history)]


#: Where the keys go in a statement that is built once per table.
PLACES = "/*keys*/"
#: What is copied: the rows with these keys, those of them that changed, or what an UPDATE just wrote (PostgreSQL).
_KEYS, _CHANGED, _UPDATED = "keys", "changed", "updated"

CONTEXT_COLUMNS = (
    "history_date",
    "history_type",
    "history_user",
    "history_change_reason",
    "history_actor_name",
    "history_entry_point",
    "history_request_id",
    "history_reason_cipher",
    "epoch",
)


def _context_fields(history: Any) -> list[models.Field[Any, Any]]:
    return [history._meta.get_field(name) for name in CONTEXT_COLUMNS]


@cache
def _statement(model: type[models.Model], alias: str, source: str) -> str:
    connection = connections[alias]
    history: Any = model.history.model  # type: ignore[attr-defined]
    quote = connection.ops.quote_name
    names = tracked_columns(model, quote)
    live, table = quote(model._meta.db_table), quote(history._meta.db_table)
    key = quote(str(model._meta.pk.column))
    given = _context_fields(history)
    # In a SELECT list PostgreSQL takes a bare value for text.
    marks = [
        "%s" if connection.vendor == "sqlite" else f"CAST(%s AS {field.cast_db_type(connection)})"
        for field in given
    ]
    # Names of our own tables and columns, no values.
    statement = (
        f"INSERT INTO {table} ({', '.join([*(quote(str(field.column)) for field in given), *names])}) "  # noqa: S608
        f"SELECT {', '.join([*marks, *(f'live.{name}' for name in names)])} FROM "
    )
    if source == _UPDATED:
        return f"{statement} live ORDER BY live.{key}"
    # A list of keys is one value there, and one statement of any length.
    listed = "= ANY(%s)" if connection.vendor == "postgresql" else f"IN ({PLACES})"
    statement += f"{live} AS live WHERE live.{key} {listed}"
    if source == _CHANGED:
        # The subselect stands in FROM so that it stays one backward step in the index (key, history_id) per row.
        statement += (
            f" AND NOT EXISTS (SELECT 1 FROM (SELECT * FROM {table} AS past WHERE past.{key} = live.{key} "  # noqa: S608
            f"ORDER BY past.history_id DESC LIMIT 1) AS latest "
            f"WHERE latest.history_type <> '-' AND {same_columns(names, connection.vendor)})"
        )
    return f"{statement} ORDER BY live.{key}"


def tracked_columns(model: type[models.Model], quote: Callable[[str], str]) -> list[str]:
    """The quoted columns that history keeps of ``model``; they have the same names in both tables."""
    return [quote(str(field.column)) for field in model.history.model.tracked_fields]  # type: ignore[attr-defined]


def same_columns(names: Iterable[str], vendor: str) -> str:
    """SQL that holds when ``live`` and ``latest`` agree in every column, NULL being equal to NULL."""
    same = "IS" if vendor == "sqlite" else "IS NOT DISTINCT FROM"
    return " AND ".join(f"live.{name} {same} latest.{name}" for name in names)


def bulk_create_with_history(model: type[Tracked], objs: Sequence[Tracked]) -> list[Tracked]:
    """Insert tracked rows and their history in the caller's transaction."""
    created = insert_rows(model, objs)
    record_history(created, "+")
    return created


def bulk_update_with_history(
    model: type[Tracked],
    objs: Sequence[Row],
    fields: Iterable[str],
    *,
    changed: bool = False,
    alike: str | None = None,
) -> None:
    """Update tracked rows and write the history of those that changed, in the caller's transaction.

    ``objs`` are instances, or anything else with ``pk`` and the attributes named. ``changed``: the caller knows that
    every one of them did; then nobody looks. ``alike`` names a table (id, like_id) of the transaction's own: what an
    object says is then written to every row whose ``like_id`` is its key.
    """
    if not objs:
        return
    history: Any = model.history.model  # type: ignore[attr-defined]
    connection = connections[router.db_for_write(history)]
    if changed and connection.vendor == "postgresql":
        # One statement writes both: nobody looks for the rows again.
        copied = _statement(model, connection.alias, _UPDATED)
        after = Then(copied, _context_values(history, "~", connection))
        update_rows(model, objs, fields, alike=alike, then=after)
        return
    update_rows(model, objs, fields, alike=alike)
    keys = [obj.pk for obj in objs]
    if alike:
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT id FROM {alike} ORDER BY id")  # noqa: S608
            keys = [pk for (pk,) in cursor.fetchall()]
    copy_into_history(model, keys, "~", compare=not changed)
