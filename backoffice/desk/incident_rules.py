"""Who must be told of an incident, by when, and why. Pure: facts and dated numbers in, duties and reasons out.

The sources are regulation.md §5: I14 (PIPL art. 57, “at once”), I16 (国家网络安全事件报告管理办法, art. 4 and its
annex of levels) and I17 (金规〔2024〕24号); whatever else is asked is the house's own policy and says so. Three rules
hold for all of them:

* A clock starts when the incident was **noticed**, not when it was reported here or understood; a report that
  follows the end of the handling starts when the incident was contained.
* Minutes and hours run through the night and through holidays. Working days and days do not count the day they
  start on and end at 24:00, as every period of days in this house (``core.deadlines``).
* “At once” has no number in the law. The number beside it is our own, and the page says that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from backoffice.core.calendars import BusinessCalendar
from backoffice.core.deadlines import DeadlineTerms, Unit, compute
from backoffice.core.explain import N_, Line, Quantity
from backoffice.desk.choices import DutyUnit, IncidentKind, IncidentLevel, Party

_LEVELS = [level.value for level in IncidentLevel]
_CRISES = frozenset({IncidentKind.SELF_HARM.value, IncidentKind.VIOLENCE.value, IncidentKind.CROWD.value})
_LEAK = frozenset({IncidentKind.LEAK.value})

#: An open duty counts as pressing from this share of its time on …
PRESSING_SHARE = 0.25
#: … and always when so little is left.
PRESSING_LEFT = timedelta(minutes=30)

TEMPLATES: Mapping[str, str] = {
    "noticed": N_("Noticed on %(start)s; %(length)s: due at %(due)s."),
    "contained": N_("Contained on %(start)s; %(length)s, the day itself not counted: due at %(due)s."),
    "not_contained": N_("The clock starts when the incident is contained: %(length)s from then."),
    "provisional": N_("The calendar of that year is not published: rest days are not assumed."),
    "leak_authority": N_(
        "A leak must be reported to the authority at once. The number is our own reading of that."
    ),
    "leak_persons": N_("The persons concerned must be told at once, unless harm is effectively avoided."),
    "leak_persons_spared": N_("The persons need not be told, because harm is effectively avoided."),
    "leak_supervisor": N_("The rules for banks and insurers want a first report within hours."),
    "leak_supervisor_written": N_(
        "The rules for banks and insurers want a written report after the first one."
    ),
    "leak_supervisor_closing": N_(
        "The rules for banks and insurers want a closing report after the handling."
    ),
    "cyber_protection": N_(
        "The level is at least large (%(persons)s persons) and we run critical infrastructure."
    ),
    "cyber_authority": N_("The level is at least large (%(persons)s persons)."),
    "cyber_summary": N_("A summary follows every report to the cyberspace administration."),
    "emergency_call": N_("Somebody's life or body may be in danger: help is called first."),
    "police_call": N_("A crowd is reported to the police before it grows."),
    "management": N_("Management decides what the house says and does, and must know first."),
    "management_written": N_("What happened is written down while it is fresh."),
    "press_office": N_("Nobody but the press office speaks for the house."),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of an incident. ``level`` is the stated one; the number of persons may raise it."""

    kind: str
    level: str
    persons: int | None
    noticed_at: datetime
    contained_at: datetime | None
    harm_avoided: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A time allowed as a dated row says it: ``amount`` of ``unit``, where it stands and how sure we are."""

    amount: int
    unit: str
    basis: str
    legal_force: str
    confidence: str


@dataclass(frozen=True, slots=True, kw_only=True)
class House:
    """The rows in force on the day the incident was noticed, and what kind of house we are.

    ``terms`` lacks a code whose rule was not in force yet. ``large``, ``major``, ``grave``: from how many persons
    on a leak is of that level.
    """

    terms: Mapping[str, Term]
    runs_critical_infrastructure: bool
    banking_rules_apply: bool
    large: int
    major: int
    grave: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """One thing to tell. ``started_at`` and ``due_at`` are None while its clock has not started."""

    code: str
    party: str
    term: Term
    started_at: datetime | None
    due_at: datetime | None
    provisional: bool
    lines: tuple[Line, ...]


def level_of(facts: Facts, house: House) -> str:
    """The higher of the stated level and, for a leak, the one that follows from the number of persons."""
    by_number = IncidentLevel.ORDINARY.value
    if facts.kind == IncidentKind.LEAK and facts.persons is not None:
        for level, least in (
            (IncidentLevel.LARGE, house.large),
            (IncidentLevel.MAJOR, house.major),
            (IncidentLevel.GRAVE, house.grave),
        ):
            if facts.persons >= least:
                by_number = level.value
    return max(facts.level, by_number, key=_LEVELS.index)


def required(facts: Facts, house: House, calendar: BusinessCalendar) -> list[Duty]:
    """Every duty the facts ask for, soonest first; those whose clock has not started stand last."""
    wanted = [
        _duty(code, party, facts, house.terms[code], calendar, after=after, persons=facts.persons)
        for code, party, after in _wanted(facts, house)
        if code in house.terms
    ]
    return sorted(wanted, key=lambda duty: (duty.due_at is None, duty.due_at or facts.noticed_at, duty.code))


def _wanted(facts: Facts, house: House) -> list[tuple[str, Party, bool]]:
    """Code, addressee, and whether the clock waits for the end of the handling."""
    kind = facts.kind
    if kind not in _LEAK:
        found: list[tuple[str, Party, bool]] = [("management", Party.MANAGEMENT, False)]
        if kind in _CRISES:
            found.append(("management_written", Party.MANAGEMENT, False))
        if kind in (IncidentKind.SELF_HARM, IncidentKind.VIOLENCE):
            found.append(("emergency_call", Party.EMERGENCY, False))
        if kind == IncidentKind.CROWD:
            found.append(("police_call", Party.POLICE, False))
        if kind == IncidentKind.MEDIA:
            found.append(("press_office", Party.PRESS_OFFICE, False))
        return found
    found = [("leak_authority", Party.CAC, False)]
    if not facts.harm_avoided:
        found.append(("leak_persons", Party.PERSONS, False))
    if house.banking_rules_apply:
        found += [
            ("leak_supervisor", Party.NFRA, False),
            ("leak_supervisor_written", Party.NFRA, False),
            ("leak_supervisor_closing", Party.NFRA, True),
        ]
    if _LEVELS.index(level_of(facts, house)) >= _LEVELS.index(IncidentLevel.LARGE):
        critical = house.runs_critical_infrastructure
        whom = Party.PROTECTION if critical else Party.CAC
        found += [
            ("cyber_protection" if critical else "cyber_authority", whom, False),
            ("cyber_summary", whom, True),
        ]
    return found


def _duty(
    code: str,
    party: Party,
    facts: Facts,
    term: Term,
    calendar: BusinessCalendar,
    *,
    after: bool,
    persons: int | None,
) -> Duty:
    start = facts.contained_at if after else facts.noticed_at
    length = Quantity(term.amount, _LENGTHS[term.unit])
    why = Line(code, TEMPLATES[code], {"persons": persons if persons is not None else "?"})
    if start is None:
        waiting = Line("not_contained", TEMPLATES["not_contained"], {"length": length})
        return Duty(
            code=code,
            party=party.value,
            term=term,
            started_at=None,
            due_at=None,
            provisional=False,
            lines=(why, waiting),
        )
    due_at, provisional = due(term, start, calendar)
    first = "contained" if after else "noticed"
    params = {
        "start": start.astimezone(calendar.zone),
        "length": length,
        "due": due_at.astimezone(calendar.zone),
    }
    lines = [why, Line(first, TEMPLATES[first], params)]
    if provisional:
        lines.append(Line("provisional", TEMPLATES["provisional"], {}))
    return Duty(
        code=code,
        party=party.value,
        term=term,
        started_at=start,
        due_at=due_at,
        provisional=provisional,
        lines=tuple(lines),
    )


def due(term: Term, start: datetime, calendar: BusinessCalendar) -> tuple[datetime, bool]:
    """The moment at which ``term`` from ``start`` is over, and whether an unpublished calendar could move it."""
    if term.unit == DutyUnit.MINUTES:
        return start + timedelta(minutes=term.amount), False
    if term.unit == DutyUnit.HOURS:
        return start + timedelta(hours=term.amount), False
    unit = Unit.WORKING_DAYS if term.unit == DutyUnit.WORKING_DAYS else Unit.CALENDAR_DAYS
    view = compute(DeadlineTerms(length=term.amount, unit=unit, start=start), [], start, calendar)
    # Days of the calendar are certain; only the rolling on, of which no use is made here, would not be.
    return view.due_at, view.provisional and unit is Unit.WORKING_DAYS


def is_pressing(*, started_at: datetime, due_at: datetime, at: datetime) -> bool:
    """Whether little of the time allowed is left at ``at``, or none."""
    left = due_at - at
    return left <= PRESSING_LEFT or left <= (due_at - started_at) * PRESSING_SHARE


_LENGTHS = {
    DutyUnit.MINUTES.value: N_("%(count)s minutes"),
    DutyUnit.HOURS.value: N_("%(count)s hours"),
    DutyUnit.WORKING_DAYS.value: N_("%(count)s working days"),
    DutyUnit.DAYS.value: N_("%(count)s calendar days"),
}
