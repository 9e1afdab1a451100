"""Who is erased with whom, and what is theirs: read from the apps' registrations. Reads only."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Set
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from backoffice.audit.keeping import rules, seams
from backoffice.audit.keeping.columns import file_models, personal_models
from backoffice.audit.keeping.needles import Needles
from backoffice.audit.keeping.seams import Blocker
from backoffice.audit.models import LegalHold
from backoffice.core.models import Dossier
from backoffice.core.time import business_day
from backoffice.privacy.crypto import Undecipherable
from backoffice.privacy.models import DataKey, DataSubject
from backoffice.privacy.services import Erased, decrypt_as, label_of


@dataclass(frozen=True, slots=True)
class Theirs:
    """Everything that goes with one person: data subjects (aliases and dependents included) and dossiers."""

    subjects: frozenset[int]
    #: Those of them who are known only through the person.
    dependents: frozenset[int]
    dossiers: frozenset[int]

    @property
    def keys(self) -> QuerySet[DataKey]:
        """The keys under which all of it is encrypted."""
        return DataKey.objects.filter(Q(subject_id__in=self.subjects) | Q(dossier_id__in=self.dossiers))


def alias_group(subject_ids: Set[int]) -> set[int]:
    """The subjects with everybody who is recorded as the same person, in both directions."""
    found: set[int] = set()
    fresh = set(subject_ids)
    while fresh:
        found |= fresh
        rows = DataSubject.objects.filter(Q(pk__in=fresh) | Q(same_as_id__in=fresh))
        fresh = {pk for pair in rows.values_list("pk", "same_as_id") for pk in pair if pk is not None} - found
    return found


def theirs(subject_id: int) -> Theirs:
    """What goes when this person goes."""
    group = alias_group({subject_id})
    dossiers = dossiers_of(group)
    candidates = ask_all("dependents", group, dossiers) - group
    dependents = {
        candidate for candidate in candidates if not _stands(alias_group({candidate}), group, dossiers)
    }
    return Theirs(frozenset(group | dependents), frozenset(dependents), frozenset(dossiers))


def dossiers_of(subject_ids: Set[int]) -> set[int]:
    """The dossiers whose principal these people are."""
    return ask_all("dossiers", subject_ids)


def only_through(dossier_ids: Set[int]) -> set[int]:
    """The people known through these dossiers and nothing else."""
    candidates = ask_all("subjects", dossier_ids)
    return {one for one in candidates if not _stands(alias_group({one}), set(), dossier_ids)}


def _stands(group: Set[int], subjects: Set[int], dossiers: Set[int]) -> bool:
    return bool(ask_all("standing", group, subjects, dossiers))


def ask_all(question: str, *given: Set[int]) -> set[int]:
    """The union of what every app answers."""
    answer: set[int] = set()
    for source in seams.people:
        answer |= getattr(source, question)(*given)
    return answer


def protected() -> tuple[set[int], set[int]]:
    """The people and dossiers that legal holds protect: a hold on one dossier protects all of the same person."""
    held = set(standing_holds().values_list("dossier_id", flat=True))
    if not held:
        return set(), set()
    subjects = alias_group(ask_all("subjects", held))
    return subjects, held | dossiers_of(subjects)


def standing_holds() -> QuerySet[LegalHold]:
    """Every hold that nobody has lifted. One whose ``until`` has passed stands until somebody says it may go."""
    return LegalHold.objects.filter(lifted_at__isnull=True)


def blockers(whose: Theirs, *, at: datetime) -> list[Blocker]:
    """Everything that stands in the way of erasing these people at ``at``, all at once."""
    found = []
    touched = whose.dossiers | ask_all("homes", whose.subjects)
    for hold in standing_holds().filter(dossier_id__in=touched).select_related("dossier"):
        sentence = _("Dossier %(number)s is under a legal hold.") % {"number": hold.dossier.number}
        found.append(Blocker("legal-hold", sentence, hold.dossier_id))
    for source in seams.people:
        found += source.blockers(whose.subjects, whose.dossiers, at)
    return found + list(_kept_longer(whose, business_day(at)))


def _kept_longer(whose: Theirs, today: date) -> Iterator[Blocker]:
    last: dict[str, date] = {}
    for source in seams.people:
        for use in source.last_used(whose.subjects - whose.dependents, whose.dossiers):
            last[use.kind] = max(use.on, last.get(use.kind, use.on))
    for kind, ended_on in last.items():
        longest = rules.longest(kind, on=today)
        if longest is None:
            continue
        free = rules.free_from(ended_on, longest.keep_months)
        if free > today:
            declared = seams.kinds.get(kind)
            sentence = _("%(kind)s: must be kept; free from %(day)s (%(basis)s).") % {
                "kind": declared.label if declared is not None else kind,
                "day": free.isoformat(),
                # What we start with are message ids; words somebody entered stay as they are.
                "basis": _(longest.basis),
            }
            yield Blocker("retention", sentence, possible_from=free)


# --- rows and values ---------------------------------------------------------------------------------------


def personal_rows(model: Any, subjects: Set[int]) -> QuerySet[Any]:
    """The live rows of a personal model that are about these people."""
    return model._base_manager.filter(**{_owner(model): subjects})


def _owner(model: Any) -> str:
    return f"{model.personal.owner.replace('.', '__')}__in"


def needles(subjects: Set[int]) -> Needles:
    """What these people can be recognised by: every value they have or ever had, from live rows and history."""
    values: list[tuple[str, str]] = []
    for model in personal_models():
        columns = {f"{name}_cipher": kind.name for name, kind in model.personal.fields.items()}  # type: ignore[attr-defined]
        sources = [personal_rows(model, subjects)]
        history: Any = getattr(model, "history", None)
        if history is not None:
            sources.append(history.model._base_manager.filter(**{_owner(model): subjects}))
        for rows in sources:
            for row in rows.values_list(*columns).distinct():
                for (column, kind), cipher in zip(columns.items(), row, strict=True):
                    value = _value(cipher, label_of(model, column))
                    if value:
                        values.append((kind, value))
    return Needles.of(values)


def _value(cipher: Any, label: str) -> str:
    try:
        return decrypt_as(bytes(cipher), field=label) if cipher else ""
    except (Erased, Undecipherable):
        return ""


@dataclass(frozen=True, slots=True)
class StoredFile:
    """A file of a dossier, by what may be said of it once it is gone."""

    model: type[models.Model]
    pk: int
    uid: uuid.UUID
    sha256: str
    name: str

    @property
    def storage(self) -> Any:
        column = next(column for model, column in file_models() if model is self.model)
        return self.model._meta.get_field(column).storage  # type: ignore[union-attr]


def files_of(dossiers: Set[int]) -> list[StoredFile]:
    """Every file kept in these dossiers."""
    found = []
    for model, column in file_models():
        rows = model._base_manager.filter(dossier_id__in=dossiers).exclude(**{column: ""}).order_by("pk")
        found += [StoredFile(model, *row) for row in rows.values_list("pk", "uid", "sha256", column)]
    return found


def find(text: str) -> DataSubject | None:
    """The person of a data subject's uid or of the number of a dossier of theirs; None for nobody or several."""
    try:
        return DataSubject.objects.filter(uid=uuid.UUID(text)).first()
    except ValueError:
        pass
    dossiers = set(Dossier.objects.filter(number=text).values_list("pk", flat=True))
    found = ask_all("subjects", dossiers) if dossiers else set()
    roots = [pk for pk in found if alias_group({pk}) >= found]
    return DataSubject.objects.filter(pk=min(roots)).first() if roots else None
