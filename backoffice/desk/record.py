"""The record of an object as a person may read it: who, when, why, through which door, before and after.

The library's own history page is not used: it saves the old row on POST, counts without bound, and shows what
the live page masks. Ciphertext appears here only as the fact that it changed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.apps import apps
from django.db import models
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import formats, timezone
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from backoffice.core.bounds import is_in_years
from backoffice.desk.codes import label_of_code
from backoffice.desk.registry import registries
from backoffice.privacy.services import Erased, read_reason, warm_keys

PAGE_SIZE = 25
EMPTY = "—"

DOORS: dict[str, Any] = {
    "admin": _("Admin"),
    "api": _("API"),
    "command": _("Command"),
    "task": _("Background task"),
}
REFERENCE_ACTS: dict[str, Any] = {"added": _("Added: %(what)s"), "changed": _("Changed: %(what)s")}
KINDS: dict[str, Any] = {"+": _("Created"), "~": _("Changed"), "-": _("Deleted")}


@dataclass(frozen=True, slots=True)
class Change:
    """One field's value before and after, as text. ``secret`` fields say only that they changed."""

    field: str
    before: str
    after: str
    secret: bool = False


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of history. ``model`` and ``object_pk`` say of what, ``actor_id`` who, for those who link to them."""

    model: type[models.Model]
    object_pk: Any
    history_id: int
    actor_id: int
    at: datetime
    what: str
    kind: Any
    actor: str
    act: str
    code: str
    reason: str
    reason_erased: bool
    door: Any
    request_id: str
    created: bool
    changes: list[Change]


@dataclass(frozen=True, slots=True)
class Page:
    entries: list[Entry]
    older: str  # the cursor of the next page, empty on the last one


def act_label(code: str) -> str:
    """What people call the act that history keeps as ``code``; a code nobody has named is shown as it is.

    Reference rows saved through their form have no service of their own: their codes are the model's label and
    ``added`` or ``changed`` (see ``desk.base.save_model``).
    """
    label = registries.act_labels.get(code)
    if label is not None:
        return str(label)
    model_label, _dot, done = code.rpartition(".")
    if done in REFERENCE_ACTS and model_label.count(".") == 1:
        try:
            model = apps.get_model(model_label)
        except LookupError:
            return code
        return str(REFERENCE_ACTS[done] % {"what": model._meta.verbose_name})
    return code


def history_of(obj: models.Model) -> QuerySet[Any]:
    """All history rows of ``obj``."""
    history: QuerySet[Any] = obj.history.all()  # type: ignore[attr-defined]
    return history


def read(sources: Sequence[QuerySet[Any]], *, before: str = "", size: int = PAGE_SIZE) -> Page:
    """The newest ``size`` entries of several histories in one order, older than the cursor ``before``.

    ``sources`` are querysets of history models (the object's own and those of its parts). Each costs a bounded
    number of queries whatever its length. Raises ``ValueError`` for a cursor it did not make.
    """
    moment, skip = _cursor(before)
    rows: list[Any] = []
    for source in sources:
        rows += _newest(source, moment, size + 1 + skip)
    rows.sort(key=_order, reverse=True)
    # Many rows may share one moment (a bulk write), so the cursor also says how many of it were shown.
    rows = rows[skip:]
    has_more = len(rows) > size
    rows = rows[:size]
    return Page(entries_of(rows), _next_cursor(rows, moment, skip) if has_more else "")


def entries_of(rows: Sequence[Any]) -> list[Entry]:
    """The entries of history rows that came through ``with_previous``, in their order."""
    previous = _previous(rows)
    labels = labels_of([*rows, *previous.values()])
    warm_keys(row.history_reason_cipher for row in rows)
    return [_entry(row, previous.get((type(row), row.previous_id)), labels) for row in rows]


def with_previous(source: QuerySet[Any]) -> QuerySet[Any]:
    """History rows, each knowing as ``previous_id`` which row of the same object came before it."""
    model = source.model
    pk = model.instance_type._meta.pk.attname
    older = (
        model.objects.filter(**{pk: OuterRef(pk)}, history_id__lt=OuterRef("history_id"))
        .order_by("-history_id")
        .values("history_id")[:1]
    )
    return source.annotate(previous_id=Subquery(older))


def changed_fields(rows: Sequence[Any]) -> dict[int, set[str]]:
    """Which fields each row of one history changed, by ``history_id``; rows came through ``with_previous``."""
    previous = _previous(rows)
    return {
        row.history_id: {
            field.name
            for field in row.tracked_fields
            if not _same(field, row, previous.get((type(row), row.previous_id)))
        }
        for row in rows
    }


def _cursor(text: str) -> tuple[datetime | None, int]:
    if not text:
        return None, 0
    moment, _separator, skip = text.partition("~")
    at = datetime.fromisoformat(moment)
    if not is_in_years(at):
        raise ValueError(text)
    return at, int(skip)


def _next_cursor(rows: list[Any], moment: datetime | None, skip: int) -> str:
    edge = rows[-1].history_date
    shown = sum(1 for row in rows if row.history_date == edge) + (skip if edge == moment else 0)
    return f"{edge.isoformat()}~{shown}"


def _order(row: Any) -> tuple[datetime, str, int]:
    return row.history_date, row._meta.label, row.history_id


def _newest(source: QuerySet[Any], moment: datetime | None, size: int) -> list[Any]:
    if moment is not None:
        source = source.filter(history_date__lte=moment)
    return list(with_previous(source).order_by("-history_date", "-history_id")[:size])


def _previous(rows: Iterable[Any]) -> dict[tuple[type[Any], int], Any]:
    """The row before each row, by model and id: one query per model for those not on the page."""
    found = {(type(row), row.history_id): row for row in rows}
    wanted: dict[type[Any], set[int]] = {}
    for row in rows:
        if row.previous_id is not None and (type(row), row.previous_id) not in found:
            wanted.setdefault(type(row), set()).add(row.previous_id)
    for model, ids in wanted.items():
        for row in model.objects.filter(history_id__in=ids):
            found[(model, row.history_id)] = row
    return found


def labels_of(rows: Iterable[Any]) -> dict[tuple[type[models.Model], Any], str]:
    """The words for every foreign key met, one query per model. ``__str__`` holds no personal data, by rule."""
    wanted: dict[type[models.Model], set[Any]] = {}
    for row in rows:
        for field in row.tracked_fields:
            if field.is_relation and getattr(row, field.attname) is not None:
                wanted.setdefault(field.related_model, set()).add(getattr(row, field.attname))
    return {
        (model, other.pk): str(other)
        for model, ids in wanted.items()
        for other in model._default_manager.filter(pk__in=ids)
    }


def _entry(row: Any, previous: Any, labels: dict[tuple[type[models.Model], Any], str]) -> Entry:
    reason, erased = "", False
    try:
        reason = read_reason(row.history_reason_cipher)
    except Erased:
        erased = True
    return Entry(
        model=row.instance_type,
        object_pk=getattr(row, row.instance_type._meta.pk.attname),
        history_id=row.history_id,
        actor_id=row.history_user_id,
        at=row.history_date,
        what=capfirst(str(row.instance_type._meta.verbose_name)),
        kind=KINDS[row.history_type],
        actor=row.history_actor_name,
        act=act_label(row.history_change_reason or ""),
        code=row.history_change_reason or "",
        reason=reason,
        reason_erased=erased,
        door=DOORS.get(row.history_entry_point, row.history_entry_point),
        request_id=row.history_request_id,
        created=previous is None,
        changes=_changes(row, previous, labels),
    )


def _changes(row: Any, previous: Any, labels: dict[tuple[type[models.Model], Any], str]) -> list[Change]:
    changes = []
    for field in row.tracked_fields:
        if field.primary_key or field.name == "uid":
            continue
        if _same(field, row, previous):
            continue
        name = capfirst(str(field.verbose_name))
        if is_secret(field):
            changes.append(Change(name, "", "", secret=True))
        else:
            before = value_text(field, previous, labels) if previous is not None else EMPTY
            changes.append(Change(name, before, value_text(field, row, labels)))
    return changes


def is_secret(field: models.Field[Any, Any]) -> bool:
    """Whether pages say of the column only that it changed."""
    return isinstance(field, models.BinaryField)


def _same(field: models.Field[Any, Any], row: Any, previous: Any) -> bool:
    """Whether the field is as it was in the row before; a new object's empty fields count as unchanged."""
    new = getattr(row, field.attname)
    if previous is None:
        return new in (None, "", [], {}) or (is_secret(field) and not bytes(new))
    old = getattr(previous, field.attname)
    # Unchanged text keeps its bytes, so bytes may be compared; drivers differ in how they hand them over.
    return bytes(old or b"") == bytes(new or b"") if is_secret(field) else bool(old == new)


def value_text(
    field: models.Field[Any, Any], row: Any, labels: dict[tuple[type[models.Model], Any], str]
) -> str:
    """What a history row says in ``field``, as text; ``labels`` come from ``labels_of``. Not for secret fields."""
    return _text(field, getattr(row, field.attname), labels)


def _text(
    field: models.Field[Any, Any], value: Any, labels: dict[tuple[type[models.Model], Any], str]
) -> str:
    if value is None or value == "":
        return EMPTY
    if field.is_relation:
        return labels.get((field.related_model, value), str(value))  # type: ignore[arg-type]
    if field.flatchoices:
        return str(dict(field.flatchoices).get(value, value))
    if (label := label_of_code(field, value)) is not None:
        return label
    if isinstance(value, bool):
        return str(_("Yes") if value else _("No"))
    if isinstance(value, datetime):
        return formats.date_format(timezone.localtime(value), "Y-m-d H:i:s")
    if isinstance(value, date):
        return value.isoformat()
    return str(formats.localize(value, use_l10n=False))
