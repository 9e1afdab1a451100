"""Showing personal data in full: for a purpose, on record, and not for more people an hour than work explains."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import Purpose, ReadEvent, RecordEvent
from backoffice.audit.services.acting import Act, act, lock, log_read
from backoffice.core.errors import DomainError, InputRefused, NotPermitted
from backoffice.core.models import Dossier
from backoffice.core.services import policy_value
from backoffice.core.time import business_day
from backoffice.privacy.detector import has_numbers
from backoffice.privacy.rights import Right, key_of, right, spec_of
from backoffice.privacy.services import Erased, read_personal
from backoffice.staff.models import User

HOUR = timedelta(hours=1)
#: Policy values: persons revealed by one user within an hour.
ALARM, STOP = "reveal.alarm_per_hour", "reveal.stop_per_hour"
ALARMED, STOPPED = "reveal.alarm", "reveal.stopped"
WORDS_MIN, WORDS_MAX = 4, 200


class TooManyRevealed(DomainError):
    """More people within an hour than the house allows anybody."""

    code = "reveal-stopped"
    default_message = _(
        "You have seen the data of very many people within an hour. Ask the privacy officer before you go on."
    )


@dataclass(frozen=True, slots=True)
class Revealed:
    """One value in full; ``key`` is ``rights.key_of``. An erased one has no value."""

    key: str
    value: str
    erased: bool = False


def purpose_words(text: str) -> str:
    """The purpose in words, trimmed. Raises ``InputRefused`` (field ``reason``): too short, too long, or with a
    number in it, which would lie about in the read log for as long as that is kept."""
    text = " ".join(text.split())
    if not WORDS_MIN <= len(text) <= WORDS_MAX:
        raise InputRefused(
            _("Say in %(least)s to %(most)s characters what it is for.")
            % {"least": WORDS_MIN, "most": WORDS_MAX},
            field="reason",
        )
    if has_numbers(text):
        raise InputRefused(
            _("There is a telephone, document or card number in these words. Leave it out."), field="reason"
        )
    return text


def reveal(
    *,
    values: Sequence[tuple[Any, str]],
    purpose: str,
    reason: str,
    path: str,
    by: User,
    at: datetime,
    dossier: Dossier | None = None,
) -> list[Revealed]:
    """The plain values of ``values`` (row, field), for ``purpose`` (``Purpose``) and ``reason`` in words.

    The caller has found the rows in the person's own queryset. ``dossier`` is what is being worked on; without one
    each row's own. One read row and one event per person and dossier. Raises ``NotPermitted``, ``InputRefused`` and
    ``TooManyRevealed``; the alarm before that is only an event.
    """
    if not values or any(right(by, row, field) < Right.FULL for row, field in values):
        raise NotPermitted()
    if purpose not in Purpose.values:
        raise InputRefused(field="purpose")
    reason = purpose_words(reason)
    groups: dict[tuple[int, int], list[tuple[Any, str]]] = {}
    dossiers: dict[int, Dossier] = {}
    for row, field in values:
        where = dossier or spec_of(row).dossier_of(row)
        dossiers[where.pk] = where
        groups.setdefault((where.pk, spec_of(row).subject_id(row)), []).append((row, field))
    _refuse_too_many({subject_id for _pk, subject_id in groups}, by=by, at=at)
    shown: dict[str, Revealed] = {}
    for (dossier_id, subject_id), part in groups.items():
        where = dossiers[dossier_id]
        with act(by=by, at=at, code="personal.revealed", reason=reason, dossier=where) as frame:
            fields = [f"{row._meta.label_lower}.{field}" for row, field in part]
            log_read(
                what=ReadEvent.What.REVEAL,
                at=at,
                path=path,
                dossier=where,
                subject_id=subject_id,
                fields=fields,
                count=len(part),
                purpose=reason,
                purpose_code=purpose,
            )
            frame.record(
                RecordEvent,
                "personal.revealed",
                dossier=where,
                subject_id=subject_id,
                data={"fields": fields, "purpose": purpose},
            )
            # After the read row: whatever happens now, it is on record.
            shown.update((key_of(row, field), _read(row, field)) for row, field in part)
    _alarm(by=by, at=at)
    return [shown[key_of(row, field)] for row, field in values]


def _read(row: Any, field: str) -> Revealed:
    try:
        value = read_personal(row, field)
    except Erased:
        return Revealed(key_of(row, field), "", erased=True)
    # As it is dialled and written here; +86 says nothing to anybody in the house.
    return Revealed(key_of(row, field), value.removeprefix("+86"))


def persons_revealed(*, by: User, at: datetime) -> set[int]:
    """The people whose data ``by`` has seen in full within the hour before ``at``."""
    rows = ReadEvent.objects.filter(
        actor=by, what=ReadEvent.What.REVEAL, occurred_at__gt=at - HOUR, occurred_at__lte=at
    )
    return set(rows.order_by().values_list("subject_id", flat=True).distinct())


def _limit(code: str, at: datetime) -> int:
    return int(policy_value(code, on=business_day(at)))


def _refuse_too_many(subject_ids: set[int], *, by: User, at: datetime) -> None:
    limit = _limit(STOP, at)
    count = len(persons_revealed(by=by, at=at) | subject_ids)
    if count <= limit:
        return
    # In a transaction of its own: the refusal below must not take it back.
    with act(by=by, at=at, code=STOPPED) as frame:
        _once_an_hour(frame, STOPPED, count=count, limit=limit)
    raise TooManyRevealed()


def _alarm(*, by: User, at: datetime) -> None:
    limit = _limit(ALARM, at)
    count = len(persons_revealed(by=by, at=at))
    if count > limit:
        with act(by=by, at=at, code=ALARMED) as frame:
            _once_an_hour(frame, ALARMED, count=count, limit=limit)


def _once_an_hour(frame: Act, kind: str, *, count: int, limit: int) -> None:
    # Two requests of one person at once would both find no alarm yet.
    lock(User, frame.by.pk)
    recent = RecordEvent.objects.filter(user=frame.by, kind=kind, occurred_at__gt=frame.at - HOUR)
    if not recent.exists():
        frame.record(RecordEvent, kind, dossier=None, user=frame.by, data={"persons": count, "limit": limit})
