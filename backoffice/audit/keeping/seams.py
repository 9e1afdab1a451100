"""What the apps tell the record about people and about the time things are kept.

The record stands below the desks: it knows keys, columns and dossiers, not who is a borrower and what is still
open. Each app registers one ``PersonSource`` and its ``RetentionKind``s (``keeping.py`` of the app).
"""

from __future__ import annotations

from collections.abc import Callable, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from backoffice.core.registry import Registry

Ids = Set[int]


@dataclass(frozen=True, slots=True)
class Blocker:
    """Why a person cannot be erased now; ``possible_from`` is the first day without it."""

    code: str
    sentence: Any
    dossier_id: int | None = None
    possible_from: date | None = None


@dataclass(frozen=True, slots=True)
class LastUse:
    """On which day something of a person was last used, and of which kind (``RetentionKind``) it is."""

    kind: str
    on: date


def _no_ids(*given: Any, **named: Any) -> set[int]:
    return set()


def _nothing(*given: Any, **named: Any) -> list[Any]:
    return []


def _do_nothing(subjects: Ids) -> None:
    return None


@dataclass(frozen=True, slots=True)
class PersonSource:
    """What one app knows about people. People are ids of data subjects, files are ids of dossiers.

    ``dossiers(subjects)``: those whose principal these people are: with them their free text goes.
    ``subjects(dossiers)``: whose dossiers these are, the other way round.
    ``homes(subjects)``: dossiers in which they are named without being the principal (a contact person's borrower).
    ``dependents(subjects, dossiers)``: others who are known only through these people (their contact persons).
    ``standing(candidates, subjects, dossiers)``: those of the candidates whom the app knows in their own right, when
    the named people and dossiers are gone.
    ``blockers(subjects, dossiers, at)``: what is still open.
    ``last_used(subjects, dossiers)``: since when nothing has been, by kind.
    ``lock(subjects)``: takes the app's root rows, in the order of the house.
    ``drop(subjects, dossiers, mentions)``: deletes rows that are no evidence and may hold copies (answers kept for
    a machine); answers how many by table. ``mentions(text)`` tells whether a text speaks of the person.
    """

    dossiers: Callable[[Ids], set[int]] = _no_ids
    subjects: Callable[[Ids], set[int]] = _no_ids
    homes: Callable[[Ids], set[int]] = _no_ids
    dependents: Callable[[Ids, Ids], set[int]] = _no_ids
    standing: Callable[[Ids, Ids, Ids], set[int]] = _no_ids
    blockers: Callable[[Ids, Ids, datetime], list[Blocker]] = _nothing
    last_used: Callable[[Ids, Ids], list[LastUse]] = _nothing
    lock: Callable[[Ids], None] = _do_nothing
    drop: Callable[[Ids, Ids, Callable[[str], bool]], dict[str, int]] | None = None
    #: Tables that ``drop`` looks after; the search for text elsewhere leaves them to it.
    dropped_tables: frozenset[str] = frozenset()


class Unit:
    """What a kind of record consists of, and so what becomes of it when its time is over."""

    PEOPLE = "people"  # erased, as by erase_person
    DOSSIERS = "dossiers"  # their texts and files forgotten, with the people known only through them
    LOG = "log"  # rows that can only be added to: removed once sealed, their leaf hashes stay
    ROWS = "rows"  # ordinary rows without a record: deleted


@dataclass(frozen=True, slots=True)
class RetentionKind:
    """A kind of record with a time of keeping. ``due(cut_off)`` answers what was last used on or before that day.

    Ids of data subjects or dossiers for ``PEOPLE`` and ``DOSSIERS``, rows otherwise. What is still open never comes
    into it; legal holds are seen to by the service.
    """

    label: Any
    #: What “the end of its use” means, in a sentence for people.
    ends: Any
    unit: str
    due: Callable[[date], QuerySet[Any]]


people: Registry[PersonSource] = Registry()
kinds: Registry[RetentionKind] = Registry()
