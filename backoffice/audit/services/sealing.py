"""Sealing: the rows that are finished go into signed trees, chained to the seal before.

*Which rows (PostgreSQL).* A run takes the rows whose transaction number lies in its window [from, to): ``from`` is
where the run before ended, ``to`` the oldest transaction of this database still running when this one begins. Below
``to`` everything is committed or gone, so that nothing can slip in afterwards. A late commit has a number at or above
``to`` and is taken by a later run. Rows of earlier epochs are all finished; the first run after a restore takes what
was left.
*SQLite* has one writer: whatever lies above the last sealed row of a table is new and finished.

*In which order.* Table by table in the order of their names, each by primary key; every tree is filled across tables
and is one transaction. What a broken-off run has sealed stays sealed; the next run goes on behind the last row.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime

from django.core.exceptions import ImproperlyConfigured
from django.db import connection, models, transaction
from django.db.models import F, Max, Min, Q

from backoffice.audit import canonical, merkle, proofs, signing, statements
from backoffice.audit.models import RecordEvent, Redaction, Seal, SealPart
from backoffice.audit.services.acting import act
from backoffice.audit.services.horizon import Horizon, horizon
from backoffice.core.errors import NotPermitted
from backoffice.core.log import current_epoch
from backoffice.staff.models import User

#: Rows in one tree: about three seconds of work, and two megabytes of hashes.
LEAVES = 65_536
#: Rows fetched at a time through the server-side cursor.
CHUNK = 2_000
#: Any number no other code locks by; one sealer at a time.
_TURN = 5_320_771_904_117


@dataclass(slots=True)
class Sealing:
    """What a run has sealed. ``complete``: nothing finished is left."""

    seals: int = 0
    rows: int = 0
    last: Seal | None = None
    complete: bool = False


@dataclass(slots=True)
class Window:
    """The rows one run takes. ``before`` is the last seal of the window before."""

    epoch: int
    start: int | None
    horizon: Horizon
    before: Seal | None
    # A window's rows do not change any more, so their lowest and highest keys are asked for once.
    bounds: dict[str, tuple[int, int] | None] = field(default_factory=dict)
    sealed: dict[str, int] = field(default_factory=dict)

    def rows(self, model: type[models.Model]) -> Q:
        """The condition for rows of ``model``."""
        table = model._meta.db_table
        if self.horizon.end is None:
            return Q(pk__gt=self.last_sealed(table))
        mine = Q(epoch=self.epoch, xact_id__gte=self.start, xact_id__lt=self.horizon.end)
        if self.before is None:
            return mine | Q(epoch__lt=self.epoch)
        if self.before.epoch == self.epoch:
            return mine
        if self.before.window_to is None:
            # Brought over from SQLite: what was sealed there is told by its keys.
            return mine | Q(epoch__lt=self.epoch, pk__gt=self.last_sealed(table))
        between = Q(epoch__gt=self.before.epoch, epoch__lt=self.epoch)
        return mine | between | Q(epoch=self.before.epoch, xact_id__gte=self.before.window_to)

    def last_sealed(self, table: str) -> int:
        """The key behind which the window begins, where there are no transaction numbers."""
        if table not in self.sealed:
            self.sealed[table] = proofs.last_sealed(table)
        return self.sealed[table]

    def bounds_of(self, model: type[models.Model]) -> tuple[int, int] | None:
        """The lowest and highest key of the window's rows; None when there are none.

        ``+ 0`` keeps the planner from walking the whole primary key in search of a small window's first row: the
        BRIN index on ``xact_id`` finds the few blocks instead.
        """
        table = model._meta.db_table
        if table not in self.bounds:
            found = model._base_manager.filter(self.rows(model)).aggregate(
                low=Min(F("pk") + 0), high=Max(F("pk") + 0)
            )
            self.bounds[table] = (found["low"], found["high"]) if found["low"] is not None else None
        return self.bounds[table]


def seal_record(
    *,
    by: User,
    at: datetime,
    limit: int | None = None,
    progress: Callable[[Seal], None] | None = None,
) -> Sealing:
    """Seal every finished row that is not sealed yet; with ``limit`` at most that many trees.

    Safe to repeat, to break off, and to run twice at once. ``progress`` is called with each seal when it is stored. A
    person needs ``audit.seal_record``. Raises ``ImproperlyConfigured`` without a signing key, or with an epoch below
    that of the last seal.
    """
    if by.kind != User.Kind.SYSTEM and not by.has_perm("audit.seal_record"):
        raise NotPermitted()
    signing.signers()
    here = horizon()
    done = Sealing()
    window: Window | None = None
    while limit is None or done.seals < limit:
        with transaction.atomic():
            _take_turn()
            window, after = _where_to_go_on(window, here)
            seal = _seal_tree(window, after, at=at) if window is not None else None
        if seal is None:
            done.complete = True
            break
        done.seals, done.rows, done.last = done.seals + 1, done.rows + seal.leaves, seal
        if progress is not None:
            progress(seal)
        if seal.closes_window and seal.window_to == here.end:
            done.complete = True
            break
    if done.last is not None and by.kind != User.Kind.SYSTEM:
        # The system's own runs are told by the seals themselves; who presses the button is on record.
        with act(by=by, at=at, code="record.sealed") as frame:
            data = {"seals": done.seals, "rows": done.rows, "number": done.last.number}
            frame.record(RecordEvent, "record.sealed", dossier=None, data=data)
    return done


def _take_turn() -> None:
    # Held to the end of the transaction. SQLite's writers queue by themselves.
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [_TURN])


def _where_to_go_on(window: Window | None, here: Horizon) -> tuple[Window | None, SealPart | None]:
    """The window to work on and the part behind which to go on; no window when all is sealed up to ``here``."""
    last = Seal.objects.order_by("-number").first()
    epoch = current_epoch()
    if last is not None and last.epoch > epoch:
        raise ImproperlyConfigured(
            f"AUDIT_EPOCH is {epoch}, but seal {last.number} is of epoch {last.epoch}."
        )
    if here.end is None:
        return Window(epoch, None, here, last), None
    if last is not None and last.window_to is not None and not last.closes_window:
        after = (
            SealPart.objects.filter(seal=last).order_by("-position").defer("row_ids", "leaf_hashes").first()
        )
        # Somebody else's window counts as well as one's own: it is finished before another is opened.
        if window is not None and (window.epoch, window.start, window.horizon.end) == _window_key(last):
            return window, after
        same = {"epoch": last.epoch, "window_from": last.window_from, "window_to": last.window_to}
        before = Seal.objects.exclude(**same).order_by("-number").first()
        resumed = Window(last.epoch, last.window_from, Horizon(last.window_to, last.window_next), before)
        if _has_rows(resumed, after):
            return resumed, after
    same_epoch = last is not None and last.epoch == epoch and last.window_to is not None
    start = last.window_to if last is not None and same_epoch else 0
    if start is not None and start >= here.end:
        return None, None
    return Window(epoch, start, here, last), None


def _window_key(seal: Seal) -> tuple[int, int | None, int | None]:
    return seal.epoch, seal.window_from, seal.window_to


def _has_rows(window: Window, after: SealPart | None) -> bool:
    return any(
        next(_rows(window, model, after=after, limit=1), None) is not None for model in _models_from(after)
    )


def _models_from(after: SealPart | None) -> Iterator[type[models.Model]]:
    for table, model in canonical.sealed_models().items():
        if after is None or table >= after.table:
            yield model


def _rows(
    window: Window, model: type[models.Model], *, after: SealPart | None, limit: int
) -> Iterator[canonical.Row]:
    """The window's rows of one table by key, at most ``limit``, behind ``after`` if that is in this table."""
    rows = model._base_manager.filter(window.rows(model))
    if window.horizon.end is not None:
        bounds = window.bounds_of(model)
        if bounds is None:
            return
        rows = rows.filter(pk__gte=bounds[0], pk__lte=bounds[1])
    if after is not None and after.table == model._meta.db_table:
        rows = rows.filter(pk__gt=after.last_id)
    yield from rows.order_by("pk").values_list(*canonical.attnames(model))[:limit].iterator(chunk_size=CHUNK)


def _seal_tree(window: Window, after: SealPart | None, *, at: datetime) -> Seal | None:
    """Fill, sign and store one tree; None when the window has no rows left."""
    parts: list[SealPart] = []
    leaves: list[bytes] = []
    more = False
    for model in _models_from(after):
        ids, hashes = _leaves(window, model, after=after, room=LEAVES - len(leaves))
        more = len(ids) > LEAVES - len(leaves)
        if more:
            ids.pop()
            hashes.pop()
        if ids:
            parts.append(_part(model, ids, hashes, position=len(leaves)))
            leaves += hashes
        if more:
            break
    if not leaves:
        return None
    return _store(window, parts, leaves, closes=not more, at=at)


def _leaves(
    window: Window, model: type[models.Model], *, after: SealPart | None, room: int
) -> tuple[list[int], list[bytes]]:
    """Keys and leaf hashes of the next rows: one more than there is room for tells that the tree does not end here."""
    form = canonical.LeafForm(model)
    ids: list[int] = []
    hashes: list[bytes] = []
    place = form.id_place
    redacted: dict[int, dict[str, str]] = {}
    for row in _rows(window, model, after=after, limit=room + 1):
        if not ids:
            redacted = _redacted(window, model)
        ids.append(row[place])
        # A row redacted before its turn gets the leaf it would have had.
        hashes.append(form.hash(row, redacted.get(row[place])) if redacted else form.hash(row))
    return ids, hashes


def _redacted(window: Window, model: type[models.Model]) -> dict[int, dict[str, str]]:
    table = model._meta.db_table
    rows = Redaction.objects.filter(table=table)
    if window.horizon.end is None:
        rows = rows.filter(row_id__gt=window.last_sealed(table))
    elif (bounds := window.bounds_of(model)) is not None:
        rows = rows.filter(row_id__gte=bounds[0], row_id__lte=bounds[1])
    else:
        return {}
    return proofs.by_row(rows)


def _part(model: type[models.Model], ids: list[int], hashes: list[bytes], *, position: int) -> SealPart:
    return SealPart(
        position=position,
        table=model._meta.db_table,
        columns=canonical.columns(model),
        count=len(ids),
        first_id=ids[0],
        last_id=ids[-1],
        row_ids=proofs.pack_ids(ids),
        leaf_hashes=b"".join(hashes),
    )


def _store(window: Window, parts: list[SealPart], leaves: list[bytes], *, closes: bool, at: datetime) -> Seal:
    last = Seal.objects.order_by("-number").first()
    # Never back in time, so that whoever pages through the seals by moment misses none.
    made_at = max(at, last.made_at) if last is not None else at
    signer, key = signing.in_force(at=made_at)
    seal = Seal(
        number=last.number + 1 if last is not None else 1,
        made_at=made_at,
        key=key,
        epoch=window.epoch,
        leaves=len(leaves),
        root=merkle.root(leaves).hex(),
        previous=last.statement_hash if last is not None else statements.BEGINNING,
        window_from=window.start,
        window_to=window.horizon.end,
        window_next=window.horizon.next,
        closes_window=closes,
    )
    seal.statement = statements.statement_of(seal, parts, public_key=signer.public_key)
    seal.statement_hash = statements.hash_of(seal.statement)
    seal.signature = signer.sign(seal.statement)
    seal.save(force_insert=True)
    for part in parts:
        part.seal = seal
    SealPart.objects.bulk_create(parts)
    return seal
