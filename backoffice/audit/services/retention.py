"""Letting go of what need not be kept any more: by kind, by the longest rule in force, previewed, run and stored.

Legal holds and whatever is still open are always left alone. Rows that can only be added to are removed once they
are sealed: their leaf hashes stay, and every seal still verifies.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from backoffice.audit.keeping import people, rules, seams
from backoffice.audit.keeping.people import Theirs, theirs
from backoffice.audit.keeping.scan import NAMES, Rows, search
from backoffice.audit.keeping.seams import RetentionKind, Unit
from backoffice.audit.models import Erasure, RecordEvent, RetentionRule, RetentionRun
from backoffice.audit.services import erasing
from backoffice.audit.services import erasure as erasures
from backoffice.audit.services.acting import act, event_columns, maintenance
from backoffice.audit.services.redaction import remove_rows, sealed_among
from backoffice.audit.services.sealing import seal_record
from backoffice.core.errors import InputRefused, NotPermitted, TransitionRefused
from backoffice.core.time import business_day
from backoffice.privacy.models import DataSubject
from backoffice.staff.models import User
from backoffice.staff.services import system_user

APPLY = "audit.apply_retention"
#: Rows of a log in one transaction; dossiers in one; people searched for at once.
LOG_BATCH, DOSSIER_BATCH, PEOPLE_BATCH = 5_000, 200, 100

Progress = Callable[[str, int, int], None]


@dataclass
class Outcome:
    """What one run found of one kind, and what it took."""

    kind: str
    unit: str
    rule: RetentionRule | None
    cut_off: date | None = None
    found: int = 0
    held: int = 0
    blocked: Counter[str] = field(default_factory=Counter)
    unsealed: int = 0
    taken: int = 0

    def as_json(self) -> dict[str, Any]:
        """As it is stored in ``RetentionRun.result``."""
        rule = self.rule
        return {
            "kind": self.kind,
            "unit": self.unit,
            "rule": rule
            and {"id": rule.pk, "months": rule.keep_months, "basis": rule.basis, "source": rule.source},
            "cut_off": self.cut_off.isoformat() if self.cut_off else None,
            "found": self.found,
            "held": self.held,
            "blocked": dict(self.blocked),
            "unsealed": self.unsealed,
            "taken": self.taken,
        }


def apply_retention(
    *,
    mode: str,
    kinds: Sequence[str] = (),
    by: User,
    at: datetime,
    progress: Progress | None = None,
) -> RetentionRun:
    """Preview or run retention over ``kinds`` (all, if none are named) as of ``at``, and store the outcome.

    ``mode`` is a ``RetentionRun.Mode``. A run is a person's decision; a preview may be a job's. Each batch is a
    transaction of its own: a run that is broken off has taken what it had come to, and the next goes on.
    Raises ``NotPermitted``, ``InputRefused``.
    """
    preview = mode == RetentionRun.Mode.PREVIEW
    if not by.has_perm(APPLY) and not (preview and by.kind == User.Kind.SYSTEM):
        raise NotPermitted()
    if mode not in RetentionRun.Mode.values:
        raise InputRefused(field="mode")
    known = dict(seams.kinds.items())
    if set(kinds) - set(known):
        raise InputRefused(_("There is no such kind of record."), field="kinds")
    chosen = [(code, kind) for code, kind in known.items() if not kinds or code in kinds]
    if not preview and any(kind.unit == Unit.LOG for _code, kind in chosen):
        _seal(at)
    outcomes = []
    for number, (code, kind) in enumerate(chosen, start=1):
        outcomes.append(_one_kind(code, kind, preview=preview, by=by, at=at))
        if progress is not None:
            progress(code, number, len(chosen))
    result = [one.as_json() for one in outcomes]
    with act(by=by, at=at, code="retention.previewed" if preview else "retention.applied") as frame:
        if not preview:
            erasing.files_left_behind()
            frame.record(
                RecordEvent,
                "retention.applied",
                dossier=None,
                data={one.kind: one.taken for one in outcomes if one.taken},
            )
        run: RetentionRun = RetentionRun.objects.create(
            mode=mode, finished_at=timezone.now(), result=result, **event_columns(at=at)
        )
    return run


def _seal(at: datetime) -> None:
    """What is finished is sealed first, or it would have to wait for the next run."""
    try:
        seal_record(by=system_user("seals"), at=at)
    except ImproperlyConfigured:
        # Without a signing key nothing new is sealed; rows without a seal are left alone below.
        return


def _one_kind(code: str, kind: RetentionKind, *, preview: bool, by: User, at: datetime) -> Outcome:
    today = business_day(at)
    rule = rules.longest(code, on=today)
    outcome = Outcome(code, kind.unit, rule)
    if rule is None:
        return outcome
    outcome.cut_off = rules.cut_off(today, rule.keep_months)
    due = kind.due(outcome.cut_off)
    step = {Unit.PEOPLE: _people, Unit.DOSSIERS: _dossiers, Unit.LOG: _log, Unit.ROWS: _rows}[kind.unit]
    step(due, outcome, preview=preview, by=by, at=at)
    return outcome


# --- rows --------------------------------------------------------------------------------------------------


def _rows(due: QuerySet[Any], outcome: Outcome, *, preview: bool, by: User, at: datetime) -> None:
    outcome.found = due.count()
    if preview:
        return
    for ids in _batches(due.values_list("pk", flat=True), LOG_BATCH):
        with act(by=by, at=at, code="retention.applied"):
            for start in range(0, len(ids), 900):
                outcome.taken += due.model._base_manager.filter(pk__in=ids[start : start + 900]).delete()[0]


def _log(due: QuerySet[Any], outcome: Outcome, *, preview: bool, by: User, at: datetime) -> None:
    subjects, dossiers = people.protected()
    columns = {field.attname for field in due.model._meta.concrete_fields}
    names = [name for name in ("subject_id", "dossier_id") if name in columns]
    for batch in _batches(due.values_list("pk", *names), LOG_BATCH):
        outcome.found += len(batch)
        free = set()
        for pk, *owners in batch:
            owner = dict(zip(names, owners, strict=True))
            if owner.get("subject_id") in subjects or owner.get("dossier_id") in dossiers:
                outcome.held += 1
            else:
                free.add(pk)
        sealed = sealed_among(due.model, free)
        outcome.unsealed += len(free) - len(sealed)
        if sealed and not preview:
            with maintenance(by=by, at=at, purpose=f"retention {outcome.kind}") as entry:
                outcome.taken += remove_rows(due.model, sealed, entry=entry)


# --- dossiers ----------------------------------------------------------------------------------------------


def _dossiers(due: QuerySet[Any], outcome: Outcome, *, preview: bool, by: User, at: datetime) -> None:
    _subjects, held = people.protected()
    for batch in _batches(due, DOSSIER_BATCH):
        outcome.found += len(batch)
        free = frozenset(set(batch) - held)
        outcome.held += len(batch) - len(free)
        if free and not preview:
            with transaction.atomic():
                _forget_dossiers(free, held, outcome, by=by, at=at)
            outcome.taken += len(free)


def _forget_dossiers(
    dossiers: frozenset[int], held: set[int], outcome: Outcome, *, by: User, at: datetime
) -> None:
    """Their texts and files, and the people known through nothing else, as far as only they can be meant."""
    whose = Theirs(frozenset(people.only_through(dossiers)), frozenset(), dossiers)
    for source in seams.people:
        source.lock(whose.subjects)
    needles = people.needles(whose.subjects)
    doomed = set(whose.keys.values_list("pk", flat=True))
    found = search(needles, doomed=doomed, skip=erasures.dropped_tables())
    hits = [
        hit
        for hit in found.without({NAMES})
        if hit.dossier_id not in held and (hit.encrypted or not hit.table.append_only)
    ]
    erasures.take_away(whose, needles, hits, purpose=f"retention {outcome.kind}", by=by, at=at)


# --- people ------------------------------------------------------------------------------------------------


def _people(due: QuerySet[Any], outcome: Outcome, *, preview: bool, by: User, at: datetime) -> None:
    held, _dossier_ids = people.protected()
    done = set(Erasure.objects.filter(state=Erasure.State.DONE).values_list("subject_id", flat=True))
    for batch in _batches(due, PEOPLE_BATCH):
        fresh = [pk for pk in batch if pk not in done]
        outcome.found += len(fresh)
        free = []
        for subject_id in fresh:
            if subject_id in held:
                outcome.held += 1
                continue
            hindrances = people.blockers(theirs(subject_id), at=at)
            outcome.blocked.update({one.code for one in hindrances})
            if not hindrances:
                free.append(subject_id)
        if free and not preview:
            _erase(free, outcome, by=by, at=at)


def _erase(subject_ids: Sequence[int], outcome: Outcome, *, by: User, at: datetime) -> None:
    where = _search_together(subject_ids)
    job = system_user("retention")
    for subject in DataSubject.objects.filter(pk__in=subject_ids).order_by("pk"):
        try:
            with act(by=by, at=at, code="person.erased"):
                request = Erasure.objects.create(
                    subject=subject,
                    basis=Erasure.Basis.RETENTION,
                    requested_at=at,
                    # The rule asked for it, the person who runs retention decides.
                    requested_by=job,
                    preview={"spared": [NAMES]},
                )
                erasures.erase(request, by=by, at=at, among=where)
            outcome.taken += 1
        except TransitionRefused:
            # Something came between the look and the lock, or a text elsewhere may not be touched.
            outcome.blocked["changed-meanwhile"] += 1


def _search_together(subject_ids: Sequence[int]) -> Rows:
    """One pass over all texts for many people; each is then looked for only where one of them was found."""
    together = None
    for subject_id in subject_ids:
        needles = people.needles(theirs(subject_id).subjects)
        together = needles if together is None else together | needles
    if together is None:
        return {}
    return search(together, doomed=set(), skip=erasures.dropped_tables()).rows()


def _batches(rows: QuerySet[Any], size: int) -> Iterator[list[Any]]:
    """The answers in lists of ``size``; keys are read first, since the rows go while we walk them."""
    keys = list(rows.iterator(chunk_size=10_000))
    for start in range(0, len(keys), size):
        yield keys[start : start + size]
