"""Watching over the read log: unusual volume is reported once per user, measure and hour or day, and answered."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import models
from django.db.models import Count, F, Q
from django.db.models.functions import Coalesce, TruncDate
from django.utils.translation import gettext_lazy as _

from backoffice.audit.models import ReadEvent, RecordEvent
from backoffice.audit.services.acting import act, lock
from backoffice.audit.services.revealing import ALARMED, STOPPED
from backoffice.audit.unusual import DAY, Finding, Limits, Reading, Volume, judge
from backoffice.core.errors import InputRefused, NotPermitted
from backoffice.core.selectors import business_calendar
from backoffice.core.services import policy_value
from backoffice.core.time import SHANGHAI, business_day, start_of_day
from backoffice.staff.models import User

UNUSUAL, ANSWERED = "reads.unusual", "reads.answered"
#: What waits for an answer: our own findings, and the alarms that revealing raises by itself.
ALERTS = (UNUSUAL, ALARMED, STOPPED)
HABIT_DAYS = 20
#: Calendar days in which twenty working days surely lie, the longest holidays included.
HABIT_WINDOW = timedelta(days=45)
#: What counts as having opened somebody: lists and searches show many at once and are counted by themselves.
_OPENED = (ReadEvent.What.PAGE, ReadEvent.What.HISTORY, ReadEvent.What.FILE, ReadEvent.What.REVEAL)


class Outcome(models.TextChoices):
    """What the privacy officer found when looking into an alert."""

    PLAUSIBLE = "plausible", _("Explained by the work")
    TALKED = "talked", _("Talked to; will not happen again")
    INCIDENT = "incident", _("Handed on as an incident")


def limits_on(day: date) -> Limits:
    """The measures in force on ``day``. Raises ``PolicyMissing``."""
    whole = {
        name: int(policy_value(f"reads.{name}", on=day))
        for name in (
            *("people_per_hour", "people_per_day", "searches_per_hour", "outside_hours", "habit_floor"),
        )
    }
    return Limits(**whole, habit_factor=float(policy_value("reads.habit_factor", on=day)))


def detect_unusual_reads(*, by: User, at: datetime) -> list[RecordEvent]:
    """Judge everybody's reading of the hour and the business day that end at ``at``; answers the new alerts.

    Running it again reports nothing twice. One query for the day, one per user whose reading reaches the floor.
    """
    day = business_day(at)
    limits = limits_on(day)
    midnight = start_of_day(day)
    hours = (int(policy_value("reads.day_begins", on=day)), int(policy_value("reads.day_ends", on=day)))
    found = []
    by_day = _volumes(since=midnight, until=at)
    by_hour = _volumes(since=at - timedelta(hours=1), until=at)
    people = set(User.objects.filter(kind=User.Kind.PERSON, pk__in=by_day).values_list("pk", flat=True))
    for user_id in sorted(by_day.keys() | by_hour.keys()):
        volume = by_day.get(user_id, Volume())
        busy = volume.opened > min(limits.habit_floor, limits.outside_hours)
        reading = Reading(
            hour=by_hour.get(user_id, Volume()),
            day=volume,
            # A system that calls us works at all hours.
            outside=_outside(user_id, midnight, at, hours) if busy and user_id in people else 0,
            usual=_usual(user_id, before=day) if volume.opened > limits.habit_floor else (),
        )
        for finding in judge(reading, limits):
            event = _report(user_id, finding, by=by, at=at)
            if event is not None:
                found.append(event)
    return found


def _volumes(*, since: datetime, until: datetime) -> dict[int, Volume]:
    """Every reader's volume in a window, in one query by moment."""
    reads = ReadEvent.objects.filter(occurred_at__gte=since, occurred_at__lt=until)
    rows = (
        reads.order_by()
        .values("actor_id")
        .annotate(
            people=Count("subject", filter=Q(what__in=_OPENED), distinct=True),
            dossiers=Count("dossier", filter=Q(what__in=_OPENED, subject=None), distinct=True),
            searched=Count("pk", filter=Q(what=ReadEvent.What.SEARCH)),
        )
    )
    return {row["actor_id"]: Volume(row["people"] + row["dossiers"], row["searched"]) for row in rows}


def _outside(user_id: int, since: datetime, until: datetime, hours: tuple[int, int]) -> int:
    """People opened today before the day begins, after it ends, or on a day on which nobody works."""
    rows = ReadEvent.objects.filter(
        actor=user_id, occurred_at__gte=since, occurred_at__lt=until, what__in=_OPENED
    )
    if not business_calendar().is_rest_day(business_day(until)):
        begins, ends = (since + timedelta(hours=hour) for hour in hours)
        rows = rows.filter(Q(occurred_at__lt=begins) | Q(occurred_at__gte=ends))
    seen = rows.annotate(whom=Coalesce(-F("subject_id"), F("dossier_id"))).aggregate(
        number=Count("whom", distinct=True)
    )
    return int(seen["number"])


def _usual(user_id: int, *, before: date) -> list[int]:
    """People opened on each of the last working days on which this user read at all, the newest first."""
    until = start_of_day(before)
    rows = (
        ReadEvent.objects.filter(
            actor=user_id, occurred_at__gte=until - HABIT_WINDOW, occurred_at__lt=until, what__in=_OPENED
        )
        .order_by()
        .annotate(day=TruncDate("occurred_at", tzinfo=SHANGHAI))
        .values("day")
        .annotate(
            people=Count("subject", distinct=True),
            dossiers=Count("dossier", filter=Q(subject=None), distinct=True),
        )
        .order_by("-day")
    )
    calendar = business_calendar()
    working = [row for row in rows if not calendar.is_rest_day(row["day"])]
    return [row["people"] + row["dossiers"] for row in working[:HABIT_DAYS]]


def _report(user_id: int, finding: Finding, *, by: User, at: datetime) -> RecordEvent | None:
    """One alert, unless this measure was reported for this hour or day already."""
    local = at.astimezone(SHANGHAI)
    window = local.strftime("%Y-%m-%d") if finding.per == DAY else local.strftime("%Y-%m-%dT%H")
    with act(by=by, at=at, code=UNUSUAL) as frame:
        # Two workers may run at once: whoever comes second finds the first one's alert.
        user = lock(User, user_id)
        known = RecordEvent.objects.filter(user=user, kind=UNUSUAL, occurred_at__gte=at - timedelta(days=2))
        if known.filter(data__rule=finding.rule, data__window=window).exists():
            return None
        data = {"rule": finding.rule, "window": window, "seen": finding.seen, "limit": finding.limit}
        return frame.record(RecordEvent, UNUSUAL, dossier=None, data=data, user=user)


def answer_alert(*, alert: RecordEvent, outcome: str, by: User, at: datetime) -> RecordEvent:
    """Put on record what came of an alert. Raises ``NotPermitted`` without the right or for one's own alert,
    ``InputRefused`` for an unknown outcome or an alert that is answered already."""
    concerned = alert.user_id or alert.actor_id
    if not by.has_perm("audit.answer_alert") or concerned == by.pk:
        raise NotPermitted()
    if outcome not in Outcome.values:
        raise InputRefused(_("This is not one of the outcomes."), field="outcome")
    with act(by=by, at=at, code=ANSWERED) as frame:
        user = lock(User, concerned)
        if RecordEvent.objects.filter(user=user, kind=ANSWERED, data__alert=alert.pk).exists():
            raise InputRefused(_("This alert has been answered already."), field="outcome")
        data = {"alert": alert.pk, "outcome": outcome}
        return frame.record(RecordEvent, ANSWERED, dossier=None, data=data, user=user)


def answers_of(alerts: list[RecordEvent]) -> dict[int, RecordEvent]:
    """The answers of ``alerts`` by the alert's id, in one query."""
    if not alerts:
        return {}
    rows = RecordEvent.objects.filter(
        user__in={alert.user_id or alert.actor_id for alert in alerts},
        kind=ANSWERED,
        occurred_at__gte=min(alert.occurred_at for alert in alerts),
    )
    wanted = {alert.pk for alert in alerts}
    return {row.data["alert"]: row for row in rows if row.data["alert"] in wanted}


def count_unanswered(*, at: datetime, days: int = 90) -> int:
    """Alerts of the last ``days`` days that nobody has answered."""
    recent = RecordEvent.objects.filter(occurred_at__gte=at - timedelta(days=days)).order_by()
    alerts = set(recent.filter(kind__in=ALERTS).values_list("pk", flat=True))
    answered = recent.filter(kind=ANSWERED).values_list("data__alert", flat=True)
    return len(alerts.difference(answered)) if alerts else 0
