"""When something is due, and why. Pure: terms, acts, a moment and a calendar in; dates and an explanation out.

The rules (``docs/decisions/0002-deadlines.md`` gives the reasons, regulation.md §0 and §2.1 the sources):

* **The day of the event is not counted.** Received 03-01, 15 days: the last day is 03-16, until its 24:00.
* **Three units.** Calendar days (the law's), working days (the law's, rest days left out) and minutes of
  working time (the house's own targets). Days are days of the calendar's zone, Asia/Shanghai.
* **Rolling.** A last day that is a rest day may roll on to the next working day. ``due_on`` never does: queues,
  alarms and the time limit for an extension use it. ``rolled_due_on`` is shown as an explanation.
* **Unpublished years.** Where a notice still to come could change the answer, the view is ``provisional``: a
  period in calendar days keeps its exact ``due_on`` and is not rolled; one in working days takes the plain
  week. It becomes final when recomputed with the published calendar.
* **Pauses.** A pause on day p and its end on day r take the days p+1 to r out: the day of the pause is still
  counted, the day of the resumption is not. So the last day moves by exactly r - p calendar days, by none when
  both fall on one day, and what was left on p is left again on r; a pause on the last day leaves the end of day
  r. In working time it is the very stretch from p to r that is taken out. Several grounds (mediation,
  appraisal) may overlap: the clock stands while any is open. While it stands no due date is in sight: the view
  gives the day "if it resumed now".
* **Extension** counts only if recorded before the present last day ends (or while the clock stands).
* **Restart** by new facts, likewise in time, begins the original period anew; earlier extensions fall away, a
  pause that is still open goes on.
* Waiting for the complainant stops nothing: there is no such act.

A view is always computed from the whole history, never by adding to a stored date. Acts later than the moment
asked about are unknown at it, so that any past view can be shown again. An act that came too late is kept out
of the computation and named in ``refused``; ``check_act`` is what a service asks before recording one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from backoffice.core.calendars import ONE_DAY, BusinessCalendar
from backoffice.core.deadline_acts import (
    Act,
    ActBeforeStart,
    ActOutOfOrder,
    ActRefused,
    AlreadyPaused,
    DeadlineTerms,
    Extension,
    ExtensionBeyondMost,
    ExtensionNotLonger,
    ExtensionTooLate,
    NotPaused,
    Pause,
    PauseTooLate,
    Restart,
    RestartTooLate,
    Resumption,
    Unit,
    require_aware,
)
from backoffice.core.explain import N_, Line, Phrase, Quantity

__all__ = [
    "TEMPLATES",
    "Act",
    "ActBeforeStart",
    "ActOutOfOrder",
    "ActRefused",
    "AlreadyPaused",
    "DeadlineTerms",
    "DeadlineView",
    "Extension",
    "ExtensionBeyondMost",
    "ExtensionNotLonger",
    "ExtensionTooLate",
    "Line",
    "NotPaused",
    "Pause",
    "PauseTooLate",
    "RefusedAct",
    "Restart",
    "RestartTooLate",
    "Resumption",
    "Unit",
    "check_act",
    "compute",
]

TEMPLATES: Mapping[str, str] = {
    "started": N_("Starts on %(start)s. The day itself is not counted."),
    "started_minutes": N_("Starts at %(start)s."),
    "term": N_("%(length)s: the last day is %(due_on)s."),
    "term_minutes": N_("%(length)s: due at %(due_at)s."),
    "extended": N_("Extended to %(total)s at %(at)s: the last day is now %(due_on)s."),
    "extended_paused": N_("Extended to %(total)s at %(at)s, while the clock stood: %(left)s are left."),
    "paused": N_("Paused at %(at)s: %(left)s are left."),
    "paused_too": N_("A further ground for pausing from %(at)s."),
    "still_paused": N_("One ground ended at %(at)s; the clock stands for another."),
    "resumed": N_("Resumed at %(at)s after %(days)s days: the last day is now %(due_on)s."),
    "restarted": N_("Restarted at %(at)s by new facts: %(length)s: the last day is now %(due_on)s."),
    "restarted_paused": N_("Restarted at %(at)s by new facts, while the clock stood: %(left)s are left."),
    "no_effect": N_("What was recorded at %(at)s has no effect. %(why)s"),
    "standing": N_(
        "The clock has stood since %(since)s. If it resumed now, the last day would be %(due_on)s."
    ),
    "rolled": N_(
        "%(due_on)s is a rest day: in law the period may end on %(rolled)s. Queues keep the earlier day."
    ),
    "provisional": N_("The calendar of %(years)s is not published: rest days are unknown and not assumed."),
}


@dataclass(frozen=True, slots=True)
class RefusedAct:
    act: Act
    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineView:
    """A deadline as it stood ``at`` a moment.

    ``due_on``        last day, unrolled: for queues and alarms; while paused, the day if it resumed at ``at``
    ``due_at``        the moment at which it is over, exclusive: 24:00 of ``due_on`` (in working time: the minute)
    ``rolled_due_on`` the last day after rolling on; equal to ``due_on`` where that is unknown or not allowed
    ``paused_days``   calendar days taken out so far since the start or the last restart
    ``length``        present length with extensions, in the unit of the terms
    ``remaining``     what is left in that unit; negative once over; frozen while paused
    """

    at: datetime
    due_on: date
    due_at: datetime
    rolled_due_on: date
    rolled_due_at: datetime
    paused_since: datetime | None
    paused_days: int
    provisional: bool
    unpublished_years: tuple[int, ...]
    length: int
    remaining: int
    lines: tuple[Line, ...] = field(repr=False)
    refused: tuple[RefusedAct, ...] = ()

    @property
    def is_paused(self) -> bool:
        return self.paused_since is not None

    def remaining_days(self, at: datetime) -> int:
        """Calendar days from the day of ``at`` to ``due_on``, whatever the unit: 0 on the last day, negative
        after it. While paused the days do not run down: then it is the number at the view's own moment."""
        moment = self.at if self.is_paused else at
        return (self.due_on - moment.astimezone(self.due_at.tzinfo).date()).days

    def is_over(self, at: datetime) -> bool:
        """Whether the period, unrolled, has ended by ``at``; never while paused."""
        return not self.is_paused and at >= self.due_at


def compute(
    terms: DeadlineTerms, acts: Iterable[Act], at: datetime, calendar: BusinessCalendar
) -> DeadlineView:
    """The deadline as it stands at ``at``, from its terms and its whole history (in any order)."""
    require_aware(at)
    clock = _Clock(terms, calendar)
    for act in sorted((act for act in acts if act.at <= at), key=lambda act: act.at):
        clock.record(act)
    return clock.view(at)


def check_act(terms: DeadlineTerms, acts: Iterable[Act], act: Act, calendar: BusinessCalendar) -> None:
    """Raise the ``ActRefused`` that speaks against recording ``act`` after ``acts``, if there is one."""
    clock = _Clock(terms, calendar)
    for earlier in sorted(acts, key=lambda earlier: earlier.at):
        if earlier.at > act.at:
            raise ActOutOfOrder
        clock.record(earlier)
    clock.apply(act)


class _Clock:
    """Runs through a history. Between acts the state is: what was ``left`` at ``anchor``, and whether it runs."""

    def __init__(self, terms: DeadlineTerms, calendar: BusinessCalendar) -> None:
        self.terms, self.unit, self.calendar = terms, terms.unit, calendar
        self.lines: list[Line] = []
        self.refused: list[RefusedAct] = []
        self.grounds: set[str] = set()
        self.paused_since: datetime | None = None
        self._begin(terms.start)
        suffix = "_minutes" if self.unit is Unit.WORKING_MINUTES else ""
        self._say("started" + suffix, start=self._local(terms.start))
        self._say("term" + suffix, length=self._quantity(self.length))

    def _begin(self, at: datetime) -> None:
        self.began = self.anchor = self.stopped_at = at
        self.length = self.terms.length
        self.left = self.unit.amount(self.length)
        self.paused_days = 0

    # -- acts --------------------------------------------------------------------------------------------

    def record(self, act: Act) -> None:
        """Apply an act of the history, or note that it has no effect."""
        try:
            self.apply(act)
        except ActRefused as refusal:
            self.refused.append(RefusedAct(act, refusal.code))
            self._say("no_effect", at=self._local(act.at), why=Phrase(refusal.why))

    def apply(self, act: Act) -> None:
        if act.at < self.terms.start:
            raise ActBeforeStart
        match act:
            case Extension():
                self._extend(act)
            case Pause():
                self._pause(act)
            case Resumption():
                self._resume(act)
            case Restart():
                self._restart(act)
            case _:
                raise TypeError(f"unknown act: {act!r}")

    def _extend(self, act: Extension) -> None:
        if self._is_over(act.at):
            raise ExtensionTooLate
        total = act.total if act.total is not None else self.length + (act.add or 0)
        if total <= self.length:
            raise ExtensionNotLonger
        if self.terms.most is not None and total > self.terms.most:
            raise ExtensionBeyondMost
        self.left += self.unit.amount(total - self.length)
        self.length = total
        self._say_of("extended", act, total=self._quantity(total))

    def _pause(self, act: Pause) -> None:
        if act.ground in self.grounds:
            raise AlreadyPaused
        if self._is_over(act.at):
            raise PauseTooLate
        self.grounds.add(act.ground)
        if self.paused_since is None:
            self.left = self._left_at(act.at)
            self.paused_since = self.stopped_at = act.at
            self._say_of("paused", act, ground=act.ground)
        else:
            self._say("paused_too", at=self._local(act.at), ground=act.ground)

    def _resume(self, act: Resumption) -> None:
        if act.ground not in self.grounds:
            raise NotPaused
        self.grounds.discard(act.ground)
        if self.grounds:
            self._say("still_paused", at=self._local(act.at), ground=act.ground)
            return
        days = self._days(self.stopped_at, act.at)
        self.paused_days += days
        self.paused_since, self.anchor = None, act.at
        self._say_of("resumed", act, days=days, ground=act.ground)

    def _restart(self, act: Restart) -> None:
        if self._is_over(act.at):
            raise RestartTooLate
        self._begin(act.at)
        self._say_of("restarted", act, length=self._quantity(self.length))

    # -- reckoning ---------------------------------------------------------------------------------------

    def _due(self, anchor: datetime | None = None) -> tuple[date, datetime]:
        """Last day, and the moment at which it is over, for what is left from ``anchor`` on."""
        anchor = anchor or self.anchor
        if self.unit is Unit.WORKING_MINUTES:
            over = self.calendar.add_working_time(anchor, self.left)
            # A target met by closing time at 24:00 belongs to the day that ends there.
            return (over - timedelta.resolution).date() if self.left else over.date(), over
        day = self.calendar.local_date(anchor)
        if self.unit is Unit.WORKING_DAYS:
            day = self.calendar.add_working_days(day, self.left.days)
        else:
            day += self.left
        return day, self.calendar.start_of(day + ONE_DAY)

    def _left_at(self, at: datetime, anchor: datetime | None = None) -> timedelta:
        """What is left at ``at`` of a running clock; negative once it is over."""
        day, over = self._due(anchor)
        if self.unit is Unit.WORKING_MINUTES:
            passed = self.calendar.working_time_between(over, at)
            return self.calendar.working_time_between(at, over) - passed
        today = self.calendar.local_date(at)
        if self.unit is Unit.WORKING_DAYS:
            return timedelta(days=self.calendar.working_days_between(today, day))
        return day - today

    def _is_over(self, at: datetime) -> bool:
        return self.paused_since is None and at >= self._due()[1]

    def _days(self, start: datetime, end: datetime) -> int:
        return (self.calendar.local_date(end) - self.calendar.local_date(start)).days

    def _local(self, at: datetime) -> datetime:
        return at.astimezone(self.calendar.zone)

    def _quantity(self, count: int) -> Quantity:
        return Quantity(count, self.unit.template)

    # -- what it says ------------------------------------------------------------------------------------

    def _say(self, code: str, **params: object) -> None:
        if self.paused_since is None:
            due_on, due_at = self._due()
            params = {"due_on": due_on, "due_at": due_at, **params}
        self.lines.append(Line(code, TEMPLATES[code], params))

    def _say_of(self, code: str, act: Act, **params: object) -> None:
        left = self._quantity(self.unit.whole(self.left))
        standing = self.paused_since is not None and code != "paused"
        extra = {"approver": act.approver} if isinstance(act, Extension) else {}
        code = f"{code}_paused" if standing else code
        self._say(code, at=self._local(act.at), reason=act.reason, left=left, **extra, **params)

    def view(self, at: datetime) -> DeadlineView:
        paused = self.paused_since is not None
        due_on, due_at = self._due(at if paused else None)
        if self.paused_since is not None:
            self._say("standing", since=self._local(self.paused_since), due_on=due_on)
        rolled, years = self._roll(due_on)
        if rolled != due_on:
            self._say("rolled", due_on=due_on, rolled=rolled)
        if years:
            self._say("provisional", years=", ".join(map(str, years)))
        return DeadlineView(
            at=at,
            due_on=due_on,
            due_at=due_at,
            rolled_due_on=rolled,
            rolled_due_at=due_at if rolled == due_on else self.calendar.start_of(rolled + ONE_DAY),
            paused_since=self.paused_since,
            paused_days=self.paused_days + (self._days(self.stopped_at, at) if paused else 0),
            provisional=bool(years),
            unpublished_years=years,
            length=self.length,
            remaining=self.unit.whole(self.left if paused else self._left_at(at)),
            lines=tuple(self.lines),
            refused=tuple(self.refused),
        )

    def _roll(self, due_on: date) -> tuple[date, tuple[int, ...]]:
        """The last day after rolling on, and the unpublished years that leave the answer open."""
        if self.unit is not Unit.CALENDAR_DAYS:
            # Rest days were left out while counting; the whole stretch must be known.
            years = self.calendar.unpublished_years(self.calendar.local_date(self.began), due_on)
            if years or self.unit is Unit.WORKING_MINUTES:
                return due_on, years
        rolled = due_on
        while self.terms.rolls:
            if years := self.calendar.unpublished_years(rolled, rolled):
                return due_on, years
            if not self.calendar.is_rest_day(rolled):
                break
            rolled += ONE_DAY
        return rolled, ()
