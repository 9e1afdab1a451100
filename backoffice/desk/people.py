"""People as the desk knows them: by the dossiers their data lies in and by the masks the upper desks give."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from backoffice.audit.keeping.people import alias_group, ask_all
from backoffice.core.models import Dossier
from backoffice.desk.reach import is_confined
from backoffice.desk.registry import registries
from backoffice.privacy.models import DataSubject

#: Ids asked for in one statement.
CHUNK = 500


def chunks(ids: Collection[int]) -> Iterator[list[int]]:
    """The ids in lists that one statement takes, in ascending order."""
    ordered = sorted(ids)
    for start in range(0, len(ordered), CHUNK):
        yield ordered[start : start + CHUNK]


def dossiers_of(subject_ids: Collection[int]) -> set[int]:
    """The ids of every dossier in which data of these persons or their aliases stands."""
    found: set[int] = set()
    for part in chunks(alias_group(set(subject_ids))):
        for ask in registries.person_dossiers:
            found.update(ask(part))
    return found


def subjects_of(dossier_ids: Collection[int]) -> set[int]:
    """The ids of the persons whose dossiers these are, one per person (see ``roots_of``)."""
    found: set[int] = set()
    for part in chunks(set(dossier_ids)):
        found |= ask_all("subjects", set(part))
    return roots_of(found)


def roots_of(subject_ids: Iterable[int]) -> set[int]:
    """One id per person: an alias gives way to what it points to."""
    found: set[int] = set()
    for part in chunks(set(subject_ids)):
        rows = DataSubject.objects.filter(pk__in=part).values_list("pk", "same_as_id")
        found.update(same_as or pk for pk, same_as in rows)
    return found


def find(number: str) -> set[int]:
    """The persons behind a number of any desk (customer, loan, case, complaint …); empty when there is none."""
    return subjects_of(set(Dossier.objects.filter(number=number.strip()).values_list("pk", flat=True)))


@dataclass(frozen=True, slots=True)
class Known:
    """How a person is shown: the mask of the name, the number of the file, the page for those who may see it."""

    mask: str
    number: str
    url: str = ""
    #: That there is somebody is all the viewer may know.
    out_of_reach: bool = False


def names_of(subject_ids: Collection[int], *, viewer: Any) -> dict[int, Known]:
    """Masks and numbers of persons; the first desk that knows one names them. Whom nobody knows has a bare number.

    A viewer who may not know of every borrower gets the names of those alone whose page is open to them.
    """
    confined = is_confined(viewer)
    rows = DataSubject.objects.filter(pk__in=subject_ids).values_list("pk", "uid")
    found = {
        pk: Known("", "", out_of_reach=True) if confined else Known("", str(uid)[:8]) for pk, uid in rows
    }
    missing = set(found)
    for ask in registries.person_names:
        if not missing:
            break
        for pk, name in ask(missing, viewer).items():
            opens = viewer.has_perm(name.permission)
            if opens or not confined:
                found[pk] = Known(name.mask, name.number, name.url if opens else "")
                missing.discard(pk)
    return found
