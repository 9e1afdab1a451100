"""The few writes of the ground: opening a dossier, giving out numbers, filling reference rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q

from backoffice.core import calendars
from backoffice.core.bulk import insert_values, new_keys
from backoffice.core.history import bulk_create_with_history
from backoffice.core.models import CalendarDay, Dossier, NumberSeries, PolicyValue
from backoffice.core.time import business_day


class PolicyMissing(LookupError):
    """No policy row is in force for a code on a day: compliance must enter one before work can go on."""


def next_number(*, prefix: str, at: datetime, count: int = 1) -> list[str]:
    """The next ``count`` numbers ``PREFIXyyyymmdd-nnnnnn`` of the business day of ``at``, under a row lock."""
    day = business_day(at)
    with transaction.atomic():
        series, _created = NumberSeries.objects.select_for_update().get_or_create(prefix=prefix, day=day)
        first = series.last + 1
        series.last += count
        series.save(update_fields=["last"])
    return [f"{prefix}{day:%Y%m%d}-{number:06d}" for number in range(first, first + count)]


def open_dossier(*, kind: str, number: str, at: datetime) -> Dossier:
    """The folder of a new thing; written once."""
    return Dossier.objects.create(kind=kind, number=number, opened_at=at)


def open_dossiers(
    *, kind: str, numbers: Sequence[str], ats: Sequence[datetime], keys: Sequence[int] | None = None
) -> list[int]:
    """Folders for many new things at once; answers their keys in their order: ``keys`` if they were drawn already."""
    keys = new_keys(Dossier, len(numbers)) if keys is None else keys
    rows = [(key, kind, number, at) for key, number, at in zip(keys, numbers, ats, strict=True)]
    insert_values(Dossier, ("id", "kind", "number", "opened_at"), rows)
    return list(keys)


def policy_value(code: str, *, on: date) -> Decimal:
    """The number in force for ``code`` on ``on``. Raises ``PolicyMissing`` when no row covers that day."""
    row = (
        PolicyValue.objects.filter(code=code, effective_from__lte=on)
        .filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on))
        .order_by("-effective_from")
        .values_list("value", flat=True)
        .first()
    )
    if row is None:
        raise PolicyMissing(f"No policy value “{code}” is in force on {on}.")
    return row


def values_in_force(codes: Iterable[str], *, on: date) -> dict[str, Decimal]:
    """The numbers in force on ``on`` for those of ``codes`` that have one. One query."""
    rows = (
        PolicyValue.objects.filter(code__in=codes, effective_from__lte=on)
        .filter(Q(effective_to__isnull=True) | Q(effective_to__gte=on))
        .order_by("effective_from")
        .values_list("code", "value")
    )
    # In the order of their beginning, so that the latest one stays.
    return dict(rows)


def fill_calendar(*, years: Sequence[int]) -> int:
    """Enter the published days of ``years`` that are not there yet; edited rows are left alone."""
    present = set(CalendarDay.objects.values_list("date", flat=True))
    new = [
        CalendarDay(date=day.date, kind=day.kind, name=day.name, source="chinesecalendar")
        for year in years
        for day in calendars.china_exception_days(year)
        if day.date not in present
    ]
    bulk_create_with_history(CalendarDay, new)
    return len(new)


def fill_policy_values(rows: Sequence[PolicyValue]) -> int:
    """Enter the policy rows whose code is not known yet; what compliance has edited is never overwritten."""
    known = set(PolicyValue.objects.values_list("code", flat=True))
    new = [row for row in rows if row.code not in known]
    bulk_create_with_history(PolicyValue, new)
    return len(new)
