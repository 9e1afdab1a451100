"""The rules of conduct. Pure: a rule, a contact and the facts around it in; a verdict that explains itself out.

The gate asks about a contact that has not happened (its connection is unknown), the audit about one that has.
Both ask these functions, so they cannot disagree. What is unknown is not permitted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from backoffice.core.explain import N_, Line
from backoffice.core.time import SHANGHAI, business_day, start_of_day
from conduct.choices import RuleKind
from debt_collections.choices import Connection, Direction, HoldReason, Party, Purpose
from debt_collections.holds import VOICE, HoldFacts, hold_covers

INTERACTIVE = frozenset({Connection.PERSON.value, Connection.UNKNOWN.value})
THIRD_PERSONS = frozenset({Party.CONTACT_PERSON.value, Party.OTHER.value})


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """One rule of the set in force: its kind, numbers and standing."""

    code: str
    kind: str
    parameters: Mapping[str, Any]
    severity: str
    effect: str
    legal_force: str
    source: str


@dataclass(frozen=True, slots=True)
class ContactFacts:
    """One contact. ``groups`` are the creditor groups of its debts; empty when the debts are not known."""

    id: int
    at: datetime
    channel: str
    direction: str
    purpose: str
    party: str
    connection: str
    ended_at: datetime | None = None
    collector_id: int | None = None
    agency_id: int | None = None
    case_id: int | None = None
    number_id: int | None = None
    loan_ids: frozenset[int] = frozenset()
    groups: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class ConsentFacts:
    """Consent to be contacted on a channel within a window (Shanghai time; its end is excluded)."""

    channel: str
    window_from: time
    window_to: time
    valid_from: datetime
    valid_until: datetime | None = None
    revoked_at: datetime | None = None
    group: str = ""


@dataclass(frozen=True, slots=True)
class PlacementFacts:
    """Who had a case from one day to another, both included."""

    case_id: int
    agency_id: int
    collector_id: int | None
    from_on: date
    until: date | None


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What is known around a contact. ``calls`` are voice calls to the same debtor that we started, in any order;
    ``authorisations`` the periods (begin, end) of each collector."""

    calls: tuple[ContactFacts, ...] = ()
    consents: tuple[ConsentFacts, ...] = ()
    holds: tuple[HoldFacts, ...] = ()
    authorisations: Mapping[int, tuple[tuple[datetime, datetime], ...]] = field(default_factory=dict)
    placements: tuple[PlacementFacts, ...] = ()


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one rule says of one contact. ``counted`` are the ids of the contacts it counted, oldest first.

    ``retry_at`` is the first moment at which time alone may have cured it; None when it cannot.
    """

    code: str
    kind: str
    passed: bool
    applies: bool
    lines: tuple[Line, ...]
    counted: tuple[int, ...]
    severity: str
    effect: str
    legal_force: str
    source: str
    retry_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Finding:
    passed: bool
    lines: tuple[Line, ...]
    counted: tuple[int, ...] = ()
    retry_at: datetime | None = None


def evaluate(rule: RuleFacts, contact: ContactFacts, around: Surroundings) -> Verdict:
    """The verdict of ``rule`` on ``contact``. A rule that does not concern it passes and says so."""
    finding = _EVALUATORS[rule.kind](rule.parameters, contact, around)
    applies = finding is not None
    finding = finding or _Finding(
        True, (Line("not-concerned", N_("The rule does not concern this contact."), {}),)
    )
    return Verdict(
        code=rule.code,
        kind=rule.kind,
        passed=finding.passed,
        applies=applies,
        lines=finding.lines,
        counted=finding.counted,
        severity=rule.severity,
        effect=rule.effect,
        legal_force=rule.legal_force,
        source=rule.source,
        retry_at=finding.retry_at,
    )


def judge(rules: Iterable[RuleFacts], contact: ContactFacts, around: Surroundings) -> list[Verdict]:
    """The verdict of every rule, in the order given."""
    return [evaluate(rule, contact, around) for rule in rules]


def next_permitted(
    rules: Iterable[RuleFacts], contact: ContactFacts, around: Surroundings
) -> datetime | None:
    """The first moment from ``contact.at`` on at which no blocking rule would fail; None if time cannot bring it.

    Each failing rule names the moment at which it may be over; the latest of them is tried, until all pass.
    """
    kept = [rule for rule in rules if rule.effect != "flag"]
    for _step in range(60):
        failing = [verdict for verdict in judge(kept, contact, around) if not verdict.passed]
        if not failing:
            return contact.at
        moments = [verdict.retry_at for verdict in failing]
        if any(moment is None for moment in moments):
            return None
        contact = replace(contact, at=max(moment for moment in moments if moment is not None))
    return None


def _quiet_hours(
    parameters: Mapping[str, Any], contact: ContactFacts, around: Surroundings
) -> _Finding | None:
    """Nothing that we start between ``from`` and ``to`` but on exempt channels, unless a consent covers it."""
    if contact.direction != Direction.OUT or contact.channel in parameters["exempt_channels"]:
        return None
    start, end = time.fromisoformat(parameters["from"]), time.fromisoformat(parameters["to"])
    local = contact.at.astimezone(SHANGHAI)
    began = Line("began", N_("Begun at %(at)s; quiet from %(start)s to %(end)s."), _window(local, start, end))
    if not _within(local.time(), start, end):
        lines = [began]
        if contact.ended_at is not None and _within(contact.ended_at.astimezone(SHANGHAI).time(), start, end):
            lines.append(Line("ran-into", N_("It ran on into the quiet hours."), {}))
        return _Finding(True, tuple(lines))
    if any(_consent_covers(consent, contact, local) for consent in around.consents):
        return _Finding(
            True, (began, Line("consent", N_("A recorded consent covers this channel and time."), {}))
        )
    openings = [end, *(one.window_from for one in around.consents if one.channel == contact.channel)]
    none = Line("no-consent", N_("No recorded consent covers this channel and time."), {})
    return _Finding(False, (began, none), retry_at=min(_next(local, opening) for opening in openings))


def _next(local: datetime, opening: time) -> datetime:
    """The first moment after ``local`` at which the clock in Shanghai shows ``opening``."""
    today = datetime.combine(local.date(), opening, SHANGHAI)
    return today if today > local else today + timedelta(days=1)


def _window(local: datetime, start: time, end: time) -> dict[str, object]:
    return {"at": f"{local:%H:%M:%S}", "start": f"{start:%H:%M}", "end": f"{end:%H:%M}"}


def _within(moment: time, start: time, end: time) -> bool:
    """Whether a time of day lies in ``[start, end)``, which may run over midnight."""
    return start <= moment < end if start < end else moment >= start or moment < end


def _consent_covers(consent: ConsentFacts, contact: ContactFacts, local: datetime) -> bool:
    """Given for this very channel, in force at this moment, and for every creditor group of the contact."""
    in_force = (
        consent.valid_from <= contact.at
        and (consent.valid_until is None or contact.at < consent.valid_until)
        and (consent.revoked_at is None or contact.at < consent.revoked_at)
    )
    return (
        in_force
        and consent.channel == contact.channel
        and (not consent.group or contact.groups == {consent.group})
        and _within(local.time(), consent.window_from, consent.window_to)
    )


def _calls_per_day(
    parameters: Mapping[str, Any], contact: ContactFacts, around: Surroundings
) -> _Finding | None:
    """At most ``limit`` interactive calls per debtor, creditor group and calendar day, over all agencies."""
    if not _counts(contact):
        return None
    limit = int(parameters["limit"])
    earlier = [
        call for call in _earlier_today(contact, around) if _counts(call) and _same_group(call, contact)
    ]
    counted = tuple(call.id for call in earlier)
    line = Line(
        "counted",
        N_("%(count)s interactive calls earlier on %(day)s; at most %(limit)s a day."),
        {"count": len(earlier), "day": business_day(contact.at), "limit": limit},
    )
    return _Finding(len(earlier) < limit, (line,), counted, _next_day(contact))


def _counts(call: ContactFacts) -> bool:
    """An interactive voice call to collect, that we started, with the debtor; an unknown connection or party counts."""
    return (
        call.channel in VOICE
        and call.direction == Direction.OUT
        and call.purpose == Purpose.COLLECT
        and call.party not in THIRD_PERSONS
        and call.connection in INTERACTIVE
    )


def _same_group(call: ContactFacts, contact: ContactFacts) -> bool:
    return not call.groups or not contact.groups or not call.groups.isdisjoint(contact.groups)


def _redials(parameters: Mapping[str, Any], contact: ContactFacts, around: Surroundings) -> _Finding | None:
    """At most ``limit`` unanswered tries per number and calendar day."""
    if (
        contact.channel not in VOICE
        or contact.direction != Direction.OUT
        or contact.purpose != Purpose.COLLECT
    ):
        return None
    if contact.connection == Connection.PERSON:
        return None
    limit = int(parameters["limit"])
    earlier = [
        call
        for call in _earlier_today(contact, around)
        if call.purpose == Purpose.COLLECT
        and call.connection not in INTERACTIVE
        and call.number_id == contact.number_id
    ]
    line = Line(
        "tries",
        N_("%(count)s unanswered tries to this number earlier on %(day)s; at most %(limit)s a day."),
        {"count": len(earlier), "day": business_day(contact.at), "limit": limit},
    )
    return _Finding(len(earlier) < limit, (line,), tuple(call.id for call in earlier), _next_day(contact))


def _earlier_today(contact: ContactFacts, around: Surroundings) -> list[ContactFacts]:
    """Calls of the same calendar day in Shanghai that came before, oldest first; ties go by id."""
    day = business_day(contact.at)
    before = [
        call
        for call in around.calls
        if (call.at, call.id) < (contact.at, contact.id)
        and call.direction == Direction.OUT
        and business_day(call.at) == day
    ]
    return sorted(before, key=lambda call: (call.at, call.id))


def _next_day(contact: ContactFacts) -> datetime:
    return start_of_day(business_day(contact.at) + timedelta(days=1))


def _held(parameters: Mapping[str, Any], contact: ContactFacts, around: Surroundings) -> _Finding | None:
    """Nothing to collect against a hold in scope."""
    if contact.direction != Direction.OUT or contact.purpose not in parameters["purposes"]:
        return None
    against = [
        hold
        for hold in around.holds
        if hold.live_at(contact.at)
        and hold_covers(
            hold,
            collector_id=contact.collector_id,
            channel=contact.channel,
            number_id=contact.number_id,
            loan_ids=contact.loan_ids,
        )
    ]
    if not against:
        return _Finding(True, (Line("no-hold", N_("No hold in scope was in force."), {}),))
    lines = tuple(
        Line(
            "hold",
            N_("A hold has been in force since %(since)s: %(reason)s."),
            {"since": hold.starts_at.astimezone(SHANGHAI), "reason": HoldReason(hold.reason).label},
        )
        for hold in against
    )
    ends = [_end_of(hold) for hold in against]
    last = None if any(end is None for end in ends) else max(end for end in ends if end is not None)
    return _Finding(False, lines, retry_at=last)


def _end_of(hold: HoldFacts) -> datetime | None:
    ends = [moment for moment in (hold.until, hold.lifted_at) if moment is not None]
    return min(ends) if ends else None


def _authorised(
    parameters: Mapping[str, Any], contact: ContactFacts, around: Surroundings
) -> _Finding | None:
    """The collector is authorised at that moment and has the case on that day."""
    if contact.direction != Direction.OUT or contact.purpose not in parameters["purposes"]:
        return None
    if contact.collector_id is None:
        return _Finding(False, (Line("no-collector", N_("Nobody is named as the collector."), {}),))
    periods = around.authorisations.get(contact.collector_id, ())
    lines: list[Line] = []
    retry: list[datetime | None] = []
    if not any(start <= contact.at < end for start, end in periods):
        lines.append(Line("not-authorised", N_("The collector had no authorisation at that time."), {}))
        retry.append(min((start for start, _end in periods if start > contact.at), default=None))
    day = business_day(contact.at)
    has_case = any(
        one.case_id == contact.case_id
        and one.from_on <= day
        and (one.until is None or day <= one.until)
        and (
            one.collector_id == contact.collector_id
            or (one.collector_id is None and one.agency_id == contact.agency_id)
        )
        for one in around.placements
    )
    if not has_case:
        lines.append(Line("not-placed", N_("The case was not placed with this collector on that day."), {}))
        retry.append(None)
    if lines:
        last = None if None in retry else max(moment for moment in retry if moment is not None)
        return _Finding(False, tuple(lines), retry_at=last)
    return _Finding(
        True, (Line("authorised", N_("Authorised, and the case was placed with the collector."), {}),)
    )


_EVALUATORS: dict[str, Callable[[Mapping[str, Any], ContactFacts, Surroundings], _Finding | None]] = {
    RuleKind.QUIET_HOURS: _quiet_hours,
    RuleKind.CALLS_PER_DAY: _calls_per_day,
    RuleKind.REDIALS: _redials,
    RuleKind.HELD: _held,
    RuleKind.AUTHORISED: _authorised,
}
