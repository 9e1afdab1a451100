"""When is reading unusual? Facts in, findings with their explanation out; knows neither ORM nor clock.

Two kinds of measure: what the house allows anybody (policy values), and what this user usually does (the median of
the working days before, times a factor, but never below a floor, so that a quiet user is not reported for a busy
morning). A finding explains itself with the numbers it was judged by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median

from backoffice.core.explain import N_, Line

#: Habit is judged from this many working days on.
ENOUGH_DAYS = 5


@dataclass(frozen=True, slots=True)
class Volume:
    """What one user saw in a window: different people or dossiers opened, and how often they searched.

    Reveals have an alarm of their own at the moment they happen (``services.revealing``).
    """

    opened: int = 0
    searched: int = 0


@dataclass(frozen=True, slots=True)
class Limits:
    """What the house allows, as numbers of things; from the policy values of the day."""

    people_per_hour: int
    people_per_day: int
    searches_per_hour: int
    outside_hours: int
    habit_factor: float
    habit_floor: int


@dataclass(frozen=True, slots=True)
class Reading:
    """One user's reading at the end of an hour. ``usual`` holds the people opened on each working day before;
    ``outside`` counts people opened today outside working hours."""

    hour: Volume
    day: Volume
    outside: int = 0
    usual: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Something unusual: ``rule`` names the measure, ``per`` the window (hour or day) that it may be reported
    once for."""

    rule: str
    per: str
    seen: int
    limit: int
    line: Line


HOUR, DAY = "hour", "day"
#: Rule → window and explanation, for the page that shows a stored finding again.
RULES: dict[str, tuple[str, str]] = {
    "people_per_hour": (
        HOUR,
        N_("Opened %(seen)s people or dossiers within an hour; allowed are %(limit)s."),
    ),
    "people_per_day": (DAY, N_("Opened %(seen)s people or dossiers in a day; allowed are %(limit)s.")),
    "searches_per_hour": (HOUR, N_("Searched %(seen)s times within an hour; allowed are %(limit)s.")),
    "outside_hours": (
        DAY,
        N_("Opened %(seen)s people or dossiers outside working hours; allowed are %(limit)s."),
    ),
    "own_habit": (
        DAY,
        N_(
            "Opened %(seen)s people or dossiers in a day; going by the working days before, up to %(limit)s is usual."
        ),
    ),
}


def judge(reading: Reading, limits: Limits) -> list[Finding]:
    """Every measure that is exceeded, in the order of ``RULES``; empty when nothing is unusual."""
    measured = {
        "people_per_hour": (reading.hour.opened, limits.people_per_hour),
        "people_per_day": (reading.day.opened, limits.people_per_day),
        "searches_per_hour": (reading.hour.searched, limits.searches_per_hour),
        "outside_hours": (reading.outside, limits.outside_hours),
    }
    habit = usual_limit(reading.usual, limits)
    if habit is not None:
        measured["own_habit"] = (reading.day.opened, habit)
    return [
        Finding(rule, RULES[rule][0], seen, limit, explain(rule, seen=seen, limit=limit))
        for rule, (seen, limit) in measured.items()
        if seen > limit
    ]


def usual_limit(usual: Sequence[int], limits: Limits) -> int | None:
    """Up to how many people a day are usual for this user; None while there are too few days to tell."""
    if len(usual) < ENOUGH_DAYS:
        return None
    return max(limits.habit_floor, int(median(usual) * limits.habit_factor))


def explain(rule: str, *, seen: int, limit: int) -> Line:
    """The sentence of a finding, also of a stored one."""
    return Line(rule, RULES[rule][1], {"seen": seen, "limit": limit})
